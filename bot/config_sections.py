"""The sections of config.toml, each a frozen model with its defaults; what they mean is said in config.example.toml."""

from datetime import time, timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.config_values import (
    Code,
    Country,
    DatabaseAddress,
    Duration,
    HostAddress,
    Language,
    NamesByLanguage,
    PhoneNumber,
    Proxy,
    SomeTime,
    Term,
    TextLimit,
    TimeOfDay,
    Token,
    UrlPath,
    Username,
    WebAddress,
    WebhookSecret,
    Weekday,
    Zone,
)
from domain import charter

_RULES = charter.Deadlines()
TELEGRAM = "https://api.telegram.org"
TELEGRAM_FILE_BYTES = 20 * 1024 * 1024
"""Telegram's own server hands no larger file to a bot (Bot API, getFile)."""

Count = Annotated[int, Field(ge=1)]
PersonNumber = Annotated[int, Field(ge=1, lt=2**52)]
ChatNumber = Annotated[int, Field(gt=-(2**52), lt=2**52)]
Most = Annotated[int, Field(ge=0)]
"""0 is no limit."""


class Section(BaseModel):
    """Unknown keys are refused, nothing can be changed, and errors do not hold what was typed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Telegram(Section):
    """How to reach Telegram. An empty ``username`` is asked for; times are for a whole call."""

    token: Token = SecretStr("")
    token_file: str = ""
    username: Username = ""
    mode: Literal["polling", "webhook"] = "polling"
    base_url: HostAddress = TELEGRAM
    local_mode: bool = False
    proxy: Proxy = ""
    timeout: SomeTime = timedelta(seconds=30)
    connect_timeout: SomeTime = timedelta(seconds=10)

    @property
    def bot_address(self) -> str:
        """What the token and a method's name follow."""
        return self.base_url + "/bot"

    @property
    def file_address(self) -> str:
        """What the token and a file's path follow."""
        return self.base_url + "/file/bot"


class Webhook(Section):
    """Where Telegram's calls arrive; ``listen`` and ``port`` also serve /healthz and, where wanted, /metrics.

    ``url`` is the whole public address and ends in ``path``, under which the server in front hands the calls on. One
    that names only a server means that path on it.
    """

    listen: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    path: UrlPath = "/telegram"
    url: WebAddress = ""
    secret: WebhookSecret = SecretStr("")

    @property
    def address(self) -> str:
        """What Telegram is told, and calls; empty where no ``url`` is given."""
        only_a_server = self.url and not urlsplit(self.url).path.strip("/")
        return self.url.rstrip("/") + self.path if only_a_server else self.url


class Group(Section):
    """Who the bot speaks for."""

    name: NamesByLanguage = {"zh": "一线", "en": "Yixian"}
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("zh", "en")
    time_zone: Zone = "Asia/Shanghai"
    country: Country = "CN"


class Storage(Section):
    """Where things are kept; relative paths start at the folder of config.toml."""

    url: DatabaseAddress = "sqlite:///yixian.db"
    folder: str = "."


class Intake(Section):
    """What happens to what people send; ``batch`` is the most updates taken at once."""

    settle: Duration = timedelta(seconds=90)
    joining: Duration = timedelta(minutes=10)
    relay_after: Duration = timedelta(seconds=20)
    dialog_lasts: SomeTime = timedelta(hours=24)
    invite_lasts: SomeTime = timedelta(hours=72)
    batch: Annotated[int, Field(ge=1, le=100)] = 100


class Pace(Section):
    """At most ``count`` new concerns of one person ``within`` that time."""

    count: Count
    within: SomeTime


class Limits(Section):
    """How much one person may send; 0 is no limit. Texts in UTF-16 units, as Telegram counts."""

    concern: TextLimit = 3000
    note: TextLimit = 2000
    reply: TextLimit = 2000
    attachments: Most = 20
    file_bytes: Annotated[int, Field(ge=0, le=2000 * 1024 * 1024)] = TELEGRAM_FILE_BYTES
    pace: tuple[Pace, ...] = tuple(Pace(count=count, within=within) for count, within in charter.Limits().pace)

    def rules(self) -> charter.Limits:
        """As the rules see them."""
        pace = tuple((step.count, step.within) for step in self.pace)
        return charter.Limits(self.concern, self.note, self.reply, self.attachments, self.file_bytes, pace)


class Sender(Section):
    """How fast messages go out, and how a failed one is tried again; waits double from the first to the longest."""

    per_second: Annotated[float, Field(gt=0, le=1000)] = 30
    per_chat_per_second: Annotated[float, Field(gt=0, le=100)] = 1
    burst: Annotated[int, Field(ge=1, le=20)] = 4
    per_group_per_minute: Annotated[float, Field(gt=0, le=1000)] = 20
    attempts: Annotated[int, Field(ge=1, le=100)] = 10
    first_wait: SomeTime = timedelta(seconds=1)
    longest_wait: SomeTime = timedelta(minutes=10)


class Handle(Section):
    """Time allowed for handling, from the claim, by how much work it is."""

    question: Term = _RULES.handle[charter.Handling.QUESTION]
    ordinary: Term = _RULES.handle[charter.Handling.ORDINARY]
    complex: Term = _RULES.handle[charter.Handling.COMPLEX]


class Deadlines(Section):
    """Time allowed for every step, and the rungs once it has passed."""

    assign_urgent: Term = _RULES.assign_urgent
    assign: Term = _RULES.assign
    claim: Term = _RULES.claim
    contact: Term = _RULES.contact
    handle: Handle = Handle()
    chase_after: Term = _RULES.chase_after
    supervise_after: Term = _RULES.supervise_after
    elevate_after: Term = _RULES.elevate_after
    verdict_reminder: Term = _RULES.verdict_reminder
    verdict: Term = _RULES.verdict
    look_back: tuple[Term, ...] = _RULES.look_back
    info_nudges: tuple[Term, ...] = _RULES.info_nudges
    info_lapses: Term = _RULES.info_lapses
    long_step: Term = _RULES.long_step
    just_acted: Duration = _RULES.just_acted

    def rules(self) -> charter.Deadlines:
        """As the rules see them."""
        same = {name: getattr(self, name) for name in type(self).model_fields if name != "handle"}
        handle = {kind: getattr(self.handle, kind.value) for kind in charter.Handling}
        return charter.Deadlines(**same, handle=handle)


class Quiet(Section):
    """Local times between which only answers and urgent news are sent."""

    start: TimeOfDay = time(21, 30)
    end: TimeOfDay = time(8, 0)


class Calendar(Section):
    """Working hours, and a file of holidays that wins over what the program knows."""

    opens: TimeOfDay = time(8, 30)
    closes: TimeOfDay = time(17, 30)
    overrides: str = ""


class Digest(Section):
    """When the summaries come, in local time; ``chat_id`` is a group that gets numbers only, 0 for none."""

    morning: TimeOfDay = time(8, 30)
    hour: TimeOfDay = time(8, 30)
    weekday: Weekday = 0
    chat_id: ChatNumber = 0


class Community(Section):
    """A community, village or estate."""

    code: Code
    names: NamesByLanguage
    street: str = ""
    keywords: tuple[str, ...] = ()

    def rules(self) -> charter.Community:
        """As the rules see it."""
        return charter.Community(self.code, self.names, self.street, self.keywords)


class Sector(Section):
    """A sector that members come from, with the kinds of concern it knows best."""

    code: Code
    names: NamesByLanguage
    categories: tuple[Code, ...] = ()

    def rules(self) -> charter.Sector:
        """As the rules see it."""
        return charter.Sector(self.code, self.names, self.categories)


class Category(Section):
    """A kind of concern."""

    code: Code
    names: NamesByLanguage
    keywords: tuple[str, ...] = ()
    handling: charter.Handling = charter.Handling.ORDINARY

    def rules(self) -> charter.Category:
        """As the rules see it."""
        return charter.Category(self.code, self.names, self.keywords, self.handling)


class EmergencyNumber(Section):
    """A telephone number and what it is for."""

    names: NamesByLanguage
    number: PhoneNumber


class Emergency(Section):
    """Words that make a concern urgent, and the numbers shown first."""

    words: tuple[str, ...] = ()
    numbers: tuple[EmergencyNumber, ...] = ()

    def rules(self) -> charter.Emergency:
        """As the rules see it."""
        return charter.Emergency(self.words, tuple((number.names, number.number) for number in self.numbers))


class Coordinator(Section):
    """Someone who is a coordinator from the start: their Telegram id and a name."""

    id: PersonNumber
    name: str = ""


class Roster(Section):
    """Who is known before anybody was invited."""

    coordinators: tuple[Coordinator, ...] = ()


class Logs(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Operator(Section):
    """The chat that hears when something is wrong, and an address that is called as long as all is well."""

    chat_id: ChatNumber = 0
    outbox_age: SomeTime = timedelta(minutes=15)
    heartbeat_url: WebAddress = ""
    heartbeat_every: SomeTime = timedelta(minutes=5)
    heartbeat_proxy: Proxy = ""


class Backup(Section):
    """When the database is copied, where the copies go and how many stay; a program that each is handed to."""

    at: TimeOfDay = time(3, 30)
    keep: Annotated[int, Field(ge=0, le=1000)] = 14
    folder: str = "backups"
    command: tuple[str, ...] = ()
    patience: SomeTime = timedelta(minutes=30)


class Metrics(Section):
    """Whether /metrics is served, and in polling mode a server for it and /healthz at all."""

    enabled: bool = False


class Templates(Section):
    """A folder whose templates win over the program's own; empty for none."""

    overlay: str = ""
