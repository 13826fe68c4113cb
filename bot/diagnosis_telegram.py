"""Telegram, as ``doctor`` asks it: whether it is one, the token, the machine's clock by the date of its answer."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from bot.config import Settings
from bot.diagnosis_webhook import delivering
from bot.findings import Finding, warned, wrong
from bot.request import is_telegrams, no_bot_api, parsed

LIMIT_SECONDS = 10.0
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
"""What a token gets that is none, or no more."""
SLOW, WRONG = timedelta(seconds=5), timedelta(seconds=60)
"""A date has whole seconds, and an answer takes a moment."""


async def telegram(settings: Settings, now: datetime) -> list[Finding]:
    """What Telegram says of the bot."""
    if not settings.telegram.token.get_secret_value():
        return [
            warned("token", "none given here, so Telegram was not asked: run doctor with the service's environment")
        ]
    limits = {"timeout": LIMIT_SECONDS, "proxy": settings.telegram.proxy or None, "trust_env": False}
    try:
        async with httpx.AsyncClient(**limits) as client:  # type: ignore[arg-type]
            me = await call(client, settings, "getMe")
            hook = await call(client, settings, "getWebhookInfo")
    except httpx.HTTPError as error:
        return [wrong("telegram", f"cannot be reached ({type(error).__name__}): the network, or telegram.proxy")]
    if not is_telegrams("getMe", *me[:2]):
        return [wrong("telegram", str(no_bot_api(settings.telegram, f"HTTP {me[0]}")).removesuffix("."))]
    info = hook[1].get("result")
    return [*token(me), *clock(me, now), *(delivering(settings, info, now) if isinstance(info, dict) else ())]


Answer = tuple[int, dict[str, Any], str]


async def call(client: httpx.AsyncClient, settings: Settings, method: str) -> Answer:
    """The status, the answer and the date of a call."""
    address = f"{settings.telegram.bot_address}{settings.telegram.token.get_secret_value()}/{method}"
    answer = await client.get(address)
    found = parsed(answer.content)
    return answer.status_code, found if isinstance(found, dict) else {}, answer.headers.get("date", "")


def token(me: Answer) -> list[Finding]:
    """Whether Telegram knows it."""
    status, answer, _ = me
    if answer.get("ok"):
        return [Finding("token", f"is that of @{answer['result'].get('username', '')}")]
    if status not in REFUSED:
        return [wrong("telegram", f"does not answer well (HTTP {status}): it is tried again by itself")]
    return [wrong("token", f"is refused by Telegram ({status}): ask @BotFather for a valid one")]


def clock(me: Answer, now: datetime) -> list[Finding]:
    """Deadlines are counted by the machine's clock."""
    if not me[2]:
        return []
    off = abs(now - parsedate_to_datetime(me[2]).astimezone(UTC))
    if off > WRONG:
        return [wrong("clock", f"is {off.total_seconds():.0f} s off Telegram's: install chrony or systemd-timesyncd")]
    return [warned("clock", f"is {off.total_seconds():.0f} s off")] if off > SLOW else [Finding("clock", "is right")]
