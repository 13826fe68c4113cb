"""Who hears about what: every event has a row, and what must not be missed is named right."""

from handlers.announce import AUDIENCE
from handlers.kit.messages import MESSAGES
from handlers.unreachable import TOLD
from storage.journal import EVENTS


def test_every_event_has_an_audience() -> None:
    assert AUDIENCE.keys() == set(EVENTS.values())


def test_what_must_reach_a_resident_are_messages() -> None:
    assert MESSAGES.keys() >= TOLD
