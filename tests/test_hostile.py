"""Bad input: a kind answer or a silence that was meant, words as they were written, nothing broken, nobody disturbed.

One town for all of it, on SQLite, and with the long forms on PostgreSQL; somebody new for each. After every test:
nothing in quarantine, no dead letter, and a bystander who has heard nothing. Planted faults: ``| safe`` behind a user's
words in a template, ``clean`` left out of ``bot/understanding.py``, a press read without ``whole_number``, a check left
out of a handler.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from domain.cases import Case
from domain.people import ChatId, Role
from domain.text import clean
from simulator.replay import STICKER
from tests.postgres import Server
from tests.stage import Role_, Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

BYSTANDER, LEE, CHEN = (
    Role_("旁人", Role.RESIDENT),
    Role_("李建国", Role.MEMBER, "城北社区"),
    Role_("陈静", Role.COORDINATOR),
)
MEMBER, COORDINATOR = 1002, 1003
LAMP = "城北社区的路灯坏了三天"
NUMBERS = count(5001)
UPDATES = count(1)


ON_BOTH = frozenset({"test_a_hostile_name_is_a_name", "test_ids_may_be_large"})
"""Every time on PostgreSQL too; the others with the long forms. See also ``test_intake.py``: no character."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each of them on both engines."""
    marks = [] if metafunc.function.__name__ in ON_BOTH else [pytest.mark.soak]
    engines = ["sqlite", pytest.param("postgresql", marks=marks)]
    metafunc.parametrize("engine", engines, indirect=True, scope="module")


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a file "", else an empty database's address."""
    if request.param == "sqlite":
        yield ""
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory, engine: str) -> AsyncIterator[Stage]:
    """The town in which all of it happens."""
    async with stage(tmp_path_factory.mktemp("hostile"), url=engine) as found:
        for part in (BYSTANDER, LEE, CHEN):
            await found.join(part)
        await found.settle()
        yield found


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def unharmed(town: Stage) -> AsyncIterator[None]:
    """What holds after each of them."""
    yield
    assert await town.app.database.read(lambda unit: unit.intake.count_quarantined()) == 0
    ends = await town.app.database.read(lambda unit: unit.outbox.counts())
    assert ends.keys() <= {"sent", "expired"}
    assert town.world.messages(1001) == []


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who does it."""

    town: Stage
    number: int

    @property
    def seen(self) -> list[str]:
        """What the bot said to them."""
        return [m["text"] for m in self.town.world.messages(self.number) if not m["mine"]]

    async def says(self, text: str) -> None:
        """As from a phone."""
        self.town.world.say(self.number, text)
        await self.town.settle()

    async def sends(self, **content: Any) -> None:
        """What no phone would send, or not so."""
        await self.update("message", **self.message(**content))

    async def update(self, kind: str, **body: Any) -> None:
        """An update of any kind."""
        assert await self.town.app.intake.take({"update_id": next(UPDATES), kind: body})
        await self.town.settle()

    def message(self, name: str = "王芳", **content: Any) -> dict[str, Any]:
        """A message as Telegram describes it."""
        user = {"id": self.number, "is_bot": False, "first_name": name, "language_code": "zh"}
        chat = {"id": self.number, "type": "private", "first_name": name}
        date = int(self.town.clock.now().timestamp())
        return {"message_id": 900_000 + next(UPDATES), "date": date, "chat": chat, "from": user, **content}

    async def presses(self, data: str, message_id: int = 2) -> list[dict[str, Any]]:
        """Press something; how it was answered."""
        before = len(self.town.world.called("answerCallbackQuery"))
        self.town.world.press(self.number, data=data, message_id=message_id)
        await self.town.settle()
        return self.town.world.called("answerCallbackQuery")[before:]

    async def cases(self) -> list[Case]:
        """What they have reported."""
        return await self.town.app.database.read(
            lambda unit: unit.cases.of_reporter(found.id) if (found := unit.people.by_chat(ChatId(self.number))) else []
        )


@pytest.fixture
def somebody(town: Stage) -> Somebody:
    """Somebody new."""
    return newcomer(town, next(NUMBERS))


def newcomer(town: Stage, number: int, name: str = "王芳") -> Somebody:
    """Somebody whom the bot does not know yet."""
    person = town.world.person(number, name)
    person.started = True
    town.world.private(person)
    return Somebody(town, number)


LITERAL = [
    "<b>unclosed & <script>alert(1)</script>",
    "&amp;lt;&#60;&nbsp;",
    "{{ 7*7 }} {% for x in y %} {# #}",
    '=HYPERLINK("http://x","y")',
    "*bold* _it_ `code` [a](tg://user?id=1) ||spoiler||",
    "a\u202eb\u2066c\u200b",
    "a\x00b\x1fc",
    "a\ud83db",
    "Z̸̢̛͔̹̣̼͎a̷͓̮͓l̵͇̗͔g̴̢̛o̶͓" * 20,
    "👨‍👩‍👧‍👦" * 30,
    "🇨🇳🇬🇧" * 30,
    "路灯坏了\n\n\n\n\n" * 20,
    "%s %d {0} {name} \\n \\ $HOME `id`",
    "'; DROP TABLE cases; --",
    "مرحبا שלום สวัสดี",
]


@pytest.mark.parametrize("text", LITERAL, ids=ascii)
async def test_words_are_shown_as_they_were_written(town: Stage, somebody: Somebody, text: str) -> None:
    """To the resident, to the coordinator, and in a title. What cannot be seen is left out."""
    await somebody.sends(text=f"{LAMP}。{text}")
    shown = clean(f"{LAMP}。{text}")[:150]
    assert shown in somebody.seen[0]
    town.world.press(somebody.number, "马上发出")
    await town.settle()
    number = (await somebody.cases())[0].number
    card = town.world.last(COORDINATOR)
    assert card is not None
    assert number in card["text"]
    assert shown in card["text"]
    await Somebody(town, COORDINATOR).says("/digest")
    await somebody.says("/mine")
    assert number in somebody.seen[-1]


@pytest.mark.parametrize(
    "text", [" \n\t ", "\u200b\u202e", "/", "/nosuch", "🙂", "1", "。。。", "@", "/start@", "/Help"]
)
async def test_what_says_nothing_is_answered_and_is_no_case(somebody: Somebody, text: str) -> None:
    entities = [{"type": "bot_command", "offset": 0, "length": len(text)}] if text.startswith("/") else []
    await somebody.sends(text=text, entities=entities)
    assert len(somebody.seen) == 1
    assert await somebody.cases() == []


@pytest.mark.parametrize(
    "text",
    ["灯" * 4097, "🚧" * 2049, "👨‍👩‍👧‍👦" * 400, LAMP + "👨‍👩‍👧‍👦" * 272],
    ids=["4097 units", "2049 emoji", "families", "cut"],
)
async def test_a_text_of_any_length_is_kept_or_kindly_refused(somebody: Somebody, text: str) -> None:
    """Planted fault: no ``cut`` in a card, and the message is a dead letter."""
    await somebody.sends(text=text)
    assert somebody.seen
    kept = await somebody.cases()
    assert len(kept) == ("没有记下" not in somebody.seen[0] and "看懂" not in somebody.seen[0])


async def test_a_phone_sends_a_long_text_in_parts_and_they_are_one_case(somebody: Somebody) -> None:
    await somebody.says("城北社区的路灯坏了" + "灯" * 4000 + "很黑" * 100)
    assert len(await somebody.cases()) <= 1
    assert somebody.seen


CONTENTS: list[dict[str, Any]] = [
    {"sticker": STICKER},
    {"dice": {"emoji": "🎲", "value": 3}},
    {"poll": {
        "id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False, "is_anonymous": True,
        "type": "regular", "allows_multiple_answers": False,
        "allows_revoting": False, "members_only": False,
    }},
    {"game": {"title": "x", "description": "y", "photo": []}},
    {"video_note": {"file_id": "v", "file_unique_id": "n", "length": 1, "duration": 1}},
    {"contact": {"phone_number": "1", "first_name": "别人", "user_id": 5}},
    {"story": {"chat": {"id": 1, "type": "private"}, "id": 1}},
    {"unheard_of": {"id": 1}},
    {},
]  # fmt: skip


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: next(iter(content), "nothing"))
async def test_what_cannot_be_used_is_said_so_once(somebody: Somebody, content: dict[str, Any]) -> None:
    await somebody.sends(**content)
    assert len(somebody.seen) == 1
    assert await somebody.cases() == []


DOCUMENT = {"file_id": "d", "file_unique_id": "e"}
POINT = {"latitude": 31.6, "longitude": 113.8}
REPORTS: list[dict[str, Any]] = [
    {"document": {**DOCUMENT, "file_size": 0}, "caption": LAMP},
    {"document": {**DOCUMENT, "file_name": "../../etc/passwd\n<b>", "mime_type": "a/b"}, "caption": LAMP},
    {"voice": {**DOCUMENT, "duration": 0}},
    {"photo": [{**DOCUMENT, "width": 1, "height": 1, "file_size": -1}], "caption": LAMP},
    {"venue": {"location": POINT, "title": "<b>门", "address": "&amp;"}, "location": POINT},
    {"location": {**POINT, "live_period": 900, "heading": 5}},
    {"text": LAMP, "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}},
    {"text": LAMP, "via_bot": {"id": 9, "is_bot": True, "first_name": "b"}},
    {"text": LAMP, "reply_to_message": {"message_id": 77, "date": 0, "chat": {"id": 1, "type": "private"}}},
    {"text": LAMP, "quote": {"text": "x", "position": 0}, "external_reply": {"origin": {"type": "?", "date": 1}}},
    {"text": LAMP, "entities": [{"type": "bot_command", "offset": 5, "length": 900}, {"type": "new", "offset": 0}]},
]


@pytest.mark.parametrize("content", REPORTS, ids=lambda content: ",".join(content))
async def test_a_strange_message_is_a_report_all_the_same(somebody: Somebody, content: dict[str, Any]) -> None:
    """A forward's origin is not kept anywhere."""
    if "entities" in content:
        content["entities"][1]["length"] = 1
    await somebody.sends(**content)
    assert "已收到" in somebody.seen[0]
    assert len(await somebody.cases()) == 1


async def test_of_a_file_that_is_too_large_the_words_are_kept(somebody: Somebody) -> None:
    await somebody.sends(video={**DOCUMENT, "width": 1, "height": 1, "duration": 1, "file_size": 2**40}, caption=LAMP)
    assert "20 MB" in somebody.seen[0]
    assert [case.text for case in await somebody.cases()] == [LAMP]


async def test_of_a_live_location_only_the_first_point_is_kept(somebody: Somebody) -> None:
    await somebody.says(LAMP)
    place = somebody.message(location={**POINT, "live_period": 900})
    await somebody.update("message", **place)
    await somebody.update(
        "edited_message", **{**place, "location": {"latitude": 1.0, "longitude": 2.0}, "edit_date": 1}
    )
    found = (await somebody.cases())[0].place
    assert found is not None
    assert found.latitude == POINT["latitude"]


def picture(number: int, album: str, caption: str = "") -> dict[str, Any]:
    """A picture of an album."""
    size = {"file_id": f"p{album}{number}", "file_unique_id": f"u{album}{number}", "width": 1, "height": 1}
    return {"photo": [size], "media_group_id": album, **({"caption": caption} if caption else {})}


async def test_an_album_is_one_case_however_late_its_pictures_come(town: Stage, somebody: Somebody) -> None:
    """Shuffled: the one with the words comes second; the third 40 s later."""
    await somebody.sends(**picture(1, "a"))
    await somebody.sends(**picture(0, "a", LAMP))
    town.clock.advance(timedelta(seconds=40))
    await somebody.sends(**picture(2, "a"))
    cases = await somebody.cases()
    assert len(cases) == 1
    assert LAMP in cases[0].text
    assert await town.app.database.read(lambda unit: unit.cases.count_attachments(cases[0].id)) == 3


@pytest.mark.parametrize(
    "name", ["", " ", "\u202e", "<b>x</b>", "{{7*7}}", "a" * 64, "&lt;", "🇨🇳", "\ud83d", "名\n字", "=1+1"], ids=ascii
)
async def test_a_hostile_name_is_a_name(town: Stage, name: str) -> None:
    somebody = newcomer(town, next(NUMBERS), name)
    await somebody.says(LAMP)
    town.world.press(somebody.number, "马上发出")
    await town.settle()
    card = town.world.last(COORDINATOR)
    assert card is not None
    assert f"👤 {clean(name)}".strip() in card["text"] or "\n" in clean(name)


@pytest.mark.parametrize("number", [1, 2**31, 2**32 + 5, 2**52 - 1])
async def test_ids_may_be_large(town: Stage, number: int) -> None:
    person = newcomer(town, number)
    await person.says(LAMP)
    assert "已收到" in person.seen[0]


# -- commands and links


@pytest.mark.parametrize(
    "words",
    ["/case@other 26-0001", "/case 99999999999999999999", "/case", "/case -1", "/case 26-9999", "/case <b>", "/case ٣"],
)
async def test_a_number_that_is_no_case_of_yours_is_answered_alike(town: Stage, words: str) -> None:
    """Planted fault: say "not yours" where it exists, and numbers can be tried out."""
    newcomer(town, number := next(NUMBERS))
    await Somebody(town, number).says(LAMP)
    member = Somebody(town, MEMBER)
    before = len(member.seen)
    await member.says(words)
    assert len(member.seen) == before + 1
    await member.says(f"/case {(await Somebody(town, number).cases())[0].number}")
    assert member.seen[-1] == member.seen[-2]


@pytest.mark.parametrize("words", ["/case 26-0001", "/inbox", "/digest", "/roster", "/visit", "/start@other", "/NEW"])
async def test_a_resident_gets_nothing_from_staff_commands(somebody: Somebody, words: str) -> None:
    await somebody.says(words)
    assert len(somebody.seen) == 1
    assert "26-" not in somebody.seen[0]


@pytest.mark.parametrize("payload", ["nothing", "i_", "i_nonsense", "b_12", "s_1", "_", "i_" + "x" * 62, "x" * 64])
async def test_a_dead_link_says_so(somebody: Somebody, payload: str) -> None:
    await somebody.says(f"/start {payload}")
    assert "链接" in somebody.seen[0]
    assert len(somebody.seen) == 1


async def test_a_payload_longer_than_any_link_is_a_dead_link(somebody: Somebody) -> None:
    text = "/start i_" + "x" * 4000
    await somebody.sends(text=text, entities=[{"type": "bot_command", "offset": 0, "length": 6}])
    assert "链接" in somebody.seen[0]


# -- presses


FORGED = ["", "cl", "cl:x", "cl:1:2", "zz:1", f"cl:{2**63}", "cl:-1", "jd:1:1:nonsense", ":" * 60]
"""Nobody was ever given these."""
FORGED += ["ct:1:r:-99", "ct:1:r:9999999", "mc:-99", "mc:9999999", "hc:9999999", "ib:9999999"]


@pytest.mark.parametrize("data", FORGED, ids=lambda data: data or "empty")
async def test_a_forged_press_gets_one_answer_and_changes_nothing(somebody: Somebody, data: str) -> None:
    await somebody.says(LAMP)
    before = await somebody.cases()
    assert len(await somebody.presses(data or " ")) == 1
    assert await somebody.cases() == before


STAFF = ["as:{}:2", "dc:{}", "cl:{}", "rs:{}", "ra:{}:A", "gb:{}", "ai:{}", "dp:{}:1", "ot:{}:0", "mo:{}", "ph:{}"]
RESIDENTS = [
    "un:{}:1",
    "sn:{}",
    "jd:{}:1:satisfied",
    "lb:{}:1",
    "ap:{}",
    "pt:{}:r:noise",
    "pc:{}:r:x",
    "oc:{}",
    "rd:{}:r",
]


@pytest.mark.parametrize("data", [*STAFF, *RESIDENTS])
async def test_somebody_elses_case_is_as_if_there_were_none(town: Stage, somebody: Somebody, data: str) -> None:
    """Word for word the same answer as for a number that does not exist."""
    await somebody.says(LAMP)
    before = await somebody.cases()
    stranger = newcomer(town, next(NUMBERS))
    for other in (stranger, Somebody(town, MEMBER)):
        theirs = await other.presses(data.format(before[0].id))
        absent = await other.presses(data.format(10**9))
        assert [call["params"].get("text") for call in theirs] == [call["params"].get("text") for call in absent]
        assert theirs[0]["params"].get("text")
        assert not any(LAMP in text for text in other.seen)
    assert await somebody.cases() == before


async def test_a_press_on_a_message_that_is_gone_is_answered(town: Stage, somebody: Somebody) -> None:
    """Telegram describes it as inaccessible, with date 0; what is asked comes as a new message."""
    await somebody.says(LAMP)
    case = (await somebody.cases())[0].id
    town.world.remove(town.world.chats[somebody.number].posts[2])
    assert len(await somebody.presses(f"rd:{case}:r")) == 1
    assert len(await somebody.presses(f"ap:{case}")) == 1
    assert "位置" in somebody.seen[-1]


async def test_a_press_without_a_message_concerns_nobody(somebody: Somebody) -> None:
    user = {"id": somebody.number, "is_bot": False, "first_name": "王芳"}
    await somebody.update("callback_query", id="1", chat_instance="2", data="cl:1", **{"from": user})
    await somebody.update("callback_query", id="2", chat_instance="2", game_short_name="x", **{"from": user})
    assert somebody.seen == []


# -- edits


async def test_an_edit_after_the_end_changes_nothing_and_says_so(town: Stage, somebody: Somebody) -> None:
    await somebody.says(LAMP)
    mine = town.world.messages(somebody.number)[0]["message_id"]
    town.world.press(somebody.number, "撤回")
    await town.settle()
    heard = len(somebody.seen)
    town.world.edit(somebody.number, mine, "桂花社区的垃圾没人收")
    await town.settle()
    assert [case.text for case in await somebody.cases()] == [LAMP]
    assert len(somebody.seen) == heard + 1


async def test_an_edit_of_what_was_never_heard_is_passed_over(somebody: Somebody) -> None:
    await somebody.update("edited_message", **somebody.message(text="x", edit_date=1))
    await somebody.update("edited_message", **somebody.message(sticker=STICKER, edit_date=1))
    assert somebody.seen == []


@pytest.mark.parametrize("words", ["", " ", "\u202e", "灯" * 4096], ids=ascii)
async def test_an_edit_to_nothing_or_too_much_keeps_the_words(town: Stage, somebody: Somebody, words: str) -> None:
    await somebody.says(LAMP)
    mine = town.world.messages(somebody.number)[0]["message_id"]
    await somebody.update("edited_message", **{**somebody.message(text=words, edit_date=1), "message_id": mine})
    assert [case.text for case in await somebody.cases()] == [LAMP]


# -- groups, channels, other bots


async def test_a_group_that_was_not_meant_is_left_and_not_listened_to(town: Stage, somebody: Somebody) -> None:
    group = town.world.group("邻居", [somebody.number])
    town.world.say(somebody.number, f"/new {LAMP}", chat=group)
    await town.settle()
    assert group.bot == "left"
    assert await somebody.cases() == []


async def test_who_is_nobody_is_not_answered(town: Stage, somebody: Somebody) -> None:
    """Channel posts, other bots, anonymous admins, business messages, reactions."""
    message = somebody.message(text=LAMP)
    robot = {"id": somebody.number, "is_bot": True, "first_name": "GroupAnonymousBot"}
    await somebody.update("message", **{**message, "from": robot})
    channel = {"id": -100500, "type": "channel", "title": "x"}
    await somebody.update("channel_post", **{**message, "chat": channel, "sender_chat": channel})
    nameless = {key: value for key, value in message.items() if key != "from"}
    await somebody.update("message", **nameless)
    await somebody.update("message", **{**message, "chat": {"id": -5, "type": "group", "title": "x"}, "from": robot})
    await somebody.update("business_message", **message)
    assert somebody.seen == []
    assert await somebody.cases() == []


async def test_a_group_moved_by_an_anonymous_admin_is_followed(town: Stage, somebody: Somebody) -> None:
    """Planted fault: look for a person first (``understand``), and what waits for the group is lost."""
    robot = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    chat = {"id": -700, "type": "group", "title": "x"}
    await somebody.update("message", **somebody.message(migrate_to_chat_id=-100700) | {"from": robot, "chat": chat})
    assert await town.app.database.read(lambda unit: unit.settings.get("moved:-700")) == "-100700"
