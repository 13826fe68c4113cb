"""Finding listed words: the longest at each place, whole words where words have spaces, gaps and open endings."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.phrases import GAP, WordList, plain, size


def found(words: list[str], text: str) -> list[str]:
    return [hit.listed.word for hit in WordList((("code", tuple(words)),)).hits(plain(text))]


@pytest.mark.parametrize(
    ("words", "text", "hits"),
    [
        (["停车", "停车位"], "停车位不够,乱停车", ["停车位", "停车"]),
        (["路灯", "灯坏"], "路灯坏了", ["路灯"]),
        (["LED"], "ＬＥＤ灯和led屏", ["led", "led"]),
        (["fire"], "I was fired, no firearms. Fire!", ["fire"]),
        (["lamp*"], "Lamps, a lamppost, a clamp", ["lamp*", "lamp*"]),
        (["gas…leak*"], "The gas is leaking", ["gas…leak*"]),
        (["煤气…味"], "煤气灶有股怪味", ["煤气…味"]),
        (["煤气…味"], "煤气公司的师傅今天来过了没有闻到味", []),
        (["煤气…味"], "煤气\n味", []),
        (["smell* gas"], "It smells gas here", ["smell* gas"]),
        (["停电"], "停\u200b电", ["停电"]),
        (["", "\u200b", "…", "*"], "anything", []),
        (["…味"], "有味", ["味"]),
        (["a.b"], "axb a.b", ["a.b"]),
    ],
)
def test_what_is_found(words: list[str], text: str, hits: list[str]) -> None:
    assert found(words, text) == hits


def test_a_word_listed_twice_has_both_codes() -> None:
    words = WordList((("east", ("新村",)), ("west", ("新村", "西村"))))
    assert [hit.listed.codes for hit in words.hits("新村和西村")] == [{"east", "west"}, {"west"}]


def test_the_longest_at_the_end() -> None:
    words = WordList((("code", ("了", "好了", "坏")),))
    hit = words.ending("修好了")
    assert hit is not None
    assert (hit.listed.word, hit.start, hit.end) == ("好了", 1, 3)
    assert words.ending("好了吗") is None


@given(st.lists(st.text("ab路灯", min_size=1, max_size=4), max_size=6), st.text("ab路灯 ", max_size=20))
def test_as_a_plain_search_would_find_it(words: list[str], text: str) -> None:
    """Against one alternation, the longest first, with the boundaries of words written out."""
    longest_first = sorted(set(words), key=len, reverse=True)
    each = (
        ("(?<![ab])" if w[0] in "ab" else "") + re.escape(w) + ("(?![ab])" if w[-1] in "ab" else "")
        for w in longest_first
    )
    pattern = "|".join(each)
    expected = [m.group() for m in re.finditer(pattern, plain(text))] if words else []
    assert found(words, text) == expected


def test_sizes() -> None:
    assert [size(w) for w in ("路灯", "street lamp", "led灯", "…!", "ラジオ")] == [2, 4, 3, 0, 3]


def test_a_gap_is_short() -> None:
    assert found(["a…b"], "a" + "." * GAP + "b") == ["a…b"]
    assert found(["a…b"], "a" + "." * (GAP + 1) + "b") == []
