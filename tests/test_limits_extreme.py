"""Every limit at its ends: refused in one sentence (``test_config.py``), or a concern works from end to end.

Without any limit what is said arrives whole all the same, in as many messages as Telegram needs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.people import Role
from tests.stage import Role_, Stage, act, stage
from tests.test_limits import SIGN

CAST = (Role_("王芳", Role.RESIDENT), Role_("李建国", Role.MEMBER, "城北社区"), Role_("陈静", Role.COORDINATOR))
WANG, LEE, CHEN = 1001, 1002, 1003

ENDS = {
    "none": {"CONCERN": "0", "NOTE": "0", "REPLY": "0", "ATTACHMENTS": "0", "FILE_BYTES": "0", "PACE": "[]"},
    "least": {
        "CONCERN": "50",
        "NOTE": "50",
        "REPLY": "50",
        "ATTACHMENTS": "1",
        "FILE_BYTES": "1",
        "PACE": '[{"count": 1, "within": "1s"}]',
    },
    "most": {
        "CONCERN": "4000",
        "NOTE": "4000",
        "REPLY": "4000",
        "ATTACHMENTS": "9" * 30,
        "FILE_BYTES": "20971520",
        "PACE": f'[{{"count": {"9" * 30}, "within": "1000d"}}]',
    },
}
AT_ONCE = {"YIXIAN_INTAKE__SETTLE": "0s", "YIXIAN_INTAKE__JOINING": "0s", "YIXIAN_INTAKE__RELAY_AFTER": "0s"}

DAY = """
王芳: 城北社区的路灯坏了三天 [photo]
clock +90s
陈静: [派给李建国]
李建国: [签收]
李建国 re 26-0001: 明天来看 [photo]
clock +20s
王芳 re 26-0001: 好的,谢谢,我在家等 [photo]
李建国: [更多]
李建国: [写备注]
李建国: 去过了
李建国: /visit 看望了城北社区的王奶奶
李建国: [办结]
李建国: [已解决]
李建国: 换了灯泡
王芳: [解决了,满意]
"""


@asynccontextmanager
async def town_with(folder: Path, end: str, more: dict[str, str]) -> AsyncIterator[Stage]:
    """A town with such limits; in the end nothing has gone wrong."""
    settings = {f"YIXIAN_LIMITS__{key}": value for key, value in ENDS[end].items()} | more
    async with stage(folder, settings=settings) as town:
        for part in CAST:
            await town.join(part)
        yield town
        assert await town.app.database.read(lambda unit: unit.intake.count_quarantined()) == 0
        ends = await town.app.database.read(lambda unit: unit.outbox.counts())
        assert ends.keys() <= {"sent", "expired", "withheld"}


@pytest.mark.parametrize("more", [{}, AT_ONCE], ids=["waiting", "at once"])
@pytest.mark.parametrize("end", ENDS)
async def test_a_concern_works_from_end_to_end(tmp_path: Path, end: str, more: dict[str, str]) -> None:
    """Planted fault: ``max()`` over an empty ``limits.pace``, and every concern is quarantined."""
    async with town_with(tmp_path, end, more) as town:
        for line in DAY.strip().splitlines():
            await act(town, line)
        case = await town.app.database.read(lambda unit: unit.cases.by_number("26-0001"))
        assert case is not None
        assert case.state == "closed"
        assert case.contacted_at is not None


LENGTHS = {"none": (4096, 48_000), "most": (4000, 8000)}
"""Units of one message, and of a reply."""


WORDS = (
    (LEE, WANG, ""),
    (WANG, LEE, ""),
    (LEE, CHEN, "李建国: [退回]"),
    (LEE, WANG, "陈静: [派给李建国] / 李建国: [签收] / 李建国: [请居民补充]"),
    (LEE, WANG, "李建国: [办结] / 李建国: [留作参考]"),
    (WANG, LEE, "王芳: [不能接受]"),
    (CHEN, WANG, "陈静: [维持结果]"),
    (CHEN, WANG, "王芳: /new 桂花社区的垃圾没人收 / clock +90s / 陈静: [不受理]"),
)
"""Who writes to whom, and what comes before: nothing before a reply."""


@pytest.mark.parametrize("sign", [SIGN, "😀", "&", "<"])
@pytest.mark.parametrize("end", LENGTHS)
async def test_what_is_said_arrives_whole_however_long(tmp_path: Path, end: str, sign: str) -> None:
    """Replies, questions, reasons, an answer, a verdict, a decision: every sign is on the other's phone."""
    once, reply = (length // (2 if sign == "😀" else 1) for length in LENGTHS[end])
    async with town_with(tmp_path, end, {}) as town:
        for line in DAY.strip().splitlines()[:4]:
            await act(town, line)
        for writer, reader, before in WORDS:
            for line in filter(None, before.split(" / ")):
                await act(town, line)
            await arrives(town, writer, reader, sign * (once if before else reply), reply=not before)


async def test_a_long_report_is_read_aloud_whole(tmp_path: Path) -> None:
    async with town_with(tmp_path, "most", {}) as town:
        for line in ("李建国: /behalf", "李建国: [个人]", "李建国: 王奶奶"):
            await act(town, line)
        town.world.send(LEE, {"text": SIGN * 4000})
        await town.settle()
        read = [m["text"] for m in town.world.messages(LEE) if "请念给对方听" in m["text"]]
        assert sum(words.count(SIGN) for words in read[:-1]) == 4000
        assert "还没提交" in read[-1]


async def arrives(town: Stage, writer: int, reader: int, text: str, reply: bool) -> None:
    """Somebody writes that; the other one has all of it."""
    newest = town.world.last(reader)
    assert newest is not None
    mine = [m["message_id"] for m in town.world.messages(writer) if "26-0001" in m["text"] and not m["mine"]]
    town.world.send(writer, {"text": text}, reply_to=mine[-1] if reply else None)
    await town.settle()
    await act(town, "clock +20s")
    new = [m["text"] for m in town.world.messages(reader) if m["message_id"] > newest["message_id"] and not m["mine"]]
    assert sum(words.count(text[0]) for words in new) >= len(text)
