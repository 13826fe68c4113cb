"""Every word that is needed is there, in every language, and every name that must never change has not changed."""

import ast
import re
import tomllib
from collections import Counter
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest

from bot.app import FEATURES
from domain import behalf, calls, casework, people, visits
from handlers.kit import routes
from handlers.kit.messages import MESSAGES, CaseMessage, Message
from handlers.kit.press import LIMIT, PRESSES
from handlers.kit.words import BUILT_IN, flat
from handlers.menus import OFFERS

LANGUAGES = ("zh", "en")
ROOT = BUILT_IN.parent
FROZEN = Path(__file__).parent / "frozen_names.toml"
HAN, LATIN = 8, 18
MACROS = {"digest/lines.j2"}
ABSTRACT = {Message, CaseMessage, MESSAGES["Question"]}
ROUTER = routes.Router.of(FEATURES)


def labels(language: str) -> dict[str, str]:
    """Every label of a language; one that stands twice fails."""
    found: list[tuple[str, str]] = []
    for path in sorted((BUILT_IN / language).rglob("labels.toml")):
        found += flat(tomllib.loads(path.read_text(encoding="utf-8"))).items()
    twice = [key for key, times in Counter(key for key, _ in found).items() if times > 1]
    assert not twice, f"{language}: {twice} stand in two files"
    return dict(found)


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_has_words(language: str) -> None:
    missing = [
        kind.template()
        for kind in MESSAGES.values()
        if kind not in ABSTRACT and not (BUILT_IN / language / kind.template()).exists()
    ]
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_left_over(language: str) -> None:
    wanted = {kind.template() for kind in MESSAGES.values()} | MACROS
    folder = BUILT_IN / language
    left = [
        str(path.relative_to(folder)) for path in folder.rglob("*.j2") if str(path.relative_to(folder)) not in wanted
    ]
    assert not left


def test_languages_have_the_same_labels_with_the_same_names_in_them() -> None:
    zh, en = labels("zh"), labels("en")
    staff_only = {"step_noun"}  # English names steps by verb and by noun
    alike = {key for key in zh.keys() ^ en.keys() if key.partition(".")[0] not in staff_only}
    assert not alike
    assert [key for key in zh.keys() & en.keys() if placeholders(zh[key]) != placeholders(en[key])] == []


def buttons() -> set[str]:
    """The label keys that handlers give to buttons, read from the code."""
    found: set[str] = set()
    for path in (ROOT / "handlers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Button":
                found |= {c.value for c in ast.walk(node.args[0]) if isinstance(c, ast.Constant) and c.value}
    return {key for key in found if isinstance(key, str) and re.fullmatch(r"[a-z][a-z_]*[a-z]", key)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_has_a_short_label(language: str) -> None:
    known = labels(language)
    assert [key for key in buttons() if key not in known and not any(k.startswith(key) for k in known)] == []
    long = {key: known[key] for key in buttons() if key in known and width(known[key]) > 1}
    assert not long


def width(label: str) -> float:
    """How much of a button a label fills; names in it are taken as three Han letters or eight Latin ones."""
    plain = re.sub(r"[\U0001f300-\U0001faff\u2190-\u27bf\ufe0f✓→·]", "", re.sub(r"\{\w+\}", "", label)).strip()
    han = len(re.findall(r"[\u3000-\u9fff\uff00-\uffef]", plain))
    return han / HAN + (len(plain) - han) / LATIN


REFUSALS: tuple[type[StrEnum], ...] = (
    casework.Refusal,
    people.InviteRefusal,
    *(
        kind
        for module in (visits, behalf, calls)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, StrEnum) and name.endswith("Refusal")
    ),
)
OTHER_REFUSALS = (routes.STALE, routes.NO_SUCH_COMMAND, routes.DEAD_LINK, "already_sent")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_words(language: str) -> None:
    known = labels(language)
    wanted = [*(value for kind in REFUSALS for value in kind), *OTHER_REFUSALS]
    assert [why for why in wanted if f"refusal.{why}" not in known] == []


def notes() -> set[str]:
    """The keys of short notes, read from the code."""
    found: set[str] = set()
    for path in (ROOT / "handlers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "note":
                found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_note_has_words(language: str) -> None:
    assert notes()
    assert [note for note in notes() if f"note.{note}" not in labels(language)] == []


def test_every_command_is_in_the_help() -> None:
    assert ROUTER.commands.keys() - {"start"} == {offer.command for offer in OFFERS}


def names() -> dict[str, list[str]]:
    """What the database and old messages hold for good."""
    return {
        "presses": sorted(f"{code} {kind.__name__}" for code, kind in PRESSES.items() if code),
        "steps": sorted(ROUTER.steps),
        "messages": sorted(kind.__name__ for kind in MESSAGES.values() if kind not in ABSTRACT),
    }


def test_names_that_are_kept_for_good_have_not_changed(accept: bool) -> None:
    """A new name may be added with ``--accept``; one that is gone breaks buttons, questions and rows that exist."""
    now = names()
    if accept:
        lines = [
            f"{group} = [\n" + "".join(f'    "{name}",\n' for name in found) + "]\n" for group, found in now.items()
        ]
        FROZEN.write_text("# Rewritten by `pytest --accept`. Names may come, but not go.\n" + "".join(lines), "utf-8")
    assert tomllib.loads(FROZEN.read_text(encoding="utf-8")) == now


def test_every_press_fits() -> None:
    assert all(len(code) <= LIMIT // 8 for code in PRESSES)


def test_there_is_no_human_language_in_the_code() -> None:
    rooms = [path for room in ("bot", "handlers", "storage") for path in (ROOT / room).rglob("*.py")]
    found = {
        f"{path.relative_to(ROOT)}: {node.value!r}"
        for path in rooms
        for node in strings(ast.parse(path.read_text(encoding="utf-8")))
        if re.search(r"[\u4e00-\u9fff]", str(node.value))
    }
    allowed = ("bot/demo.py", "bot/tour.py", "bot/config", "bot/__main__.py", "handlers/kit/words.py")
    assert not {entry for entry in found if not entry.startswith(allowed)}


def strings(tree: ast.Module) -> list[ast.Constant]:
    """Every text in a module that is not a docstring."""
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    documented = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [text for text in texts if id(text) not in documented]
