"""What Telegram says when it refuses a call: the code, the words and the parameters of the answer."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PREFIXES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}


class Refused(Exception):
    """A call Telegram would not carry out; `code` is the HTTP status as well."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def answer(self) -> Json:
        """The JSON object that Telegram would send."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


class Impossible(Exception):
    """What a person cannot do on their phone: press a button that is not there, write to a bot they blocked."""


def bad_request(reason: str) -> Refused:
    """400: the call itself is wrong."""
    return Refused(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refused:
    """403: the call is right, but the bot may not."""
    return Refused(403, f"Forbidden: {reason}")


def conflict(reason: str) -> Refused:
    """409: two receivers of updates at once."""
    return Refused(409, f"Conflict: {reason}")


def too_many_requests(seconds: int) -> Refused:
    """429: wait `seconds`, then try again."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def upgraded(chat_id: int) -> Refused:
    """400: the group has become the supergroup `chat_id`."""
    reason = "Bad Request: group chat was upgraded to a supergroup chat"
    return Refused(400, reason, {"migrate_to_chat_id": chat_id})


def query_too_old() -> Refused:
    """400: a button press that can no longer be answered."""
    return bad_request("query is too old and response timeout expired or query ID is invalid")


def not_modified() -> Refused:
    """400: an edit that would change nothing."""
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
