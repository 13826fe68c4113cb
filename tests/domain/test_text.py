"""Text as people send it: nothing invisible stays, nothing visible goes, and no cut goes through a character."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text import MARKS, clean, cut, headline, utf16_length, words

FAMILY = "👨‍👩‍👧‍👦"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
WHOLE = [
    "路",
    "灯",
    "a",
    " ",
    "\n",
    "é",
    "e\u0301",
    FAMILY,
    "👍🏽",
    "🇨🇳",
    "🇩🇪",
    "1️⃣",
    "❤️‍🔥",
    "𠮷",
    ENGLAND,
    "ก็",
    "क्\u200dष",
]
pieces = st.lists(st.sampled_from(WHOLE), max_size=30)
nasty = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\0\r\n\t \x0b\u0085\u2028\u200b\u200c\u200d\u202e\u2066\ufeff\xad\u0301\u0488\u0958\u09c7\u09be😀\ufe0f"
        ),
        st.integers(0xD800, 0xDFFF).map(chr),
    )
)


@given(nasty)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(nasty)
def test_what_is_clean_can_be_stored_anywhere(text: str) -> None:
    done = clean(text)
    done.encode()
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in done if c not in "\n\t")
    assert done == done.strip()
    assert unicodedata.is_normalized("NFC", done)
    assert "\n\n\n\n" not in done


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Po"], exclude_characters="\u115f\u1160\u3164\uffa0")))
def test_what_can_be_seen_is_kept(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(pieces)
def test_sequences_stay_whole(parts: list[str]) -> None:
    text = "路" + "路".join(parts) + "路"
    assert clean(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  路灯坏了 \n", "路灯坏了"),
        ("a\0b\x07c\x1b[31m", "abc[31m"),
        ("一\r\n二\r三\u2028四", "一\n二\n三\n四"),
        ("一\n\n\n\n \n\n二", "一\n\n\n二"),
        ("一\n\n\n二", "一\n\n\n二"),
        ("gnp.\u202egpj", "gnp.gpj"),
        ("路\u200b灯\ufeff坏\u2060了", "路灯坏了"),
        ("pay\u200dpal", "paypal"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian needs its non-joiner
        ("a\ud83d b\udc00", "a b"),
        ("e\u0301", "é"),
        ("\u3164\u200b \u2066", ""),
        ("\U000e0041\U000e0042 hidden", "hidden"),
        (f"{FAMILY} {ENGLAND}", f"{FAMILY} {ENGLAND}"),
        ("&amp;lt; <b> {{7*7}} =HYPERLINK(1)", "&amp;lt; <b> {{7*7}} =HYPERLINK(1)"),
    ],
)
def test_examples_of_cleaning(sent: str, kept: str) -> None:
    assert clean(sent) == kept


def test_piled_up_accents_are_limited() -> None:
    done = clean("Z" + "\u0335\u0321\u0322\u0327\u0328" * 9 + "algo, ệ")
    assert (done[0], done[-6:]) == ("Z", "algo, ệ"[-6:])
    assert sum(unicodedata.category(c) == "Mn" for c in done) == MARKS


@given(st.text())
def test_length_as_telegram_counts(text: str) -> None:
    assert utf16_length(text) == sum(1 + (ord(c) > 0xFFFF) for c in text)


@given(pieces, st.integers(0, 60))
def test_a_cut_keeps_to_the_limit_and_to_whole_characters(parts: list[str], limit: int) -> None:
    done = cut("".join(parts), limit)
    assert utf16_length(done) <= limit
    beginnings = {"".join(parts[:n]).rstrip() for n in range(len(parts) + 1)}
    assert done == "".join(parts) or done.removesuffix("…") in beginnings


@given(pieces, st.integers(2, 60))
def test_a_cut_takes_as_much_as_fits(parts: list[str], limit: int) -> None:
    done, text = cut("".join(parts), limit), "".join(parts)
    if done == text:
        return
    fitting = [n for n in range(len(parts) + 1) if utf16_length("".join(parts[:n])) < limit]
    assert done == "".join(parts[: fitting[-1]]).rstrip() + "…"


@given(nasty, st.integers(-1, 9), st.sampled_from(["…", "", " (…)"]))
def test_any_text_can_be_cut(text: str, limit: int, ellipsis: str) -> None:
    assert utf16_length(cut(text, limit, ellipsis)) <= max(limit, 0)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("3号楼门口路灯坏了两天。老人看不见。", "3号楼门口路灯坏了两天"),
        ("您好\uff013号楼路灯坏了\uff0c请修", "您好\uff01 3号楼路灯坏了\uff0c请修"),
        ("楼下烧烤店每天营业到凌晨两点,油烟和噪音让人没法睡觉", "楼下烧烤店每天营业到凌晨两点,油烟和噪音让人没…"),
        ("路灯坏了\uff0c", "路灯坏了"),
        ("什么时候通车\uff1f已经等了一年", "什么时候通车\uff1f"),
        (
            "The street lamp at block 3.5 has been out for two days. Thanks",
            "The street lamp at block 3.5 has been out for…",
        ),
        ("Lamp at block 3 broken\nplease fix", "Lamp at block 3 broken"),
        ("\n\n路灯坏了三天了\n谢谢", "路灯坏了三天了"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_headlines(text: str, title: str) -> None:
    assert headline(text) == title


@given(nasty)
def test_a_headline_is_one_short_line(text: str) -> None:
    title = headline(clean(text))
    assert "\n" not in title
    assert utf16_length(title) <= 48


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("路灯坏了", ["路灯", "灯坏", "坏了"]),
        ("3号楼LED灯", ["3", "号楼", "led", "灯"]),
        ("Street LAMP, block_3", ["street", "lamp", "block", "3"]),
        ("ＬＥＤ３", ["led3"]),
        ("水、电", ["水", "电"]),
        ("…!👍", []),
    ],
)
def test_search_terms(text: str, terms: list[str]) -> None:
    assert words(text) == terms


@given(st.text("路灯坏了aB 3,", min_size=2), st.integers(0, 20), st.integers(2, 6))
def test_a_passage_is_found_by_its_terms(text: str, start: int, length: int) -> None:
    passage = text[start : start + length]
    inner = [t for t in words(passage)[1:-1] if len(t) == 2 and t.isalpha() and t > "z"]
    assert set(inner) <= set(words(text))
