"""Which message is about which case."""

from domain.cases import CaseId
from domain.people import ChatId
from storage.messages import SAID, UNSAID
from storage.unit import Unit

CASE, CHAT, OTHER = CaseId(1), ChatId(1), ChatId(2)


def test_what_did_not_fit_is_forgotten_once_it_is_heard_and_nothing_else_is(unit: Unit) -> None:
    for chat, number, kind in ((CHAT, 1, UNSAID), (CHAT, 2, UNSAID), (CHAT, 3, SAID), (OTHER, 1, UNSAID)):
        unit.messages.add(chat, number, CASE, kind)
    unit.messages.heard(CHAT, 1)
    unit.messages.heard(CHAT, 3)
    assert unit.messages.about(CHAT, 1) is None
    left = [unit.messages.about(chat, number) for chat, number in ((CHAT, 2), (CHAT, 3), (OTHER, 1))]
    assert [about.kind for about in left if about] == [UNSAID, SAID, UNSAID]
