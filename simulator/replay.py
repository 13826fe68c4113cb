"""Lines of a transcript, done again: what people write, send, press and change, and who comes and goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping

from simulator.record import pointed_at
from simulator.refusals import Impossible, Json
from simulator.world import World

_ABOUT = r"(?: re(?: (?P<about>[^:]+))?)?"
SPEECH = re.compile(rf"^(?P<edit>edit )?(?P<name>[^\s:]+){_ABOUT}: (?P<words>.*)$")
_REPLY = re.compile(r"^(?:edit )?[^\s:]+ re\b[^:]*:")
DEED = re.compile(r"^(?P<deed>block|unblock|delete-account) (?P<name>\S+)$")
PHONE = re.compile(r"^phone (?P<name>\S+) (?P<language>[a-z]{2})$")
PRESS = re.compile(r"^\[(?P<label>.+)\]$")
_KINDS = "photo|album|location|voice|video|file|sticker|contact"
ATTACHED = re.compile(rf"^(?P<words>.*?)\s*(?<!\\)\[(?P<kind>{_KINDS})(?: (?P<what>[^\]]+))?\]$")
# Where nobody says a place, it is this one.
SOMEWHERE = (31.62, 113.82)
STICKER: Json = {
    "file_id": "s1",
    "file_unique_id": "u1",
    "type": "regular",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
}


class Replay:
    """Does lines on a world; ``people`` are their numbers by name, and grow with every new phone."""

    def __init__(self, world: World, people: MutableMapping[str, int]) -> None:
        self.world = world
        self.people = people

    def act(self, line: str) -> None:
        """Does what one line says; raises `Impossible` for what cannot be done or is not understood."""
        if found := DEED.match(line):
            self._deed(found["deed"], self._who(found["name"]))
        elif found := PHONE.match(line):
            self._phone(found["name"], found["language"])
        elif found := SPEECH.match(line):
            self._speak(found)
        else:
            raise Impossible(f"not understood: {line!r}")

    def _who(self, name: str) -> int:
        if name not in self.people:
            raise Impossible(f"nobody is called {name}; there are {', '.join(self.people)}")
        return self.people[name]

    def _deed(self, deed: str, who: int) -> None:
        deeds: Mapping[str, Callable[[int], None]] = {
            "block": self.world.block,
            "unblock": self.world.unblock,
            "delete-account": self.world.delete_account,
        }
        deeds[deed](who)

    def _phone(self, name: str, language: str) -> None:
        number = self.people.get(name) or max([1000, *self.world.people]) + 1
        self.people[name] = number
        self.world.person(number, spoken_name(name), language)

    def _speak(self, found: re.Match[str]) -> None:
        who, words = self._who(found["name"]), found["words"].replace(" · ", "\n")
        about = self._pointed(who, found) if _REPLY.match(found[0]) else None
        if found["edit"]:
            self.world.edit(who, about or self._own(who), unescaped(words))
        elif attached := ATTACHED.match(words):
            self._send(who, unescaped(attached["words"]), attached["kind"], attached["what"] or "", about)
        elif pressed := PRESS.match(words):
            self.world.press(who, pressed["label"], message_id=about)
        else:
            self.world.say(who, unescaped(words), reply_to=about)

    def _pointed(self, who: int, found: re.Match[str]) -> int:
        """The newest message of the bot that has those words; the one with that number; or simply the newest."""
        about = found["about"] or ""
        posts = self.world.room(self.world.find_person(who), None).posts
        if about.startswith("#") and about[1:].isdecimal():
            return int(about[1:])
        number = pointed_at(posts, about)
        if number is None:
            raise Impossible(f"{found['name']} sees no message with {about!r}")
        return number

    def _own(self, who: int) -> int:
        mine = [one for one in self.world.messages(who) if one["mine"]]
        if not mine:
            raise Impossible(f"{who} has written nothing that could be changed")
        return int(mine[-1]["message_id"])

    def _send(self, who: int, words: str, kind: str, what: str, reply: int | None) -> None:
        world = self.world
        senders: Mapping[str, Callable[[], object]] = {
            "photo": lambda: world.photo(who, words, reply_to=reply),
            "album": lambda: world.album(who, int(what or 3), words, reply_to=reply),
            "location": lambda: world.location(who, *place(what), reply_to=reply),
            "voice": lambda: world.voice(who, int(what or 3), reply_to=reply),
            "video": lambda: world.video(who, caption=words, reply_to=reply),
            "file": lambda: world.file(who, what or "notice.pdf", b"%PDF-1.4", caption=words, reply_to=reply),
            "sticker": lambda: world.send(who, {"sticker": STICKER}, reply_to=reply),
            "contact": lambda: world.contact(who, what or "13800000000", reply_to=reply),
        }
        senders[kind]()


def place(what: str) -> tuple[float, float]:
    """Latitude and longitude as a transcript writes them: "22.54310,114.05790"."""
    if not what:
        return SOMEWHERE
    latitude, _, longitude = what.partition(",")
    return float(latitude), float(longitude)


def unescaped(words: str) -> str:
    """A bracket that somebody wrote stands behind a backslash, so that it is not taken for a button or a photo."""
    return words.replace("\\[", "[")


def spoken_name(name: str) -> str:
    """Names in transcripts have no spaces: `Li_Jianguo` is Li Jianguo."""
    return name.replace("_", " ")
