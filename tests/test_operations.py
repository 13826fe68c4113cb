"""Operators' tools: what was given up is sent again, what was set aside is handled again or dropped; no word shown."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands import Commands
from bot.config import ConfigError
from bot.control import ask_running, listening
from bot.operations import Operations, aged, short
from domain.people import ChatId, Role
from storage.cases import Cases
from storage.outbox import Lane, Mode, Saying
from storage.unit import Unit
from tests.postgres import Server
from tests.stage import Role_, Stage, stage

WANG = Role_("王芳", Role.RESIDENT)
LAMP = "城北社区的路灯坏了三天"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A file's, or an empty database's address."""
    if request.param == "sqlite":
        yield ""
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as found:
        yield found


async def ask(place: Stage, command: str, **arguments: Any) -> dict[str, Any]:
    """A command through the socket of the running bot."""
    operations = Operations(place.app.settings, place.app.turns, place.app.health)
    commands = Commands(place.app.database, place.app.settings, place.clock, operations)
    folder = place.app.settings.data_folder
    async with listening(folder, commands):
        answer = await ask_running(folder, command, arguments)
    assert answer is not None
    return answer


async def cases(place: Stage) -> int:
    """How many cases there are."""
    return await place.app.database.read(lambda unit: sum(unit.board.count_by_state().values()))


async def poisoned(place: Stage) -> str:
    """Somebody's concern meets a fault of ours; its code."""
    with pytest.MonkeyPatch.context() as planted:
        planted.setattr(Cases, "add", lambda *_: 1 / 0)
        place.world.say(1001, LAMP)
        await place.settle()
    found = await place.app.database.read(lambda unit: unit.intake.quarantined())
    return found[-1].code


async def test_what_was_set_aside_is_handled_once_the_fault_is_mended(tmp_path: Path, url: str) -> None:
    """Exactly once: a redelivery afterwards changes nothing.

    Planted faults: leave the update seen (no ``unsee``), and nothing happens; drop the row in a transaction of its own.
    """
    async with stage(tmp_path, url=url) as place:
        await place.join(WANG)
        code = await poisoned(place)
        assert await cases(place) == 0
        raw = (await ask(place, "quarantine_show", code=code, raw=True))["raw"][0]
        assert await ask(place, "quarantine_retry", code=code) == {"error": ""}
        await place.settle()
        assert await cases(place) == 1
        assert "已收到" in place.world.messages(1001)[-1]["text"]
        assert await place.app.database.read(lambda unit: unit.intake.count_quarantined()) == 0
        assert await place.app.intake.take(json.loads(raw))
        await place.settle()
        assert await cases(place) == 1
        with pytest.raises(ConfigError, match="is no code"):
            await ask(place, "quarantine_retry", code=code)


async def test_what_fails_again_stays_and_nobody_is_told_twice(tmp_path: Path, url: str) -> None:
    """Planted fault: quarantine it anew, and its author gets another apology and another code."""
    async with stage(tmp_path, url=url) as place:
        await place.join(WANG)
        code = await poisoned(place)
        said = len(place.world.messages(1001))
        with pytest.MonkeyPatch.context() as planted:
            planted.setattr(Cases, "add", lambda *_: {}["gone"])
            assert await ask(place, "quarantine_retry", code=code) == {"error": "KeyError"}
        await place.settle()
        assert len(place.world.messages(1001)) == said
        shown = await ask(place, "quarantine_show", code="", raw=False)
        assert [line.split()[0] for line in shown["lines"]] == [code]
        assert "KeyError" in shown["lines"][0]
        assert await ask(place, "quarantine_retry", code=code) == {"error": ""}
        assert await cases(place) == 1


async def test_what_is_dropped_is_gone_and_stays_seen(tmp_path: Path, url: str) -> None:
    async with stage(tmp_path, url=url) as place:
        await place.join(WANG)
        code = await poisoned(place)
        raw = (await ask(place, "quarantine_show", code=code, raw=True))["raw"][0]
        await ask(place, "quarantine_drop", code=code)
        assert await ask(place, "quarantine_show", code="", raw=False) == {"lines": [], "raw": []}
        assert await place.app.intake.take(json.loads(raw))
        await place.settle()
        assert await cases(place) == 0


async def test_what_is_shown_holds_nothing_that_was_written(tmp_path: Path, url: str) -> None:
    """Planted fault: show the row as it is."""
    async with stage(tmp_path, url=url) as place:
        await place.join(WANG)
        code = await poisoned(place)
        shown = json.dumps(await ask(place, "quarantine_show", code=code, raw=False), ensure_ascii=False)
        assert "message" in shown
        assert not set("路灯坏王芳") & set(shown)
        assert (
            "路灯"
            in json.loads((await ask(place, "quarantine_show", code=code, raw=True))["raw"][0])["message"]["text"]
        )


async def give_up(place: Stage, count: int) -> None:
    """Messages that ended without having arrived: a refused one, and one nobody knows of."""
    now = place.clock.now()

    def work(unit: Unit) -> None:
        for n in range(count):
            fields = json.dumps({"number": "7F2A"})
            saying = Saying(chat=ChatId(1001), lane=Lane.NOTICE, mode=Mode.SEND, kind="Failed", fields=fields,
                            state="dead" if n % 2 else "uncertain", created_at=now, not_before=now)  # fmt: skip
            unit.outbox.add(saying)
        unit.operations._connection.exec_driver_sql(
            "UPDATE outbox SET finished_at=1, attempts=10, error='Bad Request: \"路灯\"' WHERE state!='sent'"
        )

    await place.app.database.run(work)


async def test_what_was_given_up_is_sent_again(tmp_path: Path, url: str) -> None:
    """By number or all of it, with a fresh set of tries. Planted fault: revive to another state than ``pending``."""
    async with stage(tmp_path, url=url) as place:
        await place.join(WANG)
        await place.settle()
        place.world.start(1001)
        await place.settle()
        said = len(place.world.messages(1001))
        await give_up(place, 4)
        shown = (await ask(place, "outbox_show"))["lines"]
        assert len(shown) == 4
        assert "路灯" not in "".join(shown)
        assert "Failed" in shown[0]
        first = int(shown[0].split()[0])
        assert await ask(place, "outbox_retry", ids=[first], all=False) == {"done": 1}
        await place.settle()
        assert len(place.world.messages(1001)) == said + 1
        with pytest.raises(ConfigError, match="is no message that was given up"):
            await ask(place, "outbox_retry", ids=[first], all=False)
        assert await ask(place, "outbox_retry", ids=[], all=True) == {"done": 3}
        await place.settle()
        assert len(place.world.messages(1001)) == said + 4
        assert (await ask(place, "outbox_show"))["lines"] == []


async def test_health_through_the_socket(tmp_path: Path, url: str) -> None:
    async with stage(tmp_path, url=url) as place:
        async with asyncio.timeout(30):
            while len(checks := (await ask(place, "health"))["checks"]) < 5:  # noqa: ASYNC110 - it leads a moment later
                await asyncio.sleep(0.05)
        assert [check["name"] for check in checks] == ["database", "writes", "updates", "sender", "polling"]
        assert all(check["ok"] for check in checks)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("", "-"),
        ('Bad Request: can\'t parse entities: unsupported start tag "王" at', "Bad Request: can…"),
        ("Bad Request: message text is 太长", "Bad Request: message text is …"),
        ("x" * 100, "x" * 60),
    ],
)
def test_an_error_is_shown_up_to_where_it_may_quote(error: str, shown: str) -> None:
    assert short(error) == shown


def test_ages_as_people_say_them() -> None:
    assert [aged(s) for s in (-1, 5, 119, 120, 7200, 200_000)] == ["0 s", "5 s", "119 s", "2 m", "2 h", "2 d"]
