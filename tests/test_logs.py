"""What the operator reads: one line an event, with neither the token nor anything that people wrote."""

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot import logs
from bot.clock import MovableClock, SystemClock
from bot.config_sections import Logs, Telegram
from bot.redaction import redacted
from bot.request import build_request
from domain.people import Role
from simulator.refusals import Impossible
from storage.cases import Cases
from tests.stage import Role_, act, stage

TOKEN = "123456:AAE-made_up_token_for_tests_0123456"
SECRET = "webhook-secret-0123"
WORDS = "路灯坏了 please help"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.NOISY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    structlog.reset_defaults()


@pytest.fixture(params=["console", "json"])
def written(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(Logs(level="debug", format=request.param), [TOKEN, SECRET], stream)
    return stream


def lines_of(written: io.StringIO) -> list[str]:
    return written.getvalue().splitlines()


def test_a_turn_is_one_line_with_its_facts() -> None:
    stream = io.StringIO()
    logs.configure(Logs(format="json"), (), stream)
    structlog.get_logger("bot.turns").info("turn", update=5, step="take_photo", ms=1.25, took=timedelta(seconds=2))
    (line,) = lines_of(stream)
    facts = json.loads(line)
    assert datetime.fromisoformat(facts.pop("timestamp")).tzinfo
    assert facts == {
        "event": "turn",
        "level": "info",
        "logger": "bot.turns",
        "update": 5,
        "step": "take_photo",
        "ms": 1.25,
        "took": "0:00:02",
    }


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    logs.configure(Logs(level="warning"), (), stream)
    structlog.get_logger("bot").info("turn")
    logging.getLogger("else").info("said")
    assert stream.getvalue() == ""


def test_words_are_never_written(written: io.StringIO) -> None:
    log = structlog.get_logger("bot")
    log.info("turn", text=WORDS, draft={"text": WORDS}, ids=[1, 2])
    logging.getLogger("library").warning("could not read %s", WORDS)
    logging.getLogger("library").warning("could not read %(what)s", {"what": WORDS})
    logging.getLogger("library").error(ValueError(WORDS))
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: ValueError({WORDS!r})")
    assert len(lines_of(written)) == 5
    assert "路灯" not in written.getvalue()
    assert "help" not in written.getvalue()


def test_an_exception_is_one_line_that_says_what_and_where_but_not_its_words(written: io.StringIO) -> None:
    try:
        try:
            raise ValueError(WORDS)
        except ValueError as error:
            raise KeyError(WORDS) from error
    except KeyError:
        structlog.get_logger("bot").exception("turn failed", update=5)
        logging.getLogger("library").exception("failed")
    assert len(lines_of(written)) == 2
    for line in lines_of(written):
        assert "KeyError at tests/test_logs.py:" in line
        assert "<- ValueError at tests/test_logs.py:" in line
        assert "路灯" not in line


def test_mistakes_in_code_and_of_the_system_are_told_in_words() -> None:
    assert "NoneType" in logs.told(AttributeError("'NoneType' object has no attribute 'x'"))
    assert "No space left" in logs.told(OSError(28, "No space left on device", f"/files/{WORDS}"))
    assert WORDS not in logs.told(OSError(28, "No space left on device", f"/files/{WORDS}"))


def test_a_line_cannot_be_made_to_look_like_two(written: io.StringIO) -> None:
    logging.getLogger("library").warning("a\rb\x1b[2Kc\u2028d")
    structlog.get_logger("bot").info("turn", text="a\nb")
    assert len(lines_of(written)) == 2
    assert not {"\r", "\x1b", "\u2028"} & set(written.getvalue())


def test_a_library_that_counts_wrongly_does_not_stop_the_logs(written: io.StringIO) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if getattr(handler, "stream", None) is written]
    logging.getLogger("library").warning("%d of %d", "one")
    assert "%d of %d" in written.getvalue()


@pytest.mark.parametrize("socks", [False, True])
async def test_the_token_is_not_written_even_when_libraries_say_everything(written: io.StringIO, socks: bool) -> None:
    for name in (*logs.NOISY, "telegram.Bot", "telegram.ext.ExtBot"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    async with await asyncio.start_server(_refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        telegram = Telegram(base_url=f"http://127.0.0.1:{port}", proxy="socks5://127.0.0.1:9" if socks else "")
        for request in (build_request(telegram), HTTPXRequest()):
            await _fail(Bot(TOKEN, telegram.bot_address, telegram.file_address, request))
    assert "HTTP Request: POST http://127.0.0.1" in written.getvalue()
    assert TOKEN not in written.getvalue()
    assert TOKEN.partition(":")[2] not in written.getvalue()


async def _fail(bot: Bot) -> None:
    async with bot.request:
        with pytest.raises(TelegramError) as caught:
            await bot.send_message(5, "x")
    logging.getLogger("telegram").error("failed %s", bot.base_url, exc_info=caught.value)
    structlog.get_logger("bot").warning("failed", url=bot.base_url, exc_info=caught.value)


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    await writer.drain()
    writer.close()


def test_libraries_are_not_heard_below_warning(written: io.StringIO) -> None:
    for name in logs.NOISY:
        logging.getLogger(f"{name}.part").info("chatter")
    assert written.getvalue() == ""


def test_a_secret_is_not_written_wherever_it_stands(written: io.StringIO) -> None:
    structlog.get_logger("bot").info(f"event {SECRET}", header=SECRET, url="postgresql://yixian:pw@db/yixian")
    assert SECRET not in written.getvalue()
    assert ":pw@" not in written.getvalue()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("https://api.telegram.org/bot123:abc/getMe", "https://api.telegram.org/bot***/getMe"),
        ("/file/bot123%3Aabc/photos/1.jpg", "/file/bot***/photos/1.jpg"),
        (f"token {TOKEN}.", "token ***."),
        ("socks5://me:pw@127.0.0.1:1080", "socks5://***@127.0.0.1:1080"),
        ("at 08:30, 26-0007, 127.0.0.1:8080", "at 08:30, 26-0007, 127.0.0.1:8080"),
    ],
)
def test_tokens_and_passwords_are_found_by_their_look(text: str, after: str) -> None:
    assert redacted(text) == after


def test_the_real_clock_is_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta()


def test_a_clock_that_stands_still_moves_when_told() -> None:
    clock = MovableClock(datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert clock.advance(timedelta(days=1)) == clock.now() == datetime(2026, 11, 25, 8, tzinfo=UTC)


def test_a_clock_that_runs_goes_on_from_where_it_was_put() -> None:
    clock = MovableClock(datetime(2026, 11, 24, 8, tzinfo=UTC), runs=True)
    first = clock.advance(timedelta(hours=1))
    assert timedelta() <= clock.now() - first < timedelta(minutes=1)
    assert first >= datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_a_clock_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        MovableClock(datetime(2026, 11, 24, 8))  # noqa: DTZ001 - that is what is refused


CANARIES = ("金丝雀甲", "金丝雀乙", "金丝雀丙", "金丝雀丁", "金丝雀戊", "金丝雀己", "金丝雀庚", "canarywords")
TALK = """\
{0}: 城北社区的路灯坏了三天{0}
{0}: [马上发出]
{0}: 补充一句{1} [photo]
陈静: [派给李建国]
李建国: [签收]
李建国 re: 我明天去看看{2}
clock +1m
{0} re: 谢谢{3}
edit {0}: 谢谢你{4}
{0}: /nonsense {5}
李建国: /visit
李建国: 今天走访了三户{6}
{0}: [sticker]
{0}: [contact]
{0}: {7} please help
"""


async def test_a_whole_talk_leaves_a_line_for_each_turn_and_no_word(tmp_path: Path) -> None:
    """Also at DEBUG, and where turns fail with their words in the error.

    Planted faults: log the text (as ``text=incoming.text``) of a turn; let an exception's words into its line.
    """
    stream = io.StringIO()
    lines = [line.format(*CANARIES) for line in TALK.splitlines()]
    async with stage(tmp_path) as town:
        logs.configure(Logs(level="debug", format="json"), [TOKEN], stream)
        for part in ((CANARIES[0], "resident"), ("李建国", "member"), ("陈静", "coordinator")):
            community = "城北社区" if part[1] == "member" else ""
            await town.join(Role_(part[0], Role(part[1]), community))
        for line in lines:
            with contextlib.suppress(AssertionError, LookupError, Impossible):  # a button that is not there any more
                await act(town, line)
        with pytest.MonkeyPatch.context() as planted:
            planted.setattr(Cases, "add", broken)
            await town.join(Role_(CANARIES[2], Role.RESIDENT))
            town.world.say(town.people[CANARIES[2]], f"城北社区的水管漏水{CANARIES[1]},两天没人来修")
            await town.settle()
    written = stream.getvalue()
    assert not [canary for canary in CANARIES if canary in written]
    assert not set("金丝雀王芳李建国陈静路灯") & set(written)
    turns = [json.loads(line) for line in written.splitlines() if '"event": "turn"' in line]
    assert len(turns) >= 10
    assert len({turn["update"] for turn in turns}) == len(turns), "one line a turn"
    assert all({"kind", "route", "ms"} <= turn.keys() for turn in turns)
    assert sum('"event": "quarantined"' in line for line in written.splitlines()) == 1


def broken(*arguments: object) -> None:
    """A fault of ours whose error quotes what somebody wrote."""
    raise ValueError(repr(arguments[1:]))
