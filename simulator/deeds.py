"""What a person can do over HTTP: each deed reads a body and returns what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from simulator.cast import Person, Post
from simulator.files import Upload
from simulator.phones import Way
from simulator.refusals import Json
from simulator.world import World


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request to the control API."""

    params: Mapping[str, Any]
    uploads: Mapping[str, Upload]

    def word(self, name: str, default: str = "") -> str:
        """A string."""
        value = self.params.get(name)
        return default if value is None else str(value)

    def number(self, name: str) -> int | None:
        """A whole number, if there is one."""
        value = self.params.get(name)
        return None if value in (None, "") else int(value)

    def flag(self, name: str) -> bool:
        """Yes or no; forms write it as "true"."""
        return self.params.get(name) in (True, "true", "1", 1)

    def upload(self) -> Upload | None:
        """The file of a multipart body, whatever its field is called."""
        return next(iter(self.uploads.values()), None)

    def data(self) -> bytes | None:
        """The content of that file."""
        found = self.upload()
        return found.data if found else None


Deed = Callable[[World, Person, Body], Json]
DEEDS: dict[str, Deed] = {}


def deed(name: str) -> Callable[[Deed], Deed]:
    """Adds a deed under its name in the address."""

    def add(function: Deed) -> Deed:
        DEEDS[name] = function
        return function

    return add


def _sent(post: Post) -> Json:
    return {"chat_id": post.chat_id, "message_id": post.message_id}


def _where(body: Body) -> Way:
    return {"chat": body.number("chat"), "reply_to": body.number("reply_to")}


@deed("start")
def _start(world: World, person: Person, body: Body) -> Json:
    return _sent(world.start(person, body.word("payload")))


@deed("say")
def _say(world: World, person: Person, body: Body) -> Json:
    return _sent(world.say(person, body.word("text"), **_where(body)))


@deed("send")
def _send(world: World, person: Person, body: Body) -> Json:
    content = dict(body.params["content"])
    return _sent(world.send(person, content, **_where(body)))


@deed("photo")
def _photo(world: World, person: Person, body: Body) -> Json:
    post = world.photo(
        person,
        body.word("caption"),
        data=body.data(),
        colour=body.params.get("colour"),
        spoiler=body.flag("spoiler"),
        **_where(body),
    )
    return _sent(post)


@deed("album")
def _album(world: World, person: Person, body: Body) -> Json:
    pictures = [upload.data for upload in body.uploads.values()]
    posts = world.album(
        person,
        body.number("count") or 3,
        body.word("caption"),
        pictures=pictures,
        colour=body.params.get("colour"),
        **_where(body),
    )
    return {"chat_id": posts[0].chat_id, "message_ids": [post.message_id for post in posts]}


@deed("voice")
def _voice(world: World, person: Person, body: Body) -> Json:
    seconds = body.number("seconds") or 3
    return _sent(world.voice(person, seconds, data=body.data(), **_where(body)))


@deed("video")
def _video(world: World, person: Person, body: Body) -> Json:
    return _sent(
        world.video(
            person,
            body.data() or b"",
            seconds=body.number("seconds") or 5,
            size=body.number("size"),
            caption=body.word("caption"),
            **_where(body),
        )
    )


@deed("file")
def _file(world: World, person: Person, body: Body) -> Json:
    upload = body.upload() or Upload(body.word("name", "notes.txt"), body.word("content", "notes\n").encode())
    return _sent(
        world.file(
            person,
            upload.name,
            upload.data,
            mime_type=upload.mime_type,
            size=body.number("size"),
            caption=body.word("caption"),
            **_where(body),
        )
    )


@deed("location")
def _location(world: World, person: Person, body: Body) -> Json:
    latitude, longitude = float(body.params["latitude"]), float(body.params["longitude"])
    return _sent(world.location(person, latitude, longitude, live=body.number("live"), **_where(body)))


@deed("contact")
def _contact(world: World, person: Person, body: Body) -> Json:
    phone, name = body.params.get("phone_number"), body.params.get("first_name")
    return _sent(world.contact(person, phone, name, body.number("user_id"), **_where(body)))


@deed("forward")
def _forward(world: World, person: Person, body: Body) -> Json:
    to = body.number("to")
    if (origin := body.params.get("origin")) is None:
        return _sent(world.forward(person, int(body.params["message_id"]), chat=body.number("chat"), to=to))
    content = dict(body.params.get("content") or {"text": body.word("text")})
    return _sent(world.forward_from(person, dict(origin), content, to=to))


@deed("edit")
def _edit(world: World, person: Person, body: Body) -> Json:
    number = int(body.params["message_id"])
    return _sent(world.edit(person, number, body.word("text"), chat=body.number("chat")))


@deed("press")
def _press(world: World, person: Person, body: Body) -> Json:
    pressed = world.press(
        person,
        body.params.get("label"),
        message_id=body.number("message_id"),
        row=body.number("row") or 0,
        column=body.number("column") or 0,
        data=body.params.get("data"),
        chat=body.number("chat"),
    )
    return {name: value for name, value in asdict(pressed).items() if value is not None}


@deed("look")
def _look(world: World, person: Person, body: Body) -> Json:
    world.look(person, chat=body.number("chat"))
    return {"ok": True}


@deed("block")
def _block(world: World, person: Person, _: Body) -> Json:
    world.block(person)
    return {"ok": True}


@deed("unblock")
def _unblock(world: World, person: Person, _: Body) -> Json:
    world.unblock(person)
    return {"ok": True}


@deed("delete-account")
def _delete_account(world: World, person: Person, _: Body) -> Json:
    world.delete_account(person)
    return {"ok": True}
