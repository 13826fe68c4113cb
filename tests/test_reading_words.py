"""The lists of small talk: the shipped file is whole, another may be laid over it, and a faulty one is refused."""

from dataclasses import fields
from pathlib import Path

import pytest

from bot.reading_words import SHIPPED, load
from domain.reading import ReadingWords

NAMES = [field.name for field in fields(ReadingWords)]


def write(path: Path, language: str = "de", **lists: object) -> Path:
    path.write_text(
        f"[{language}]\n" + "".join(f"{name} = {lists.get(name, [])}\n" for name in NAMES), encoding="utf-8"
    )
    return path


def test_the_shipped_lists_have_all_languages_together() -> None:
    words = load()
    assert {"你好", "hello"} <= set(words.greetings)
    assert all(getattr(words, name) for name in NAMES)


def test_a_later_file_adds_or_replaces_a_language(tmp_path: Path) -> None:
    german = write(tmp_path / "de.toml", greetings=["moin"])
    english = write(tmp_path / "en.toml", "en", greetings=["ahoy"])
    words = load(SHIPPED, german, english)
    assert {"你好", "moin", "ahoy"} <= set(words.greetings)
    assert "hello" not in words.greetings


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[de", "cannot be read"),
        ("de = 1", "de must be a table of lists"),
        ("[de]\ngreetings = []", r"\[de\] cancels is missing"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "reading.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        load(path)


@pytest.mark.parametrize("listed", ["hello", 3, [1], [""], ["…"]])
def test_a_list_must_hold_words(tmp_path: Path, listed: object) -> None:
    path = write(tmp_path / "reading.toml")
    text = path.read_text(encoding="utf-8").replace("greetings = []", f"greetings = {listed!r}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"\[de\] greetings must be a list of words that are not empty"):
        load(path)


def test_an_unknown_list_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "reading.toml")
    path.write_text(path.read_text(encoding="utf-8") + "swearing = []\n", encoding="utf-8")
    with pytest.raises(ValueError, match="swearing is not a list the bot knows"):
        load(path)
