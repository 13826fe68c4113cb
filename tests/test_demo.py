"""The demo's town: made by playing the bot, with a case in every situation the bot knows, on any day of the year."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.prologue import LANGUAGES, SITUATIONS, WEEKS, missing
from bot.town import opening
from tests.stage import MONDAY, SHANGHAI, stage

DAYS = {
    "an ordinary Monday": MONDAY,
    "after the Spring Festival": datetime(2026, 2, 25, 9, 0, tzinfo=SHANGHAI),
    "after the National Day": datetime(2026, 10, 9, 9, 0, tzinfo=SHANGHAI),
    "the first days of a year": datetime(2026, 1, 6, 9, 0, tzinfo=SHANGHAI),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
async def test_every_situation_is_there(day: datetime, language: str, tmp_path: Path) -> None:
    async with stage(tmp_path, day - WEEKS) as town:
        opens = opening(town.app.settings, day)
        await town.live(opens, language)
        now = town.clock.now()
        assert now - opens < timedelta(seconds=1)
        assert await town.app.database.read(partial(missing, charter=town.app.charter, now=now)) == []
        assert not town.world.messages(1001), "the tour's resident has not written yet"


async def test_nothing_is_there_before_anybody_did_anything(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        absent = await town.app.database.read(partial(missing, charter=town.app.charter, now=town.clock.now()))
    assert absent == [*SITUATIONS, "telephone task"]
