"""Which settings go together: checks that need more than one of them.

Each yields a key, its value, and what is wrong, a phrase that completes "KEY is VALUE, but".
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.config_errors import mismatch
from bot.config_sections import TELEGRAM, TELEGRAM_FILE_BYTES, Webhook
from domain.calendar import Span

if TYPE_CHECKING:
    from bot.config import Settings

Problems = Iterator[tuple[str, object, str]]
WEBHOOK_PORTS = (443, 80, 88, 8443)
"""The ports Telegram calls (Bot API, setWebhook)."""


def check(settings: "Settings") -> None:
    """Raises the first problem for pydantic to report."""
    for found in (_transport, _own_server, _times, _deadlines, _unique, _references):
        for problem in found(settings):
            raise mismatch(*problem)


def _transport(settings: "Settings") -> Problems:
    telegram, webhook = settings.telegram, settings.webhook
    if telegram.mode != "webhook":
        return
    if not webhook.secret.get_secret_value():
        yield "webhook.secret", "", "telegram.mode is webhook, so anyone could pretend to be Telegram: set a secret"
    if telegram.base_url == TELEGRAM and not webhook.url.startswith("https://"):
        yield "webhook.url", webhook.url, "it must begin with https://, for Telegram calls no other address"
    if telegram.base_url == TELEGRAM and (urlsplit(webhook.url).port or 443) not in WEBHOOK_PORTS:
        yield "webhook.url", webhook.url, f"its port must be one of {', '.join(map(str, WEBHOOK_PORTS))}"
    if not webhook.url:
        yield "webhook.url", "", "telegram.mode is webhook: set the whole address that your own server calls"
    parts = urlsplit(webhook.address)
    if not webhook.address.endswith(webhook.path) or parts.query or parts.fragment:
        yield "webhook.url", webhook.url, _not_the_whole_address(webhook)


def _not_the_whole_address(webhook: Webhook) -> str:
    """The remedy is the address Telegram was told before ``webhook.url`` had to be all of it."""
    parts = urlsplit(webhook.url)
    whole = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return (
        f"it must be the whole address Telegram calls and end in webhook.path, {webhook.path}: "
        f"set it to {whole if whole.endswith(webhook.path) else whole + webhook.path}, or change webhook.path"
    )


def _own_server(settings: "Settings") -> Problems:
    telegram, most = settings.telegram, settings.limits.file_bytes
    if telegram.local_mode and telegram.base_url == TELEGRAM:
        yield "telegram.local_mode", True, "only a Bot API server of your own has that: set telegram.base_url to it"
    if most > TELEGRAM_FILE_BYTES and not telegram.local_mode:
        yield "limits.file_bytes", most, f"it must be at most {TELEGRAM_FILE_BYTES} without telegram.local_mode"


def _times(settings: "Settings") -> Problems:
    telegram, calendar, sender = settings.telegram, settings.calendar, settings.sender
    if calendar.opens >= calendar.closes:
        yield "calendar.opens", f"{calendar.opens:%H:%M}", f"it must be before {calendar.closes:%H:%M}, calendar.closes"
    if telegram.connect_timeout > telegram.timeout:
        limit = f"it must not be longer than telegram.timeout, {telegram.timeout.total_seconds():g} s"
        yield "telegram.connect_timeout", f"{telegram.connect_timeout.total_seconds():g} s", limit
    if sender.first_wait > sender.longest_wait:
        limit = f"it must not be longer than sender.longest_wait, {sender.longest_wait.total_seconds():g} s"
        yield "sender.first_wait", f"{sender.first_wait.total_seconds():g} s", limit


def _deadlines(settings: "Settings") -> Problems:
    deadlines = settings.deadlines
    if not _ascending((deadlines.verdict_reminder, deadlines.verdict)):
        yield "deadlines.verdict_reminder", str(deadlines.verdict_reminder), "it must come before deadlines.verdict"
    if not _ascending((*deadlines.info_nudges, deadlines.info_lapses)):
        nudges = [str(nudge) for nudge in deadlines.info_nudges]
        yield "deadlines.info_nudges", nudges, "they must grow, and end before deadlines.info_lapses"
    if not _ascending(deadlines.look_back):
        yield "deadlines.look_back", [str(when) for when in deadlines.look_back], "they must grow"


def _ascending(spans: Sequence[Span]) -> bool:
    """Whether each is longer than the one before; spans in different units cannot be compared and pass."""
    return all(one.unit != after.unit or one.amount < after.amount for one, after in pairwise(spans))


def _unique(settings: "Settings") -> Problems:
    lists: dict[str, Iterable[Hashable]] = {
        "group.languages": settings.group.languages,
        "communities": [entry.code for entry in settings.communities],
        "sectors": [entry.code for entry in settings.sectors],
        "categories": [entry.code for entry in settings.categories],
        "roster.coordinators": [entry.id for entry in settings.roster.coordinators],
    }
    for key, entries in lists.items():
        seen: set[Hashable] = set()
        for entry in entries:
            if entry in seen:
                yield key, f"a list with {entry} in it twice", "each may be given once"
            seen.add(entry)


def _references(settings: "Settings") -> Problems:
    known = {category.code for category in settings.categories}
    for sector in settings.sectors:
        if missing := set(sector.categories) - known:
            yield f"sectors.{sector.code}.categories", min(missing), "there is no such category in [[categories]]"
