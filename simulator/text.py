"""Text as Telegram counts and stores it: UTF-16 units, cleaning, entities found in plain words, HTML for the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from urllib.parse import urlsplit

from simulator.refusals import Json, bad_request

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_DROPPED = re.compile("[\r\u0333\u033f\u030a\u2028-\u202e]")
_BLANKED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FOUND = re.compile(
    r"(?<![\w/<>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)|(?P<url>https?://[^\s<>\"]+)"
)

ENTITY_TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)
# Telegram looks for commands and links everywhere but inside these.
_OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "url"})


def units(text: str) -> int:
    """Length in UTF-16 code units, which is how Telegram counts."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def whole(words: object) -> int | None:
    """The whole number that something is or says; None where it is none."""
    return int(str(words)) if _WHOLE.fullmatch(str(words)) else None


def clean(text: str) -> str:
    """The text after Telegram's own cleaning of what bots send: no control characters, no direction overrides."""
    if _SURROGATE.search(text):
        raise bad_request("strings must be encoded in UTF-8")
    return _BLANKED.sub(" ", _DROPPED.sub("", text))


def trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Without the white space at both ends; entities move along, and empty ones go."""
    body = text.lstrip()
    cut = units(text[: len(text) - len(body)])
    body = body.rstrip()
    end = units(body)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - cut, 0)
        stop = min(entity["offset"] - cut + entity["length"], end)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return body, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def with_found(text: str, entities: list[Json]) -> list[Json]:
    """The entities and the commands and links that Telegram finds by itself."""
    if "/" not in text:
        return entities
    opaque = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] in _OPAQUE]
    found = []
    for match in _FOUND.finditer(text):
        start, length = units(text[: match.start()]), units(match.group())
        if not any(begin < start + length and start < end for begin, end in opaque):
            found.append({"type": match.lastgroup, "offset": start, "length": length})
    return sorted([*entities, *found], key=lambda entity: (entity["offset"], -entity["length"]))


def is_link(url: str) -> bool:
    """Whether Telegram would make a link of it."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return False
    if parts.scheme in ("tg", "ton", "tonsite"):
        return True
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and ("." in host or host == "localhost") and " " not in host


def checked(text: str, entities: Iterable[Json]) -> list[Json]:
    """Entities a bot gave by hand, or Telegram's refusal of them."""
    total = units(text)
    for entity in entities:
        if not isinstance(entity, dict) or entity.get("type") not in ENTITY_TYPES:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        offset, length = whole(entity.get("offset", 0)), whole(entity.get("length", 0))
        if offset is None or length is None:
            raise bad_request('can\'t parse MessageEntity: Field "offset" must be of type Number')
        if offset < 0:
            raise bad_request(f"receive an entity with incorrect offset {offset}")
        if offset > total:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
        if offset + length > total:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text "
                f"at UTF-16 offset {offset + length}"
            )
        if entity["type"] == "text_link" and not is_link(url := str(entity.get("url", ""))):
            raise bad_request(f"entity URL '{url}' is invalid: {'Wrong HTTP URL' if url else 'URL host is empty'}")
    return list(entities)


_TAGS: dict[str, Callable[[Json], tuple[str, str]]] = {
    "bold": lambda _: ("<b>", "</b>"),
    "italic": lambda _: ("<i>", "</i>"),
    "underline": lambda _: ("<u>", "</u>"),
    "strikethrough": lambda _: ("<s>", "</s>"),
    "spoiler": lambda _: ('<span class="tg-spoiler">', "</span>"),
    "code": lambda _: ("<code>", "</code>"),
    "pre": lambda _: ("<pre>", "</pre>"),
    "blockquote": lambda _: ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": lambda _: ("<blockquote expandable>", "</blockquote>"),
    "text_link": lambda e: (f'<a href="{escape(e["url"])}">', "</a>"),
}


def to_html(text: str, entities: list[Json]) -> str:
    """The text as HTML, everything a person wrote escaped; plain links are links."""
    if not entities:
        return escape(text, quote=False)
    wide = text.encode("utf-16-le", "surrogatepass")
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        before, after = _tag(entity, wide[2 * start : 2 * end].decode("utf-16-le", "surrogatepass"))
        opens.setdefault(start, []).append(before)
        closes.setdefault(end, []).insert(0, after)
    parts = []
    marks = sorted({0, *opens, *closes, len(wide) // 2})
    for here, there in zip(marks, [*marks[1:], marks[-1]], strict=True):
        parts += [*closes.get(here, ()), *opens.get(here, ())]
        parts.append(escape(wide[2 * here : 2 * there].decode("utf-16-le", "surrogatepass"), quote=False))
    return "".join(parts)


def _tag(entity: Json, words: str) -> tuple[str, str]:
    if entity["type"] == "url":
        return f'<a href="{escape(words)}">', "</a>"
    make = _TAGS.get(entity["type"])
    return make(entity) if make else ("", "")


def starred(text: str, entities: list[Json]) -> str:
    """The text with *stars* around what is bold, as transcripts write it."""
    wide = text.encode("utf-16-le", "surrogatepass")
    marks = [at for e in entities if e["type"] == "bold" for at in (e["offset"], e["offset"] + e["length"])]
    for at in sorted(marks, reverse=True):
        wide = wide[: 2 * at] + b"*\0" + wide[2 * at :]
    return wide.decode("utf-16-le", "surrogatepass")
