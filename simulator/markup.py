"""Telegram's HTML parse mode: tags become entities, and what does not close is refused with Telegram's words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.refusals import Json, Refused, bad_request
from simulator.text import is_link, units

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PLAIN = re.compile(r"[^<&]+")
_SPACE = re.compile(r"\s*")
_REFERENCE = re.compile(r"&(?:#(?P<decimal>\d{1,8})|#x(?P<hex>[0-9A-Fa-f]{1,8})|(?P<name>[A-Za-z]+));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE = re.compile(r"[^\s=>\"'/]*")
_TOKEN = re.compile(r"[A-Za-z0-9.\-]*")
_LAST_CODE_POINT = 0x10FFFF


@dataclass(slots=True)
class _Open:
    name: str
    attributes: dict[str, str]
    offset: int
    text_at: int


def parse_html(html: str) -> tuple[str, list[Json]]:
    """The plain text and its entities (UTF-16 offsets), or a `Refused` in Telegram's words."""
    return _Parser(html).run()


def _decode(match: re.Match[str]) -> str:
    """A character reference; what Telegram does not know stays as it is."""
    if name := match["name"]:
        return _NAMED.get(name, match.group())
    code = int(match["decimal"]) if match["decimal"] else int(match["hex"], 16)
    if not 0 < code < _LAST_CODE_POINT:
        return match.group()
    if 0xD800 <= code < 0xE000:
        raise bad_request(
            "can't parse entities: Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    return chr(code)


class _Parser:
    def __init__(self, html: str) -> None:
        self.html = html
        self.at = 0
        self.parts: list[str] = []
        self.offset = 0
        self.open: list[_Open] = []
        self.entities: list[Json] = []

    def run(self) -> tuple[str, list[Json]]:
        while self.at < len(self.html):
            if self.html[self.at] == "&":
                self._reference()
            elif self.html.startswith("</", self.at):
                self._end_tag()
            elif self.html[self.at] == "<":
                self._start_tag()
            else:
                self._add(self._take(_PLAIN))
        if self.open:
            raise self._wrong(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        return "".join(self.parts), sorted(self.entities, key=lambda one: (one["offset"], -one["length"]))

    def _wrong(self, words: str, at: int | None = None) -> Refused:
        if at is not None:
            words = words.replace("byte offset", f"byte offset {len(self.html[:at].encode())}")
        return bad_request(f"can't parse entities: {words}")

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.html, self.at)
        words = match.group() if match else ""
        self.at += len(words)
        return words

    def _next(self) -> str:
        return self.html[self.at : self.at + 1]

    def _add(self, words: str) -> None:
        self.parts.append(words)
        self.offset += units(words)

    def _reference(self) -> None:
        match = _REFERENCE.match(self.html, self.at)
        if match is None:
            self._add("&")
            self.at += 1
        else:
            self._add(_decode(match))
            self.at = match.end()

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        name = self._take(_TAG_NAME).lower()
        if not self._next():
            raise self._wrong("Unclosed start tag at byte offset", begin)
        if name not in _TYPES:
            raise self._wrong(f'Unsupported start tag "{name}" at byte offset', begin)
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._wrong('Tag "span" must have class "tg-spoiler" at byte offset', begin)
        self.open.append(_Open(name, attributes, self.offset, len(self.parts)))
        self.at += 1

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            self._take(_SPACE)
            if self._next() == ">":
                return found
            if not self._next():
                raise self._wrong("Unclosed start tag at byte offset", begin)
            name = self._take(_ATTRIBUTE)
            if not name:
                raise self._wrong(f'Empty attribute name in the tag "{tag}" at byte offset', begin)
            found[name] = self._value(tag, begin)

    def _value(self, tag: str, begin: int) -> str:
        """An attribute's value; one without "=" is empty."""
        self._take(_SPACE)
        if self._next() == "=":
            self.at += 1
            self._take(_SPACE)
            if self._next():
                return self._quoted(begin) if self._next() in "\"'" else self._bare()
        if not self._next():
            raise self._wrong(f'Unclosed start tag "{tag}" at byte offset', begin)
        return ""

    def _quoted(self, begin: int) -> str:
        end = self.html.find(self._next(), self.at + 1)
        if end < 0:
            raise self._wrong("Unclosed start tag at byte offset", begin)
        raw, self.at = self.html[self.at + 1 : end], end + 1
        return _REFERENCE.sub(_decode, raw)

    def _bare(self) -> str:
        begin = self.at
        token = self._take(_TOKEN)
        if self._next() != ">" and not self._next().isspace():
            raise self._wrong("Unexpected end of name token at byte offset", begin)
        return token.lower()

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise self._wrong("Unexpected end tag at byte offset", begin)
        self.at += 2
        name = self._take(_TAG_NAME).lower()
        self._take(_SPACE)
        if self._next() != ">":
            raise self._wrong("Unclosed end tag at byte offset", begin)
        self.at += 1
        tag = self.open.pop()
        if name and name != tag.name:
            words = f'Unmatched end tag at byte offset, expected "</{tag.name}>", found "</{name}>"'
            raise self._wrong(words, begin)
        self._close(tag)

    def _close(self, tag: _Open) -> None:
        length = self.offset - tag.offset
        if not length:
            return
        entity: Json = {"type": _TYPES[tag.name], "offset": tag.offset, "length": length}
        if self._completed(entity, tag):
            self.entities.append(entity)

    def _completed(self, entity: Json, tag: _Open) -> bool:
        """Adds what the type needs; False where Telegram drops the entity and keeps the words."""
        if tag.name == "a":
            url = tag.attributes.get("href") or "".join(self.parts[tag.text_at :])
            entity["url"] = url if "://" in url else f"http://{url}"
            return is_link(url)
        if tag.name == "tg-emoji":
            entity["custom_emoji_id"] = tag.attributes.get("emoji-id", "")
            if not entity["custom_emoji_id"].isdigit():
                raise self._wrong("Invalid custom emoji identifier specified")
        if tag.name == "blockquote" and "expandable" in tag.attributes:
            entity["type"] = "expandable_blockquote"
        language = tag.attributes.get("class", "").removeprefix("language-")
        if tag.name == "code" and language and self.open and self.open[-1].name == "pre":
            self.open[-1].attributes["language"] = language
            return False
        if tag.name == "pre" and "language" in tag.attributes:
            entity["language"] = tag.attributes["language"]
        return True
