"""What was too long, afterwards: the rest that a phone sends by itself, and an edit when something else came between.

Planted faults: no ``rest_of_refused``, and the end of a text is taken without its beginning; ``made_shorter`` only
while the question is open, and what was made shorter goes nowhere in silence.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.people import Role
from storage.unit import Unit
from tests.stage import Role_, Stage, act, stage

WANG, LEE = Role_("王芳", Role.RESIDENT, "城北社区"), Role_("李建国", Role.MEMBER, "城北社区")
CHEN = Role_("陈静", Role.COORDINATOR)
LONG = "城北社区三号楼的路灯坏了," + "晚上看不见," * 900
"""More than a message holds: a phone sends it as two."""
REST = "紧跟着的这一段也没有记下"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Stage]:
    """A resident, a member and a coordinator."""
    async with stage(tmp_path) as found:
        for part in (WANG, LEE, CHEN):
            await found.join(part)
        yield found


async def write(town: Stage, who: str, text: str) -> None:
    """As a phone does it, at once."""
    rest = text
    while rest:
        town.world.say(town.people[who], rest[:4096])
        rest = rest[4096:]
    await town.settle()


def heard(town: Stage, who: str) -> list[str]:
    """What the bot said to somebody."""
    return [m["text"] for m in town.world.messages(town.people[who]) if not m["mine"]]


def own(town: Stage, who: str) -> list[int]:
    """The numbers of somebody's own messages."""
    return [m["message_id"] for m in town.world.messages(town.people[who]) if m["mine"]]


async def texts(town: Stage) -> list[str]:
    """Every case's words."""

    def found(unit: Unit) -> list[str]:
        cases = [unit.cases.get(case) for case in unit.operations.newest_cases(-1)]  # type: ignore[arg-type]
        return [case.text for case in cases if case]

    return await town.app.database.read(found)


async def test_the_rest_of_a_concern_that_was_too_long_is_no_concern(town: Stage) -> None:
    await write(town, "王芳", LONG)
    assert await texts(town) == []
    assert sum(REST in said for said in heard(town, "王芳")) == 1
    town.world.edit(town.people["王芳"], own(town, "王芳")[0], "城北社区三号楼的路灯坏了")
    await town.settle()
    assert await texts(town) == ["城北社区三号楼的路灯坏了"]


async def test_the_rest_of_an_answer_that_was_too_long_is_no_answer(town: Stage) -> None:
    """A coordinator's reason: the case is not declined with the end of it."""
    await write(town, "王芳", "城北社区三号楼的路灯坏了")
    for line in ("clock +90s", "陈静: [不受理]"):
        await act(town, line)
    await write(town, "陈静", "这件事不归我们管," * 600)
    assert any(REST in said for said in heard(town, "陈静"))
    assert not any("不归我们管" in said for said in heard(town, "王芳"))
    await act(town, "clock +1m")
    await write(town, "陈静", "请找供电公司")
    assert any("请找供电公司" in said for said in heard(town, "王芳"))


async def test_two_messages_of_their_own_are_two(town: Stage) -> None:
    """The first is too long, but no phone has cut it."""
    await write(town, "王芳", "城北社区三号楼的路灯坏了," + "晚上看不见," * 550)
    await write(town, "王芳", "桂花社区的垃圾三天没人收,味道很大")
    assert await texts(town) == ["桂花社区的垃圾三天没人收,味道很大"]
    assert not any(REST in said for said in heard(town, "王芳"))


async def test_what_was_made_shorter_after_something_else_is_heard(town: Stage) -> None:
    await write(town, "王芳", "城北社区三号楼的路灯坏了," + "晚上看不见," * 550)
    long = own(town, "王芳")[0]
    await write(town, "王芳", "桂花社区的垃圾三天没人收,味道很大")
    await act(town, "clock +1h")
    town.world.edit(town.people["王芳"], long, "城北社区三号楼的路灯坏了三天")
    await town.settle()
    assert sorted(await texts(town)) == sorted(["桂花社区的垃圾三天没人收,味道很大", "城北社区三号楼的路灯坏了三天"])
    town.world.edit(town.people["王芳"], long, "城北社区三号楼的路灯坏了四天")
    await town.settle()
    assert len(await texts(town)) == 2, "from now on it is a message of that case"
