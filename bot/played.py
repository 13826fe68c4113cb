"""A town whose story has been told, kept so that another life can begin from there: nobody waits for a play twice."""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.clock import MovableClock
from bot.town import Links, Town, opening
from handlers import operator
from simulator.world import World
from storage import backup


@dataclass(frozen=True, slots=True)
class Played:
    """A world and its bot's database at one moment; ``links`` invitations were given.

    ``opens`` is the morning (UTC) on which the story ends.
    """

    world: World
    database: Path
    at: datetime
    opens: datetime
    links: int

    def begin(self) -> tuple[World, MovableClock, Links]:
        """The world once more, its clock at that moment, and the invitations not given yet."""
        clock = MovableClock(self.at)
        return self.world.once_more(clock.now), clock, Links(self.links)

    async def lay_down(self, database: Path) -> None:
        """The bot's database as it was, at a place of its own."""
        await asyncio.to_thread(shutil.copyfile, self.database, database)


async def keep(town: Town, database: Path, now: datetime) -> Played:
    """The town as it is before it is awake; its database is that of a bot that was stopped politely."""
    file = town.app.settings.database_file
    if file is None:
        raise ValueError("a town's database is a file")
    await town.app.database.run(operator.stopped)
    await asyncio.to_thread(backup.copy, file, database)
    await town.app.database.run(operator.started)
    at = town.clock.now()
    world = town.world.once_more(MovableClock(at).now)
    return Played(world, database, at, opening(town.app.settings, now), town.links.given)
