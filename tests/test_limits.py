"""Limits hold on every way in: words and files at the limit, one over and far over are taken whole or refused and kept.

``WAYS`` has a row for every step and every other way that takes words; a new step or command without one fails here.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from bot.app import FEATURES
from domain.cases import Case, CaseId, NoteAdded
from domain.limits import PLACE
from domain.people import ChatId, PersonId, Role
from domain.text import utf16_length
from handlers.kit.routes import Router
from storage.cases import Attachment
from storage.dialogs import Dialog
from storage.unit import Unit
from tests.stage import Role_, Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONCERN, NOTE, REPLY, FILES = 120, 60, 80, 3
SETTINGS = {
    "YIXIAN_LIMITS__CONCERN": str(CONCERN),
    "YIXIAN_LIMITS__NOTE": str(NOTE),
    "YIXIAN_LIMITS__REPLY": str(REPLY),
    "YIXIAN_LIMITS__ATTACHMENTS": str(FILES),
    "YIXIAN_LIMITS__FILE_BYTES": "1000000",
    "YIXIAN_LIMITS__PACE": "[]",
}
LEE, CHEN = Role_("李建国", Role.MEMBER, "城北社区"), Role_("陈静", Role.COORDINATOR)
GONE = Role_("张敏", Role.RESIDENT)
MEMBER, COORDINATOR = 1001, 1002
LAMP = "城北社区的路灯坏了"
SIGN = "龘"
NUMBERS = count(5001)
LATER = count(500)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The town in which all of it happens."""
    async with stage(tmp_path_factory.mktemp("limits"), settings=SETTINGS) as found:
        for part in (LEE, CHEN, GONE):
            await found.join(part)
        await found.settle()
        yield found


@dataclass(slots=True)
class Talk:
    """A resident with a case, the member who may hold it, and a coordinator."""

    town: Stage
    resident: int = field(default_factory=lambda: next(NUMBERS))
    writer: int = 0
    sent: int = 0

    async def read(self, question: Callable[[Unit], Any]) -> Any:
        """Something about what is stored."""
        return await self.town.app.database.read(question)

    async def writes(self, who: int, text: str, *, about: int | None = None, **content: Any) -> None:
        """A message, however long, perhaps in answer to another one."""
        self.writer = who
        said = {"text": text} if not content else ({"caption": text, **content} if text else content)
        if text.startswith("/"):
            length = len(text.split()[0])
            said["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        self.sent = self.town.world.send(who, said, reply_to=about).message_id
        await self.town.settle()

    async def edits(self, text: str) -> None:
        """The last message is written anew."""
        self.town.world.edit(self.writer, self.sent, text)
        await self.town.settle()

    async def presses(self, who: int, data: str) -> None:
        """A button, wherever it is."""
        self.writer = who
        self.town.world.press(who, data=data, message_id=self.newest(who))
        await self.town.settle()

    def said(self, who: int, since: int = 0) -> list[dict[str, Any]]:
        """What the bot sent somebody, lately or since a message."""
        return [m for m in self.town.world.messages(who) if not m["mine"] and m["message_id"] > since]

    def newest(self, who: int) -> int:
        """The number of the newest message in somebody's chat."""
        newest = self.town.world.last(who)
        return int(newest["message_id"]) if newest else 0

    def toasts(self) -> list[str]:
        """How presses were answered."""
        return [call["params"].get("text", "") for call in self.town.world.called("answerCallbackQuery")]

    async def case(self) -> Case:
        """The newest case of the resident."""
        found = await self.read(lambda unit: unit.cases.of_reporter(unit.people.by_chat(ChatId(self.resident)).id))
        assert found
        return found[0]  # type: ignore[no-any-return]

    def about(self, who: int, number: str) -> int:
        """The newest message that somebody has about a case."""
        return int(next(m["message_id"] for m in reversed(self.said(who)) if number in m["text"]))

    async def reply(self, who: int, text: str, **content: Any) -> None:
        """In answer to the newest message about the case."""
        about = self.about(who, (await self.case()).number)
        await self.writes(who, text, about=about, **content)

    async def dialog(self, who: int) -> Dialog | None:
        """Somebody's open question."""
        return await self.read(lambda unit: unit.dialogs.open(ChatId(who)))  # type: ignore[no-any-return]

    # -- how far the case has come

    async def arrives(self) -> None:
        """Somebody new."""
        self.town.world.private(self.town.world.person(self.resident, "王芳", started=True))

    async def told(self) -> None:
        """They have reported something."""
        await self.arrives()
        await self.writes(self.resident, LAMP)
        await self.presses(self.resident, f"sn:{(await self.case()).id}")

    async def held(self) -> None:
        """A member works on it."""
        await self.told()
        case = (await self.case()).id
        lee = await self.read(lambda unit: unit.people.by_chat(ChatId(MEMBER)).id)
        await self.presses(COORDINATOR, f"as:{case}:{lee}")
        await self.presses(MEMBER, f"cl:{case}")

    async def asked(self, who: int, button: str) -> None:
        """Somebody pressed a button of the case that asks for words."""
        await self.presses(who, f"{button.format((await self.case()).id)}")

    async def resolved(self) -> None:
        """The member has answered."""
        await self.held()
        await self.asked(MEMBER, "ra:{}:C")
        await self.writes(MEMBER, "记下了")

    async def disputed(self) -> None:
        """The resident is not content."""
        await self.resolved()
        await self.asked(self.resident, "jd:{}:1:not")

    # -- what has been kept

    async def record(self) -> str:
        """All the words that the group's record has of the case, of the member's newest visit and report."""
        number = CaseId((await self.case()).id) if await self.any_case() else CaseId(0)
        events = await self.read(lambda unit: unit.journal.of_case(number))
        visits = await self.read(lambda unit: unit.visits.of_member(unit.people.by_chat(ChatId(MEMBER)).id))
        return "".join([*(repr(event) for event in events), *(visit.note + repr(visit.place) for visit in visits)])

    async def any_case(self) -> bool:
        """Whether the resident has one."""
        return bool(
            await self.read(
                lambda unit: (found := unit.people.by_chat(ChatId(self.resident))) and unit.cases.of_reporter(found.id)
            )
        )


Does = Callable[[Talk], Awaitable[None]]
Sends = Callable[[Talk, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Way:
    """A way in for words: what comes before, how they are sent, how many units fit, and whether more becomes two."""

    before: Does
    send: Sends
    room: int
    two: bool = False
    keeps: bool = True
    """Whether the refused words wait in the writer's open question."""


def writes(who: str) -> Sends:
    """As a plain message."""
    return lambda talk, text: talk.writes(number(talk, who), text)


def replies(who: str) -> Sends:
    """In answer to a message about the case."""
    return lambda talk, text: talk.reply(number(talk, who), text)


def number(talk: Talk, who: str) -> int:
    """Whose phone."""
    return {"resident": talk.resident, "member": MEMBER, "coordinator": COORDINATOR}[who]


def after(come: Does, who: str, button: str) -> Does:
    """A question about a case that has come so far."""

    async def before(talk: Talk) -> None:
        await come(talk)
        await talk.asked(number(talk, who), button)

    return before


async def command(talk: Talk, name: str) -> None:
    await talk.arrives()
    await talk.writes(MEMBER, f"/{name}")


async def behalf_words(talk: Talk) -> None:
    await command(talk, "behalf")
    await talk.presses(MEMBER, "bk:person")
    await talk.writes(MEMBER, "王奶奶 13812345678")


async def behalf_aside(talk: Talk) -> None:
    await behalf_words(talk)
    await talk.writes(MEMBER, LAMP)


async def visited(talk: Talk) -> None:
    await talk.arrives()
    await talk.writes(MEMBER, f"/visit 看望{next(LATER)}")


async def visit_place(talk: Talk) -> None:
    await visited(talk)
    visit = await talk.read(lambda unit: unit.visits.of_member(unit.people.by_chat(ChatId(MEMBER)).id)[0].id)
    await talk.presses(MEMBER, f"vp:{visit}")


async def called(talk: Talk) -> None:
    """The resident is not on Telegram any more and has been asked by telephone."""
    await talk.held()
    talk.town.world.block(talk.resident)
    await talk.town.settle()
    await talk.asked(MEMBER, "ai:{}")
    await talk.writes(MEMBER, "哪一盏?")
    case = (await talk.case()).id
    call = await talk.read(lambda unit: unit.calls.open_of_case(case)[0].id)
    await talk.presses(MEMBER, f"cm:{call}")


async def reply_refused(talk: Talk) -> None:
    await talk.held()
    await talk.reply(MEMBER, SIGN * (2 * REPLY + 1))


async def answer_refusal(talk: Talk, text: str) -> None:
    """In answer to what said that it is too long."""
    await talk.writes(MEMBER, text, about=talk.newest(MEMBER))


async def caption(talk: Talk, text: str) -> None:
    await talk.writes(talk.resident, text, **picture(talk.town))


async def visit_caption(talk: Talk, text: str) -> None:
    await talk.writes(MEMBER, text, **picture(talk.town))


async def edit(talk: Talk, text: str) -> None:
    await talk.edits(text)


def picture(town: Stage, **more: Any) -> dict[str, Any]:
    """A photo that nobody has sent before, and that can be sent on."""
    found = town.world.files.add("photo", b"x", f"{next(LATER)}.jpg", "image/jpeg").described()
    return {"photo": [{**found, "width": 1, "height": 1}], **more}


JOINED = CONCERN - len(LAMP) - 1
"""Units that join a case."""

WAYS: dict[str, Way] = {
    # questions, by the name of their step
    "casework.take_answer": Way(after(Talk.held, "member", "ra:{}:C"), writes("member"), REPLY),
    "casework.take_info_words": Way(after(Talk.held, "member", "ai:{}"), writes("member"), REPLY),
    "casework.take_note": Way(after(Talk.held, "member", "wn:{}"), writes("member"), NOTE, two=True),
    "casework.take_return_reason": Way(after(Talk.held, "member", "gb:{}"), writes("member"), NOTE),
    "triage.take_decline_reason": Way(after(Talk.told, "coordinator", "dc:{}"), writes("coordinator"), REPLY),
    "triage.take_confirm_reason": Way(after(Talk.disputed, "coordinator", "dp:{}:0"), writes("coordinator"), REPLY),
    "verdict.take_words": Way(Talk.disputed, writes("resident"), REPLY),
    "calls.take_words": Way(called, writes("member"), REPLY, two=True),
    "relay.shorten": Way(reply_refused, answer_refusal, REPLY, two=True),
    "concern.tell": Way(lambda talk: begin(talk, "new"), writes("resident"), CONCERN),
    "concern.take_place": Way(after(Talk.told, "resident", "ap:{}"), writes("resident"), PLACE),
    "visit.take_note": Way(lambda talk: command(talk, "visit"), writes("member"), NOTE),
    "visit.add_more": Way(visited, visit_caption, NOTE - len("看望500") - 1),
    "visit.take_place": Way(visit_place, writes("member"), PLACE),
    "behalf.take_words": Way(behalf_words, writes("member"), CONCERN),
    "behalf.take_aside": Way(behalf_aside, writes("member"), CONCERN),
    # everything else that brings words
    "first words": Way(Talk.arrives, writes("resident"), CONCERN),
    "first words, below a picture": Way(Talk.arrives, caption, CONCERN),
    "words that join": Way(Talk.told, writes("resident"), JOINED),
    "words that join, below a picture": Way(Talk.told, caption, JOINED),
    "an edit": Way(lambda talk: begin(talk, LAMP), edit, CONCERN, keeps=False),
    "a resident's reply to a member": Way(Talk.held, replies("resident"), REPLY, two=True),
    "a resident's reply where nobody holds the case": Way(Talk.told, replies("resident"), JOINED),
    "a member's reply": Way(Talk.held, replies("member"), REPLY, two=True),
    "a coordinator's reply": Way(Talk.held, replies("coordinator"), NOTE, two=True),
    "/new": Way(Talk.arrives, lambda talk, text: talk.writes(talk.resident, f"/new\n{text}"), CONCERN),
    "/visit": Way(Talk.arrives, lambda talk, text: talk.writes(MEMBER, f"/visit\n{text}"), NOTE),
}

KEPT_AS_THEIR_WORDS = {"behalf.take_kind", "behalf.take_who"}
"""What is too long for a name is kept as what they have to say, and looked at when it is used."""

WITHOUT_WORDS = {
    "casework.take_planned_date": "a day",
    "concern.keep": "buttons; the words they bring are looked at where they go",
    "roster.details": "buttons",
    "roster.role_ended": "the role in which it was asked has ended; that is said, and nothing is kept of it",
    "roster.take_name": "a name of at most 40 signs: NAME_TOO_LONG, the question stays",
    "stafftext.keep": "buttons; the words they bring are looked at where they go",
}
COMMANDS_WITH_WORDS = {"new", "visit", "behalf", "case", "start"}
"""/behalf keeps its words as theirs; /case and /start look something up."""


async def begin(talk: Talk, words: str) -> None:
    await talk.arrives()
    await talk.writes(talk.resident, "/new" if words == "new" else words)


async def test_every_step_has_a_row() -> None:
    steps = Router.of(FEATURES).steps.keys()
    rows = {name for name in WAYS if "." in name and " " not in name}
    assert steps == rows | KEPT_AS_THEIR_WORDS | WITHOUT_WORDS.keys()


async def test_every_command_is_known() -> None:
    bare = {"help", "cancel", "mine", "settings", "privacy", "cases", "calls", "digest", "inbox", "roster"}
    assert {command.name for feature in FEATURES for command in feature.commands} == COMMANDS_WITH_WORDS | bare


@pytest_asyncio.fixture(loop_scope="module")
async def talk(town: Stage) -> AsyncIterator[Talk]:
    """A new resident; nobody's question is left open, and nothing has gone wrong."""
    yield Talk(town)
    for who in (MEMBER, COORDINATOR):
        town.world.say(who, "/cancel")
    await town.settle()
    assert await town.app.database.read(lambda unit: unit.intake.count_quarantined()) == 0
    ends = await town.app.database.read(lambda unit: unit.outbox.counts())
    assert "dead" not in ends


@pytest.mark.parametrize("name", WAYS)
async def test_at_the_limit_it_is_taken_whole(talk: Talk, name: str) -> None:
    way = WAYS[name]
    await way.before(talk)
    had = await kept_of(talk)
    await way.send(talk, SIGN * way.room)
    await talk.town.advance(talk.town.app.charter.relay_after)
    assert await kept_of(talk) - had == way.room


@pytest.mark.parametrize("name", WAYS)
async def test_one_over_it_is_taken_in_two_or_refused_and_kept(talk: Talk, name: str) -> None:
    way = WAYS[name]
    await way.before(talk)
    had = await kept_of(talk)
    await way.send(talk, SIGN * (way.room + 1))
    await talk.town.advance(talk.town.app.charter.relay_after)
    if way.two:
        assert await kept_of(talk) - had == way.room + 1
    else:
        await is_refused(talk, way, way.room + 1, had)


@pytest.mark.parametrize("name", WAYS)
async def test_far_over_it_is_refused_and_kept(talk: Talk, name: str) -> None:
    """Counted as Telegram counts: an emoji is two."""
    way, sign = WAYS[name], "😀"
    await way.before(talk)
    had = await kept_of(talk, sign)
    far = f"路灯{sign * (2 * way.room // utf16_length(sign) + 1)}"
    await way.send(talk, far)
    await talk.town.advance(talk.town.app.charter.relay_after)
    await is_refused(talk, way, utf16_length(far), had, sign)


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way.keeps])
async def test_an_edit_that_makes_it_shorter_is_taken(talk: Talk, name: str) -> None:
    way = WAYS[name]
    await way.before(talk)
    had = await kept_of(talk)
    await way.send(talk, SIGN * (2 * way.room + 1))
    slash = name if name.startswith("/") else ""
    await talk.edits(f"{slash} {SIGN * 12}".strip())
    await talk.town.advance(talk.town.app.charter.relay_after)
    assert await kept_of(talk) - had == 12


async def kept_of(talk: Talk, sign: str = SIGN) -> int:
    """Signs that were taken: in the group's record, or in a report that is being made."""
    dialog = await talk.dialog(MEMBER)
    report = dialog.draft if dialog and dialog.step.startswith("behalf.") and not dialog.refused[1] else ""
    return (await talk.record() + report).count(sign)


async def is_refused(talk: Talk, way: Way, length: int, had: int, sign: str = SIGN) -> None:
    """It has been said by how much, nothing of it is in the record, and all of it waits."""
    answers = [message["text"] for message in talk.said(talk.writer, talk.sent) if f"{length} 字" in message["text"]]
    if way.keeps or not answers:
        assert len(answers) == 1
    assert "一个字没删" in answers[0]
    assert await kept_of(talk, sign) == had
    if way.keeps:
        dialog = await talk.dialog(talk.writer)
        assert dialog is not None
        assert (utf16_length(dialog.refused[0]) - length) in (0, len("/visit\n"), len("/new\n"))
        assert dialog.refused[1] == talk.sent


# -- what was taken arrives


@pytest.mark.parametrize("sign", [SIGN, "😀", "&", "<"])
@pytest.mark.parametrize(("writer", "reader"), [("member", "resident"), ("resident", "member")])
async def test_a_long_reply_arrives_whole_in_two_messages(talk: Talk, writer: str, reader: str, sign: str) -> None:
    await talk.held()
    heard = talk.newest(number(talk, reader))
    text = sign * (2 * REPLY // utf16_length(sign))
    await talk.reply(number(talk, writer), text)
    await talk.town.advance(talk.town.app.charter.relay_after)
    arrived = [message["text"] for message in talk.said(number(talk, reader), heard)]
    assert len(arrived) == 2
    assert sum(message.count(sign) for message in arrived) == len(text)


async def test_both_messages_of_a_reply_are_taken_back_together(talk: Talk) -> None:
    await talk.held()
    heard = talk.newest(talk.resident)
    await talk.reply(MEMBER, SIGN * (REPLY + 1))
    talk.town.world.press(MEMBER, "撤回")
    await talk.town.settle()
    await talk.town.advance(talk.town.app.charter.relay_after)
    assert talk.said(talk.resident, heard) == []


async def test_a_long_reply_becomes_as_many_notes_as_it_needs(talk: Talk) -> None:
    """Planted fault: refuse it, and the words go to the resident, or nowhere."""
    await talk.held()
    text = SIGN * (2 * REPLY)
    await talk.reply(MEMBER, text)
    talk.town.world.press(MEMBER, "改为备注")
    await talk.town.settle()
    case = (await talk.case()).id
    notes = [event for event in await talk.read(lambda unit: unit.journal.of_case(case)) if type(event) is NoteAdded]
    assert "".join(note.text for note in notes) == text
    assert max(len(note.text) for note in notes) <= NOTE


@pytest.mark.parametrize(("length", "notes"), [(NOTE, 1), (NOTE + 1, 2), (2 * NOTE + 1, 0)])
async def test_kept_words_become_notes_or_stay_kept(talk: Talk, length: int, notes: int) -> None:
    await talk.held()
    case = (await talk.case()).id
    await talk.writes(MEMBER, SIGN * length)
    await talk.presses(MEMBER, f"sa:{case}")
    events = await talk.read(lambda unit: unit.journal.of_case(case))
    assert sum(type(event) is NoteAdded for event in events) == notes
    if not notes:
        assert f"{length} 字" in talk.toasts()[-1]
        dialog = await talk.dialog(MEMBER)
        assert dialog is not None
        assert SIGN * length in dialog.draft


@pytest.mark.parametrize(("press", "most"), [("nv", NOTE), ("nc", CONCERN)])
async def test_kept_words_that_do_not_fit_stay_kept(talk: Talk, press: str, most: int) -> None:
    await talk.arrives()
    await talk.writes(MEMBER, SIGN * (most + 1))
    await talk.presses(MEMBER, press)
    assert f"{most + 1} 字" in talk.toasts()[-1]
    dialog = await talk.dialog(MEMBER)
    assert dialog is not None
    assert SIGN * (most + 1) in dialog.draft


async def test_offered_words_that_do_not_fit_stay_offered(talk: Talk) -> None:
    await talk.arrives()
    await talk.writes(MEMBER, f"/behalf {SIGN * (CONCERN + 1)}")
    await talk.presses(MEMBER, "bk:person")
    await talk.writes(MEMBER, "王奶奶")
    await talk.presses(MEMBER, "bu")
    assert f"{CONCERN + 1} 字" in talk.toasts()[-1]
    dialog = await talk.dialog(MEMBER)
    assert dialog is not None
    assert SIGN * (CONCERN + 1) in dialog.draft


async def test_words_that_have_no_room_in_a_case_can_be_one_of_their_own(talk: Talk) -> None:
    await talk.told()
    await talk.writes(talk.resident, f"路灯{SIGN * JOINED}")
    await talk.presses(talk.resident, "nc")
    assert (await talk.case()).text == f"路灯{SIGN * JOINED}"


async def test_of_danger_the_numbers_come_though_the_words_do_not_fit(talk: Talk) -> None:
    await talk.arrives()
    await talk.writes(talk.resident, f"煤气泄漏{SIGN * CONCERN}")
    assert "119" in talk.said(talk.resident)[-2]["text"]


async def test_of_a_picture_whose_words_do_not_fit_both_come_in_the_end(talk: Talk) -> None:
    """An album: the caption is too long; the second picture waits with the first."""
    await talk.arrives()
    album = {"media_group_id": f"{next(LATER)}"}
    await talk.writes(talk.resident, SIGN * (CONCERN + 1), **picture(talk.town, **album))
    await talk.writes(talk.resident, "", **picture(talk.town, **album))
    await talk.writes(talk.resident, LAMP)
    case = await talk.case()
    assert case.text == LAMP
    assert await files_of(talk) == 2


async def test_a_concern_of_another_kind_is_no_shorter_reply(talk: Talk) -> None:
    """The reply that did not fit is still kept: its edit goes to the member."""
    await talk.held()
    first = (await talk.case()).id
    await talk.reply(talk.resident, SIGN * (2 * REPLY + 1))
    refused = talk.sent
    talk.town.clock.advance(talk.town.app.charter.joining * 2)
    await talk.writes(talk.resident, "桂花社区的垃圾没人收")
    assert (await talk.case()).id != first
    dialog = await talk.dialog(talk.resident)
    assert dialog is not None
    assert dialog.refused[1] == refused
    talk.sent = refused
    await talk.edits(SIGN * 5)
    assert SIGN * 5 in talk.said(MEMBER)[-1]["text"]


# -- one question at a time


TOO_LONG = SIGN * (2 * REPLY + 1)


async def another_case(talk: Talk) -> Talk:
    """The member works on somebody else's case too."""
    other = Talk(talk.town)
    await other.held()
    return other


async def waiting(talk: Talk) -> list[str]:
    """Replies of the member that are about to go."""
    case = (await talk.case()).id
    return [relay.text for relay in await talk.read(lambda unit: unit.relays.waiting(case))]


async def test_a_reply_that_does_not_fit_leaves_another_question_as_it_is(talk: Talk) -> None:
    """It is not promised that the words are kept; an edit of their message goes where the reply would have gone."""
    await talk.held()
    await behalf_words(talk)
    before = await talk.dialog(MEMBER)
    await talk.reply(MEMBER, TOO_LONG)
    assert await talk.dialog(MEMBER) == before
    said = talk.said(MEMBER)[-1]
    assert f"{2 * REPLY + 1} 字" in said["text"]
    assert "我先留着" not in said["text"]
    assert not said["buttons"], "to give up would end the other question"
    await talk.edits(f"{TOO_LONG}{SIGN}")
    assert f"{2 * REPLY + 2} 字" in talk.said(MEMBER)[-1]["text"]
    await talk.edits("周五来")
    assert await waiting(talk) == ["周五来"]
    await talk.edits("周六来")
    assert await waiting(talk) == ["周五来"], "it was taken: an edit changes nothing any more"
    assert await talk.dialog(MEMBER) == before


async def test_a_reply_to_another_case_leaves_the_words_that_wait(talk: Talk) -> None:
    other = await another_case(talk)
    await talk.held()
    await talk.reply(MEMBER, TOO_LONG)
    refused, before = talk.sent, await talk.dialog(MEMBER)
    await other.reply(MEMBER, "在路上")
    assert await talk.dialog(MEMBER) == before
    await other.reply(MEMBER, TOO_LONG)
    assert await talk.dialog(MEMBER) == before
    await other.edits("到了")
    assert await waiting(other) == ["在路上", "到了"]
    talk.sent = refused
    await talk.edits("周五来")
    assert await waiting(talk) == ["周五来"]
    assert await talk.dialog(MEMBER) is None


async def test_a_shorter_reply_ends_the_question_and_an_edit_of_the_longer_goes_nowhere(talk: Talk) -> None:
    await talk.held()
    await talk.reply(MEMBER, TOO_LONG)
    refused = talk.sent
    await talk.reply(MEMBER, "周五来")
    talk.sent = refused
    await talk.edits("周六来")
    assert await waiting(talk) == ["周五来"]
    assert await talk.dialog(MEMBER) is None


@pytest.mark.parametrize("by", ["command", "button"])
async def test_a_reply_that_was_given_up_is_not_heard_by_an_edit(talk: Talk, by: str) -> None:
    await talk.held()
    await talk.reply(MEMBER, TOO_LONG)
    refused = talk.sent
    if by == "command":
        await talk.writes(MEMBER, "/cancel")
    else:
        talk.town.world.press(MEMBER, "取消")
        await talk.town.settle()
    talk.sent = refused
    await talk.edits("周五来")
    assert await waiting(talk) == []


async def test_of_two_that_did_not_fit_the_later_one_is_edited(talk: Talk) -> None:
    await talk.held()
    await talk.reply(MEMBER, TOO_LONG)
    first = talk.sent
    await talk.reply(MEMBER, f"{TOO_LONG}{SIGN}")
    later, talk.sent = talk.sent, first
    await talk.edits("周五来")
    assert await waiting(talk) == []
    talk.sent = later
    await talk.edits("周六来")
    assert await waiting(talk) == ["周六来"]


@pytest.mark.parametrize("who", [MEMBER, COORDINATOR])
async def test_what_staff_write_without_replying_is_no_shorter_reply(talk: Talk, who: int) -> None:
    await talk.held()
    case = (await talk.case()).id
    await talk.reply(who, TOO_LONG)
    before = await talk.dialog(who)
    had = await talk.read(lambda unit: unit.journal.of_case(case))
    await talk.writes(who, "晚上给妈妈打电话")
    assert await waiting(talk) == []
    assert await talk.read(lambda unit: unit.journal.of_case(case)) == had
    assert await talk.dialog(who) == before


async def asked_which(talk: Talk) -> None:
    """What is written is of another kind, soon after the case."""
    await talk.writes(talk.resident, "桂花社区的垃圾没人收,味道很大")


async def does_not_fit(talk: Talk) -> None:
    """A newer case has no room for what is written."""
    talk.town.clock.advance(talk.town.app.charter.joining * 2)
    await talk.writes(talk.resident, "桂花社区的垃圾没人收")
    await talk.writes(talk.resident, f"垃圾{SIGN * CONCERN}")


async def new_concern(talk: Talk) -> None:
    """A new concern is begun."""
    await talk.writes(talk.resident, "/new")


@pytest.mark.parametrize(
    ("come_between", "step"), [(asked_which, "keep"), (does_not_fit, "keep"), (new_concern, "tell")]
)
async def test_a_reply_that_did_not_fit_can_be_edited_though_another_question_came_between(
    talk: Talk, come_between: Does, step: str
) -> None:
    """Only one question can wait: the reply's words are in its message, and what was asked since stays asked."""
    await talk.held()
    await talk.reply(talk.resident, TOO_LONG)
    refused = talk.sent
    await come_between(talk)
    between = await talk.dialog(talk.resident)
    assert between is not None
    assert between.step == f"concern.{step}"
    talk.sent = refused
    await talk.edits("还是不亮")
    assert "还是不亮" in talk.said(MEMBER)[-1]["text"]
    assert await talk.dialog(talk.resident) == between


async def test_the_file_of_a_reply_that_did_not_fit_comes_with_the_shorter_one(talk: Talk) -> None:
    await talk.held()
    await talk.reply(MEMBER, TOO_LONG, **picture(talk.town))
    await talk.reply(MEMBER, "周五来")
    await talk.town.advance(talk.town.app.charter.relay_after)
    assert await relayed_files(talk) == 1


async def test_the_file_of_a_reply_stays_behind_with_the_role_in_which_it_was_written(talk: Talk) -> None:
    """Planted fault: take the file before it is asked what its writer is to the case."""
    await talk.told()
    case, writer = (await talk.case()).id, Talk(talk.town, resident=talk.town.people[GONE.name])
    await talk.town.app.database.run(lambda unit: give_role(unit, writer.resident, Role.MEMBER))
    member = await talk.read(lambda unit: unit.people.by_chat(ChatId(writer.resident)).id)
    await talk.presses(COORDINATOR, f"as:{case}:{member}")
    await talk.presses(writer.resident, f"cl:{case}")
    await talk.reply(writer.resident, TOO_LONG, **picture(talk.town))
    await talk.town.app.database.run(lambda unit: give_role(unit, writer.resident))
    await writer.writes(writer.resident, "桂花社区的垃圾没人收", about=writer.newest(writer.resident))
    assert (await writer.case()).text == "桂花社区的垃圾没人收"
    assert await files_of(writer) == 0


def give_role(unit: Unit, who: int, *roles: Role) -> None:
    """From now on somebody has these roles only."""
    person = unit.people.by_chat(ChatId(who))
    assert person is not None
    unit.people.set_roles(replace(person, roles=frozenset(roles)))


# -- a note instead


async def relay_of(talk: Talk) -> int:
    """The newest reply that waits."""
    case = (await talk.case()).id
    return int(await talk.read(lambda unit: unit.relays.waiting(case)[-1].id))


@pytest.mark.parametrize("words", ["", "现在是这样"])
async def test_a_reply_with_a_photo_does_not_become_a_note_and_waits_on(talk: Talk, words: str) -> None:
    await talk.held()
    await talk.reply(MEMBER, words, **picture(talk.town))
    await talk.presses(MEMBER, f"nr:{await relay_of(talk)}")
    assert "放不下照片" in talk.toasts()[-1]
    assert await waiting(talk) == [words]
    await talk.town.advance(talk.town.app.charter.relay_after)
    assert await relayed_files(talk) == 1


async def test_words_stay_where_they_are_when_their_writer_may_write_no_note_any_more(talk: Talk) -> None:
    """Planted fault: take them out first, and they are neither sent nor noted nor given back."""
    await talk.held()
    await talk.reply(MEMBER, "周五来")
    relay = await relay_of(talk)
    await talk.town.app.database.run(lambda unit: give_role(unit, MEMBER))
    await talk.presses(MEMBER, f"nr:{relay}")
    still = await waiting(talk)
    await talk.town.app.database.run(lambda unit: give_role(unit, MEMBER, Role.MEMBER))
    assert "找不到这件事" in talk.toasts()[-1]
    assert still == ["周五来"]


async def test_a_press_after_the_words_came_back_does_not_say_that_they_went(talk: Talk) -> None:
    await talk.held()
    await talk.reply(MEMBER, "周五来")
    relay, case = await relay_of(talk), (await talk.case()).id
    gone = await talk.read(lambda unit: unit.people.by_chat(ChatId(talk.town.people[GONE.name])).id)
    await talk.town.app.database.run(lambda unit: give_role(unit, talk.town.people[GONE.name], Role.MEMBER))
    await talk.presses(COORDINATOR, f"as:{case}:{gone}")
    await talk.presses(MEMBER, f"nr:{relay}")
    await talk.town.app.database.run(lambda unit: give_role(unit, talk.town.people[GONE.name]))
    assert "已经处理过了" in talk.toasts()[-1]
    assert "周五来" in talk.said(MEMBER)[-1]["text"]


async def test_of_a_note_with_a_photo_it_is_said_that_the_photo_is_not_there(talk: Talk) -> None:
    await talk.held()
    await talk.reply(COORDINATOR, "请看", **picture(talk.town))
    assert "照片和文件没有保存" in talk.said(COORDINATOR)[-1]["text"]


@pytest.mark.parametrize("button", ["ur", "nr"])
async def test_a_second_press_does_not_say_that_it_went(talk: Talk, button: str) -> None:
    await talk.held()
    await talk.reply(MEMBER, "周五来")
    relay = await relay_of(talk)
    for _ in range(2):
        await talk.presses(MEMBER, f"{button}:{relay}")
    assert "已经处理过了" in talk.toasts()[-1]
    assert "已经发给居民" not in talk.toasts()[-1]


# -- files


async def files_of(talk: Talk) -> int:
    """Files of the case."""
    case = (await talk.case()).id
    return await talk.read(lambda unit: unit.cases.count_attachments(case))  # type: ignore[no-any-return]


async def relayed_files(talk: Talk) -> int:
    """Files that the resident was sent by the member."""
    return sum(bool(message["media"]) for message in talk.said(talk.resident))


Files = Callable[[Talk], Awaitable[int]]
FILE_WAYS: dict[str, tuple[Does, Sends, Files]] = {
    "free": (Talk.told, lambda talk, text: talk.writes(talk.resident, text, **picture(talk.town)), files_of),
    "a resident's reply": (
        Talk.held,
        lambda talk, text: talk.reply(talk.resident, text, **picture(talk.town)),
        files_of,
    ),
    "a member's reply": (
        Talk.held,
        lambda talk, text: talk.reply(MEMBER, text, **picture(talk.town)),
        relayed_files,
    ),
}


@pytest.mark.parametrize("name", FILE_WAYS)
async def test_files_are_taken_up_to_the_limit_and_the_words_of_one_too_many_all_the_same(
    talk: Talk, name: str
) -> None:
    before, send, held = FILE_WAYS[name]
    await before(talk)
    for _ in range(FILES):
        await send(talk, "")
    await talk.town.advance(talk.town.app.charter.relay_after)
    assert await held(talk) == FILES
    await send(talk, "")
    assert "附件满了" in talk.said(talk.writer)[-1]["text"]
    had = await kept_of(talk)
    await send(talk, SIGN)
    await talk.town.advance(talk.town.app.charter.relay_after)
    assert await held(talk) == FILES
    assert await kept_of(talk) - had == 1


async def test_of_an_album_that_does_not_fit_it_is_said_once(talk: Talk) -> None:
    await talk.told()
    for _ in range(FILES):
        await talk.writes(talk.resident, "", **picture(talk.town))
    heard = talk.newest(talk.resident)
    for _ in range(5):
        await talk.writes(talk.resident, "", **picture(talk.town, media_group_id="full"))
    assert sum("附件满了" in message["text"] for message in talk.said(talk.resident, heard)) == 1


@pytest.mark.parametrize("ask", ["visit", "behalf", "kept"])
async def test_what_is_kept_for_staff_has_no_more_files_than_fit(talk: Talk, ask: str) -> None:
    await talk.arrives()
    if ask == "behalf":
        await behalf_words(talk)
    elif ask == "visit":
        await talk.writes(MEMBER, "/visit")
    for _ in range(FILES + 1):
        await talk.writes(MEMBER, "", **picture(talk.town))
    dialog = await talk.dialog(MEMBER)
    assert dialog is not None
    assert dialog.draft.count("unique_id") == FILES
    assert any("附件满了" in message["text"] for message in talk.said(MEMBER)[-2:])


@pytest.mark.parametrize("way", ["free", "reply"])
async def test_of_a_file_that_is_too_big_the_words_are_taken(talk: Talk, way: str) -> None:
    video = {"video": {"file_id": "v", "file_unique_id": "w", "width": 1, "height": 1, "duration": 1}}
    video["video"]["file_size"] = 1_000_001
    await talk.held()
    had = await kept_of(talk)
    send = talk.writes(talk.resident, SIGN, **video) if way == "free" else talk.reply(talk.resident, SIGN, **video)
    await send
    assert "977 KB" in "".join(message["text"] for message in talk.said(talk.resident)[-2:])
    assert await kept_of(talk) - had == 1
    assert await files_of(talk) == 0


async def test_one_tap_shows_ten_files_and_the_next_tap_the_rest(talk: Talk) -> None:
    """A case from a time without a limit has 23."""
    await talk.held()
    case = (await talk.case()).id
    await talk.town.app.database.run(lambda unit: put_files(unit, case, talk.town))
    shown = []
    for data in (f"ph:{case}", f"pm:{case}:10", f"pm:{case}:20"):
        before = talk.newest(COORDINATOR)
        await talk.presses(COORDINATOR, data)
        shown.append(sum(bool(message["media"]) for message in talk.said(COORDINATOR, before)))
    assert shown == [10, 10, 3]


def put_files(unit: Unit, case: CaseId, town: Stage) -> None:
    """Twenty-three pictures that Telegram has."""
    for n in range(23):
        found = town.world.files.add("photo", b"x", f"{n}.jpg", "image/jpeg")
        unit.cases.attach(case, Attachment("photo", found.file_id, f"many{case}-{n}"), PersonId(1), town.clock.now())
