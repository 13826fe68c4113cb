"""Nothing in the program's memory grows with the number of residents, nor with the number of updates.

Two ways: every container that can be reached from the running program is counted after 100 and after 200 people were
answered and all is quiet; and, in the long form, the memory of a bot of its own is measured while 100,000 people speak
once each. Fails on planted faults: ``ChatLanes`` that keeps its locks, ``Waiting`` that keeps what was taken.
"""

import gc
import json
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any

import pytest

import bot.pace
from benchmarks.figures import slope
from benchmarks.process import Loopback, loopback
from tests.faults.nursery import Births, concern, nursery
from tests.stage import Stage, stage

HALF = 100
PEOPLE, EACH = 100_000, 2_500
STATED = 64
"""Bytes of growth per update that are allowed, for noise: an entry of a dict alone takes 100."""
SPARE = 4
"""By so many entries a container may differ: what happened to be under way."""
POOL = "._connector._conns."
"""Open connections: as many as were busy at once, and never more than ``CONNECTIONS`` (``bot/request.py``)."""
LIBRARIES = ("telegram", "aiohttp", "aiosqlite", "jinja2")
LOOKED_INTO = frozenset(("bot", "handlers", "storage", "domain", *LIBRARIES, "builtins", "collections", "functools"))
"""The program's own things, its libraries' and plain containers: not the event loop, which leads everywhere."""
NOT_OURS = (BuiltinFunctionType, FunctionType, ModuleType, type, str, bytes, int, float)
CACHE = type(lru_cache(lambda: None))
Sizes = dict[str, int]


def sizes(root: object) -> Sizes:
    """How many entries each container has that the program reaches, by the way to it; of equal ways the sum.

    A ``deque`` with a greatest length is none that grows.
    """
    found: Sizes = {}
    seen = {id(root)}
    waiting: deque[tuple[object, str]] = deque([(root, "app")])
    while waiting:
        thing, path = waiting.popleft()
        if isinstance(thing, dict | set | list | deque | CACHE) and getattr(thing, "maxlen", None) is None:
            found[path] = found.get(path, 0) + size_of(thing)
        for name, part in parts(thing):
            if id(part) not in seen and home_of(part) in LOOKED_INTO:
                seen.add(id(part))
                waiting.append((part, f"{path}.{name}" if path.count(".") < 12 else path))
    return found


def home_of(part: object) -> str:
    """The package of a module, or of a thing's type."""
    name = part.__name__ if isinstance(part, ModuleType) else str(type(part).__module__)
    return name.partition(".")[0]


def size_of(thing: Any) -> int:
    """Entries."""
    return int(thing.cache_info().currsize) if isinstance(thing, CACHE) else len(thing)


def parts(thing: object) -> Iterator[tuple[str, object]]:
    """What a thing holds: attributes by their names, entries by their kind. Ours and PTB's, not the interpreter's."""
    if isinstance(thing, dict):
        for value in islice(list(thing.values()), 2_000):
            yield type(value).__name__, value
        return
    named = {**getattr(thing, "__dict__", {})}
    yield from named.items()
    known = {id(part) for part in named.values()}
    for part in gc.get_referents(thing):
        if id(part) not in known and not isinstance(part, NOT_OURS) and part is not getattr(thing, "__dict__", None):
            yield name_of(thing, part), part


def name_of(thing: object, part: object) -> str:
    """Under which name a thing holds its part; its type's where it has none."""
    for name, slot in slots(type(thing)):
        with suppress(AttributeError):
            if slot.__get__(thing) is part:
                return name
    return type(part).__name__


@cache
def slots(kind: type) -> tuple[tuple[str, MemberDescriptorType], ...]:
    """The named places of a type."""
    named = [entry for base in kind.__mro__ for entry in vars(base).items()]
    return tuple((name, slot) for name, slot in named if isinstance(slot, MemberDescriptorType))


async def speak(town: Stage, first: int, last: int) -> None:
    """So many new people say something and are answered; then minutes pass."""
    for number in range(first, last):
        town.world.person(number, f"居民{number}")
        town.world.say(number, concern(number))
    await town.settle()


async def test_nothing_in_memory_grows_with_the_number_of_residents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chats are forgotten by the pace after a minute of real time; here after a moment."""
    monkeypatch.setattr(bot.pace, "FORGET_AFTER", 0.0)
    async with stage(tmp_path) as town:
        await speak(town, 1, HALF + 1)
        before = await quietly(town)
        await speak(town, HALF + 1, 2 * HALF + 1)
        after = await quietly(town)
    assert len(before) > 100, "it looks into the program"
    assert any(path.endswith("_lanes") for path in before), "and finds what it looks for"
    assert any(path.endswith("_chats") for path in before)
    grown = {path: (before.get(path, 0), size) for path, size in after.items() if size > before.get(path, 0) + SPARE}
    assert not {path: counts for path, counts in grown.items() if POOL not in path}


async def quietly(town: Stage) -> Sizes:
    """The sizes once one more person was answered, so that what is swept by the way has been swept."""
    await town.settle()
    town.world.say(1, "还有2号楼")
    await town.settle()
    gc.collect()
    return sizes(town.app)


def resident_bytes(pid: int | str) -> int:
    """What a process has in memory; ``"self"`` for this one."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096


@pytest.mark.soak
async def test_memory_does_not_grow_with_updates(births: Births, tmp_path: Path) -> None:
    """100,000 people over the benchmark's lean Telegram; the slope of the second half of the samples.

    A chat's bucket lasts a minute, in which these many are a large part of all; here it lasts two seconds.
    """
    settings = {"YIXIAN_ROSTER__COORDINATORS": "[]", "YIXIAN_INTAKE__SETTLE": "1d", "FORGET_AFTER": "2"}
    points: list[tuple[int, int]] = []
    async with loopback() as (server, address):
        house = nursery(births, tmp_path, address, **settings)
        async with house.bot() as born:
            for done in range(EACH, PEOPLE + 1, EACH):
                report = await server_ran(server)
                assert (report["lost"], report["copies"]) == (0, 0)
                points.append((done, resident_bytes(born.pid)))
    grown = slope(points[len(points) // 2 :])
    print(json.dumps({"bytes_per_update": round(grown, 1), "mb": [size >> 20 for _, size in points]}))  # noqa: T201
    assert grown < STATED


async def server_ran(server: Loopback) -> dict[str, Any]:
    """A part of the people spoke and was answered."""
    report = await server.run(EACH, 300)
    return report if "answered" in report else await server.line(300)
