"""What somebody is to a case decides what they see of it, whatever their buttons say.

A town in which every relation to a case is somebody; each of them presses every button there is, with the ids and sides
of others. Planted faults: ``asks`` answers ``EITHER_SIDE``; the router lets every press through; ``CaseMessage`` reads
the case without ``whose``; whoever reported for others reads on after they have left.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import islice, product
from typing import Any, get_type_hints

import pytest
import pytest_asyncio

from domain.cases import CaseId
from domain.casework import Relation, reads_as
from domain.people import ChatId, PersonId, Role
from handlers.kit.messages import MESSAGES, CaseMessage
from handlers.kit.press import PRESSES, CasePress, Press
from handlers.kit.views import View
from handlers.kit.words import Words
from handlers.presses import OpenCase, Others, Redraw, Side
from storage.unit import Unit
from tests.stage import Role_, Stage, act, stage

CAST = (
    Role_("王芳", Role.RESIDENT),
    Role_("路人", Role.RESIDENT),
    Role_("李建国", Role.MEMBER, "城北社区"),
    Role_("张敏", Role.MEMBER, "桂花社区"),
    Role_("孙丽", Role.MEMBER, "桂花社区"),
    Role_("钱进", Role.MEMBER, "桂花社区"),
    Role_("赵强", Role.MEMBER, "河东村"),
    Role_("何平", Role.OBSERVER),
    Role_("陈静", Role.COORDINATOR),
)
REASON, NOTE = "退回的内情", "备注的内情"
WORDS, PHONE, OTHER_PHONE, IDLE = "巷口路灯", "13812345678", "13887654321", "赵强"
CANARIES = (REASON, NOTE, WORDS, PHONE, OTHER_PHONE, IDLE)

HAPPENED = f"""
孙丽: /behalf 城北社区楼道灯坏了一个月
孙丽: [个人]
孙丽: 王奶奶 {PHONE}
孙丽: [用这段话]
孙丽: [念过了,提交]
clock +90s
陈静: [派给李建国]
李建国: [签收]
王芳: 城北社区{WORDS}坏了两天
clock +90s
陈静: [其他委员]
陈静: [张敏]
张敏: [更多]
张敏: [写备注]
张敏: {NOTE}
张敏: [退回]
张敏: {REASON}
钱进: /behalf 桂花社区楼上漏水到厨房
钱进: [个人]
钱进: 周大爷 {OTHER_PHONE}
钱进: [用这段话]
钱进: [念过了,提交]
钱进: /settings
钱进: [我的身份]
钱进: [退出委员]
钱进: [确定退出]
clock +90s
赵强: /help
何平: /help
路人: /help
"""
"""One case that a member reported for somebody, in other hands; a resident's that came back with a reason; one whose
reporter has left the group since. 赵强 has nothing to do with any of them."""

MAY_SEE = {
    "路人": (),
    "何平": (WORDS,),
    "赵强": (IDLE,),
    "张敏": (),
    "钱进": (),
    "李建国": (PHONE,),
    "孙丽": (PHONE,),
    "王芳": (WORDS,),
}
"""Everybody's canaries; an observer's digest names cases. Whoever can change nothing comes first."""
STRANGERS = ("路人", "何平", "赵强", "张敏", "钱进")
"""Nobody of them is anything to any of the cases (any more)."""
THEIRS = (CaseId(1), CaseId(2), CaseId(3))
ABSENT = CaseId(10**9)

loop = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The town in which all of it has happened."""
    async with stage(tmp_path_factory.mktemp("relations")) as found:
        for part in CAST:
            await found.join(part)
        await found.settle()
        for line in HAPPENED.strip().splitlines():
            await act(found, line)
        yield found


def forged(kind: type[Press], case: CaseId) -> Iterator[str]:
    """That button in every form that may matter, about that case where it is about one."""
    hints = get_type_hints(kind)
    choices = (values(hints[field.name], case) for field in fields(kind))
    return (kind(*chosen).encode() for chosen in islice(product(*choices), 64))


def values(hint: Any, case: CaseId) -> list[Any]:
    """What a field of a button may be."""
    if hint is CaseId:
        return [case]
    if hint is PersonId:
        return [PersonId(1), PersonId(7)]
    if hint is bool:
        return [False, True]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return list(hint)
    return [0, 1, 2] if hint is int else ["lighting", "north", ""]


def everything(case: CaseId) -> list[str]:
    """Every button about that case, from the mildest to the last."""
    kinds = [kind for kind in PRESSES.values() if issubclass(kind, CasePress)]
    return [data for kind in kinds for data in forged(kind, case)]


def everything_else() -> list[str]:
    """Every button that is about no case."""
    harmless = [kind for kind in PRESSES.values() if not issubclass(kind, CasePress) and kind.__name__ != "LeaveRole"]
    return [data for kind in harmless for data in forged(kind, ABSENT)]


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody was shown and told, in order."""

    toasts: tuple[str | None, ...]
    drawn: tuple[str, ...]


async def answers(town: Stage, name: str, presses: list[str]) -> Answered:
    """Everything the bot did in somebody's chat upon their presses."""
    number, world = town.people[name], town.world
    message = next(m["message_id"] for m in world.messages(number) if not m["mine"])
    world.calls.clear()
    for data in presses:
        world.press(number, data=data, message_id=message)
    await town.settle()
    toasts = [call["params"].get("text") for call in world.called("answerCallbackQuery")]
    drawn = [str(call["params"]) for call in world.calls if call["params"].get("chat_id") == number]
    return Answered(tuple(toasts), tuple(drawn))


async def truth(town: Stage) -> list[Any]:
    """The cases as they are, with everything that has happened to them."""
    return await town.app.database.read(
        lambda unit: [(unit.cases.get(case), unit.journal.of_case(case)) for case in THEIRS]
    )


@loop
async def test_the_canaries_are_there(town: Stage) -> None:
    """Whoever they are for sees them all but the note, which is shown nowhere yet."""
    found = await answers(
        town, "陈静", [data for case in THEIRS for kind in (OpenCase, Others) for data in forged(kind, case)]
    )
    seen = "\n".join(found.drawn)
    assert {canary for canary in CANARIES if canary in seen} == set(CANARIES) - {NOTE}
    journal = await truth(town)
    assert NOTE in str(journal)


def about_cases() -> list[type[CaseMessage]]:
    """Every message that shows something of a case."""
    found = [kind for kind in MESSAGES.values() if issubclass(kind, CaseMessage) and kind is not CaseMessage]
    return [kind for kind in found if Relation.STRANGER not in kind.whose]


def drawn_for_others(unit: Unit, town: Stage) -> list[str]:
    """Every message that somebody is given to read who is not what it asks for."""
    charter = town.app.charter
    words, now, found = Words(charter), town.clock.now(), list[str]()
    for number, case, kind in product(town.people.values(), THEIRS, about_cases()):
        reader, seen = unit.people.by_chat(ChatId(number)), unit.cases.get(case)
        assert reader
        assert seen
        hints = get_type_hints(kind)
        message = kind(*(values(hints[field.name], case)[0] for field in fields(kind)))
        context = message.context(View(unit, charter, words, reader, "zh", now))
        if context is not None and not reads_as(seen, reader, kind.whose):
            found.append(f"{kind.__name__} of {seen.number} to {reader.name}")
    return found


@loop
async def test_a_message_that_is_not_for_its_reader_has_no_context(town: Stage) -> None:
    """Of every type, for everybody and every case, whatever was put into the outbox."""
    assert await town.app.database.read(lambda unit: drawn_for_others(unit, town)) == []


@loop
@pytest.mark.parametrize("name", MAY_SEE)
async def test_nobody_is_shown_what_is_not_for_them(town: Stage, name: str) -> None:
    """Not on a card, not on a button, not in a toast, whatever was pressed. For strangers' cases see the next test."""
    cases = () if name in STRANGERS else THEIRS
    pressed = [*everything_else(), *(data for case in cases for data in everything(case))]
    found = await answers(town, name, pressed)
    assert len(found.toasts) == len(pressed)
    seen = "\n".join((*found.drawn, *map(str, found.toasts)))
    assert {canary for canary in CANARIES if canary in seen} <= set(MAY_SEE[name])


@loop
@pytest.mark.parametrize("name", STRANGERS)
async def test_what_is_not_theirs_is_as_if_there_were_none(town: Stage, name: str) -> None:
    """The same answers in the same order as about a case that does not exist; and nothing has happened."""
    before = await truth(town)
    absent = await answers(town, name, everything(ABSENT))
    assert None not in absent.toasts
    assert absent.drawn == ()
    for case in THEIRS:
        assert await answers(town, name, everything(case)) == absent
    assert await truth(town) == before


@loop
async def test_whoever_is_on_both_sides_has_both_cards(town: Stage) -> None:
    """A coordinator's own concern: as whoever reported it, and once it has settled as a coordinator."""
    await act(town, "陈静: 城北社区路灯坏了")
    await act(town, "陈静: [我自己的诉求]")
    mine = CaseId(4)
    before = await answers(town, "陈静", [Redraw(mine, side).encode() for side in Side])
    assert [text is None for text in before.toasts] == [True, False]
    await act(town, "clock +90s")
    after = await answers(town, "陈静", [Redraw(mine, side).encode() for side in Side])
    assert after.toasts == (None, None)


# -- who may be what


def test_every_message_about_a_case_says_whose_it_is() -> None:
    """Planted fault: a message of that kind without ``whose`` could be drawn for nobody, and fails here first."""
    silent = [name for name, kind in MESSAGES.items() if issubclass(kind, CaseMessage) and not whose(kind)]
    assert silent == ["CaseMessage"]


def test_every_button_about_a_case_says_whose_it_is() -> None:
    about = [kind for kind in PRESSES.values() if CaseId in get_type_hints(kind).values()]
    assert [kind.__name__ for kind in about if not (issubclass(kind, CasePress) and whose(kind))] == []
    assert len(about) == 28


def whose(kind: type[Any]) -> frozenset[Relation]:
    """What a message or a button says, where it says so."""
    found: frozenset[Relation] = getattr(kind, "whose", frozenset())
    return found
