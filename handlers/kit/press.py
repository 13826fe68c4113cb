"""What a button says when it is pressed: a frozen dataclass of ids, at most 64 bytes, never state.

``code`` names the type for good: a press may come from a message that is a year old.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self, get_type_hints

from domain.cases import CaseId
from domain.casework import Relation

LIMIT = 64
"""Bytes of ``callback_data`` that Telegram allows."""

LARGEST = 2**63 - 1
"""The largest id that SQLite and PostgreSQL hold."""

PRESSES: dict[str, type["Press"]] = {}


@dataclass(frozen=True, slots=True)
class Press:
    """Base of every press. Fields are int, bool, str without colons, or a StrEnum; the last str may hold colons."""

    code: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if not cls.code:  # a kind of presses, not one of them
            return
        known = PRESSES.get(cls.code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.__name__} and {known.__name__} share the code {cls.code!r}")
        PRESSES[cls.code] = cls

    def encode(self) -> str:
        """The callback data. Raises ``ValueError`` where it would be too long (a bug)."""
        values = (getattr(self, field.name) for field in fields(self))
        data = ":".join([self.code, *(str(int(v)) if isinstance(v, bool) else str(v) for v in values)])
        if len(data.encode()) > LIMIT:
            raise ValueError(f"{type(self).__name__} does not fit into {LIMIT} bytes")
        return data

    @classmethod
    def build(cls, parts: list[str]) -> Self:
        """A press of this type from its parts. Raises ``ValueError`` where they do not fit."""
        hashable: Any = cls
        readers = press_readers(hashable)
        if len(parts) != len(readers):
            raise ValueError(f"{cls.__name__} takes {len(readers)} parts, not {len(parts)}")
        return cls(*(read(part) for read, part in zip(readers, parts, strict=True)))


@dataclass(frozen=True, slots=True)
class CasePress(Press):
    """A button about a case. ``whose``: what one must be to the case, or there is no such case for them."""

    whose: ClassVar[frozenset[Relation]]
    case: CaseId

    def asks(self) -> frozenset[Relation]:
        """What one must be to the case for just this press."""
        return self.whose


@cache
def press_readers(kind: Any) -> tuple[Any, ...]:
    """How each field is read."""
    hints = get_type_hints(kind)
    return tuple(field_reader(hints[field.name]) for field in fields(kind))


def field_reader(hint: Any) -> Any:
    """How one field is read."""
    hint = getattr(hint, "__supertype__", hint)
    if hint is bool:
        return lambda part: bool(int(part))
    if hint is int:
        return whole_number
    if hint is str or issubclass(hint, StrEnum):
        return hint
    raise TypeError(f"a press cannot hold {hint!r}")


def whole_number(part: str) -> int:
    """A number that a database can hold. Raises ``ValueError`` for any other (a forged press)."""
    number = int(part)
    if abs(number) > LARGEST:
        raise ValueError("too large for any id")
    return number


def decode(data: str) -> Press | None:
    """The press that callback data says, or None where it is unknown, forged or of an older version."""
    code, *parts = data.split(":")
    kind = PRESSES.get(code)
    if kind is None or not code:
        return None
    try:
        return kind.build(parts)
    except ValueError:
        return None
