"""config.toml and the environment → frozen, validated settings.

The rule: what stands in the environment (``YIXIAN_SECTION__KEY``) wins over the file; anything unknown, misspelt or
contradictory is refused in one sentence before anything else happens. Secrets are read from the environment or from
files that only their owner can read.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot import config_checks, holiday_years
from bot import config_sections as sections
from bot.config_errors import ConfigError, config_error, first_error
from bot.config_sources import FromEnvironment, FromFile, merged, token_in
from bot.config_values import database_at, is_postgresql, password_in
from domain import charter
from domain.calendar import WorkingCalendar

__all__ = ["ConfigError", "Settings", "load"]


class Settings(BaseSettings):
    """All settings. Made by ``load``; without arguments, the defaults."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    telegram: sections.Telegram = sections.Telegram()
    webhook: sections.Webhook = sections.Webhook()
    group: sections.Group = sections.Group()
    storage: sections.Storage = sections.Storage()
    intake: sections.Intake = sections.Intake()
    limits: sections.Limits = sections.Limits()
    sender: sections.Sender = sections.Sender()
    deadlines: sections.Deadlines = sections.Deadlines()
    quiet: sections.Quiet = sections.Quiet()
    calendar: sections.Calendar = sections.Calendar()
    digest: sections.Digest = sections.Digest()
    communities: tuple[sections.Community, ...] = ()
    sectors: tuple[sections.Sector, ...] = ()
    categories: tuple[sections.Category, ...] = ()
    emergency: sections.Emergency = sections.Emergency()
    roster: sections.Roster = sections.Roster()
    operator: sections.Operator = sections.Operator()
    backup: sections.Backup = sections.Backup()
    logs: sections.Logs = sections.Logs()
    metrics: sections.Metrics = sections.Metrics()
    templates: sections.Templates = sections.Templates()

    _home: Path = PrivateAttr(default_factory=Path.cwd)
    _file: Path | None = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing comes from the process's environment by accident: ``load`` names its sources."""
        return (init_settings,)

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        config_checks.check(self)
        return self

    @property
    def home(self) -> Path:
        """The folder that relative paths start at: that of config.toml."""
        return self._home

    @property
    def option(self) -> str:
        """What a command is told to use these settings too."""
        return f" --config {self._file}" if self._file else ""

    @property
    def database_url(self) -> str:
        """The database's address, with an absolute path if it is a file."""
        return database_at(self.storage.url, self.home)

    @property
    def shared_storage(self) -> bool:
        """Whether several processes may work on the database at once."""
        return is_postgresql(self.storage.url)

    def secrets(self) -> list[str]:
        """What no log may show."""
        found = (self.telegram.token.get_secret_value(), self.webhook.secret.get_secret_value())
        return [secret for secret in (*found, password_in(self.storage.url)) if secret]

    @property
    def data_folder(self) -> Path:
        """Where the lock and the socket are."""
        return self.home / self.storage.folder

    @property
    def database_file(self) -> Path | None:
        """The database, if it is a file."""
        scheme, found, file = self.database_url.partition(":///")
        return Path(file) if scheme == "sqlite" and found else None

    @property
    def _backups(self) -> int:
        """How many backups to keep; of PostgreSQL its own tools make them."""
        return self.backup.keep if self.database_file else 0

    @property
    def backup_folder(self) -> Path:
        """Where backups go."""
        return self.data_folder / self.backup.folder

    @property
    def overlay(self) -> Path | None:
        """The deployment's own templates, if it has any."""
        return self.home / self.templates.overlay if self.templates.overlay else None

    @property
    def bot(self) -> int | None:
        """Which bot the token is of; None without one."""
        number = self.telegram.token.get_secret_value().partition(":")[0]
        return int(number) if number else None

    def required_token(self) -> str:
        """The bot's token; ConfigError with the remedy when there is none."""
        found = self.telegram.token.get_secret_value()
        if not found:
            raise ConfigError(
                "telegram.token is missing: ask @BotFather for one, set YIXIAN_TELEGRAM__TOKEN or telegram.token_file."
            )
        return found

    def holidays(self, years: Iterable[int]) -> holiday_years.HolidayYears:
        """What is known of those years' holidays; ConfigError for an unknown country or a faulty file."""
        override = self.home / self.calendar.overrides if self.calendar.overrides else None
        try:
            return holiday_years.days(self.group.country, years, override)
        except ValueError as error:
            problem = str(error)
        if str(override) in problem:
            raise config_error("calendar.overrides", self.calendar.overrides, problem)
        raise config_error("group.country", self.group.country, problem)

    def charter(self, years: Iterable[int]) -> charter.Charter:
        """The group's settings as the rules see them, with the holidays of those years; ConfigError as ``holidays``."""
        return charter.Charter(
            group=self.group.name,
            calendar=self._working_calendar(years),
            languages=self.group.languages,
            communities=tuple(community.rules() for community in self.communities),
            sectors=tuple(sector.rules() for sector in self.sectors),
            categories=tuple(category.rules() for category in self.categories),
            emergency=self.emergency.rules(),
            quiet=charter.QuietHours(self.quiet.start, self.quiet.end),
            deadlines=self.deadlines.rules(),
            limits=self.limits.rules(),
            settle=self.intake.settle,
            joining=self.intake.joining,
            relay_after=self.intake.relay_after,
            invite_lasts=self.intake.invite_lasts,
            dialog_lasts=self.intake.dialog_lasts,
            morning=self.digest.morning,
            digest_hour=self.digest.hour,
            digest_weekday=self.digest.weekday,
            digest_chat=self.digest.chat_id or None,
            operator=charter.Operator(self.operator.chat_id or None, self.backup.at, self._backups),
        )

    def _working_calendar(self, years: Iterable[int]) -> WorkingCalendar:
        known = self.holidays(years)
        return WorkingCalendar(
            zone=ZoneInfo(self.group.time_zone),
            opens=self.calendar.opens,
            closes=self.calendar.closes,
            holidays=known.holidays,
            workdays=known.workdays,
            weekend=holiday_years.weekend(self.group.country),
        )


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read a config.toml (None: no file) and the variables of ``environ`` that begin with ``YIXIAN_``.

    Raises ConfigError, whose text is one sentence that names the key, the value and what is allowed.
    """
    file, variables = FromFile(Settings, path), FromEnvironment(Settings, environ)
    settings = _validated(merged(file(), variables()))
    settings._home = path.resolve().parent if path else Path.cwd()
    settings._file = path
    file.refuse_open_secrets()
    settings = _with_token_from_file(settings)
    settings.holidays(())
    return settings


def _validated(values: dict[str, Any]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        problem = first_error(Settings, error)
    raise problem  # outside of the handler: a chained ValidationError would hold what was typed


def _with_token_from_file(settings: Settings) -> Settings:
    telegram = settings.telegram
    if not telegram.token_file or telegram.token.get_secret_value():
        return settings
    found = token_in(settings.home / telegram.token_file)
    return settings.model_copy(update={"telegram": telegram.model_copy(update={"token": found})})
