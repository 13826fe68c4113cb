"""Every transcript is played against the real bot; what it says must be what the transcript says.

``…`` in an expectation stands for anything. ``pytest --accept`` rewrites expectations after a deliberate change.
"""

import re
from datetime import datetime
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from bot.prologue import WEEKS
from tests.postgres import Server
from tests.stage import MONDAY, SHANGHAI, act, cast_of, heard, stage

FOLDER = Path(__file__).parent / "conversations"
HEAD = re.compile(r"^(cast|language|start|set|town) ")


def matches(expected: str, said: str) -> bool:
    """Whether what was said is what was expected."""
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, said, re.DOTALL) is not None


def head_of(lines: list[str]) -> dict[str, list[str]]:
    """The lines before the talk: cast, language, start, settings."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if HEAD.match(line):
            key, _, value = line.partition(" ")
            found.setdefault(key, []).append(value)
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The transcripts beside this file, or those that `--chat` names."""
    if "path" not in metafunc.fixturenames:
        return
    paths = [Path(name) for name in metafunc.config.getoption("--chat")] or sorted(FOLDER.glob("*.chat"))
    mark = on_postgresql if "postgres" in metafunc.fixturenames else on_sqlite
    metafunc.parametrize("path", [mark(path) for path in paths])


ON_BOTH = frozenset(
    {"behalf", "calls", "digest", "disputed", "followups", "info", "main"}
    | {"preferences", "relay", "roster", "unreachable", "urgent", "visit"}
)
"""Played on PostgreSQL too, every time; the others with the long forms."""


def on_sqlite(path: Path) -> ParameterSet:
    """A transcript."""
    return pytest.param(path, id=path.stem)


def on_postgresql(path: Path) -> ParameterSet:
    """A transcript, with a mark where it is played with the long forms only."""
    return pytest.param(path, id=path.stem, marks=[] if path.stem in ON_BOTH else [pytest.mark.soak])


async def test_conversation(path: Path, tmp_path: Path, accept: bool) -> None:
    await play(path, tmp_path, accept)


async def test_conversation_on_postgresql(path: Path, tmp_path: Path, postgres: Server) -> None:
    """The same words, whatever the engine."""
    with postgres.database() as url:
        await play(path, tmp_path, False, url)


async def play(path: Path, folder: Path, accept: bool, url: str = "") -> None:
    """Play a transcript and compare."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = head_of(lines)
    start = datetime.fromisoformat(head["start"][0]).replace(tzinfo=SHANGHAI) if "start" in head else MONDAY
    settings = dict(entry.split("=", 1) for entry in head.get("set", []))
    environment = {f"YIXIAN_{key.replace('.', '__').upper()}": value for key, value in settings.items()}
    played: list[str] = []
    differences: list[str] = []
    async with stage(folder, start - WEEKS if "town" in head else start, environment, url) as town:
        if "town" in head:
            await town.live(start, *head["town"][0].split()[1:])
        for part in [part for line in head.get("cast", ()) for part in cast_of(line, head.get("language", ["zh"])[0])]:
            await town.join(part)
        await town.settle()
        heard(town)
        index = 0
        while index < len(lines):
            line = lines[index]
            index += 1
            played.append(line)
            if not line.strip() or line.startswith("#") or HEAD.match(line):
                continue
            await act(town, line)
            said = heard(town)
            expected = []
            while index < len(lines) and lines[index].startswith(">>"):
                expected.append(lines[index])
                index += 1
            same = len(expected) == len(said) and all(map(matches, expected, said))
            played += expected if same else said
            if not same:
                differences.append(
                    "\n".join([f"after {line!r}", *(f"  - {e}" for e in expected), *(f"  + {s}" for s in said)])
                )
    if accept:
        path.write_text("\n".join(played) + "\n", encoding="utf-8")
    else:
        assert not differences, f"{path.name}\n" + "\n".join(differences)
