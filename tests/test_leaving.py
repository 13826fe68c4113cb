"""Whoever leaves a role loses what came with it at that moment; what they left behind earlier is treated alike.

Planted faults: ``hand_over`` does nothing; the holder is whoever the case names; a card that is withheld stays live; a
held notice asks for nobody's role.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest_asyncio

from domain.cases import CaseId, State
from domain.people import ChatId, Person, Role
from storage.calls import Call
from storage.unit import Unit
from tests.stage import Role_, Stage, act, heard, stage

PHONE = "13812345678"
REPORTED = f"""
李建国: /behalf 城北社区楼道灯坏了一个月
李建国: [个人]
李建国: 王奶奶 {PHONE}
李建国: [用这段话]
李建国: [念过了,提交]
clock +90s
"""
TAKEN = """
陈静: [派给张敏]
张敏: [签收]
"""
ANSWERED = """
张敏: [办结]
张敏: [已解决]
张敏: 换好了
"""
LEAVING = """
{0}: /settings
{0}: [我的身份]
{0}: [退出]
{0}: [确定退出]
"""


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Stage]:
    """A resident, two members, two coordinators."""
    async with stage(tmp_path) as found:
        for name in ("李建国", "张敏"):
            await found.join(Role_(name, Role.MEMBER, "城北社区" if name == "张敏" else "桂花社区"))
        for name in ("陈静", "刘洋"):
            await found.join(Role_(name, Role.COORDINATOR))
        await found.join(Role_("王芳", Role.RESIDENT))
        yield found


async def happen(town: Stage, lines: str) -> list[str]:
    """Play lines; what was said after the last of them."""
    said: list[str] = []
    for line in filter(None, lines.splitlines()):
        heard(town)
        await act(town, line)
        said = heard(town)
    return said


async def ask(town: Stage, question: Any) -> Any:
    """Something of the database."""
    return await town.app.database.read(question)


async def strip(town: Stage, name: str) -> None:
    """Somebody is without a role as if they had left before anything was handed over."""

    def write(unit: Unit) -> None:
        unit.people.set_roles(replace(person_of(unit, town, name), roles=frozenset()))

    await town.app.database.run(write)


def person_of(unit: Unit, town: Stage, name: str) -> Person:
    """Somebody of the town."""
    found = unit.people.by_chat(ChatId(town.people[name]))
    assert found
    return found


async def calls(town: Stage) -> list[tuple[str, str]]:
    """Who still has to call about the case, and what for."""

    def read(unit: Unit) -> list[tuple[str, str]]:
        found: list[Call] = unit.calls.open_of_case(CaseId(1))
        return [(unit.people.get(call.member).name, call.subject) for call in found]  # type: ignore[union-attr]

    return list(await ask(town, read))


async def test_a_call_goes_on_with_the_holder_and_they_are_told_once(town: Stage) -> None:
    await happen(town, REPORTED + TAKEN + ANSWERED)
    assert await calls(town) == [("李建国", "verdict")]
    said = await happen(town, LEAVING.format("李建国"))
    assert [line for line in said if line.startswith(">> 张敏") and PHONE in line and "1 个电话" in line]
    assert sum(PHONE in line for line in said) == 1
    assert await calls(town) == [("张敏", "verdict")]


async def test_without_a_holder_it_goes_on_with_a_coordinator(town: Stage) -> None:
    """And is theirs to pass on when they leave in their turn."""
    await happen(town, REPORTED)
    said = await happen(town, LEAVING.format("李建国"))
    assert [line for line in said if line.startswith(">> 陈静") and PHONE in line]
    await happen(town, "陈静: [不受理]\n陈静: 请找供电局")
    assert await calls(town) == [("陈静", "declined")]
    said = await happen(town, LEAVING.format("陈静"))
    assert [line for line in said if line.startswith(">> 刘洋") and PHONE in line and "1 个电话" in line]
    assert await calls(town) == [("刘洋", "declined")]


async def test_whoever_leaves_one_role_of_two_keeps_what_the_other_allows(town: Stage) -> None:
    """A coordinator who was a member too still reads the case, and calls."""

    def write(unit: Unit) -> None:
        lee = person_of(unit, town, "李建国")
        unit.people.set_roles(replace(lee, roles=lee.roles | {Role.COORDINATOR}))

    await town.app.database.run(write)
    await happen(town, REPORTED + TAKEN + ANSWERED)
    await happen(town, LEAVING.format("李建国").replace("[退出]", "[退出委员]"))
    assert await calls(town) == [("李建国", "verdict")]
    said = await happen(town, "李建国: /calls\n李建国: [1]\n李建国: [解决了,满意]")
    assert [line for line in said if "评价:满意" in line]
    assert (await ask(town, lambda unit: unit.cases.get(CaseId(1)))).state is State.CLOSED


async def test_cards_of_theirs_live_no_longer(town: Stage) -> None:
    await happen(town, REPORTED)
    cards = lambda unit: {card.chat for card in unit.messages.cards(CaseId(1))}  # noqa: E731
    assert town.people["李建国"] in await ask(town, cards)
    await happen(town, LEAVING.format("李建国"))
    await happen(town, LEAVING.format("刘洋"))
    said = await happen(town, "陈静: [派给张敏]")
    assert not [line for line in said if "李建国:" in line or "刘洋:" in line]
    assert await ask(town, cards) == {town.people["陈静"], town.people["张敏"]}


async def test_what_was_held_for_the_morning_is_not_said(town: Stage) -> None:
    """A coordinator leaves at night; of what waited for them nothing is said, not even who else has left."""
    await happen(town, REPORTED + TAKEN + "clock 2026-11-23 23:00")
    await happen(town, LEAVING.format("李建国"))
    await happen(town, "张敏: [退回]\n张敏: 不归我")
    held = await ask(town, lambda unit: [s.chat for s in unit.outbox.held(town.clock.now().replace(year=2027))])
    assert town.people["刘洋"] in held
    await happen(town, LEAVING.format("刘洋"))
    said = await happen(town, "clock 2026-11-24 12:00")
    assert [line for line in said if line.startswith(">> 陈静")]
    assert not [line for line in said if "刘洋:" in line]


# -- what was left behind before


async def test_a_call_of_somebody_who_left_long_ago_is_handed_over_when_it_is_due(town: Stage) -> None:
    await happen(town, REPORTED + TAKEN + ANSWERED)
    await strip(town, "李建国")
    said = await happen(town, "clock 2026-11-26 12:00")
    assert not [line for line in said if "李建国:" in line]
    assert [line for line in said if line.startswith(">> 张敏") and PHONE in line]
    assert await calls(town) == [("张敏", "verdict")]


REMINDED = """
clock 2026-11-24 12:00
clock 2026-11-25 12:00
clock 2026-11-26 08:31
"""
"""Of a call of the 23rd, twice; the coordinators are to hear that day."""


async def of_the_call(town: Stage, moments: tuple[str, ...]) -> list[str]:
    """What is said of it at each of these moments, as far as it is said."""
    said = [line for moment in moments for line in await happen(town, f"clock 2026-{moment}")]
    return [line.partition("王奶奶")[0] for line in said if "📞 请联系:" in line or "还没联系" in line]


async def test_whoever_a_call_goes_on_with_is_reminded_twice_too(town: Stage) -> None:
    """The one before had been already. Planted fault: ``HAND_OVER`` without ``reminded``."""
    await happen(town, REPORTED + TAKEN + ANSWERED + REMINDED)
    await happen(town, LEAVING.format("李建国"))
    said = await of_the_call(town, ("11-26 12:00", "11-27 08:31", "11-27 12:00", "11-30 08:31"))
    assert said == [">> 张敏: 📞 还没联系:"] * 2
    said = await of_the_call(town, ("11-30 12:00",))
    assert said == [f">> {name}: 📞 张敏还没联系" for name in ("陈静", "刘洋")]


async def test_whoever_stands_in_for_somebody_long_gone_is_asked_and_reminded_twice(town: Stage) -> None:
    """Planted faults: go on counting; count being asked as a reminder."""
    await happen(town, REPORTED + TAKEN + ANSWERED + REMINDED)
    await strip(town, "李建国")
    moments = ("11-26 12:00", "11-27 08:31", "11-27 12:00", "11-30 08:31", "11-30 12:00", "12-01 08:31")
    first, *reminded = await of_the_call(town, moments)
    assert first == ">> 张敏: 📞 请联系:"
    assert reminded == [">> 张敏: 📞 还没联系:"] * 2
    said = await of_the_call(town, ("12-01 12:00",))
    assert said == [f">> {name}: 📞 张敏还没联系" for name in ("陈静", "刘洋")]


async def test_whoever_came_back_takes_over_what_they_reported(town: Stage) -> None:
    """They are no staff of that case; it is their own side. Planted fault: for ``STAFF`` only, as if it were nobody."""
    await happen(town, REPORTED)
    await happen(town, LEAVING.format("李建国"))
    await happen(town, "陈静: [不受理]\n陈静: 请找供电局")
    assert await calls(town) == [("陈静", "declined")]

    def back(unit: Unit) -> None:
        unit.people.set_roles(replace(person_of(unit, town, "李建国"), roles=frozenset({Role.MEMBER})))

    await town.app.database.run(back)
    said = await happen(town, LEAVING.format("陈静"))
    (line,) = [line for line in said if line.startswith(">> 李建国: 请接替 陈静")]
    assert PHONE in line
    assert line.endswith("[1]")
    assert await calls(town) == [("李建国", "declined")]
    said = await happen(town, "李建国: [1]")
    assert [line for line in said if line.startswith(">> 李建国: *26-0001*") and "不受理" in line], said


async def test_what_happens_later_is_asked_of_whoever_stands_in(town: Stage) -> None:
    await happen(town, REPORTED + TAKEN)
    await strip(town, "李建国")
    said = await happen(town, ANSWERED)
    assert [line for line in said if line.startswith(">> 张敏: 📞") and PHONE in line and "[没有解决]" in line]
    await happen(town, "张敏: [没有解决]")
    assert (await ask(town, lambda unit: unit.cases.get(CaseId(1)))).attempt == 2


async def test_an_open_question_of_somebody_who_left_long_ago_is_closed(town: Stage) -> None:
    await happen(town, "李建国: /visit")
    await strip(town, "李建国")
    assert await happen(town, "李建国: 去了王奶奶家") == [
        ">> 李建国: 您已经不担任这个身份,刚才的问题不用答了。这句话没有保存。提诉求请再发一次。"
    ]
    assert await ask(town, lambda unit: unit.visits.of_member(person_of(unit, town, "李建国").id)) == []


async def test_the_draft_of_a_question_goes_at_that_moment(town: Stage) -> None:
    """Also one that has been open too long already: it is not offered again."""
    await happen(town, f"李建国: /behalf 楼道灯坏了\n李建国: [个人]\n李建国: 王奶奶 {PHONE}\nclock +2d")
    await happen(town, LEAVING.format("李建国"))
    dialog = await ask(town, lambda unit: unit.dialogs.open(ChatId(town.people["李建国"])))
    assert dialog.draft == "{}"
    said = await happen(town, "李建国: 你好")
    assert len(said) == 1
    assert "楼道灯" not in said[0]


async def test_of_a_case_whose_holder_left_after_its_end_the_coordinators_hear(town: Stage) -> None:
    """It comes back months later: the words go to them, and so do the reminders."""
    await happen(town, "王芳: 城北社区路灯坏了\nclock +90s" + TAKEN + ANSWERED + "王芳: [解决了,满意]")
    await happen(town, LEAVING.format("张敏"))
    await happen(town, "clock +31d")
    said = await happen(town, "王芳: [又出现了]")
    assert [line for line in said if line.startswith(">> 陈静")]
    assert not [line for line in said if "张敏:" in line]
    said = await happen(town, "王芳 re 26-0001: 又不亮了")
    assert [line for line in said if line.startswith(">> 陈静") and "又不亮了" in line]
    said = await happen(town, "clock +3d")
    assert [line for line in said if line.startswith(">> 陈静: ") and "[打开事项]" in line]
    assert not [line for line in said if "张敏:" in line]
