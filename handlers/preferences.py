"""/settings: the language in one tap, hours without notices, and for staff when summaries come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar

from domain.casework import Refusal
from domain.charter import Charter, QuietHours
from domain.digest import Period
from domain.people import Person, Role
from handlers.cards import pairs
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.press import Press
from handlers.kit.routes import STALE, Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.menus import MyRoles, ShowSettings, speak
from storage.subscriptions import Subscription

feature = Feature("preferences")

NEVER = QuietHours(time(0), time(0))
PRESETS = (QuietHours(time(22), time(7)), QuietHours(time(20), time(9)))
"""Offered beside the group's own quiet hours."""

HOURS = (time(7, 30), time(8, 30), time(12), time(18))
"""When a summary can come; the working day's two ends, noon and the way home."""

READERS = frozenset({Role.COORDINATOR, Role.OBSERVER, Role.MEMBER})
"""Who may have summaries."""


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class PickLanguage(Press):
    """Speak that language from now on."""

    code: ClassVar[str] = "pfl"
    language: str


@dataclass(frozen=True, slots=True)
class ShowQuiet(Press):
    """Show the hours without notices to choose from."""

    code: ClassVar[str] = "pfq"


@dataclass(frozen=True, slots=True)
class PickQuiet(Press):
    """Choose hours without notices, each as ``hhmm``."""

    code: ClassVar[str] = "pfn"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShowDigests(Press):
    """Show which summaries come, and when."""

    code: ClassVar[str] = "pfd"


@dataclass(frozen=True, slots=True)
class ToggleDigest(Press):
    """Have that summary, or not any more."""

    code: ClassVar[str] = "pft"
    period: Period


@dataclass(frozen=True, slots=True)
class PickDigestHour(Press):
    """Have summaries at that local time, ``hhmm``."""

    code: ClassVar[str] = "pfh"
    hour: int


# -- what is said


@dataclass(frozen=True, slots=True)
class SettingsCard(Message):
    """What is set, and what can be changed."""

    def context(self, view: View) -> dict[str, Any] | None:
        """As it is now."""
        if view.reader is None:
            return None
        digests = [found for found in view.unit.subscriptions.of_person(view.reader.id) if found.active]
        return {
            "quiet": shown(quiet_of(view.reader, view)),
            "digests": digests if reads(view.reader) else None,
            "hour": f"{digests[0].hour:%H:%M}" if digests else "",
            "roles": sorted(view.reader.roles),
        }

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Other languages, quiet hours; for staff summaries and roles."""
        others = [code for code in view.charter.languages if code != view.language]
        languages = [Button("", PickLanguage(code), text=view.words.label(code, "language_itself")) for code in others]
        work = [Button("set_digests", ShowDigests())] if context["digests"] is not None else []
        roles = [Button("my_roles", MyRoles())] if context["roles"] else []
        return pairs([*languages, Button("set_quiet", ShowQuiet()), *work, *roles])


@dataclass(frozen=True, slots=True)
class QuietMenu(Message):
    """Hours without notices, drawn in the settings' place."""

    def context(self, view: View) -> dict[str, Any] | None:
        """The hours that are set."""
        return None if view.reader is None else {"quiet": shown(quiet_of(view.reader, view))}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """The group's hours, two more, none; what is set has a tick."""
        chosen = quiet_of(view.reader, view) if view.reader else None
        choices = [
            Button(
                "",
                PickQuiet(hhmm(hours.start), hhmm(hours.end)),
                text=ticked(view, spoken(view, hours), hours == chosen),
            )
            for hours in choices_of(view.charter.quiet)
        ]
        return (*pairs(choices), (Button("back", ShowSettings()),))


@dataclass(frozen=True, slots=True)
class DigestMenu(Message):
    """Which summaries come and when, drawn in the settings' place."""

    def context(self, view: View) -> dict[str, Any] | None:
        """Only for those who may have them."""
        if view.reader is None or not reads(view.reader):
            return None
        return {"weekday": view.words.label(view.language, f"weekday.{view.charter.digest_weekday}")}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Each kind on or off, then the hour; what is set has a tick."""
        found = view.unit.subscriptions.of_person(view.reader.id) if view.reader else []
        on = {subscription.period for subscription in found if subscription.active}
        hour = next((subscription.hour for subscription in found), view.charter.digest_hour)
        kinds = [
            Button("", ToggleDigest(p), text=ticked(view, view.words.label(view.language, f"period.{p}"), p in on))
            for p in Period
        ]
        hours = [
            Button("", PickDigestHour(hhmm(at)), text=ticked(view, f"{at:%H:%M}", at == hour))
            for at in hours_of(view.charter)
        ]
        return (*pairs(kinds), *pairs(hours), (Button("back", ShowSettings()),))


def reads(person: Person) -> bool:
    """Whether somebody may have summaries."""
    return bool(person.roles & READERS)


def quiet_of(person: Person, view: View) -> QuietHours:
    """Somebody's own hours, else the group's."""
    quiet = view.charter.quiet
    start = quiet.start if person.quiet_start is None else person.quiet_start
    end = quiet.end if person.quiet_end is None else person.quiet_end
    return NEVER if start == end else QuietHours(start, end)


def choices_of(own: QuietHours) -> list[QuietHours]:
    """The group's hours first, each once, none last."""
    usual = [] if own.start == own.end else [own]
    return [*dict.fromkeys([*usual, *PRESETS]), NEVER]


def hours_of(charter: Charter) -> list[time]:
    """When a summary can come: the group's own hour is among them."""
    return sorted({*HOURS, charter.digest_hour})


def shown(hours: QuietHours) -> str:
    """``21:30–08:00``, empty for never."""
    return "" if hours == NEVER else f"{hours.start:%H:%M}–{hours.end:%H:%M}"


def spoken(view: View, hours: QuietHours) -> str:
    """Hours as a button."""
    return shown(hours) or view.words.label(view.language, "no_quiet")


def ticked(view: View, word: str, on: bool) -> str:
    """With a tick where it is set."""
    return view.words.label(view.language, "ticked", {"word": word}) if on else word


def hhmm(at: time) -> int:
    """A time of day as a button carries it: 21:30 is 2130."""
    return at.hour * 100 + at.minute


# -- what is done


@feature.command("settings")
def settings(turn: Turn) -> None:
    """``/settings``."""
    turn.say(SettingsCard())


@feature.press(ShowSettings)
def show_settings(turn: Turn, press: ShowSettings) -> None:
    """Back, in place."""
    turn.edit(SettingsCard())


@feature.press(PickLanguage)
def pick_language(turn: Turn, press: PickLanguage) -> None:
    """The settings are drawn anew in that language."""
    if speak(turn, press.language):
        turn.edit(SettingsCard())
        turn.note("language_set")


@feature.press(ShowQuiet)
def show_quiet(turn: Turn, press: ShowQuiet) -> None:
    """The hours to choose from."""
    turn.edit(QuietMenu())


@feature.press(PickQuiet)
def pick_quiet(turn: Turn, press: PickQuiet) -> None:
    """Only what is offered can be chosen."""
    found = [q for q in choices_of(turn.charter.quiet) if (hhmm(q.start), hhmm(q.end)) == (press.start, press.end)]
    if not found:
        turn.refuse(STALE)
        return
    turn.unit.people.set_quiet(turn.person.id, found[0].start, found[0].end)
    turn.edit(QuietMenu())
    turn.note("saved")


@feature.press(ShowDigests)
def show_digests(turn: Turn, press: ShowDigests) -> None:
    """Which summaries come."""
    if reads(turn.person):
        turn.edit(DigestMenu())
    else:
        turn.refuse(Refusal.NOT_STAFF)


@feature.press(ToggleDigest)
def toggle_digest(turn: Turn, press: ToggleDigest) -> None:
    """On or off; the hour stays."""
    if not reads(turn.person):
        turn.refuse(Refusal.NOT_STAFF)
        return
    found = {subscription.period: subscription for subscription in turn.unit.subscriptions.of_person(turn.person.id)}
    known = found.get(press.period)
    hour = next((subscription.hour for subscription in found.values()), turn.charter.digest_hour)
    on = not (known and known.active)
    turn.unit.subscriptions.put(Subscription(turn.person.id, press.period, hour, on))
    turn.edit(DigestMenu())
    turn.note("digest_on" if on else "digest_off")


@feature.press(PickDigestHour)
def pick_digest_hour(turn: Turn, press: PickDigestHour) -> None:
    """All summaries come at that hour; what is off stays off."""
    hour = next((at for at in hours_of(turn.charter) if hhmm(at) == press.hour), None)
    if not reads(turn.person):
        turn.refuse(Refusal.NOT_STAFF)
    elif hour is None:
        turn.refuse(STALE)
    else:
        on = {s.period for s in turn.unit.subscriptions.of_person(turn.person.id) if s.active}
        for period in Period:
            turn.unit.subscriptions.put(Subscription(turn.person.id, period, hour, period in on))
        turn.edit(DigestMenu())
        turn.note("saved")
