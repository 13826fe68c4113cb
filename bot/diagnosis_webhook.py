"""The webhook, as ``doctor`` looks at it: what Telegram says of it, and who answers at the address Telegram calls.

The address is called without the secret, which our own program refuses (403, with its sign), and then with the secret
but no update, which it refuses in another way (415). So nothing reaches a turn, and the secret goes only to where this
program has answered.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot import control
from bot.config import Settings
from bot.config_errors import config_error
from bot.config_sections import Webhook
from bot.findings import Finding, warned, wrong
from bot.signs import NOTHING_HERE, SECRET_HEADER, SIGN_HEADER, WEBHOOK

LIMIT_SECONDS = 10.0
LATELY = timedelta(hours=1)
MANY_WAITING = 100
"""Updates; where the bot takes them, hardly any wait."""
NOBODY_BEHIND = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
"""What a server in front says where nobody answers behind it."""
KEPT_OUT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)
SUBJECT = "webhook"


def delivering(settings: Settings, info: dict[str, Any], now: datetime) -> list[Finding]:
    """What Telegram says by ``getWebhookInfo``, compared with the configuration."""
    url, waiting = str(info.get("url", "")), int(info.get("pending_update_count", 0))
    if settings.telegram.mode == "polling":
        remedy = "start the bot, which takes it away"
        return [wrong(SUBJECT, f"one is set although the bot polls: {remedy}")] if url else []
    address = settings.webhook.address
    if url != address:
        where = f"to {url}" if url else "nowhere"
        return [wrong(SUBJECT, f"Telegram delivers {where} and not to {address}: restart the bot")]
    failed = datetime.fromtimestamp(int(info.get("last_error_date", 0)), UTC)
    if now - failed < LATELY:
        why = info.get("last_error_message") or "it does not say why"
        return [warned(SUBJECT, f"Telegram could not deliver at {failed:%H:%M}Z ({why}); {waiting} wait")]
    if waiting > MANY_WAITING:
        return [warned(SUBJECT, f"{waiting} updates wait at Telegram: see in the bot's log what keeps it")]
    return [Finding(SUBJECT, f"Telegram delivers to {address}, {waiting} waiting")]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of the address was answered; ``location`` is where a redirect leads."""

    status: int
    sign: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at the address, and what to do; ``silent``: as it is too where no bot runs."""

    because: str
    silent: bool = False


async def answering(settings: Settings) -> Finding:
    """Whether this bot answers at its public address."""
    webhook = settings.webhook
    found = await asked(webhook)
    if found is None:
        return Finding(SUBJECT, f"this bot answers at {webhook.address}, and asks for the secret")
    if found.silent and not control.held(settings.data_folder):
        return warned(
            SUBJECT,
            f"nobody answers at {webhook.address} for the bot, which does not run here: start it, then look again",
        )
    return wrong(SUBJECT, str(config_error("webhook.url", webhook.address, found.because)).removesuffix("."))


async def asked(webhook: Webhook) -> Problem | None:
    """Call the address twice; None where all is well."""
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    limits = aiohttp.ClientTimeout(total=LIMIT_SECONDS)
    try:
        async with aiohttp.ClientSession(connector=connector, timeout=limits) as client:
            stranger = await posted(client, webhook.address)
            if stranger.sign != WEBHOOK:
                return of_another(webhook, stranger)
            known = await posted(client, webhook.address, webhook.secret.get_secret_value())
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return of_no_answer(webhook, error)
    if (stranger.status, known.status) == (HTTPStatus.FORBIDDEN, HTTPStatus.UNSUPPORTED_MEDIA_TYPE):
        return None
    return Problem("this program answers there with another webhook.secret than this one: restart the bot")


async def posted(client: aiohttp.ClientSession, address: str, secret: str = "") -> Answer:
    """The answer to something that is no update, from a stranger or with the secret."""
    headers = {"Content-Type": "text/plain", **({SECRET_HEADER: secret} if secret else {})}
    async with client.post(address, headers=headers, data=b"", allow_redirects=False) as answer:
        given = answer.headers
        return Answer(answer.status, given.get(SIGN_HEADER, ""), given.get("location", ""))


def of_another(webhook: Webhook, answer: Answer) -> Problem:
    """Somebody else answers there, or this program where it has no webhook."""
    said = f"HTTP {answer.status}"
    behind = f"http://{webhook.listen}:{webhook.port}"
    if answer.sign == NOTHING_HERE:
        return Problem(
            f"this program is asked for another path there ({said}): let the server in front hand "
            f"{webhook.path} on as it is, and restart the bot if webhook.path is new"
        )
    if answer.status in range(300, 400):
        return Problem(
            f"it redirects to {answer.location or 'nowhere'}, and Telegram follows nobody ({said}): "
            "set webhook.url to where the bot is, or take the redirect off"
        )
    if answer.status in NOBODY_BEHIND:
        return Problem(
            f"the server in front does not reach the bot ({said}): let it hand {webhook.path} on to {behind}", True
        )
    if answer.status in KEPT_OUT:
        return Problem(f"something in front of the bot turns callers away ({said}): let Telegram pass on this path")
    return Problem(
        f"another server answers there ({said}): let it hand {webhook.path} on to {behind}, as deploy/nginx.conf does"
    )


def of_no_answer(webhook: Webhook, error: Exception) -> Problem:
    """Nobody answers there; the most special kind of error first."""
    parts = urlsplit(webhook.address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    match error:
        case TimeoutError():
            return Problem(f"there is no answer within {LIMIT_SECONDS:.0f} s: open port {port} to the outside")
        case aiohttp.ClientConnectorDNSError():
            return Problem(f"the name {parts.hostname} is not known: make its A or AAAA record, or set another address")
        case aiohttp.ClientConnectorCertificateError():
            why = getattr(error.certificate_error, "verify_message", "") or "not to be trusted"
            return Problem(
                f"its certificate is not accepted ({why}): "
                f"give the server in front one for {parts.hostname}, with the whole chain"
            )
        case aiohttp.ClientSSLError():
            return Problem(f"no TLS is spoken there: let the server in front listen with TLS on port {port}")
        case aiohttp.ClientConnectorError():
            why = error.os_error.strerror or "unreachable"
            return Problem(
                f"no connection can be made ({why}): start the server in front, and open port {port} to the outside",
                True,
            )
    return Problem(f"the connection breaks off ({type(error).__name__}): look what listens on port {port}", True)
