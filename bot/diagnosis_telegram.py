"""Telegram, as ``doctor`` asks it: the token, the machine's clock by the date of its answer, the webhook."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.config import Settings
from bot.findings import Finding, warned, wrong

LIMIT_SECONDS = 10.0
SLOW, WRONG = timedelta(seconds=5), timedelta(seconds=60)
"""A date has whole seconds, and an answer takes a moment."""
LATELY = timedelta(hours=1)


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
    except (httpx.HTTPError, ValueError) as error:
        return [wrong("telegram", f"cannot be reached ({type(error).__name__}): the network, or telegram.proxy")]
    return [*token(me), *clock(me, now), *webhook(settings, hook, now)]


Answer = tuple[int, dict[str, Any], str]


async def call(client: httpx.AsyncClient, settings: Settings, method: str) -> Answer:
    """The status, the answer and the date of a call."""
    address = f"{settings.telegram.bot_address}{settings.telegram.token.get_secret_value()}/{method}"
    answer = await client.get(address)
    found = answer.json()
    return answer.status_code, found if isinstance(found, dict) else {}, answer.headers.get("date", "")


def token(me: Answer) -> list[Finding]:
    """Whether Telegram knows it."""
    status, answer, _ = me
    if answer.get("ok"):
        return [Finding("token", f"is that of @{answer['result'].get('username', '')}")]
    return [wrong("token", f"is refused by Telegram ({status}): ask @BotFather for a valid one")]


def clock(me: Answer, now: datetime) -> list[Finding]:
    """Deadlines are counted by the machine's clock."""
    if not me[2]:
        return []
    off = abs(now - parsedate_to_datetime(me[2]).astimezone(UTC))
    if off > WRONG:
        return [wrong("clock", f"is {off.total_seconds():.0f} s off Telegram's: install chrony or systemd-timesyncd")]
    return [warned("clock", f"is {off.total_seconds():.0f} s off")] if off > SLOW else [Finding("clock", "is right")]


def webhook(settings: Settings, hook: Answer, now: datetime) -> list[Finding]:
    """Whether Telegram delivers where we listen."""
    if not hook[1].get("ok"):
        return []
    info: dict[str, Any] = hook[1]["result"]
    url, waiting = str(info.get("url", "")), int(info.get("pending_update_count", 0))
    if settings.telegram.mode == "polling":
        return (
            [wrong("webhook", "one is set although the bot polls: start the bot, which takes it away")] if url else []
        )
    wanted = settings.webhook.url.rstrip("/") + settings.webhook.path
    if url != wanted:
        return [wrong("webhook", f"Telegram delivers elsewhere than to {wanted}: restart the bot")]
    failed = datetime.fromtimestamp(int(info.get("last_error_date", 0)), UTC)
    if now - failed < LATELY:
        return [
            warned("webhook", f"Telegram could not deliver at {failed:%H:%M}Z; {waiting} wait: the server in front")
        ]
    return [Finding("webhook", f"{wanted}, {waiting} waiting")]
