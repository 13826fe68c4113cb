"""Text as people send it: made safe to keep, measured and cut as Telegram measures it, and split for searching.

The rule: what cannot be seen is dropped, what can be seen is kept. Lengths are UTF-16 code units, in which Telegram
counts; a cut never goes through something that a reader sees as one character.
"""

import re
import unicodedata

MARKS = 3
"""Most accents on one letter: Vietnamese needs two, ancient Greek three; piled-up "Zalgo" text has dozens."""

CJK = (
    r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    r"\u3041-\u30ff\uac00-\ud7a3"  # kana, Hangul
)
"""For use inside of ``[…]``: letters that are written without spaces between words."""
_EMOJI = r"\xa9\xae\u203c-\u3299\U0001f000-\U0001faff"
_JOINING_SCRIPTS = r"\u0620-\u109f"  # Arabic to Burmese: there the zero-width joiners change what is read

# By far the most messages consist of these characters only, and need no further look.
_PLAIN = re.compile(r"[\n\t -~\u3001-\u3029\u4e00-\u9fff\uff01-\uff5e\u2018-\u201d\u2026]*")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(
    r"("  # group 1 is kept: flags spelt in tag letters, joiners within emoji and within words
    r"\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f"
    rf"|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])"
    rf"|(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}])"
    r")|["
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters
    r"\xad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2065\ufeff"  # zero-width padding and direction marks
    r"\u202a-\u202e\u2066-\u206f"  # direction overrides
    r"\u115f\u1160\u3164\uffa0"  # letters that show nothing
    r"\ud800-\udfff\ufdd0-\ufdef\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e007f"  # no characters at all, tags
    r"]"
)
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n){3,}")
_SENTENCE = re.compile(r".+?(?:[。!?;\uff01\uff1f\uff1b…]+|\.(?=\s|$)|$)", re.MULTILINE)
_LOOSE_END = re.compile(r"[。、.,;:\uff0c\uff1b\uff1a\s]+$")
_PARTINGS = (re.compile(r"\n+"), re.compile(r"[。!?;\uff01\uff1f\uff1b…]+|\.\s"), re.compile(r"\s+"))
"""Better places to part a long text, the best first."""
_LETTER = re.compile(r"[^\W_]")
_TERM = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
_CJK = re.compile(rf"[{CJK}]")


def clean(text: str) -> str:
    """The text without what cannot be seen, in NFC, with ``\\n`` line ends, at most two blank lines in a row, stripped.

    Dropped: NUL and other control characters except newline and tab, lone surrogates, direction overrides, zero-width
    padding, accents beyond ``MARKS`` on one letter. Cleaning clean text changes nothing.
    """
    while (again := _cleaned_once(text)) != text:  # taking something out can bring new neighbours together
        text = again
    return text


def _cleaned_once(text: str) -> str:
    text = _LINE_END.sub("\n", text)
    if not _PLAIN.fullmatch(text):
        text = _few_marks(_UNSEEN.sub(r"\1", text))  # also before NFD, whose time grows with the square of a pile
        text = unicodedata.normalize("NFC", _few_marks(unicodedata.normalize("NFD", text)))
    return _BLANK_LINES.sub("\n\n\n", text).strip()


def _few_marks(text: str) -> str:
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if run <= MARKS:
            kept.append(char)
    return "".join(kept)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int, ellipsis: str = "…") -> str:
    """The text if it has at most ``limit`` UTF-16 units, else its beginning and ``ellipsis``, together no longer.

    Never cuts through an accented letter, an emoji sequence or a flag. Where the ellipsis has no room it is left out.
    """
    if utf16_length(text) <= limit:
        return text
    room = limit - utf16_length(ellipsis)
    if room < 0:
        return cut(text, limit, "") if ellipsis else ""
    return text[: _boundary(text, room)].rstrip() + ellipsis


def parts_of(text: str, room: int) -> tuple[str, ...]:
    """The text in as few pieces of at most ``room`` UTF-16 units as hold it, which together are it sign by sign.

    Each but the last ends behind a line, a sentence or a word, where that needs no more pieces.
    """
    parts = []
    while utf16_length(text) > room:
        at = _parting(text, room)
        parts.append(text[:at])
        text = text[at:]
    return (*parts, text)


def _parting(text: str, room: int) -> int:
    """Where to part: of what one character is made of (a pile of joined emoji) only where nothing else is left."""
    end = _boundary(text, room) or len(_first_units(text, room))
    units = utf16_length(text)
    must = units - (-(-units // room) - 1) * room  # or the rest needs one piece more
    early = max(end // 2, len(_first_units(text, must)))
    for pattern in _PARTINGS:
        if found := list(pattern.finditer(text, early, end)):
            return found[-1].end()
    return end


def _first_units(text: str, units: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")


def _boundary(text: str, units: int) -> int:
    """The last index within that many UTF-16 units at which a new visible character begins."""
    index = len(_first_units(text, units))
    while 0 < index < len(text) and _one_character(text, index):
        index -= 1
    return index


def _one_character(text: str, index: int) -> bool:
    """Whether the characters before and at ``index`` belong to what a reader sees as one."""
    before, char = text[index - 1], text[index]
    if _is_flag_letter(char) and _is_flag_letter(before):
        letters = len(text[:index]) - len(text[:index].rstrip(_FLAG_LETTERS))
        return letters % 2 == 1
    return before == "\u200d" or _extends(char) or (before == "\r" and char == "\n")


_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _extends(char: str) -> bool:
    """Accents, joiners, skin tones, tag letters, and the vowels and finals of Hangul written letter by letter."""
    return (
        unicodedata.category(char)[0] == "M"
        or char in "\u200c\u200d"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )


def headline(text: str, limit: int = 24) -> str:
    """A short title for lists: the first sentence or line, with the next ones if that one is very short.

    ``limit`` is in UTF-16 units; a title without Chinese, Japanese or Korean letters may be twice as long, since its
    letters are half as wide, and is cut between words.
    """
    title = _first_sentences(text)
    if _CJK.search(title):
        return cut(title, limit)
    short = cut(title, 2 * limit)
    if short == title:
        return title
    between_words = short[:-1].rpartition(" ")[0]
    return f"{between_words}…" if len(between_words) > limit else short


def _first_sentences(text: str, enough: int = 6) -> str:
    """Sentences from the start until they have ``enough`` letters (a bare greeting has fewer), on one line."""
    taken: list[str] = []
    for sentence in _SENTENCE.findall(text):
        taken.append(sentence.strip())
        if len(_LETTER.findall("".join(taken))) >= enough:
            break
    return _LOOSE_END.sub("", " ".join(filter(None, taken))) or text.strip().partition("\n")[0]


def words(text: str) -> list[str]:
    """Search terms in the order of the text: pairs of neighbouring Han (kana, Hangul) letters, and words in lower case.

    A single Han letter stands for itself; full-width letters count as ordinary ones.
    """
    terms: list[str] = []
    for run in _TERM.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _CJK.match(run) and len(run) > 1:
            terms += (run[i : i + 2] for i in range(len(run) - 1))
        else:
            terms.append(run)
    return terms
