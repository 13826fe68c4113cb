"""The words of every message: Jinja templates by language, labels of buttons, dates as people write them.

A deployment overlays its own folder; a file that is missing there comes from the built-in one. Text of users is escaped
at the last moment by the templates themselves.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_day_names
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from domain.charter import Charter
from domain.limits import ROOM
from domain.text import cut
from handlers.kit.messages import Button, Media, Message, Rows
from handlers.kit.views import View

BUILT_IN = Path(__file__).resolve().parents[2] / "templates"
LOCALES = {"zh": "zh_CN", "en": "en_GB"}
LONGEST = 4096
LONGEST_CAPTION = 1024


class WordsError(Exception):
    """A template or a label is broken or missing; the sentence names the file, and the line where there is one."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A button as it is shown: its label, and what it sends or opens."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as Telegram will be given it: HTML, rows of buttons, a file."""

    html: str
    rows: tuple[tuple[Drawn, ...], ...] = ()
    media: Media | None = None
    place_button: str = ""
    clears_keyboard: bool = False


class Words:
    """Every word the bot says, in every language of the charter."""

    def __init__(self, charter: Charter, overlay: Path | None = None) -> None:
        self.charter = charter
        zone = charter.calendar.zone
        self._spoken = {
            language: Spoken(language, zone, self.group(language), (overlay, BUILT_IN))
            if overlay
            else built_in(language, zone, self.group(language))
            for language in charter.languages
        }

    def render(self, message: Message, view: View) -> Rendered | None:
        """The message in the view's language; None where its reader may not, or need not, read it any more."""
        context = message.context(view)
        if context is None:
            return None
        html = self.template(view.language, message.template()).render(context, view=view).strip()
        media = message.media(view)
        return Rendered(
            html=html,
            rows=self._draw(message.buttons(view, context), view.language),
            media=media,
            place_button=self.label(view.language, "send_my_place") if message.asks_place else "",
            clears_keyboard=message.clears_keyboard,
        )

    def template(self, language: str, path: str) -> Template:
        """A template, compiled once."""
        return self._spoken[language].template(path)

    def label(self, language: str, key: str, names: Mapping[str, object] | None = None) -> str:
        """The words of a button or of a single term, such as ``state.closed``."""
        return self._spoken[language].label(key, names)

    def labels(self, language: str) -> Mapping[str, str]:
        """Every label by its key."""
        return self._spoken[language].labels

    def group(self, language: str) -> str:
        """What the group calls itself."""
        return self.charter.group.get(language) or next(iter(self.charter.group.values()))

    def check(self) -> None:
        """Compile every template. Raises ``WordsError`` naming file and line."""
        for spoken in self._spoken.values():
            spoken.check()

    def _draw(self, rows: Rows, language: str) -> tuple[tuple[Drawn, ...], ...]:
        return tuple(tuple(self._button(button, language) for button in row) for row in rows if row)

    def _button(self, button: Button, language: str) -> Drawn:
        label = button.text or self.label(language, button.label, button.names)
        return Drawn(label, button.press.encode() if button.press else "", button.url)


class Spoken:
    """The labels and templates of one language; of several folders, the first that has one. Each is compiled once."""

    def __init__(self, language: str, zone: ZoneInfo, group: str, folders: Sequence[Path]) -> None:
        self.language = language
        self.labels = labels_of(folders, language)
        self._checked = False
        self._templates: dict[str, Template] = {}
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(folder / language) for folder in folders]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(self._filters(zone))
        self._environment.globals.update(group=group, ROOM=ROOM)

    def template(self, path: str) -> Template:
        """That template."""
        found = self._templates.get(path)
        if found is None:
            found = self._templates[path] = self._environment.get_template(path)
        return found

    def label(self, key: str, names: Mapping[str, object] | None = None) -> str:
        """A label, filled with names."""
        try:
            return self.labels[key].format_map(names or {})
        except KeyError as missing:
            raise WordsError(f"templates/{self.language}/labels.toml: {key} lacks {missing}") from missing

    def check(self) -> None:
        """Compile every template, once. Raises ``WordsError`` naming file and line."""
        if self._checked:
            return
        for path in self._environment.list_templates(extensions=["j2"]):
            try:
                self.template(path)
            except TemplateError as error:
                line = getattr(error, "lineno", None)
                where = f"{self.language}/{path}" + (f" line {line}" if line else "")
                raise WordsError(f"{where}: {error.message}") from error
        self._checked = True

    def _filters(self, zone: ZoneInfo) -> dict[str, Callable[..., Any]]:
        language = self.language
        return {
            "day": lambda moment: day(moment, language, zone),
            "moment": lambda moment: f"{day(moment, language, zone)} {clock(moment, language, zone)}",
            "clock": lambda moment: clock(moment, language, zone),
            "word": lambda value, group: self.label(f"{group}.{value}"),
            "cut": cut,
            "quote": quote,
        }


@lru_cache(maxsize=16)
def built_in(language: str, zone: ZoneInfo, group: str) -> Spoken:
    """The words that come with the program: they stay the same, so whoever begins anew need not compile them again."""
    return Spoken(language, zone, group, (BUILT_IN,))


def day(moment: datetime | date, language: str, zone: ZoneInfo) -> str:
    """A date with its weekday: ``11月24日(周二)``, ``Tue 24 Nov``."""
    return day_words(moment.astimezone(zone).date() if isinstance(moment, datetime) else moment, language)


@lru_cache(maxsize=512)
def day_words(local: date, language: str) -> str:
    """The same few dates are written all day long."""
    locale = LOCALES.get(language, language)
    weekday = get_day_names("abbreviated", locale=locale)[local.weekday()]
    if language == "zh":
        return f"{format_date(local, 'M月d日', locale=locale)}({weekday})"
    return f"{weekday} {format_date(local, 'd MMM', locale=locale)}"


def clock(moment: datetime, language: str, zone: ZoneInfo) -> str:
    """A local time of day: ``09:30``."""
    local = moment.astimezone(zone)
    return clock_words(time(local.hour, local.minute), language)


@lru_cache(maxsize=4096)
def clock_words(local: time, language: str) -> str:
    """The same minutes come every day."""
    return format_time(local, "HH:mm", locale=LOCALES.get(language, language))


def quote(text: str) -> Markup:
    """Somebody's own words, set apart."""
    return Markup("<blockquote>{}</blockquote>").format(text)


def labels_of(folders: Sequence[Path], language: str) -> dict[str, str]:
    """Labels of a language from every labels.toml below it, as flat keys; the overlay's win."""
    found: dict[str, str] = {}
    for folder in reversed(folders):
        for path in sorted((folder / language).rglob("labels.toml")):
            found.update(flat(read_toml(path)))
    return found


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises ``WordsError`` naming it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise WordsError(f"{path.parent.name}/{path.name}: {error}") from error


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested tables as dotted keys."""
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            found.update(flat(value, f"{prefix}{name}."))
        else:
            found[prefix + name] = str(value)
    return found
