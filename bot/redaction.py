"""Takes what is secret out of a text before anybody reads it: bot tokens, and passwords within addresses."""

import re
from collections.abc import Iterable

HIDDEN = "***"

# `bot<digits>:<secret>` as it stands in addresses (the colon may be escaped), and a token on its own.
_TOKEN = re.compile(r"(?<=bot)\d+(?::|%3[Aa])[A-Za-z0-9_-]+|\b\d{5,}(?::|%3[Aa])[A-Za-z0-9_-]{16,}")
_PASSWORD = re.compile(r"(?<=://)[^/\s@'\"]+(?=@)")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without anything that looks like a token or a password in an address, nor any of ``secrets``."""
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    return _PASSWORD.sub(HIDDEN, _TOKEN.sub(HIDDEN, text))
