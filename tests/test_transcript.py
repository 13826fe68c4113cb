"""What the demo's page saves, played against the real bot, says the same again: in groups, and two of one name."""

from pathlib import Path

from bot.prologue import WEEKS
from simulator.replay import Replay
from tests.stage import MONDAY, Stage, stage
from tests.test_conversations import play

DONE = (
    "phone 王芳~2 en",
    "supergroup 邻里群 of 王芳, 王芳~2",
    "add-bot 王芳 in 邻里群",
    "王芳 in 邻里群: 3号楼门口路灯坏了两天",
    "王芳~2: /start",
    "王芳~2 forwards user 王芳: 3号楼门口路灯坏了两天",
    "王芳~2 re: [photo spoiler]",
    "王芳 forwards channel 城北通知: 明天上午停水,请提前接水",
    "block 王芳~2",
)


async def lived(town: Stage) -> str:
    """The sample place with these things done in it, as the page saves it."""
    await town.live(MONDAY)
    for line in DONE:
        Replay(town.world).act(line)
        await town.settle()
    return town.world.transcript(MONDAY.tzinfo)


async def test_what_was_saved_says_the_same_again(tmp_path: Path) -> None:
    """Planted faults: no `in 邻里群`, no `~2`: the lines cannot be done, or the bot hears another person or room."""
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    async with stage(tmp_path / "first", MONDAY - WEEKS) as town:
        saved = await lived(town)
    assert saved.startswith("town sample\nstart 2026-11-23 09:05:00\n")
    assert [line for line in saved.splitlines() if line in DONE] == list(DONE)
    assert ">> 王芳~2: ✅" in saved
    path = tmp_path / "saved.chat"
    path.write_text(saved, encoding="utf-8")
    await play(path, tmp_path / "second", accept=False)
