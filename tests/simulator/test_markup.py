"""HTML becomes entities as in TDLib, whose own test cases are the first list here."""

from __future__ import annotations

import pytest

from simulator.markup import parse_html
from simulator.refusals import Refused
from simulator.text import clean, starred, to_html, trim, units, with_found


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("<script>alert(1)</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        (
            "&#xDFDF;",
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units",
        ),
    ],
)
def test_what_does_not_parse_is_refused_in_telegrams_words(html: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_html(html)
    assert refused.value.code == 400
    assert refused.value.description == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("&ge;&lt;&gt;&amp;&quot;&laquo;", '&ge;<>&"&laquo;', []),
        ("&#65;&#x42;&lt", "AB<", []),
        ("🏟<b>路灯</b>", "🏟路灯", [("bold", 2, 2)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<b></b>x", "x", []),
        (
            "<u>a</u><s>b</s><code>c</code><pre>d</pre>",
            "abcd",
            [("underline", 0, 1), ("strikethrough", 1, 1), ("code", 2, 1), ("pre", 3, 1)],
        ),
        ("<tg-spoiler>a</tg-spoiler><span class='tg-spoiler'>b</span>", "ab", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<b>a</>", "a", [("bold", 0, 1)]),
        ("<a href='javascript:alert(1)'>a</a>", "a", []),
    ],
)
def test_tags_become_entities_in_utf16_units(html: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    parsed, found = parse_html(html)
    assert parsed == text
    assert [(one["type"], one["offset"], one["length"]) for one in found] == entities


def test_links_and_languages_keep_what_they_carry() -> None:
    _, (link,) = parse_html('<a href="https://example.org/?a=1&amp;b=2">x</a>')
    assert link["url"] == "https://example.org/?a=1&b=2"
    _, (block,) = parse_html('<pre><code class="language-python">x</code></pre>')
    assert block == {"type": "pre", "offset": 0, "length": 1, "language": "python"}


def test_units_are_utf16() -> None:
    assert units("a路🏟") == 4
    assert units("👨‍👩‍👧") == 8


def test_cleaning_removes_what_telegram_removes() -> None:
    assert clean("a\x00b\rc\u202ed") == "a bcd"
    with pytest.raises(Refused, match="UTF-8"):
        clean("\ud83d")


def test_trimming_moves_entities() -> None:
    assert trim(
        " \n a b \n", [{"type": "bold", "offset": 3, "length": 1}, {"type": "italic", "offset": 6, "length": 2}]
    ) == (
        "a b",
        [{"type": "bold", "offset": 0, "length": 1}],
    )


def test_commands_and_links_are_found_outside_code() -> None:
    found = with_found("/start b_1 见 https://example.org/x /x", [{"type": "code", "offset": 35, "length": 2}])
    assert [(one["type"], one["offset"]) for one in found] == [("bot_command", 0), ("url", 13), ("code", 35)]


def test_html_for_the_page_escapes_everything_else() -> None:
    text, entities = parse_html("1 &lt; 2 <b>🏟<i>x</i></b> <a href='https://example.org'>y</a>")
    assert to_html(text, entities) == '1 &lt; 2 <b>🏟<i>x</i></b> <a href="https://example.org">y</a>'
    assert starred(text, entities) == "1 < 2 *🏟x* y"
