"""The benchmark counts what it says it counts. Its numbers are not looked at here: machines differ."""

import json
from typing import Any

import pytest

from benchmarks.http import fields_of
from benchmarks.loopback import most_in_a_chat, most_within
from benchmarks.table import BEGIN, END, written


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/json", json.dumps({"chat_id": 7, "reply_markup": {"inline_keyboard": []}}).encode()),
        (b"application/x-www-form-urlencoded", b"chat_id=7&reply_markup=%7B%22inline_keyboard%22%3A+%5B%5D%7D"),
    ],
)
def test_a_call_is_understood_in_either_form(kind: bytes, body: bytes) -> None:
    found: dict[str, Any] = fields_of([b"Host: x", b"Content-Type: " + kind], body)
    buttons = found["reply_markup"]
    assert int(found["chat_id"]) == 7
    assert (json.loads(buttons) if isinstance(buttons, str) else buttons) == {"inline_keyboard": []}


def test_the_most_within_a_second_is_found_wherever_it_begins() -> None:
    """Planted fault: count by whole seconds, and five around the turn of one are two and three."""
    times = [0.0, 0.8, 0.9, 1.1, 1.2, 1.3, 3.0]
    assert most_within(times, 1.0) == 5
    assert most_within([], 1.0) == 0
    assert most_in_a_chat([(0.0, 1), (0.1, 2), (0.2, 1), (5.0, 1)]) == 2


def test_the_page_keeps_what_is_around_its_tables() -> None:
    page = f"before {BEGIN}\n\nold\n\n{END} after"
    assert written(page, "new") == f"before {BEGIN}\n\nnew\n\n{END} after"
    with pytest.raises(ValueError, match="has no"):
        written("a page without a place", "new")
