"""Compares calls and objects with a description of the Bot API: {"methods": …, "types": …}, each with its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.refusals import Json

_PLAIN: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "String": (str,),
    "Boolean": (bool,),
    "True": (bool,),
    "Float": (float, int),
}
# Files are written down by name and size only; what a client may send is a file, an id or an address.
_FILES = frozenset({"InputFile"})


class BotApiDescription:
    """Says what is wrong with a call or an object, as a list of sentences; an empty one means nothing."""

    def __init__(self, description: Json) -> None:
        self._methods: Json = description["methods"]
        self._types: Json = description["types"]

    def methods(self) -> set[str]:
        """The names of all methods."""
        return set(self._methods)

    def wrong_call(self, method: str, params: Mapping[str, Any]) -> list[str]:
        """What is wrong with the parameters of a call, which may be strings, as forms carry them."""
        described = self._methods.get(method)
        if described is None:
            return [f"there is no method {method}"]
        fields = described["fields"]
        # The parts of a multipart body that attach://name refers to have names of the client's own.
        own = {name: value for name, value in params.items() if name in fields or not _is_attached(value)}
        return self._fields(own, fields, method, form=True)

    def wrong_answer(self, method: str, result: Any) -> list[str]:
        """What is wrong with the result of a call."""
        return self._any(result, self._methods[method]["returns"], method, form=False)

    def wrong(self, value: Any, kind: str, where: str = "", *, form: bool = False) -> list[str]:
        """What is wrong with a value that should be of `kind`."""
        if kind.startswith("Array of "):
            return self._array(value, kind.removeprefix("Array of "), where, form)
        if kind in _PLAIN:
            return [] if _is_plain(value, kind, form) else [f"{where}: {value!r} is no {kind}"]
        if kind in _FILES:
            return [] if isinstance(value, str) else [f"{where}: {value!r} is no file"]
        described = self._types[kind]
        if described.get("fields"):
            if not isinstance(value, dict):
                return [f"{where}: {value!r} is no {kind}"]
            return self._fields(value, described["fields"], where or kind, form=False)
        return self._any(value, described.get("subtypes", []), where, form)

    def _array(self, value: Any, kind: str, where: str, form: bool) -> list[str]:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no array"]
        return [
            words
            for index, item in enumerate(value)
            for words in self.wrong(item, kind, f"{where}[{index}]", form=form)
        ]

    def _any(self, value: Any, kinds: list[str], where: str, form: bool) -> list[str]:
        """Nothing if the value is of one of the kinds, else what is wrong for the kind that comes closest."""
        tried = [self.wrong(value, kind, where, form=form) for kind in kinds]
        return min(tried, key=len, default=[])

    def _fields(self, value: Json, fields: Json, where: str, *, form: bool) -> list[str]:
        found = [f"{where}: there is no {name}" for name in value if name not in fields]
        found += [
            f"{where}: {name} is missing" for name, field in fields.items() if field["required"] and name not in value
        ]
        for name, item in value.items():
            if name in fields:
                found += self._any(item, fields[name]["types"], f"{where}.{name}", form)
        return found


def _is_attached(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("<") and value.endswith(" bytes>")


def _is_plain(value: Any, kind: str, form: bool) -> bool:
    if isinstance(value, bool) and kind in ("Integer", "Float"):
        return False
    if isinstance(value, _PLAIN[kind]):
        return True
    return form and isinstance(value, str) and _reads_as(value, kind)


def _reads_as(words: str, kind: str) -> bool:
    if kind in ("Boolean", "True"):
        return words.lower() in ("true", "false")
    try:
        float(words) if kind == "Float" else int(words)
    except ValueError:
        return False
    return True
