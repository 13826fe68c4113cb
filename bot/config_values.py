"""How values are written in config.toml: durations, deadlines, times of day, names, codes and addresses.

Every reader raises ValueError with *what is allowed* as its text, a phrase that follows "it must be".
"""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, PlainValidator, SecretStr

from domain.calendar import Span

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST = timedelta(days=1000)
"""No deadline and no duration is longer; a working calendar looks about eleven years ahead and no further."""

LEAST_LIMIT, MOST_LIMIT = 50, 4000
"""Of texts, in UTF-16 units: less is no sentence, and Telegram takes 4,096."""

_DURATION = "a whole number and s, m, h or d, as in 90s, 10m or 24h"
_TERM = "a whole number and s, m, h, d, wh (working hours) or wd (working days), as in 2wh, 1wd or 7d"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "wh": "hours", "wd": "days"}
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


def _span(value: Any, allowed: str) -> Span:
    try:
        span = value if isinstance(value, Span) else Span.parse(value)
    except (TypeError, ValueError):
        raise ValueError(allowed) from None
    if timedelta(**{_UNITS[span.unit]: span.amount}) > LONGEST:
        raise ValueError(f"at most {LONGEST.days} days")
    return span


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    span = _span(value, _DURATION)
    if span.working:
        raise ValueError(_DURATION)
    return timedelta(**{_UNITS[span.unit]: span.amount})


def _some_time(value: Any) -> timedelta:
    duration = _duration(value)
    if not duration:
        raise ValueError("more than 0: " + _DURATION)
    return duration


def _term(value: Any) -> Span:
    span = _span(value, _TERM)
    if not span.amount:
        raise ValueError("more than 0: " + _TERM)
    return span


def _time_of_day(value: Any) -> time:
    try:
        found = value if isinstance(value, time) else time.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError('a time of day in quotes, as in "08:30"') from None
    if found.tzinfo:
        raise ValueError("a local time without a time zone, as in 08:30")
    return found


def _weekday(value: Any) -> int:
    if value in range(7):
        return int(value)
    if str(value).lower() not in WEEKDAYS:
        raise ValueError(f"one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(str(value).lower())


def _names(value: Any) -> dict[str, str]:
    names = {"zh": value} if isinstance(value, str) else value
    texts = (*names.keys(), *names.values()) if isinstance(names, Mapping) else ("",)
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError('a name in quotes, or one for each language, as in { zh = "一线", en = "Yixian" }')
    return {language: name.strip() for language, name in names.items()}


def _limit(value: int) -> int:
    if value and not LEAST_LIMIT <= value <= MOST_LIMIT:
        raise ValueError(f"0 for no limit, or from {LEAST_LIMIT} to {MOST_LIMIT}")
    return value


def like(pattern: str, allowed: str) -> PlainValidator:
    """Text that matches the whole of a pattern; ``allowed`` says it in words."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(allowed)
        return value

    return PlainValidator(read)


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(value).key
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("the name of a time zone, as in Asia/Shanghai or Europe/Berlin") from None


def _secret(value: Any, pattern: re.Pattern[str], allowed: str) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or (text and not pattern.fullmatch(text)):
        raise ValueError(allowed)
    return SecretStr(text)


def token(value: Any) -> SecretStr:
    """A bot's token, or nothing; ValueError never holds it."""
    return _secret(value, _TOKEN, "what @BotFather gave you: digits, a colon and a secret")


def _webhook_secret(value: Any) -> SecretStr:
    return _secret(value, _WEBHOOK_SECRET, "16 to 256 of the characters A-Z, a-z, 0-9, _ and -")


def _parts(value: Any) -> SplitResult:
    """An address taken apart; ValueError (whose text does not matter) for what is none."""
    if not isinstance(value, str) or value != value.strip():
        raise ValueError
    parts = urlsplit(value)
    if not parts.hostname or (parts.port is not None and not parts.port):
        raise ValueError
    return parts


def _host_address(value: Any) -> str:
    allowed = "http:// or https://, a host and if need be a port, and nothing after it, as in https://api.telegram.org"
    try:
        parts = _parts(value)
    except ValueError:
        raise ValueError(allowed) from None
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("http", "https") or extra:
        raise ValueError(allowed)
    return f"{parts.scheme}://{parts.netloc}"


def _web_address(value: Any) -> str:
    try:
        known = value == "" or (_parts(value).scheme in ("http", "https") and not re.search(r"\s", value))
    except ValueError:
        known = False
    if not known:
        raise ValueError("empty or an address that begins with http:// or https://")
    return str(value)


def _proxy(value: Any) -> str:
    try:
        known = value == "" or _parts(value).scheme in ("http", "socks5", "socks5h")
    except ValueError:
        known = False
    if not known:
        raise ValueError("empty, or an address such as http://127.0.0.1:3128 or socks5://127.0.0.1:1080")
    return str(value)


def _database(value: Any) -> str:
    allowed = "sqlite:///FILE or postgresql+psycopg://HOST/DATABASE"
    if not isinstance(value, str) or not (is_postgresql(value) or value.startswith("sqlite:")):
        raise ValueError(allowed)
    return value


def is_postgresql(url: str) -> bool:
    """Whether an address names a database on PostgreSQL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "postgresql+psycopg" and len(parts.path) > 1


def password_in(url: str) -> str:
    """The password within a database's address, as it stands there; empty where there is none."""
    return urlsplit(url).password or ""


def database_at(url: str, folder: Path) -> str:
    """The database's address with a relative SQLite file taken as relative to ``folder``."""
    scheme, found, file = url.partition(":///")
    if scheme != "sqlite" or not found or file in ("", ":memory:"):
        return url
    return f"{scheme}:///{folder / file}"


TextLimit = Annotated[int, AfterValidator(_limit)]
"""0 is no limit."""
Duration = Annotated[timedelta, PlainValidator(_duration)]
SomeTime = Annotated[timedelta, PlainValidator(_some_time)]
"""A duration above 0."""
Term = Annotated[Span, PlainValidator(_term)]
"""A deadline, which may be in working time."""
TimeOfDay = Annotated[time, PlainValidator(_time_of_day)]
Weekday = Annotated[int, PlainValidator(_weekday)]
NamesByLanguage = Annotated[Mapping[str, str], PlainValidator(_names)]
Code = Annotated[
    str,
    like("[a-z0-9][a-z0-9_-]{0,23}", "1 to 24 of the characters a-z, 0-9, _ and -, the first a letter or a digit"),
]
Language = Annotated[str, like("[a-z]{2,3}", "the code of a language, as in zh or en")]
Country = Annotated[
    str, like("[A-Z]{2}(-[A-Z0-9]{1,3})?", "the code of a country, as in CN, or of a part of one, as in DE-BY")
]
Zone = Annotated[str, PlainValidator(_zone)]
Username = Annotated[str, like(r"\w{0,64}", "the bot's user name without @, or empty")]
UrlPath = Annotated[str, like("/[A-Za-z0-9_/-]+", "a path of letters, digits, -, _ and /, as in /telegram")]
PhoneNumber = Annotated[str, like(r"\+?[0-9][0-9 -]*", 'a telephone number in quotes, as in "110"')]
WebAddress = Annotated[str, PlainValidator(_web_address)]
Token = Annotated[SecretStr, PlainValidator(token)]
WebhookSecret = Annotated[SecretStr, PlainValidator(_webhook_secret)]
HostAddress = Annotated[str, PlainValidator(_host_address)]
Proxy = Annotated[str, PlainValidator(_proxy)]
DatabaseAddress = Annotated[str, PlainValidator(_database)]
