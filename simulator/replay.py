"""Lines of a transcript, done again: what people write, send, press and change, and who comes and goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping

from simulator.cast import ChatType
from simulator.lines import pointed_at
from simulator.phones import Way
from simulator.refusals import Impossible, Json
from simulator.world import World

_NAME = r"[^\s:]+"
_ROOM = rf"(?: in (?P<room>{_NAME}))?"
_ORIGIN = rf"(?: forwards (?P<origin>bot|(?:user|hidden_user|chat|channel) (?P<author>{_NAME})))?"
_ABOUT = r"(?P<re> re(?: (?P<about>[^:]+))?)?"
SPEECH = re.compile(rf"^(?P<edit>edit )?(?P<name>{_NAME}){_ROOM}{_ORIGIN}{_ABOUT}: ?(?P<words>.*)$")
DEED = re.compile(rf"^(?P<deed>block|unblock|delete-account) (?P<name>{_NAME})$")
MOVE = re.compile(
    rf"^(?P<deed>join|leave|add-bot|promote-bot|remove-bot|migrate) (?P<name>{_NAME}) in (?P<room>{_NAME})$"
)
GROUP = re.compile(rf"^(?P<kind>group|supergroup) (?P<room>{_NAME}) of (?P<members>.+)$")
PHONE = re.compile(r"^phone (?P<name>\S+) (?P<language>[a-z]{2})$")
PRESS = re.compile(r"^\[(?P<label>.+)\]$")
_KINDS = "photo|album|location|voice|video|file|sticker|contact"
ATTACHED = re.compile(rf"^(?P<words>.*?)\s*(?<!\\)\[(?P<kind>{_KINDS})(?: (?P<what>[^\]]+))?\]$")
_NTH = re.compile(r"~\d+$")
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

    def __init__(self, world: World, people: MutableMapping[str, int] | None = None) -> None:
        self.world = world
        named = world.names().people
        self.people = {name: number for number, name in named.items()} if people is None else people

    def act(self, line: str) -> None:
        """Does what one line says; raises `Impossible` for what cannot be done or is not understood."""
        if found := DEED.match(line):
            self._deed(found["deed"], self._who(found["name"]))
        elif found := MOVE.match(line):
            self._move(found["deed"], self._who(found["name"]), self._room(found["room"]))
        elif found := GROUP.match(line):
            self._group(found)
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

    def _room(self, name: str) -> int:
        rooms = {room: number for number, room in self.world.names().groups.items()}
        if name not in rooms:
            raise Impossible(f"no group is called {name}; there are {', '.join(rooms)}")
        return rooms[name]

    def _deed(self, deed: str, who: int) -> None:
        deeds: Mapping[str, Callable[[int], None]] = {
            "block": self.world.block,
            "unblock": self.world.unblock,
            "delete-account": self.world.delete_account,
        }
        deeds[deed](who)

    def _move(self, deed: str, who: int, room: int) -> None:
        moves: Mapping[str, Callable[[int, int], object]] = {
            "join": self.world.join,
            "leave": self.world.leave,
            "add-bot": self.world.add_bot,
            "promote-bot": lambda group, by: self.world.add_bot(group, by, "administrator"),
            "remove-bot": self.world.remove_bot,
            "migrate": self.world.migrate,
        }
        moves[deed](room, who)

    def _group(self, found: re.Match[str]) -> None:
        members = [self._who(name.strip()) for name in found["members"].split(",")]
        kind: ChatType = "group" if found["kind"] == "group" else "supergroup"
        self.world.group(spoken_name(found["room"]), [*members], kind=kind, with_bot=False)

    def _phone(self, name: str, language: str) -> None:
        number = self.people.get(name) or max([1000, *self.world.people]) + 1
        self.people[name] = number
        self.world.person(number, spoken_name(name), language)

    def _speak(self, found: re.Match[str]) -> None:
        who, words = self._who(found["name"]), found["words"].replace(" · ", "\n")
        room = self._room(found["room"]) if found["room"] else None
        about = self._pointed(who, room, found) if found["re"] else None
        way: Way = {"chat": room, "reply_to": about, "origin": self._origin(found)}
        if found["edit"]:
            self.world.edit(who, about or self._own(who, room), unescaped(words), chat=room)
        elif attached := ATTACHED.match(words):
            self._send(who, unescaped(attached["words"]), attached["kind"], attached["what"] or "", way)
        elif pressed := PRESS.match(words):
            self.world.press(who, pressed["label"], message_id=about, chat=room)
        else:
            self.world.say(who, unescaped(words), **way)

    def _pointed(self, who: int, room: int | None, found: re.Match[str]) -> int:
        """The newest message of the bot that has those words; the one with that number; or simply the newest."""
        about = found["about"] or ""
        posts = self.world.room(self.world.find_person(who), room).posts
        if about.startswith("#") and about[1:].isdecimal():
            return int(about[1:])
        number = pointed_at(posts, about)
        if number is None:
            raise Impossible(f"{found['name']} sees no message with {about!r}")
        return number

    def _own(self, who: int, room: int | None) -> int:
        mine = [one for one in self.world.messages(who, room) if one["mine"]]
        if not mine:
            raise Impossible(f"{who} has written nothing that could be changed")
        return int(mine[-1]["message_id"])

    def _origin(self, found: re.Match[str]) -> Json | None:
        """Where a message was forwarded from; the message itself is made anew."""
        if found["origin"] is None:
            return None
        if found["origin"] == "bot":
            return self.world.origin_of({"from": self.world.bot, "date": self.world.stamp()})
        author = found["author"]
        kind = found["origin"].partition(" ")[0]
        return self.world.told_origin({"type": kind, "name": spoken_name(author), "id": self.people.get(author)})

    def _send(self, who: int, words: str, kind: str, what: str, way: Way) -> None:
        world = self.world
        senders: Mapping[str, Callable[[], object]] = {
            "photo": lambda: world.photo(who, words, spoiler=what == "spoiler", **way),
            "album": lambda: world.album(who, int(what or 3), words, **way),
            "location": lambda: world.location(who, *place(what), **way),
            "voice": lambda: world.voice(who, int(what or 3), **way),
            "video": lambda: world.video(who, caption=words, **way),
            "file": lambda: world.file(who, what or "notice.pdf", b"%PDF-1.4", caption=words, **way),
            "sticker": lambda: world.send(who, {"sticker": STICKER}, **way),
            "contact": lambda: world.contact(who, what or "13800000000", **way),
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
    """Names in transcripts have no spaces, and of two with one name the later has a number: `Li_Jianguo~2`."""
    return _NTH.sub("", name).replace("_", " ")
