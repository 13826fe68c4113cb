"""An update from quarantine once more, as if it had just arrived: its row leaves with the commit of its turn."""

import json
from dataclasses import dataclass, replace

from telegram import Update

from bot.kept_words import KeptWords
from bot.turns import Turns
from bot.understanding import understand
from storage.operations import SetAside
from storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of it: handled, or the error's name."""

    error: str = ""


def with_words(aside: SetAside, words: KeptWords) -> SetAside:
    """With its words from the file, where the database did not take them."""
    return aside if aside.raw else replace(aside, raw=words.read(aside.found.code))


def kept_where(aside: SetAside, words: KeptWords) -> str:
    """Said behind an update whose words are not in the database."""
    if aside.raw:
        return ""
    path = words.path(aside.found.code)
    return f", its words in {path}" if path.exists() else ", its words lost"


async def retry(turns: Turns, aside: SetAside) -> Retried:
    """Try again. Where it fails nothing has changed but the row's error and date, and nobody is told a second time.

    Whether an update was seen, its place in quarantine and what its turn does are one transaction: it is handled once
    or not at all, also where the program is killed in the middle.
    """
    now = turns.clock.now()
    try:
        update = Update.de_json(json.loads(aside.raw), None)
        incoming = understand(update, now)

        def again(unit: Unit) -> None:
            unit.operations.drop(aside)
            if incoming is not None:
                unit.operations.unsee(turns.bot, aside.found.update_id)
                turns.turn(incoming, unit)

        await turns.database.run(again)
    except Exception as error:
        why = type(error).__name__
        await turns.database.run(lambda unit: unit.operations.failed_again(aside, why, now))
        return Retried(why)
    turns.wake()
    return Retried()
