"""``doctor`` looks at everything, says what to do in one sentence, changes nothing, and ends with 1 where it must."""

import asyncio
import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot.diagnosis import examine
from bot.diagnosis_machine import encrypted, fonts, volume
from bot.diagnosis_telegram import clock, token
from bot.findings import Finding, Level
from domain.people import Role
from simulator.server import build, serving
from simulator.world import World
from tests.stage import TOKEN, Role_, Stage, stage
from tests.test_commands import ANY_YEAR, Call, call, config, made  # noqa: F401 - fixtures

WANG = Role_("王芳", Role.RESIDENT)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def levels(findings: list[Finding]) -> dict[str, Level]:
    """The worst of each subject."""
    order = list(Level)
    found: dict[str, Level] = {}
    for finding in findings:
        found[finding.subject] = max(found.get(finding.subject, Level.OK), finding.level, key=order.index)
    return found


async def looked(place: Stage, *, deep: bool = True) -> list[Finding]:
    """What doctor says of a stage."""
    return await examine(place.app.settings, place.app.database, place.clock.now(), deep=deep, offline=False)


async def test_a_healthy_bot_has_nothing_to_mend(tmp_path: Path) -> None:
    """Every subject of the list is looked at, Telegram too, and the date of its answer."""
    async with stage(tmp_path, settings={"YIXIAN_GROUP__COUNTRY": "DE", "YIXIAN_OPERATOR__CHAT_ID": "1"}) as place:
        await place.join(WANG)
        place.world.say(1001, "城北社区的路灯坏了三天")
        await place.settle()
        place.clock.advance(datetime.now(UTC) - place.clock.now())
        found = await looked(place)
    assert [finding.line() for finding in found if finding.bad] == []
    in_it = "SQLite migrations settings quarantine outbox cases journal file"
    around = "disk permissions backup fonts operator calendar bot token clock"
    assert {*in_it.split(), *around.split()} <= levels(found).keys()


STATEMENTS = {
    "quarantine": "INSERT INTO quarantine (code, update_id, raw, error, at) VALUES ('AB12', 5, '{}', 'ValueError', 1)",
    "outbox": "UPDATE outbox SET state='dead', finished_at=1",
    "cases": "UPDATE cases SET next_at=NULL",
    "journal": "UPDATE cases SET text='something else'",
    "errands": "UPDATE errands SET state='failed'",
    "migrations": "UPDATE alembic_version SET version_num='0000'",
    "backup": """INSERT INTO settings VALUES ('backup:failed', '{"why":"x","at":"2026-11-23T00:00:00+00:00"}')""",
}


@pytest.mark.parametrize("subject", STATEMENTS)
async def test_what_is_wrong_in_the_database_is_an_error(tmp_path: Path, subject: str) -> None:
    """Planted fault for each: leave its check out."""
    async with stage(tmp_path) as place:
        await place.join(WANG)
        place.world.say(1001, "城北社区的路灯坏了三天")
        await place.settle()
        assert levels(await looked(place))[subject if subject != "errands" else "cases"] is not Level.ERROR
        await place.app.database.schema(lambda c: c.exec_driver_sql(STATEMENTS[subject]).rowcount)
        assert levels(await looked(place))[subject] is Level.ERROR


async def test_an_old_outbox_is_an_error(tmp_path: Path) -> None:
    async with stage(tmp_path) as place:
        await place.join(WANG)
        place.app.sender._rest_until = float("inf")
        place.world.start(1001)
        async with asyncio.timeout(10):
            while not await place.app.database.read(lambda unit: unit.outbox.counts()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        place.clock.advance(timedelta(minutes=20))
        assert levels(await looked(place))["outbox"] is Level.ERROR
        place.app.sender._rest_until = 0.0


def test_looking_changes_nothing_not_even_the_version(config: Path, call: Call) -> None:  # noqa: F811
    """A newer program looks at the database of an older one that runs. Planted fault: ``open_storage`` in doctor."""
    path = config.parent / "yixian.db"
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num='0000'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    ran = call("doctor", "--config", str(config), **ANY_YEAR)
    assert ran.code == 1
    assert "✗ migrations" in ran.out
    assert path.read_bytes() == before


def test_for_programs(config: Path, call: Call) -> None:  # noqa: F811
    ran = call("doctor", "--json", "--deep", "--config", str(config), **ANY_YEAR)
    found: list[dict[str, Any]] = json.loads(ran.out)
    assert ran.code == 0
    assert {"subject": "file", "level": "ok", "text": "whole"} in found
    assert {entry["level"] for entry in found} == {"ok", "warning"}


def test_files_that_others_can_read(config: Path, call: Call) -> None:  # noqa: F811
    """Planted fault: do not look at the database."""
    (config.parent / "yixian.db").chmod(0o644)
    ran = call("doctor", "--config", str(config), **ANY_YEAR)
    assert ran.code == 1
    assert "✗ permissions: others can read" in ran.out
    assert "chmod go=" in ran.out


def test_old_backups(config: Path, call: Call) -> None:  # noqa: F811
    folder = config.parent / "backups"
    folder.mkdir()
    shutil.copy(config.parent / "yixian.db", folder / f"yixian-{datetime.now(UTC):%Y%m%dT%H%M%S}Z.db")
    new = call("doctor", "--config", str(config), **ANY_YEAR)
    assert "! backup: 1 kept" in new.out, "on the same disk"
    next(folder.iterdir()).rename(folder / "yixian-20260101T000000Z.db")
    old = call("doctor", "--config", str(config), **ANY_YEAR, YIXIAN_BACKUP__COMMAND='["true"]')
    assert old.code == 1
    assert "✗ backup: 1 kept" in old.out


async def test_a_refused_token_and_a_telegram_that_cannot_be_reached(config: Path, call: Call) -> None:  # noqa: F811
    async with serving(build(World(token=TOKEN), page=None)) as address:
        wrong = {
            "YIXIAN_TELEGRAM__TOKEN": "42:another-token-than-the-one-it-knows",
            "YIXIAN_TELEGRAM__BASE_URL": address,
        }
        ran = await asyncio.to_thread(call, "doctor", "--config", str(config), **ANY_YEAR, **wrong)
        assert "✗ token: is refused" in ran.out
        assert "another-token" not in ran.out + ran.err
    ran = await asyncio.to_thread(call, "doctor", "--config", str(config), **ANY_YEAR, **wrong)
    assert "✗ telegram: cannot be reached" in ran.out
    assert "another-token" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, Level.OK), (4, Level.OK), (30, Level.WARNING), (-90, Level.ERROR), (4000, Level.ERROR)]
)
def test_the_clock_is_compared_with_telegrams(seconds: int, level: Level) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert [finding.level for finding in clock((200, {}, date), NOW)] == [level]
    assert clock((200, {}, ""), NOW) == []


@pytest.mark.parametrize(
    ("seconds", "code", "line"), [(0, 0, "clock: is right"), (35, 0, "! clock: is 3"), (-90, 1, "✗ clock: is ")]
)
async def test_the_clock_is_compared_over_http(
    config: Path,  # noqa: F811
    call: Call,  # noqa: F811
    seconds: int,
    code: int,
    line: str,
) -> None:
    """By the date in the head of Telegram's answer. Planted fault: the simulator without ``date``, and nothing is said.

    A date has no parts of a second and an answer takes a moment: 35 is something between 34 and 39.
    """
    world = World(token=TOKEN, now=lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    async with serving(build(world, page=None)) as address:
        known = {"YIXIAN_TELEGRAM__TOKEN": TOKEN, "YIXIAN_TELEGRAM__BASE_URL": address}
        ran = await asyncio.to_thread(call, "doctor", "--config", str(config), **ANY_YEAR, **known)
    assert line in ran.out
    assert ran.code == code, ran.out


def test_a_token_is_refused_by_telegram_only() -> None:
    """Planted fault: call every answer that is not well a refused token, also while Telegram is down."""
    assert [finding.line() for finding in token((401, {"ok": False}, ""))] == [
        "✗ token: is refused by Telegram (401): ask @BotFather for a valid one"
    ]
    assert [finding.subject for finding in token((502, {}, ""))] == ["telegram"]


def test_an_encrypted_volume_is_known_also_below_others(tmp_path: Path) -> None:
    """LVM on dm-crypt: the volume is a slave's child. Planted fault: do not look below."""
    plain, crypt, upper = (tmp_path / name for name in ("sda1", "dm-0", "dm-1"))
    for block in (plain, crypt, upper):
        (block / "slaves").mkdir(parents=True)
        (block / "dm").mkdir()
    (crypt / "dm" / "uuid").write_text("CRYPT-LUKS2-0123-yixian\n")
    (upper / "dm" / "uuid").write_text("LVM-xyz\n")
    (crypt / "slaves" / "sda1").symlink_to(plain)
    assert not encrypted(upper)
    (upper / "slaves" / "dm-0").symlink_to(crypt)
    assert [encrypted(block) for block in (plain, crypt, upper)] == [False, True, True]


def test_where_it_cannot_be_told_nothing_is_said(tmp_path: Path) -> None:
    assert volume(tmp_path, tmp_path / "nothing", tmp_path) == []
    mounts = tmp_path / "mounts"
    mounts.write_text("overlay / overlay rw 0 0\n")
    assert volume(tmp_path, mounts, tmp_path) == []
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n")
    assert volume(tmp_path, mounts, tmp_path / "none") == []


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (None, "no fontconfig"),
        ("#!/bin/sh\nexit 0\n", "none can draw Chinese"),
        ("#!/bin/sh\n[ $1 = :lang=zh ] || echo Latin\necho Song\necho Hei\necho Song\n", "2 families can draw Chinese"),
        ("no program\0", "does not answer"),
    ],
)
def test_fonts_with_chinese_signs_are_counted(
    program: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: ask ``fc-list`` without ``:lang=zh``; the last of these goes unnoticed without the ``except``."""
    if program is not None:
        (tmp_path / "fc-list").write_text(program)
        (tmp_path / "fc-list").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = fonts()
    assert said in found.text
    assert not found.bad
