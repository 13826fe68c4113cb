"""The lists of small talk and harmless phrases, read from ``templates/reading.toml`` and files laid over it.

The rule: a file has a table for each language with every list in it; a later file replaces whole languages.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

from domain.reading import ReadingWords

SHIPPED = Path(__file__).parent.parent / "templates" / "reading.toml"
_LISTS = tuple(field.name for field in fields(ReadingWords))


def load(*paths: Path) -> ReadingWords:
    """The words of all languages together; without paths those that are shipped.

    Raises ValueError with one sentence that names the file and what is wrong in it.
    """
    languages: dict[str, Mapping[str, list[str]]] = {}
    for path in paths or (SHIPPED,):
        languages |= _read(path)
    return ReadingWords(**{name: tuple(chain.from_iterable(t[name] for t in languages.values())) for name in _LISTS})


def _read(path: Path) -> dict[str, Mapping[str, list[str]]]:
    try:
        languages = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: the lists of words cannot be read: {error}") from error
    return {language: _table(path, language, table) for language, table in languages.items()}


def _table(path: Path, language: str, table: object) -> Mapping[str, list[str]]:
    if not isinstance(table, Mapping):
        raise ValueError(f"{path}: {language} must be a table of lists, [{language}]")
    if wrong := set(table) ^ set(_LISTS):
        name = min(wrong)
        what = "is not a list the bot knows" if name in table else "is missing"
        raise ValueError(f"{path}: [{language}] {name} {what}; it must have {', '.join(_LISTS)}")
    for name in _LISTS:
        _check(path, language, name, table[name])
    return table


def _check(path: Path, language: str, name: str, listed: Any) -> None:
    fits = isinstance(listed, list) and all(isinstance(word, str) and word.strip("…* ") for word in listed)
    if not fits:
        raise ValueError(f'{path}: [{language}] {name} must be a list of words that are not empty, such as ["hello"]')
