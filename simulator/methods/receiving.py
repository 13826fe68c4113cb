"""Who the bot is and how it gets its updates; the waiting itself is the server's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from simulator.methods.registry import Call, method
from simulator.refusals import Json, bad_request, conflict

_PORTS = (80, 88, 443, 8443)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


@method("getMe")
def get_me(call: Call) -> Json:
    """The bot itself."""
    reads_all = not call.world.privacy_mode
    return {
        **call.world.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": reads_all,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@method("getUpdates")
def get_updates(call: Call) -> list[Json]:
    """The next updates, at once."""
    if call.world.webhook["url"]:
        raise conflict(WEBHOOK_ACTIVE)
    _allow(call)
    limit = call.integer("limit", 100)
    return call.world.queue.take(call.integer("offset"), limit if 0 < limit <= 100 else 100)


def _allow(call: Call) -> None:
    """Takes note of `allowed_updates`; an empty list means the default, no list leaves it as it was."""
    allowed = call.tree("allowed_updates")
    if isinstance(allowed, list):
        call.world.queue.allowed = frozenset(allowed) or None


@method("setWebhook")
def set_webhook(call: Call) -> bool:
    """Updates go to an address from now on."""
    url, secret = call.word("url"), call.word("secret_token")
    if not url:
        _forget(call)
        return True
    _refuse_address(url, own_server=call.world.own_server)
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _allow(call)
    if call.flag("drop_pending_updates"):
        call.world.queue.drop()
    call.world.webhook = {
        "url": url, "secret_token": secret, "max_connections": call.integer("max_connections", 40),
    }  # fmt: skip
    call.world.emit("webhook", url=url)
    return True


def _refuse_address(url: str, *, own_server: bool) -> None:
    """One's own Bot API server calls plain HTTP too, and any port. A name that ends in .invalid is known nowhere."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (own_server and parts.scheme == "http"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.hostname or "").endswith(".invalid"):
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known")
    if not own_server and (parts.port or 443) not in _PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _forget(call: Call) -> None:
    if call.flag("drop_pending_updates"):
        call.world.queue.drop()
    call.world.webhook = {"url": ""}
    call.world.emit("webhook", url="")


@method("deleteWebhook")
def delete_webhook(call: Call) -> bool:
    """Back to getUpdates."""
    _forget(call)
    return True


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    """How the webhook does."""
    known = {name: value for name, value in call.world.webhook.items() if name != "secret_token"}
    info: Json = {**known, "has_custom_certificate": False, "pending_update_count": len(call.world.queue)}
    if call.world.queue.allowed is not None:
        info["allowed_updates"] = sorted(call.world.queue.allowed)
    return info


@method("logOut", "close")
def close(_: Call) -> bool:
    """Nothing to do here."""
    return True
