"""The main job as steps over the simulator's control API: what somebody does, and what somebody must then see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

RESIDENT, MEMBER, COORDINATOR = 1001, 2001, 3001
KEY = "simulator_key"
"""The simulator's cookie."""


@dataclass(frozen=True, slots=True)
class Step:
    """``who`` does ``what`` (a path below their phone, with its body); ``sees`` must then see ``words``."""

    title: str
    who: int
    what: str
    body: dict[str, Any]
    sees: int
    words: str


def say(title: str, who: int, text: str, sees: int, words: str) -> Step:
    """Somebody writes."""
    return Step(title, who, "say", {"text": text}, sees, words)


def press(title: str, who: int, label: str, sees: int, words: str) -> Step:
    """Somebody presses a button."""
    return Step(title, who, "press", {"label": label}, sees, words)


def wait(title: str, span: str, sees: int, words: str) -> Step:
    """Time passes."""
    return Step(title, 0, "clock", {"advance": span}, sees, words)


TOURS: Mapping[str, tuple[Step, ...]] = {
    "zh": (
        say("a resident reports", RESIDENT, "城北社区3号楼门口路灯坏了两天,老人晚上出门看不见", RESIDENT, "✅ 已收到"),
        wait("the coordinator hears", "90s", COORDINATOR, "新事项"),
        press("the coordinator assigns", COORDINATOR, "派给李建国", MEMBER, "待签收"),
        press("the member claims", MEMBER, "签收", RESIDENT, "李建国委员已接手"),
        say("the member logs a visit", MEMBER, "/visit", MEMBER, "请用一条消息写"),
        say("… in one message", MEMBER, "走访3号楼张奶奶家,路灯确实不亮,灯座进水", MEMBER, "走访已记下"),
        press("… with the kinds of work", MEMBER, "问需", MEMBER, "✓ 问需"),
        press("the member resolves", MEMBER, "办结", MEMBER, "办得怎么样"),
        press("… says how", MEMBER, "已解决", MEMBER, "请写给居民看的答复"),
        say("… in words", MEMBER, "灯座已换,今晚会亮", RESIDENT, "问题解决了吗"),
        press("the resident judges", RESIDENT, "解决了,满意", MEMBER, ":满意"),
        say("the coordinator reads the digest", COORDINATOR, "/digest", COORDINATOR, "日报"),
        say("another concern", RESIDENT, "桂花社区小区大门口垃圾三天没人收,味道很大", RESIDENT, "✅ 已收到"),
        wait("nobody assigns it", "2d", COORDINATOR, "派单已到期"),
    ),
    "en": (
        say(
            "a resident reports",
            RESIDENT,
            "The street lamp at North Gate block 3 has been out for two days",
            RESIDENT,
            "✅ Got it",
        ),
        wait("the coordinator hears", "90s", COORDINATOR, "New case"),
        press("the coordinator assigns", COORDINATOR, "→ James", MEMBER, "to claim"),
        press("the member claims", MEMBER, "Claim", RESIDENT, "James has taken on"),
        say("the member logs a visit", MEMBER, "/visit", MEMBER, "Tell me in one message"),
        say(
            "… in one message",
            MEMBER,
            "Called on Mrs Zhang in block 3: the lamp is out, water in the base",
            MEMBER,
            "Visit logged",
        ),
        press("… with the kinds of work", MEMBER, "Learned needs", MEMBER, "✓ Learned needs"),
        press("the member resolves", MEMBER, "Resolve", MEMBER, "What came of"),
        press("… says how", MEMBER, "Solved", MEMBER, "write the answer for the resident"),
        say("… in words", MEMBER, "The base is replaced and the lamp will be on tonight", RESIDENT, "Is it solved?"),
        press("the resident judges", RESIDENT, "Solved, satisfied", MEMBER, ": satisfied"),
        say("the coordinator reads the digest", COORDINATOR, "/digest", COORDINATOR, "Daily"),
        say(
            "another concern",
            RESIDENT,
            "The rubbish at the Osmanthus gate has not been collected for three days",
            RESIDENT,
            "✅ Got it",
        ),
        wait("nobody assigns it", "2d", COORDINATOR, "Assignment was due"),
    ),
}


async def play(address: str, key: str, language: str, tell: Callable[[Step, str], None]) -> int:
    """Play every step in a language; 1 at the first that goes wrong."""
    async with aiohttp.ClientSession(address, cookies={KEY: key}) as phone:
        for step in TOURS[language]:
            problem = await played(phone, step)
            tell(step, problem)
            if problem:
                return 1
    return 0


async def played(phone: aiohttp.ClientSession, step: Step) -> str:
    """Do a step and look; what went wrong, or nothing."""
    before = await said(phone, step.sees)
    path = "/sim/clock" if step.what == "clock" else f"/sim/people/{step.who}/{step.what}"
    async with phone.post(path, json=step.body) as answer:
        if answer.status >= 400:
            return str((await answer.json())["error"])
    # Putting the clock forward returns only when everything said and due has been handled.
    async with phone.post("/sim/clock", json={"advance": "1s"}):
        pass
    new = await said(phone, step.sees) - before
    return "" if any(step.words in text for _, text in new) else f"nobody sees {step.words!r}"


async def said(phone: aiohttp.ClientSession, who: int) -> set[tuple[int, str]]:
    """What the bot has said to somebody, by message: what it changes is said anew."""
    async with phone.get(f"/sim/people/{who}/chat") as answer:
        messages = (await answer.json())["messages"]
    return {(message["message_id"], words_of(message)) for message in messages if not message["mine"]}


def words_of(message: dict[str, Any]) -> str:
    """A message's text and what its buttons say."""
    return " ".join([message["text"], *(f"[{button['label']}]" for row in message["buttons"] for button in row)])
