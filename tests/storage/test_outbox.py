"""The outbox: every row has an end, ten changes are one edit, and the last change is never lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.cases import CaseId
from domain.people import ChatId
from storage.outbox import Ending, Lane, Mode, Outbox, Saying
from storage.unit import Unit
from tests.domain.lives import MONDAY

ROW = Saying(
    chat=ChatId(1), lane=Lane.NOTICE, mode=Mode.SEND, kind="X", fields="{}", created_at=MONDAY, not_before=MONDAY
)
CARD = replace(ROW, case=CaseId(7), pending_key="card:1:7:CaseCard")


@pytest.fixture
def outbox(unit: Unit) -> Outbox:
    """An empty one."""
    return unit.outbox


def pending(outbox: Outbox, *busy: int) -> list[Saying]:
    """What can be sent now."""
    return outbox.pending(MONDAY, busy, 100)


def sent(saying: Saying, message_id: int = 5) -> Ending:
    """It arrived."""
    return Ending(saying.id, "sent", MONDAY, saying.touched, message_id, mode=saying.mode)


def test_answers_go_before_notices_and_each_in_order(outbox: Outbox) -> None:
    for lane, kind in ((Lane.BROADCAST, "c"), (Lane.NOTICE, "b1"), (Lane.ANSWER, "a"), (Lane.NOTICE, "b2")):
        outbox.add(replace(ROW, lane=lane, kind=kind))
    assert [row.kind for row in pending(outbox)] == ["a", "b1", "b2", "c"]


def test_a_busy_chat_waits(outbox: Outbox) -> None:
    outbox.add(ROW)
    outbox.add(replace(ROW, chat=ChatId(2)))
    assert [row.chat for row in pending(outbox, 1)] == [2]


def test_what_is_for_later_waits(outbox: Outbox) -> None:
    outbox.add(replace(ROW, not_before=MONDAY + timedelta(seconds=1)))
    assert pending(outbox) == []
    assert outbox.next_at() == MONDAY + timedelta(seconds=1)


def test_the_same_cause_is_said_once_for_ever(outbox: Outbox) -> None:
    assert outbox.add(replace(ROW, once="digest:1"))
    outbox.end([sent(pending(outbox)[0])])
    assert not outbox.add(replace(ROW, once="digest:1"))
    assert pending(outbox) == []
    assert outbox.message_of("digest:1") == 5


def test_ten_changes_are_one_row(outbox: Outbox) -> None:
    for _ in range(10):
        outbox.add(replace(CARD, mode=Mode.REFRESH))
    assert len(pending(outbox)) == 1


def test_a_card_that_changed_on_its_way_is_drawn_once_more(outbox: Outbox) -> None:
    outbox.add(CARD)
    (on_its_way,) = pending(outbox)
    outbox.touch(CaseId(7))
    outbox.end([sent(on_its_way)])
    (again,) = pending(outbox)
    assert again.mode is Mode.REFRESH
    outbox.end([sent(again)])
    assert pending(outbox) == []


def test_ten_changes_on_its_way_are_one_more_drawing(outbox: Outbox) -> None:
    outbox.add(replace(CARD, mode=Mode.REFRESH))
    (on_its_way,) = pending(outbox)
    for _ in range(10):
        outbox.add(replace(CARD, mode=Mode.REFRESH))
        outbox.touch(CaseId(7))
    outbox.end([sent(on_its_way)])
    (again,) = pending(outbox)
    assert again.mode is Mode.REFRESH
    outbox.end([sent(again)])
    assert pending(outbox) == []


def test_a_new_card_is_sent_though_a_refresh_was_on_its_way(outbox: Outbox) -> None:
    """Planted fault: every touched row becomes a refresh, and the new card never comes."""
    outbox.add(replace(CARD, mode=Mode.REFRESH))
    (on_its_way,) = pending(outbox)
    outbox.add(CARD)
    outbox.end([sent(on_its_way)])
    assert [row.mode for row in pending(outbox)] == [Mode.SEND]


def test_a_failure_does_not_lose_a_change_either(outbox: Outbox) -> None:
    outbox.add(CARD)
    (on_its_way,) = pending(outbox)
    outbox.touch(CaseId(7))
    outbox.retry(on_its_way.id, MONDAY, "TimedOut")
    (again,) = pending(outbox)
    assert (again.mode, again.touched) == (Mode.SEND, 1)


def test_a_change_of_another_case_touches_nothing(outbox: Outbox) -> None:
    outbox.add(CARD)
    outbox.add(replace(ROW, case=CaseId(7)))
    outbox.touch(CaseId(8))
    assert [row.touched for row in pending(outbox)] == [0, 0]
    outbox.touch(CaseId(7))
    assert [row.touched for row in pending(outbox)] == [1, 0]


def test_a_new_card_replaces_a_refresh_that_waits(outbox: Outbox) -> None:
    outbox.add(replace(CARD, mode=Mode.REFRESH))
    outbox.add(CARD)
    assert [row.mode for row in pending(outbox)] == [Mode.SEND]


def test_after_a_card_has_ended_its_key_is_free(outbox: Outbox) -> None:
    outbox.add(CARD)
    outbox.end([sent(pending(outbox)[0])])
    outbox.add(CARD)
    assert len(pending(outbox)) == 1


def test_only_what_has_not_gone_can_be_taken_back(outbox: Outbox) -> None:
    outbox.add(replace(ROW, once="a", not_before=MONDAY + timedelta(seconds=20)))
    outbox.add(replace(ROW, once="b"))
    assert outbox.cancel("a", MONDAY)
    assert not outbox.cancel("b", MONDAY)
    assert [row.once for row in pending(outbox)] == ["b"]


def test_what_was_taken_back_is_not_said_again(outbox: Outbox) -> None:
    later = replace(ROW, once="a", not_before=MONDAY + timedelta(seconds=20))
    outbox.add(later)
    assert outbox.cancel("a", MONDAY)
    assert not outbox.cancel("a", MONDAY)
    assert outbox.said("a")
    assert not outbox.add(later)
    assert outbox.counts() == {"expired": 1}


def test_no_more_rows_come_than_were_asked_for(outbox: Outbox) -> None:
    for kind in ("first", "second", "third"):
        outbox.add(replace(ROW, kind=kind))
    assert [row.kind for row in outbox.pending(MONDAY, (), 2)] == ["first", "second"]


def test_a_chat_that_must_wait_hears_nothing_out_of_turn(outbox: Outbox) -> None:
    outbox.add(ROW)
    outbox.add(replace(ROW, kind="later"))
    outbox.add(replace(ROW, chat=ChatId(2), kind="other"))
    outbox.retry(pending(outbox)[0].id, MONDAY + timedelta(seconds=9), "429")
    assert [row.kind for row in pending(outbox)] == ["other"]
    assert [row.kind for row in outbox.pending(MONDAY + timedelta(seconds=9), (), 9)] == ["X", "later", "other"]


def test_a_held_card_that_has_become_urgent_goes_at_once(outbox: Outbox) -> None:
    outbox.add(replace(CARD, state="held", not_before=MONDAY + timedelta(hours=9)))
    outbox.add(CARD)
    assert [row.mode for row in pending(outbox)] == [Mode.SEND]
    assert outbox.held(MONDAY + timedelta(hours=9)) == []


def test_a_merged_row_is_still_found_by_the_list_that_tells_it(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.add(replace(ROW, state="held"))
    held = outbox.held(MONDAY)
    for row in held:
        outbox.merge(row.id, MONDAY)
    assert outbox.held(MONDAY) == pending(outbox) == []
    assert [row.id for row in outbox.by_ids([row.id for row in held])] == [row.id for row in held]


def test_held_rows_wait_for_the_morning(outbox: Outbox) -> None:
    outbox.add(replace(CARD, state="held"))
    outbox.add(replace(ROW, state="held", not_before=MONDAY + timedelta(hours=1)))
    assert pending(outbox) == []
    (ripe,) = outbox.held(MONDAY)
    outbox.release(ripe.id)
    assert [row.id for row in pending(outbox)] == [ripe.id]


def test_a_merged_row_frees_its_card(outbox: Outbox) -> None:
    """Planted fault: keep the key, and the next card of the case is never sent."""
    outbox.add(replace(CARD, state="held"))
    outbox.merge(outbox.held(MONDAY)[0].id, MONDAY)
    outbox.add(CARD)
    assert len(pending(outbox)) == 1


def test_waiting_as_told_is_no_failure(outbox: Outbox) -> None:
    outbox.add(ROW)
    (row,) = pending(outbox)
    outbox.retry(row.id, MONDAY, "429", counts=False)
    outbox.retry(row.id, MONDAY, "TimedOut")
    assert pending(outbox)[0].attempts == 1


def test_what_waits_for_a_group_goes_along_when_it_moves(outbox: Outbox) -> None:
    outbox.add(replace(ROW, chat=ChatId(-1)))
    outbox.migrate(ChatId(-1), ChatId(-100))
    assert [row.chat for row in pending(outbox)] == [-100]


def test_every_state_is_counted(outbox: Outbox) -> None:
    outbox.add(ROW)
    outbox.add(replace(ROW, state="held"))
    assert outbox.counts() == {"pending": 1, "held": 1}
