"""What happens to a reply that still waits when something happens to its case: it goes first, comes back, or waits on.

Every event has a row; a new one without one fails here.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from domain import casework
from domain.cases import Case, Event, Outcome, Place, Satisfaction, State, Supervision
from domain.casework import Concern
from domain.charter import Handling
from domain.people import ChatId, Person, Role
from handlers.announce import announce, open_case
from handlers.kit.turn import Turn
from storage.journal import EVENTS
from storage.relays import Relay
from storage.unit import Unit
from tests.stage import Role_, Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAST = (
    Role_("王芳", Role.RESIDENT),
    Role_("李建国", Role.MEMBER),
    Role_("张敏", Role.MEMBER),
    Role_("陈静", Role.COORDINATOR),
)
FIRST, BACK, ON = "goes first", "comes back", "waits on"

FATE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "CaseResolved": (FIRST, "李建国", {"outcome": Outcome.NOTED, "text": "记下了"}),
    "InfoAsked": (FIRST, "李建国", {"text": "哪一盏?"}),
    "CaseReturned": (FIRST, "李建国", {"reason": "不归我"}),
    "CaseAssigned": (BACK, "陈静", {"holder": "张敏"}),
    "CaseWithdrawn": (BACK, "王芳", {}),
    "CaseDeclined": (BACK, "陈静", {"reason": "不归我们"}),
    "CaseClosed": (BACK, "王芳", {"satisfaction": Satisfaction.SATISFIED}),
    "CaseReopened": (ON, "王芳", {}),
    "VerdictDisputed": (ON, "王芳", {}),
    "VerdictExplained": (ON, "王芳", {"text": "还行"}),
    "SaidToResident": (ON, "李建国", {"text": "在路上"}),
    "SaidToMember": (ON, "王芳", {"text": "好"}),
    "InfoGiven": (ON, "王芳", {"text": "东边"}),
    "NoteAdded": (ON, "李建国", {"text": "去过"}),
    "CallLogged": (ON, "李建国", {"text": ""}),
    "CaseClaimed": (ON, "李建国", {}),
    "WordsAdded": (ON, "王芳", {"text": "还有楼道"}),
    "WordsEdited": (ON, "王芳", {"old": "路灯", "new": "灯"}),
    "AttachmentAdded": (ON, "王芳", {"kind": "photo"}),
    "PlaceAdded": (ON, "王芳", {"place": Place("东门"), "community": None}),
    "CommunityChosen": (ON, "王芳", {"community": "x"}),
    "CategoryChanged": (ON, "王芳", {"category": "x", "handling": Handling.ORDINARY}),
    "CaseSettled": (ON, "王芳", {}),
    "LookedBack": (ON, "王芳", {"effective": True}),
    "LookBackAsked": (ON, "", {}),
    "Reminded": (ON, "", {"clock": "handle", "mark": "half"}),
    "SupervisionRaised": (ON, "", {"clock": "handle", "level": Supervision.CHASED}),
}
"""What becomes of the reply, who does it, and with what."""

NEVER = {"CaseSubmitted": "nobody holds it yet"}


async def test_every_event_has_a_row() -> None:
    assert EVENTS.keys() == FATE.keys() | NEVER.keys()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("waiting")) as found:
        for part in CAST:
            await found.join(part)
        await found.settle()
        yield found


@dataclass(slots=True)
class Scene:
    """A case on which 李建国 works, with a reply of his that waits, within one transaction."""

    town: Stage
    unit: Unit

    def person(self, name: str) -> Person:
        found = self.unit.people.by_chat(ChatId(self.town.people[name]))
        assert found is not None
        return found

    def turn(self) -> Turn:
        return self.town.app.turns.clock_turn(self.unit)

    def held(self) -> Case:
        concern = Concern(reporter=self.person("王芳").id, text="路灯坏了", category=None, community=None, urgent=False)
        case = open_case(self.turn(), concern)
        lee, chen, now = self.person("李建国"), self.person("陈静"), self.turn().now
        for step in (lambda c: casework.assign(c, lee, chen, now), lambda c: casework.claim(c, lee, now)):
            event = step(case)
            assert isinstance(event, Event)
            case = announce(self.turn(), case, event)
        return case

    def waits(self, case: Case) -> int:
        relay = Relay(0, case.id, self.person("李建国").id, "明天来看", "photo", "f1", True)
        return self.unit.relays.add(relay, self.turn().now + timedelta(seconds=20))

    def happens(self, case: Case, name: str) -> None:
        _, who, more = FATE[name]
        by = self.person(who).id if who else None
        more = {key: self.person(value).id if key == "holder" else value for key, value in more.items()}
        announce(self.turn(), case, EVENTS[name](case=case.id, at=self.turn().now, by=by, **more))


@pytest.mark.parametrize("name", FATE)
async def test_what_becomes_of_a_reply_that_waits(town: Stage, name: str) -> None:
    def play(unit: Unit) -> tuple[str, list[str]]:
        scene = Scene(town, unit)
        case = scene.held()
        relay = scene.waits(case)
        before = unit.journal.of_case(case.id)
        scene.happens(case, name)
        journal = [type(event).__name__ for event in unit.journal.of_case(case.id)[len(before) :]]
        waiting = unit.relays.get(relay)
        assert waiting is not None
        if waiting.pending:
            return ON, journal
        return FIRST if "SaidToResident" in journal else BACK, journal

    fate, journal = await town.app.database.run(play)
    await town.settle()
    assert fate == FATE[name][0]
    assert journal == (["SaidToResident", name] if fate == FIRST else [name])


async def test_what_comes_back_is_told_with_words_and_photo(town: Stage) -> None:
    """Planted fault: leave it to the time when it would have gone, and nobody says so when the program stops there."""

    def play(unit: Unit) -> list[str]:
        scene = Scene(town, unit)
        case = scene.held()
        scene.waits(case)
        scene.happens(case, "CaseWithdrawn")
        rows = unit.outbox.pending(scene.turn().now, [], 100)
        return [row.fields for row in rows if row.kind == "NotRelayed" and row.chat == town.people["李建国"]]

    told = await town.app.database.run(play)
    assert len(told) == 1
    assert "明天来看" in told[0]
    assert '"file_id":"f1"' in told[0]


async def test_a_reply_that_goes_first_is_the_first_contact_and_goes_once(town: Stage) -> None:

    def play(unit: Unit) -> State:
        scene = Scene(town, unit)
        case = scene.held()
        relay = scene.waits(case)
        event = casework.ask_info(case, "哪一盏?", scene.person("李建国"), scene.turn().now)
        assert isinstance(event, Event)
        after = announce(scene.turn(), case, event)
        assert after.contacted_at is not None, "the reply was the first contact"
        assert not unit.relays.take(relay), "it went once"
        return after.state

    assert await town.app.database.run(play) is State.NEED_INFO
