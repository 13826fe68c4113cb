"""Long lists on small screens: so many entries a page, and a row to turn it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from handlers.kit.messages import Button
from handlers.kit.press import Press

T = TypeVar("T")

LIST = 5
"""Entries of a list, opened by [1] … [5]."""
CHOICES = 6
"""Buttons to choose from: three rows of two, and the row that turns the page."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. ``number`` counts from 0."""

    entries: tuple[T, ...]
    number: int
    pages: int

    @property
    def first(self) -> int:
        """The position of the first entry in the whole list, from 1."""
        return self.number * LIST + 1


def page(found: Sequence[T], number: int, size: int = LIST) -> Page[T]:
    """That page, or the last one where there are fewer."""
    return page_of(len(found), lambda start, count: found[start : start + count], number, size)


def page_of(length: int, some: Callable[[int, int], Sequence[T]], number: int, size: int = LIST) -> Page[T]:
    """The same of a list of that length, of which only the page is read: ``some`` from a place on, so many."""
    pages = max(1, -(-length // size))
    at = min(max(number, 0), pages - 1)
    return Page(tuple(some(at * size, size)), at, pages)


def counted(count: int, most: int) -> str:
    """A number that was counted up to ``most``: ``12``, ``100+``."""
    return f"{count}+" if count >= most else str(count)


def turn_row(shown: Page[T], press: Callable[[int], Press]) -> tuple[Button, ...]:
    """[‹] [2/7] [›], or nothing where there is one page only."""
    if shown.pages == 1:
        return ()
    before, after = (shown.number - 1) % shown.pages, (shown.number + 1) % shown.pages
    return (
        Button("", press(before), text="‹"),
        Button("", press(shown.number), text=f"{shown.number + 1}/{shown.pages}"),
        Button("", press(after), text="›"),
    )


def number_row(shown: Page[T], press: Callable[[T], Press | None]) -> tuple[Button, ...]:
    """[1] … [5], each where it has something to do."""
    pressed = ((n, press(entry)) for n, entry in enumerate(shown.entries, start=1))
    return tuple(Button("", found, text=str(n)) for n, found in pressed if found)
