"""Somebody blocked the bot or is gone: what they should have heard becomes a telephone task for the member."""

from domain.people import Role
from handlers.kit.turn import Turn
from handlers.notices import PhoneTask
from storage.outbox import Saying

TOLD = frozenset({"Claimed", "Declined", "MemberSays", "InfoWanted", "AskVerdict", "Confirmed", "AskStillGood"})
"""What a resident must not miss."""


def lost(turn: Turn, saying: Saying) -> None:
    """A message could not be delivered. Staff who cannot be reached are shown on the roster; residents are called."""
    person = turn.unit.people.by_chat(saying.chat)
    if person is None:
        return
    turn.unit.people.set_unreachable(person.id, True)
    case = turn.unit.cases.get(saying.case) if saying.case else None
    if case is None or case.reporter != person.id or saying.kind not in TOLD:
        return
    member = turn.someone_by_id(case.holder)
    callers = [member] if member else turn.unit.people.staff(Role.COORDINATOR)
    remind = turn.charter.calendar.after(turn.now, turn.charter.deadlines.contact)
    for caller in callers[:1]:
        call = turn.unit.calls.add(case.id, caller.id, "unreachable", case.answer, turn.now, remind)
        turn.tell(caller, PhoneTask(case.id, call, "unreachable", case.answer), urgent=case.urgent)
