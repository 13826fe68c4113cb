"""One call of a Bot API method: its parameters read strictly, and the function that carries it out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.cast import Chat, Post
from simulator.files import UPLOAD_LIMIT, Upload
from simulator.keyboards import accepted
from simulator.markup import parse_html
from simulator.refusals import Json, Refused, bad_request, forbidden, upgraded
from simulator.text import CAPTION_LIMIT, TEXT_LIMIT, checked, clean, trim, units, whole, with_found
from simulator.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """A method call. Parameters come as JSON values or, from forms, as strings that hold them."""

    world: World
    method: str
    params: Mapping[str, Any]
    uploads: Mapping[str, Upload]

    def word(self, name: str) -> str:
        """A string parameter, "" where it is absent."""
        value = self.params.get(name)
        return "" if value is None else value if isinstance(value, str) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """An integer parameter; what is no number counts as absent, as in Telegram."""
        try:
            return int(self.params.get(name, default))
        except (TypeError, ValueError):
            return default

    def number(self, name: str) -> float:
        """A Float parameter that must be there."""
        try:
            return float(self.params[name])
        except (KeyError, TypeError, ValueError):
            raise bad_request(f"{name} is empty") from None

    def flag(self, name: str) -> bool:
        """A Boolean parameter."""
        value = self.params.get(name)
        return value.lower() in ("true", "1", "yes") if isinstance(value, str) else bool(value)

    def tree(self, name: str, what: str | None = None) -> Any:
        """A parameter that is JSON: an object or an array."""
        value = self.params.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {what or name} JSON object") from None

    # Where.

    def chat(self, name: str = "chat_id") -> Chat:
        """The chat a call is about, whether or not the bot may write there."""
        key = self.word(name)
        if not key:
            raise bad_request("chat_id is empty")
        number = whole(key)
        if number is None:
            raise bad_request("chat not found")
        chat = self.world.chats.get(number) or self._unopened(number)
        if chat.migrated_to is not None:
            raise upgraded(chat.migrated_to)
        return chat

    def _unopened(self, number: int) -> Chat:
        person = self.world.people.get(number)
        if person is None:
            raise bad_request("chat not found")
        return self.world.private(person)

    def writable(self) -> Chat:
        """The chat a call writes to, or Telegram's refusal to write there."""
        chat = self.chat()
        if (person := chat.person) is not None:
            if person.deleted:
                raise forbidden("user is deactivated")
            if person.blocked:
                raise forbidden("bot was blocked by the user")
            if not person.started:
                raise forbidden("bot can't initiate conversation with a user")
        elif chat.bot == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        elif not chat.has_bot():
            raise forbidden(f"bot is not a member of the {chat.type} chat")
        return chat

    def target(self, chat: Chat, deed: str) -> Post:
        """The message a call is about; `deed` completes "message to … not found"."""
        number = self.integer("message_id")
        if number <= 0:
            raise bad_request("message identifier is not specified")
        post = chat.posts.get(number)
        if post is None:
            raise bad_request(f"message to {deed} not found")
        return post

    # What.

    def words(self, field: str, limit: int) -> Json:
        """`text` or `caption` with its entities, checked and trimmed: the part of a Message that it becomes."""
        raw = clean(self.word(field))
        mode = self.word("parse_mode").lower()
        key = "entities" if field == "text" else "caption_entities"
        if mode == "html":
            text, entities = parse_html(raw)
        elif mode in ("", "none"):
            text, entities = raw, checked(raw, self._entities(key))
        else:
            raise bad_request("unsupported parse_mode")
        text, entities = trim(text, entities)
        if units(text) > limit:
            raise bad_request("message is too long" if field == "text" else "message caption is too long")
        if not text:
            return {}
        found = with_found(text, entities)
        return {field: text, key: found} if found else {field: text}

    def _entities(self, field: str) -> list[Any]:
        given = self.tree(field) or []
        if not isinstance(given, list):
            raise bad_request(f'field "{field}" must be of type Array')
        return given

    def text(self) -> Json:
        """The text of a message; it cannot be empty."""
        content = self.words("text", TEXT_LIMIT)
        if not content:
            raise bad_request("message text is empty")
        if (preview := self.tree("link_preview_options")) is not None:
            content["link_preview_options"] = preview
        return content

    def caption(self) -> Json:
        """The caption of a file; it may be empty."""
        return self.words("caption", CAPTION_LIMIT)

    def caption_place(self) -> Json:
        """Whether the caption stands above the file."""
        return {"show_caption_above_media": True} if self.flag("show_caption_above_media") else {}

    def markup(self) -> tuple[Json | None, Json | None]:
        """(inline keyboard, other markup)."""
        return accepted(self.tree("reply_markup", "reply keyboard markup"))

    def replied(self, chat: Chat) -> Post | None:
        """The message this one answers."""
        reply = self.tree("reply_parameters") or {}
        number = reply.get("message_id", self.integer("reply_to_message_id")) if isinstance(reply, dict) else 0
        if reply and not number:
            raise bad_request('can\'t find field "message_id"')
        post = chat.posts.get(whole(number) or 0)
        lenient = self.flag("allow_sending_without_reply") or (reply and reply.get("allow_sending_without_reply"))
        if number and post is None and not lenient:
            raise bad_request("message to be replied not found")
        return post

    def upload(self, field: str) -> Upload | None:
        """The file uploaded for a parameter, by its own name or as attach://name."""
        found = self.uploads.get(field)
        value = self.params.get(field)
        if found is None and isinstance(value, str) and value.startswith("attach://"):
            found = self.uploads.get(value.removeprefix("attach://"))
        if found is not None and len(found.data) > UPLOAD_LIMIT:
            raise Refused(413, "Request Entity Too Large")
        return found


Method = Callable[[Call], Any]
METHODS: dict[str, tuple[str, Method]] = {}
# getUpdates is asked all the time and says nothing new.
_UNLOGGED = frozenset({"getUpdates"})


def method(*names: str) -> Callable[[Method], Method]:
    """Adds a function to the registry under the names of the Bot API methods it carries out."""

    def add(function: Method) -> Method:
        for name in names:
            METHODS[name.lower()] = (name, function)
        return function

    return add


def perform(world: World, name: str, params: Mapping[str, Any], uploads: Mapping[str, Upload] | None = None) -> Any:
    """Carries out a method, notes the call and returns the result; raises `Refused` where Telegram would refuse."""
    found = METHODS.get(name.lower())
    if found is None:
        refusal = Refused(404, "Not Found")
        world.called_with(name, params, refusal.answer())
        raise refusal
    canonical, function = found
    try:
        result = function(Call(world, canonical, params, uploads or {}))
    except Refused as refusal:
        world.called_with(canonical, _noted(params, uploads), refusal.answer())
        raise
    if canonical not in _UNLOGGED:
        world.called_with(canonical, _noted(params, uploads), {"ok": True, "result": result})
    return result


def _noted(params: Mapping[str, Any], uploads: Mapping[str, Upload] | None) -> Mapping[str, Any]:
    """The parameters as the list of calls keeps them: of files only name and size."""
    if not uploads:
        return params
    return {**params, **{name: f"<{one.name}, {len(one.data)} bytes>" for name, one in uploads.items()}}
