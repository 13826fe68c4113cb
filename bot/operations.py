"""The operator's commands as the bot does them, running or not: outbox, quarantine, backup.

What is shown never holds what people wrote, nor Telegram's errors in full: those may quote it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from bot import backups, quarantine
from bot.config import ConfigError, Settings
from bot.health import Ready
from bot.kept_words import KeptWords
from bot.turns import Turns
from storage.operations import SetAside, Unsent

Arguments = Mapping[str, Any]
Work = Callable[[Arguments], Awaitable[dict[str, Any]]]

_QUOTED = re.compile(r"[\"'“‘«].*|[^\x20-\x7e].*", re.DOTALL)
LONGEST_ERROR = 60


class Operations:
    """Each takes plain arguments and answers with plain data. Raises ``ConfigError`` with a sentence."""

    def __init__(self, settings: Settings, turns: Turns, ready: Ready | None = None) -> None:
        self._settings = settings
        self._turns = turns
        self._database = turns.database
        self._ready = ready
        self._words = KeptWords(settings.data_folder)
        self.known: dict[str, Work] = {
            "outbox_show": self._outbox_show,
            "outbox_retry": self._outbox_retry,
            "quarantine_show": self._quarantine_show,
            "quarantine_retry": self._quarantine_retry,
            "quarantine_drop": self._quarantine_drop,
            "backup": self._backup,
            "health": self._health,
        }

    async def _outbox_show(self, _: Arguments) -> dict[str, Any]:
        found = await self._database.read(lambda unit: unit.operations.given_up())
        return {"lines": [self._line(row) for row in found]}

    def _line(self, row: Unsent) -> str:
        age = self._turns.clock.now() - row.created_at
        return (
            f"{row.id}  {row.kind}  {row.state}  {aged(age.total_seconds())}  {row.attempts} tries  {short(row.error)}"
        )

    async def _outbox_retry(self, arguments: Arguments) -> dict[str, Any]:
        now = self._turns.clock.now()
        rows = await self._database.read(lambda unit: [row.id for row in unit.operations.given_up()])
        wanted = rows if arguments["all"] else [int(row) for row in arguments["ids"]]
        if unknown := set(wanted) - set(rows):
            raise ConfigError(f"{min(unknown)} is no message that was given up: see `python -m bot outbox show`.")
        done = await self._database.run(lambda unit: unit.operations.revive(wanted, now))
        self._turns.wake()
        return {"done": len(done)}

    async def _quarantine_show(self, arguments: Arguments) -> dict[str, Any]:
        if code := arguments["code"]:
            codes = [code]
        else:
            codes = [row.code for row in await self._database.read(lambda unit: unit.intake.quarantined())]
        found = [await self._aside(code) for code in codes]
        return {
            "lines": [self._aside_line(aside) for aside in found],
            "raw": [quarantine.with_words(aside, self._words).raw for aside in found] if arguments["raw"] else [],
        }

    def _aside_line(self, aside: SetAside) -> str:
        found, kind = aside.found, kind_of(quarantine.with_words(aside, self._words).raw)
        age = aged((self._turns.clock.now() - found.at).total_seconds())
        where = quarantine.kept_where(aside, self._words)
        return f"{found.code}  update {found.update_id}  {kind}  {found.error}  {age}{where}"

    async def _aside(self, code: str) -> SetAside:
        found = await self._database.read(lambda unit: unit.operations.set_aside(code))
        if found is None:
            raise ConfigError(f"{code} is no code of an update in quarantine: see `python -m bot quarantine show`.")
        return found

    async def _quarantine_retry(self, arguments: Arguments) -> dict[str, Any]:
        code = arguments["code"]
        aside = quarantine.with_words(await self._aside(code), self._words)
        if not aside.raw:
            raise ConfigError(f"{code} cannot be handled, its words are lost: `python -m bot quarantine drop {code}`.")
        error = (await quarantine.retry(self._turns, aside)).error
        if not error:
            self._words.drop(code)
        return {"error": error}

    async def _quarantine_drop(self, arguments: Arguments) -> dict[str, Any]:
        aside = await self._aside(arguments["code"])
        await self._database.run(lambda unit: unit.operations.drop(aside))
        self._words.drop(aside.found.code)
        return {}

    async def _backup(self, arguments: Arguments) -> dict[str, Any]:
        try:
            if arguments["to"]:
                return await backups.make(self._settings, Path(arguments["to"]))
            return await backups.keep_up(self._settings, self._database, self._turns.clock)
        except backups.BackupFailed as error:
            raise ConfigError(f"no backup was made: {error}.") from None

    async def _health(self, _: Arguments) -> dict[str, Any]:
        checks = await self._ready() if self._ready else []
        return {"checks": [{"name": check.name, "ok": check.ok, "text": check.text} for check in checks]}


def kind_of(raw: str) -> str:
    """What an update is, by the first key besides its number; a word of Telegram's."""
    found = re.search(r'"(message|edited_message|callback_query|my_chat_member)":', raw)
    return found[1] if found else "other"


def short(error: str) -> str:
    """An error up to where it begins to quote."""
    return _QUOTED.sub("…", error)[:LONGEST_ERROR] or "-"


def aged(seconds: float) -> str:
    """An age as people say it."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
