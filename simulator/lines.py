"""How the lines of a transcript read: what was said, sent and pressed, in words; see docs/simulator.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from simulator.cast import Chat, Person, Post
from simulator.refusals import Json
from simulator.text import starred

_MEDIA = [
    "photo",
    "voice",
    "video",
    "video_note",
    "audio",
    "document",
    "location",
    "venue",
    "contact",
    "sticker",
    "animation",
    "poll",
    "dice",
]
_NUMBER = re.compile(r"\d\d-\d{4,}")
_CARD = re.compile(r"^>> edit ((?:in )?\S+): .*?\*(\d\d-\d{4,})\*")
_SAID = re.compile(r"^>> (?:edit |toast |delete )?")
# What a name cannot hold in a line, and what stands there instead.
_UNNAMED = str.maketrans({" ": "_", "\n": "_", "\t": "_", ":": "\uff1a", ";": "\uff1b", ",": "\uff0c", "~": "\uff5e"})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing done: `mark` is "" or "edit" for a person, ">> …" for the bot, else the kind of deed.

    `who` is the person, or whom the bot speaks to; `room` is the group where it happened in one.
    """

    mark: str
    at: datetime
    who: int = 0
    room: int | None = None
    message: Json | None = None
    words: str = ""
    about: str | None = None
    photos: int = 1
    members: tuple[int, ...] = ()

    @property
    def said(self) -> bool:
        """Whether the bot did it."""
        return self.mark.startswith(">>")


class Names:
    """What a transcript calls everybody and every group: of two with one name the later one is `王芳~2`."""

    def __init__(self, people: Iterable[Person], groups: Iterable[Chat]) -> None:
        self.people = _told_apart((one.id, one.first_name) for one in people)
        self.groups = _told_apart((one.id, one.title) for one in groups)

    def person(self, number: int) -> str:
        """Somebody's name."""
        return self.people.get(number, f"#{number}")

    def room(self, number: int | None) -> str:
        """ " in " and a group's name; nothing for the chat with the bot."""
        return "" if number is None else f" in {self.groups.get(number, f'#{number}')}"

    def order(self) -> list[str]:
        """Whom the bot speaks to, in the order of a transcript."""
        return [*self.people.values(), *(f"in {name}" for name in self.groups.values())]


def _told_apart(named: Iterable[tuple[int, str]]) -> dict[int, str]:
    times: Counter[str] = Counter()
    found: dict[int, str] = {}
    for number, name in named:
        times[shown(name)] += 1
        nth = times[shown(name)]
        found[number] = shown(name) if nth == 1 else f"{shown(name)}~{nth}"
    return found


def rendered(line: Line, names: Names) -> str:
    """A line as the file has it."""
    name = names.person(line.who)
    match line.mark:
        case "clock":
            return f"clock {line.words}"
        case "deed":
            return f"{line.words} {name}{names.room(line.room)}"
        case "phone":
            return f"phone {name} {line.words}"
        case "group" | "supergroup":
            members = ", ".join(map(names.person, line.members))
            return f"{line.mark} {names.room(line.room).removeprefix(' in ')} of {members}"
    if line.said:
        whom = name if line.room is None else names.room(line.room).strip()
        return f"{line.mark} {whom}: {line.words if line.message is None else said(line.message)}".strip()
    words = line.words if line.message is None else sent(line)
    return f"{line.mark} {name}{names.room(line.room)}{_origin(line, names)}{_about(line)}: {words}".strip()


def _about(line: Line) -> str:
    return "" if line.about is None else f" re {line.about}".rstrip()


def _origin(line: Line, names: Names) -> str:
    """ " forwards user 陈静" where a message was forwarded."""
    match (line.message or {}).get("forward_origin"):
        case {"type": "user", "sender_user": user}:
            return " forwards bot" if user["is_bot"] else f" forwards user {_known(user, names)}"
        case {"type": "hidden_user", "sender_user_name": name}:
            return f" forwards hidden_user {shown(name)}"
        case {"type": kind, "sender_chat": chat} | {"type": kind, "chat": chat}:
            return f" forwards {kind} {shown(chat['title'])}"
    return ""


def _known(user: Json, names: Names) -> str:
    return names.people.get(user["id"]) or shown(user["first_name"])


def said(message: Json) -> str:
    """What the bot said: bold *so*, line breaks as dots, then what it carries and its buttons."""
    text = starred(words_of(message), message.get("entities") or message.get("caption_entities") or [])
    parts = [text.replace("\n", " · ")] if text else []
    parts += [f"[{kind}]" for kind in _MEDIA if kind in message]
    for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
        parts += [f"[{button['text']}]" for button in row]
    return " ".join(parts)


def sent(line: Line) -> str:
    """What somebody sent, so that it can be sent again."""
    message = line.message or {}
    words = written(words_of(message))
    return " ".join(filter(None, [words, attached(message, line.photos)]))


def attached(message: Json, photos: int) -> str:
    """What a message carries beside words, in brackets."""
    kind = next((kind for kind in _MEDIA if kind in message), None)
    match kind:
        case None:
            return ""
        case "photo" if "media_group_id" in message:
            return f"[album {photos}]"
        case "photo":
            return "[photo spoiler]" if message.get("has_media_spoiler") else "[photo]"
        case "location":
            return f"[location {message['location']['latitude']:.5f},{message['location']['longitude']:.5f}]"
        case "voice":
            return f"[voice {message['voice']['duration']}]"
        case "document":
            return f"[file {message['document']['file_name'].replace(']', ')')}]"
        case "contact":
            return f"[contact {message['contact']['phone_number']}]"
    return f"[{kind}]"


def written(words: str) -> str:
    """What somebody wrote, on one line, its brackets not to be taken for buttons."""
    return words.replace("[", "\\[").replace("\n", " · ")


def shown(name: str) -> str:
    """A name as transcripts write it: without what separates the parts of a line."""
    return name.translate(_UNNAMED) or "_"


def words_of(message: Json) -> str:
    """The text or caption of a message."""
    return str(message.get("text") or message.get("caption") or "")


def pointed_at(posts: dict[int, Post], about: str) -> int | None:
    """The newest message of the bot that has those words."""
    found = (post.message_id for post in reversed(posts.values()) if post.outgoing and about in words_of(post.message))
    return next(found, None)


def reference(posts: dict[int, Post], number: int) -> str:
    """How a transcript names a message of a chat: "" for the bot's newest, a few of its words, else its number."""
    post = posts.get(number)
    if post is None or not post.outgoing:
        return f"#{number}"
    words = words_of(post.message)
    fragments: list[str] = ["", *_NUMBER.findall(words)[:1], *[line.strip()[:24].strip() for line in words.split("\n")]]
    for fragment in fragments:
        if ":" not in fragment and pointed_at(posts, fragment) == number:
            return fragment
    return f"#{number}"


def grouped(lines: Iterable[str], order: list[str]) -> list[str]:
    """Between two doings what the bot says stands person by person, and of a card drawn several times the last."""
    found: list[str] = []
    waiting: list[str] = []
    for line in lines:
        if line.startswith(">>"):
            waiting.append(line)
            continue
        found += [*by_person(waiting, order), line]
        waiting = []
    return [*found, *by_person(waiting, order)]


def by_person(lines: Iterable[str], order: list[str]) -> list[str]:
    """What the bot said at one time, in the order of the cast; each person's lines keep theirs."""

    def rank(line: str) -> int:
        name = _SAID.sub("", line).partition(":")[0]
        return order.index(name) if name in order else len(order)

    return last_edits(sorted(lines, key=rank))


def last_edits(lines: Iterable[str]) -> list[str]:
    """Of a card drawn several times in a row, the last: how many edits it takes depends on how fast changes come."""
    kept: list[str] = []
    for line in lines:
        card, before = _CARD.match(line), _CARD.match(kept[-1]) if kept else None
        if card and before and card.groups() == before.groups():
            kept.pop()
        kept.append(line)
    return kept
