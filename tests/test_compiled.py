"""Templates are compiled once for the same words, and never shown for others.

Planted: an overlay's words taken from the cache as well (the first template and label are shown for the second); the
group's name left out of what ``built_in`` goes by; no cache at all. Each failed here.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.config import load
from bot.config_example import EXAMPLE
from handlers.kit.words import Words

CHARTER = load(EXAMPLE, {}).charter(range(2026, 2028))


def words_of(folder: Path) -> Words:
    """The words with that overlay."""
    return Words(CHARTER, folder)


def write(folder: Path, template: str, label: str = "") -> None:
    """An overlay's template, and a label of its own."""
    (folder / "en").mkdir(exist_ok=True)
    (folder / "en/mine.j2").write_text(template, "utf-8")
    (folder / "en/labels.toml").write_text(f'[mine]\nthing = "{label}"\n', "utf-8")


def test_a_changed_label_is_shown_though_the_template_is_the_same(tmp_path: Path) -> None:
    for label in ("first", "second"):
        write(tmp_path, '{{ "thing" | word("mine") }}', label)
        assert words_of(tmp_path).template("en", "mine.j2").render() == label


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    for text in ("one", "two"):
        write(tmp_path, text)
        assert words_of(tmp_path).template("en", "mine.j2").render() == text


def test_another_group_is_called_by_its_own_name() -> None:
    named = [replace(CHARTER, group={"en": name}) for name in ("North Gate", "Osmanthus")]
    shown = [Words(charter).template("en", "welcome/welcome.j2").environment.globals["group"] for charter in named]
    assert shown == ["North Gate", "Osmanthus"]


def test_the_same_words_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Words(CHARTER).check()
    again: list[str] = []
    monkeypatch.setattr(ImmutableSandboxedEnvironment, "compile", lambda _, source, *__: again.append(source))
    Words(CHARTER).check()
    assert again == []
