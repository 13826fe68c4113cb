"""Links for staff and the first coordinators, as the operator gives them."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from secrets import token_urlsafe
from typing import Any

from telegram import Bot
from telegram.error import TelegramError

from bot.clock import Clock
from bot.config import ConfigError, Settings
from bot.request import NotTelegram, build_request, no_bot_api
from domain.charter import Charter
from domain.people import Role
from handlers.roster import create_invite, ensure_coordinator
from storage.database import Database
from storage.owner import BOT_USERNAME
from storage.unit import Unit

SECRET_BYTES = 16
"""128 bits."""


def invite_someone(unit: Unit, charter: Charter, arguments: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A link's payload, and the bot's username where it is known."""
    communities = tuple(community_code(charter, name) for name in arguments["communities"])
    sector = sector_code(charter, arguments["sector"])
    name = str(arguments["name"]).strip()
    if not name:
        raise ConfigError("--name is empty; it must be the person's name.")
    payload = create_invite(
        unit,
        charter,
        role=Role(arguments["role"]),
        name=name,
        communities=communities,
        sector=sector,
        inviter=None,
        now=now,
        secret=token_urlsafe(SECRET_BYTES),
    )
    return {"payload": payload, "username": unit.settings.get(BOT_USERNAME)}


def community_code(charter: Charter, name: str) -> str:
    """A community by its code or its name in any language. Raises ``ConfigError`` naming what there is."""
    found = [c.code for c in charter.communities if name == c.code or name in c.names.values()]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{c.code} ({next(iter(c.names.values()))})" for c in charter.communities) or "none yet"
    raise ConfigError(f"--community is {name}; it must be one of [[communities]] in config.toml: {known}.")


def sector_code(charter: Charter, name: str) -> str | None:
    """A sector by its code or its name. Raises ``ConfigError`` naming what there is."""
    found = [s.code for s in charter.sectors if name == s.code or name in s.names.values()]
    if not name:
        return None
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{s.code} ({next(iter(s.names.values()))})" for s in charter.sectors) or "none yet"
    raise ConfigError(f"--sector is {name}; it must be one of [[sectors]] in config.toml: {known}.")


async def link(settings: Settings, answer: Mapping[str, Any]) -> str:
    """The whole address; the bot's username from the config, from the last run, or from Telegram."""
    username = settings.telegram.username or answer.get("username") or await asked_username(settings)
    return f"https://t.me/{username}?start={answer['payload']}"


async def asked_username(settings: Settings) -> str:
    """The bot's username by getMe. Raises ``ConfigError`` where Telegram cannot be asked."""
    telegram = settings.telegram
    bot = Bot(
        settings.required_token(),
        base_url=telegram.bot_address,
        base_file_url=telegram.file_address,
        request=build_request(telegram),
        get_updates_request=build_request(telegram),
    )
    try:
        async with bot:
            return bot.username
    except NotTelegram as error:
        raise no_bot_api(telegram, error.message) from None
    except TelegramError as error:
        raise ConfigError(
            f"telegram.username is empty, and Telegram could not be asked ({type(error).__name__}): "
            "set it in config.toml."
        ) from None


async def name_coordinators(database: Database, settings: Settings, clock: Clock) -> None:
    """The coordinators of the config need no link."""
    year = clock.now().year
    charter = settings.charter(range(year - 1, year + 3))
    for person in settings.roster.coordinators:
        await database.run(
            partial(ensure_coordinator, charter=charter, chat_id=person.id, name=person.name, now=clock.now())
        )
