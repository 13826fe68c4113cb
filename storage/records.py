"""Events, messages and drafts as JSON and back: a frozen dataclass is its name and its fields, nothing else.

Supported field types: str, int, float, bool, enums, aware datetimes, dates, times, timedeltas, tuples, frozensets and
dataclasses of these, and optional ones. Anything else is a bug and raises ``TypeError`` when the class is first used.
"""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

R = TypeVar("R")
type_ = type


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    kind: Any = type(value)
    return {name: plain(getattr(value, name)) for name in field_names(kind)}


@cache
def field_names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass, in order."""
    return tuple(field.name for field in fields(kind))


def dump(record: Any) -> str:
    """A record's fields as JSON text."""
    return json.dumps(plain(record), ensure_ascii=False, separators=(",", ":"))


def load(kind: type[R], text: str) -> R:
    """The record again. Missing fields take their default, unknown ones are left out: rows of other versions."""
    return build(kind, json.loads(text))


def build(kind: type[R], data: dict[str, Any]) -> R:
    """A dataclass from plain values."""
    hashable: Any = kind
    readers = field_readers(hashable)
    return kind(**{name: readers[name](value) for name, value in data.items() if name in readers})


@cache
def field_readers(kind: Any) -> dict[str, Callable[[Any], Any]]:
    """How each field of a dataclass is read."""
    hints = get_type_hints(kind)
    return {name: reader(hints[name]) for name in field_names(kind)}


def reader(hint: Any) -> Callable[[Any], Any]:
    """How a value of that type is read from its plain form."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return optional(reader(next(part for part in arguments if part is not NoneType)))
    if origin in (tuple, frozenset):
        return collection(origin, reader(arguments[0]))
    if supertype := getattr(hint, "__supertype__", None):
        return reader(supertype)
    return scalar(hint)


def optional(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """None stays None."""
    return lambda value: None if value is None else inner(value)


def collection(kind: Callable[[Any], Any], inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A tuple or a frozenset of one type."""
    return lambda value: kind(inner(item) for item in value)


def scalar(hint: Any) -> Callable[[Any], Any]:
    """How a single value is read."""
    if hint in (str, int, float, bool):
        return hint  # type: ignore[no-any-return]
    if hint in (datetime, date, time):
        return hint.fromisoformat  # type: ignore[no-any-return]
    if hint is timedelta:
        return lambda value: timedelta(seconds=value)
    if isinstance(hint, type_) and issubclass(hint, StrEnum):
        return hint
    if is_dataclass(hint):
        return lambda value: build(hint, value)  # type: ignore[arg-type]
    raise TypeError(f"a record cannot hold {hint!r}")
