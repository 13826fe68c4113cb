"""Everything the bot can say is written in every language, fits where it is shown, and keeps the names that are stored.

What the program shows is read out of its source: labels of buttons, notes, refusals. A term that is put together from a
value (``word("state")``, ``f"invite.{role}"``) has a row in ``SHOWN`` that says which values there are.
"""

import ast
import importlib
import pkgutil
import re
import string
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

import domain
import handlers
from bot.app import FEATURES
from bot.config import load
from bot.config_example import EXAMPLE
from domain.cases import BehalfKind, Outcome, Satisfaction, State, Supervision
from domain.digest import Period
from domain.followups import ClockName
from domain.people import ChatId, Person, PersonId, Role
from domain.visits import Visited, WorkKind
from handlers import menus
from handlers.invites import INVITED
from handlers.kit.messages import MESSAGES, Message
from handlers.kit.press import PRESSES
from handlers.kit.routes import Router
from handlers.kit.views import View
from handlers.kit.words import BUILT_IN, Words, flat, read_toml
from handlers.roster import LISTED
from handlers.welcome import Help
from storage.unit import Unit

ROOT = Path(__file__).resolve().parents[1]
FROZEN = Path(__file__).with_name("frozen_names.toml")
CHARTER = load(EXAMPLE, {}).charter(range(2026, 2028))
WORDS = Words(CHARTER)
LANGUAGES = CHARTER.languages

LATIN, HAN = 18, 8
"""What fits on a button that shares its row with another one."""

TYPICAL = {
    "zh": {"name": "李建国", "number": "26-0007", "count": 12, "load": 3},
    "en": {"name": "Li Jianguo", "number": "26-0007", "count": 12, "load": 3},
}


# -- what the source says


@dataclass(frozen=True, slots=True)
class Label:
    """A label that a button shows: its key, or how its keys begin (``opens``); ``names`` fill it."""

    key: str
    opens: bool
    names: frozenset[str]
    where: str


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "handlers").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a function or method of that name, and where it stands."""
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) == name:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def texts(node: ast.expr) -> Iterator[tuple[str, bool]]:
    """The strings an expression may be; True: only the beginning of one (an f-string)."""
    match node:
        case ast.Constant(value=str(text)):
            yield text, False
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text, True
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)
        case ast.Starred(value=inner):
            yield from texts(inner)
        case ast.Tuple(elts=[first, *_]):
            yield from texts(first)


def filled(call: ast.Call, position: int) -> frozenset[str]:
    """The names that a call fills a label with."""
    given = [*call.args[position : position + 1], *(k.value for k in call.keywords if k.arg == "names")]
    found = next((node for node in given if isinstance(node, ast.Dict)), None)
    keys = found.keys if found else []
    return frozenset(key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def labels_of_buttons() -> list[Label]:
    found: list[Label] = []
    for where, call in calls("Button"):
        shown = [text for argument in call.args[:1] for text in texts(argument)]
        assert shown, f"{where}: write the label as a string, a choice of two, or an f-string that begins with a group"
        found += [Label(text, opens, filled(call, 2), where) for text, opens in shown if text]
    return found


def other_labels() -> list[Label]:
    """Labels that are asked for directly; the language comes before the key."""
    return [
        Label(text, opens, filled(call, 2), where)
        for where, call in calls("label")
        for argument in call.args[1:2]
        for text, opens in texts(argument)
    ]


def said_by(method: str) -> dict[str, str]:
    """What ``turn.note(…)`` or ``turn.refuse(…)`` is given, where it is a string or a constant of the module."""
    found: dict[str, str] = {}
    for where, call in calls(method):
        for argument in call.args[:1]:
            for text, opens in texts(argument):
                assert not opens, where
                found[text] = where
            if isinstance(argument, ast.Name) and argument.id.isupper():
                module = importlib.import_module(where.partition(".py")[0].replace("/", "."))
                found[getattr(module, argument.id)] = where
    return found


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def refusals() -> list[str]:
    """Every member of every enum called …Refusal, and what is refused by its name."""
    kinds = {
        kind
        for package in (domain, handlers)
        for module in modules(package)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, StrEnum) and kind.__name__.endswith("Refusal")
    }
    return sorted({str(value) for kind in kinds for value in kind} | set(said_by("refuse")))


def subjects_of_calls() -> set[str]:
    """What telephone tasks are for: the second argument of ``resident(…)``, and the one word said elsewhere."""
    second = [text for _, call in calls("resident") for node in call.args[1:2] for text, _ in texts(node)]
    return {*second, "unreachable"}


WAITED_FOR = (ClockName.ASSIGN, ClockName.CLAIM, ClockName.CONTACT, ClockName.HANDLE, ClockName.DISPUTE)
"""The clocks that staff are shown; the other ones are the resident's or nobody's."""

COMMANDS = sorted({command.name for feature in FEATURES for command in feature.commands} - {"start"})

SHOWN: dict[str, Iterable[object]] = {
    "a_role.": Role,
    "answer_hint.": Outcome,
    "behalf.": BehalfKind,
    "call.": sorted(subjects_of_calls()),
    "cause.": ("came_back", "not_solved", "review"),
    "command.": COMMANDS,
    "digest.": Period,
    "for_whom.": BehalfKind,
    "invite.": INVITED,
    "leave.": LISTED,
    "note.": sorted(said_by("note")),
    "outcome.": Outcome,
    "outcome_": [outcome.name.lower() for outcome in Outcome],
    "period.": Period,
    "refusal.": refusals(),
    "remove.": LISTED,
    "role.": Role,
    "satisfaction.": Satisfaction,
    "show_": Period,
    "state.": State,
    "state_staff.": State,
    "step.": WAITED_FOR,
    "step_noun.": WAITED_FOR,
    "supervision.": Supervision,
    "visited.": Visited,
    "weekday.": range(7),
    "work_kind.": WorkKind,
}
"""How a key begins, and what comes after it."""

TICKED = ("period.", "visited.", "work_kind.")
"""Terms that are buttons, with a tick where they are chosen."""


def keys_of(label: Label) -> list[str]:
    if not label.opens:
        return [label.key]
    assert label.key in SHOWN, f"{label.where}: say in SHOWN what may follow {label.key!r}"
    return [f"{label.key}{value}" for value in SHOWN[label.key]]


# -- labels


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_is_there_and_is_filled_with_what_it_asks_for(language: str) -> None:
    known = WORDS.labels(language)
    wrong = [
        f"{label.where}: {key} asks for {sorted(placeholders(known[key]))}"
        if key in known
        else f"{label.where}: no {key}"
        for label in (*labels_of_buttons(), *other_labels())
        for key in keys_of(label)
        if key not in known or placeholders(known[key]) != label.names
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("start", SHOWN)
def test_every_value_that_is_shown_has_a_word(language: str, start: str) -> None:
    if start in terms_of_another(language):
        return
    known = WORDS.labels(language)
    assert [value for value in SHOWN[start] if f"{start}{value}" not in known] == []


def terms_in(language: str) -> set[str]:
    """The groups of terms that a language's templates use."""
    return {
        f"{group}."
        for path in (BUILT_IN / language).rglob("*.j2")
        for group in re.findall(r"""word\(["'](\w+)["']\)""", path.read_text(encoding="utf-8"))
    }


def terms_of_another(language: str) -> set[str]:
    """Groups that only other languages need, for a form that this one does not have."""
    return set().union(*map(terms_in, LANGUAGES)) - terms_in(language)


def test_every_term_in_a_template_is_known_here() -> None:
    assert set().union(*map(terms_in, LANGUAGES)) - set(SHOWN) == set()


def test_the_languages_have_the_same_labels_with_the_same_placeholders() -> None:
    own = tuple(set().union(*map(terms_of_another, LANGUAGES)))
    first, *others = (
        {key: placeholders(text) for key, text in WORDS.labels(language).items() if not key.startswith(own)}
        for language in LANGUAGES
    )
    for other in others:
        assert {key for key in first.keys() | other.keys() if first.get(key) != other.get(key)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_is_said_twice_in_different_words(language: str) -> None:
    said: dict[str, tuple[str, Path]] = {}
    for path in sorted((BUILT_IN / language).rglob("labels.toml")):
        for key, text in flat(read_toml(path)).items():
            before, where = said.setdefault(key, (text, path))
            assert before == text, f"{key} is {before!r} in {where} and {text!r} in {path}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_on_their_buttons(language: str) -> None:
    known, typical = WORDS.labels(language), TYPICAL[language]
    shown = {key: known[key].format_map(typical) for label in labels_of_buttons() for key in keys_of(label)}
    for start in TICKED:
        shown |= {f"{start}{v}": known["ticked"].format(word=known[f"{start}{v}"]) for v in SHOWN[start]}
    assert {key: text for key, text in shown.items() if not fits(text)} == {}


def fits(text: str) -> bool:
    """18 Latin letters or 8 Han, or a mixture that takes no more room."""
    wide = sum(1 for char in text if "\u2e80" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef")
    unseen = sum(1 for char in text if char in "\ufe0f\u200d")
    return wide * LATIN + (len(text) - wide - unseen) * HAN <= LATIN * HAN


def placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


# -- messages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_written(language: str) -> None:
    unwritten = [m.template() for m in our_messages() if not (BUILT_IN / language / m.template()).is_file()]
    assert unwritten == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_template_is_left_over(language: str) -> None:
    folder = BUILT_IN / language
    said = {message.template() for message in our_messages()}
    written = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.j2")}
    shared = {name for text in written.values() for name in re.findall(r"""(?:from|include|import) "([^"]+)" """, text)}
    assert set(written) - said - shared == set()


def our_messages() -> list[type[Message]]:
    """Every message of the program that is no base of others; tests may have made some of their own."""
    ours = (kind for kind in MESSAGES.values() if kind.__module__.startswith(("handlers.", "bot.")))
    return [kind for kind in ours if not kind.__subclasses__()]


def test_templates_compile() -> None:
    WORDS.check()


# -- commands


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", Role)
def test_help_lists_every_command_of_a_role(language: str, role: Role) -> None:
    reader = Person(id=PersonId(1), chat=ChatId(1), name="李建国", roles=frozenset({role} - {Role.RESIDENT}))
    nothing = cast(Unit, None)
    view = View(nothing, CHARTER, WORDS, reader, language, datetime(2026, 11, 23, tzinfo=UTC))
    rendered = WORDS.render(Help(), view)
    assert rendered
    listed = set(re.findall(r"^/(\w+) \S", rendered.html, re.MULTILINE))
    commands = (command for feature in FEATURES for command in feature.commands if reader.has(command.role))
    assert listed == {command.name for command in commands} - {"start"}


def test_menus_offer_what_features_handle_to_the_same_roles() -> None:
    handled: dict[str, set[Role]] = {}
    for feature in FEATURES:
        for command in feature.commands:
            handled.setdefault(command.name, set()).add(command.role)
    handled.pop("start")
    assert {offer.command: set(offer.roles) for offer in menus.OFFERS} == handled


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_are_as_telegram_wants_them(language: str) -> None:
    for name in COMMANDS:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 1 <= len(WORDS.label(language, f"command.{name}")) <= 256


# -- names that are stored


def names_in_use() -> dict[str, dict[str, str]]:
    """Codes of buttons (kept in old messages) and names of steps (kept in open questions), each with what it means."""
    presses = {code: kind.__name__ for code, kind in PRESSES.items() if kind.__module__.startswith("handlers.")}
    steps = {name: step.__name__ for name, step in Router.of(FEATURES).steps.items()}
    return {"presses": presses, "steps": steps}


def test_stored_names_never_change(accept: bool) -> None:
    """A code or step that is gone makes old buttons and open questions dead: new ones are added with --accept."""
    now = names_in_use()
    if accept:
        FROZEN.write_text(as_toml(now), encoding="utf-8")
    frozen = tomllib.loads(FROZEN.read_text(encoding="utf-8"))
    assert now == frozen, "if that is meant, run: pytest tests/test_words.py --accept"


def as_toml(tables: dict[str, dict[str, str]]) -> str:
    """Tables of strings; keys may hold dots, so they are quoted."""
    lines = ["# Names that are kept in messages and in the database. Rewritten by: pytest tests/test_words.py --accept"]
    for table, entries in tables.items():
        lines += ["", f"[{table}]", *(f'"{key}" = "{value}"' for key, value in sorted(entries.items()))]
    return "\n".join(lines) + "\n"
