"""Every example of the operator's page is run, or checked by the program it is for; no number leads astray.

The set-up and the upgrade are in ``test_upgrade``, the webhook in ``test_front``, the unit in ``test_deploy``. Planted
faults: another number at a section, a block that nobody asks for, another name in ``/dev/mapper``, a metric's old name.
"""

import os
import re
import shlex
import stat
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import typer.main

from bot.__main__ import app
from bot.backups import hand_on
from bot.config import Settings, load
from bot.metrics import Metrics
from tests import test_front, test_upgrade  # noqa: F401 - they claim what they run
from tests.operating import BLOCKS, FILES, PAGE, ROOT, block, claimed, commands_of, deployed, sections, stood_in
from tests.postgres import Server
from tests.stage import stage
from tests.test_commands import Call, call, config, made  # noqa: F401 - fixtures
from tests.test_deploy import tool
from tests.test_owner import THEIRS
from tests.test_right_database import sql

UNIT = block("Run it with systemd")
PROXY = block("Where Telegram cannot be reached")
COPIES = block("Backups")
ALARMS = block("Being told")
VOLUME = block("An encrypted volume")
HOLIDAYS = block("Holidays")
ADOPT = block("When something is wrong")
LARGER = "When one file is no longer enough: PostgreSQL"
MOVE, MOVED, DUMP = (block(LARGER, nth) for nth in (1, 2, 3))


def test_every_example_is_claimed() -> None:
    assert claimed.keys() == BLOCKS.keys() | FILES.keys()


def test_sections_count_up_and_what_is_referred_to_is_there() -> None:
    numbers = [section.number for section in sections()]
    assert numbers == list(range(1, len(numbers) + 1))
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    titles = {section.number: section.title for section in sections()}
    assert {int(found) for found in re.findall(r"§ ?(\d+)", PAGE)} <= titles.keys()
    assert titles[int(re.findall(r"operating\.md 第 (\d+) 节", text)[0])] == LARGER
    assert titles[int(re.findall(r"on PostgreSQL: § (\d+)", PAGE)[0])] == LARGER


COMMANDS = sorted(set(re.findall(r"python -m bot ([^`\n#]+)", PAGE)))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_is_named_is_there_with_its_options(line: str) -> None:
    found: Any = typer.main.get_command(app)
    words = shlex.split(line)
    while hasattr(found, "commands") and not words[0].startswith("--"):
        found = found.commands[words.pop(0)]
    known = {name for one in found.params for name in one.opts}
    assert {word for word in words if word.startswith("--")} <= known


# -- settings


def written(config: Path, text: str) -> Settings:  # noqa: F811
    """The settings of a file with these lines alone."""
    config.write_text(text, encoding="utf-8")
    return load(config, {})


@pytest.mark.parametrize("proxy", re.findall(r"proxy = \"(.+)\"", PROXY))
def test_a_proxy(config: Path, proxy: str) -> None:  # noqa: F811
    one = "\n".join(line.removeprefix("# ") for line in PROXY.splitlines() if not line.startswith("# an"))
    lines = [line for line in one.splitlines() if not line.startswith("proxy") or proxy in line]
    assert written(config, "\n".join(lines)).telegram.proxy == proxy


@pytest.mark.parametrize("program", ["age", "rclone"])
async def test_a_copy_elsewhere(
    program: str,
    config: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bot's own way of handing a backup on, with a program in the place of theirs that copies what it is given."""
    other = re.search(r"# or (\[.+\])", COPIES)
    assert other
    lines = COPIES if program == "age" else f"[backup]\ncommand = {other[1]}"
    settings = written(config, lines.replace("/mnt/copies", str(tmp_path)))
    (tmp_path / program).write_text(
        '#!/bin/sh\necho "$@" >"$0.called"\n[ "$3" = -o ] && cp "$5" "$4" || cp "$2" "$0.copy"\n'
    )
    (tmp_path / program).chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    backup = tmp_path / "yixian-20261124T193000Z.db"
    backup.write_bytes(b"rows")
    await hand_on(settings, backup)
    copy = tmp_path / (f"{backup.name}.age" if program == "age" else "rclone.copy")
    assert copy.read_bytes() == b"rows"
    assert str(backup) in (tmp_path / f"{program}.called").read_text()


def test_holidays_of_a_year_that_is_not_known_yet(config: Path) -> None:  # noqa: F811
    named = re.search(r"\[calendar\] (overrides = \"(.+)\")", HOLIDAYS)
    assert named
    (config.parent / named[2]).write_text(HOLIDAYS, encoding="utf-8")
    known = written(config, f"[calendar]\n{named[1]}").holidays([2027])
    told = tomllib.loads(HOLIDAYS)["2027"]
    assert set(told["holidays"]) <= known.holidays
    assert set(told["workdays"]) <= known.workdays
    assert 2027 in known.covered


# -- programs


def ran(lines: str, machine: Path, environment: dict[str, str], answers: str = "") -> str:
    """A block run to its end: what it said."""
    done = subprocess.run(  # noqa: S603 - the page's own lines
        commands_of(lines, machine),
        cwd=machine,
        env={**os.environ, **environment},
        input=answers,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        start_new_session=True,  # whoever asks for a password finds no terminal, and asks us
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_unit_is_put_into_place_and_starts_with_the_machine(tmp_path: Path) -> None:
    environment = stood_in(tmp_path)
    for program in ("systemctl", "systemd-analyze", "journalctl"):
        tool(program, "systemd")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "yixian.service").write_text(deployed("yixian.service"), encoding="utf-8")
    said = ran(UNIT, tmp_path, environment)
    assert "exposure level for yixian.service" in said
    assert (tmp_path / "etc/systemd/system/multi-user.target.wants/yixian.service").is_symlink()


def test_a_volume_of_its_own(tmp_path: Path) -> None:
    """What is opened is what gets the file system, and it is mounted where the bot's folder is."""
    environment = stood_in(tmp_path)
    tool("mkfs.ext4", "e2fsprogs")
    (tmp_path / "dev" / "sdX").touch()
    data = tmp_path / "var" / "lib" / "yixian"
    data.mkdir(parents=True)
    add_user(tmp_path)
    ran(VOLUME, tmp_path, environment)
    assert (tmp_path / "etc" / "mtab").read_text() == f"{tmp_path}/dev/mapper/yixian {data} nodev,nosuid,noexec\n"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


async def test_alarms_and_tables_name_metrics_that_there_are(tmp_path: Path) -> None:
    backup = tmp_path / "backups" / "yixian-20261124T193000Z.db"
    backup.parent.mkdir()
    backup.touch()
    async with stage(tmp_path) as town:
        page = await Metrics(
            town.app.settings, town.app.database, town.clock, town.app.turns.meter, town.app.intake.backlog
        ).page()
    there = set(re.findall(r"^(yixian_\w+)", page.decode(), re.MULTILINE))
    there |= set(re.findall(r"^# TYPE (yixian_\w+)", page.decode(), re.MULTILINE))
    alarms = re.findall(r"^- alert: \w+\n  expr: (.+)$", ALARMS, re.MULTILINE)
    assert len(alarms) * 2 == len(ALARMS.splitlines()), "each has a name and an expression, and nothing else"
    assert set(re.findall(r"yixian_\w+", " ".join(alarms))) <= there
    monitoring = next(section.text for section in sections() if section.title == "Being told")
    assert set(re.findall(r"`(yixian_[a-z_]+[a-z])[`{]", monitoring)) <= there


def test_another_bot_goes_on_with_the_data(config: Path, call: Call) -> None:  # noqa: F811
    """The page's own line, with a configuration that is there."""
    sql(config.parent / "yixian.db", "INSERT INTO settings VALUES ('bot_id', '4200001')")
    words = shlex.split(ADOPT.partition(" bot ")[2])
    words[words.index("--config") + 1] = str(config)
    adopted = call(*words, **THEIRS)
    assert adopted.code == 0, adopted.err
    assert call("digest", "--config", str(config), **THEIRS).code == 0


# -- PostgreSQL


@pytest.fixture
def cluster(postgres: Server) -> Iterator[Server]:
    """The server, which afterwards knows nothing of the page's names any more."""
    yield postgres
    for thing in ("DATABASE IF EXISTS yixian_try", "DATABASE IF EXISTS yixian", "ROLE IF EXISTS yixian"):
        postgres.admin(f"DROP {thing}")


def test_the_way_to_postgresql_and_its_backup(
    config: Path,  # noqa: F811
    cluster: Server,
    tmp_path: Path,
) -> None:
    """From an empty server to a dump that is restored, line by line; db.example.org is the socket of the tests' server.

    The programs are of the server's own version.
    """
    with cluster.connect("postgres") as connection:
        (programs,) = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone() or ("",)
    socket = str(cluster.url("yixian").query["host"])
    environment = {**stood_in(tmp_path), "PGHOST": socket, "PGUSER": "postgres", "PYTHONPATH": str(ROOT)}
    environment["PATH"] = environment["PATH"].replace(":", f":{programs}:", 1)
    folder = tmp_path / "var" / "lib" / "yixian"
    folder.parent.mkdir(exist_ok=True)
    config.parent.rename(folder)
    add_user(tmp_path)
    (tmp_path / ".venv").symlink_to(environment["VENV"])
    there = ("@db.example.org/yixian", f"@/yixian?host={quote(socket, safe='')}")
    assert there[0] in MOVE
    assert there[0] in DUMP
    said = ran(MOVE.replace(*there), tmp_path, environment, answers="secret\nsecret\n")
    assert "each compared with its original" in said
    passwords = folder / ".pgpass"
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    assert passwords.read_text() == "db.example.org:5432:yixian:yixian:THE-PASSWORD\n"
    moved = written(folder / "config.toml", MOVED)
    assert (moved.database_file, moved.shared_storage) == (None, True)
    ran(DUMP.replace(*there), tmp_path, environment)
    with cluster.connect("yixian_try") as restored:
        assert restored.execute("SELECT name FROM people").fetchall() == [("陈静",)]


def add_user(machine: Path) -> None:
    """As the set-up has made it."""
    with (machine / "etc" / "passwd").open("a") as users:
        users.write("yixian:x:900:900::/:/bin/sh\n")
