"""What there is in the small Telegram at a moment, and the few ways in which it changes."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import uuid4

from simulator.allowance import Allowance
from simulator.cast import PRESENT, Chat, Membership, Person, Post, Press
from simulator.chaos import Chaos
from simulator.clock import Clock
from simulator.files import FileShelf
from simulator.record import Record
from simulator.refusals import Impossible, Json
from simulator.text import whole
from simulator.updates import UpdateQueue

DEFAULT_TOKEN = "7000000001:simulator"  # noqa: S105 (a made-up bot of a made-up Telegram)

_ADMIN_RIGHTS = [
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
]


class State:
    """People, chats, files, one bot and its updates. Nothing here waits or touches a network.

    ``life`` tells this world from the one of an earlier or a later start.
    """

    def __init__(
        self,
        now: Callable[[], datetime] | None = None,
        *,
        token: str = DEFAULT_TOKEN,
        username: str = "yixian_bot",
        name: str = "一线",
        seed: int = 1,
        privacy_mode: bool = True,
        own_server: bool = True,
        kept_messages: int = 10_000,
        kept_events: int = 5_000,
    ) -> None:
        self.clock = Clock()
        self.now: Callable[[], datetime] = now or self.clock.now
        self.life = new_life()
        self.token = token
        self.privacy_mode = privacy_mode
        self.own_server = own_server
        self.kept_messages = kept_messages
        self.bot: Json = {
            "id": int(token.split(":")[0]), "is_bot": True, "first_name": name, "username": username,
        }  # fmt: skip
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.presses: OrderedDict[str, Press] = OrderedDict()
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.about: dict[tuple[str, str], str] = {}
        self.webhook: Json = {"url": ""}
        self.files = FileShelf()
        self.chaos = Chaos(seed)
        self.queue = UpdateQueue(self.now, self.chaos, seed)
        self.queue.read.append(self._read_by_bot)
        self.record = Record(self.now, kept_events)
        self.events: deque[Json] = deque(maxlen=kept_events)
        self.calls: deque[Json] = deque(maxlen=kept_events)
        self.allowance: Allowance | None = None
        self.story: Json = {"state": "none", "done": 0, "of": 0}
        self.listeners: list[Callable[[Json], None]] = []
        self._sequence = 0
        self._serial = 0

    def once_more(self, now: Callable[[], datetime]) -> Self:
        """A world of its own that is as this one is, in the time of ``now``; nobody listens to it yet."""
        instead: dict[int, Any] = {id(self.now): now}
        instead |= {id(those): [] for those in (self.listeners, self.queue.told, self.queue.held)}
        copy = deepcopy(self, instead)
        copy.life = new_life()
        return copy

    def limit(self, on: bool = True) -> None:
        """Whether Telegram's limits on sending are enforced; off at the start."""
        self.allowance = Allowance() if on else None

    # What happened, for whoever watches.

    def emit(self, kind: str, **fields: Any) -> None:
        """Notes that something changed and tells the listeners."""
        self._sequence += 1
        event = {"seq": self._sequence, "kind": kind, "at": self.now().isoformat(), **fields}
        self.events.append(event)
        for listener in self.listeners:
            listener(event)

    @property
    def happened(self) -> int:
        """How much has happened so far: whoever sees the same number twice has missed nothing."""
        return self._sequence

    def tell_story(self, state: str, done: int = 0, of: int = 0, **about: Any) -> None:
        """How far whatever happens before anybody looks is: "waiting", "running", "done", or "over" for all of it.

        What is told ``about`` it stays.
        """
        self.story = {**self.story, **about, "state": state, "done": done, "of": of}
        self.emit("story", **self.story)

    def stamp(self) -> int:
        """The time as Telegram writes it in messages."""
        return int(self.now().timestamp())

    def serial(self) -> int:
        """A number used once, for ids."""
        self._serial += 1
        return self._serial

    def told(self, field: str, language: str) -> str:
        """The bot's name, description or short description in a language, or else the one for all others."""
        default = self.bot["first_name"] if field == "name" else ""
        return self.about.get((field, language)) or self.about.get((field, "")) or default

    # Finding people, chats and messages.

    def find_person(self, who: Person | int) -> Person:
        """The person, or `Impossible`."""
        person = who if isinstance(who, Person) else self.people.get(who)
        if person is None:
            raise Impossible(f"there is no person {who}")
        return person

    def private(self, person: Person) -> Chat:
        """The person's chat with the bot, made when first needed."""
        chat = self.chats.get(person.id)
        if chat is None:
            chat = self.chats[person.id] = Chat(person.id, "private", person=person, members={person.id: "member"})
        return chat

    def room(self, person: Person, chat: Chat | int | None) -> Chat:
        """The chat a person means: their own with the bot, or a group they are in."""
        if chat is None or chat == person.id:
            return self.private(person)
        found = chat if isinstance(chat, Chat) else self.chats.get(chat)
        if found is None or found.members.get(person.id) not in PRESENT:
            raise Impossible(f"{person.name} is not in chat {chat if isinstance(chat, int) else chat.id}")
        return self.chats[found.migrated_to] if found.migrated_to else found

    # Messages.

    def post(
        self,
        chat: Chat,
        sender: Json,
        content: Json,
        *,
        outgoing: bool,
        inline: Json | None = None,
        markup: Json | None = None,
        reply_to: Post | None = None,
    ) -> Post:
        """Adds a message to a chat; `outgoing` is the bot's."""
        chat.last_message_id += 1
        number = chat.last_message_id
        message: Json = {
            "message_id": number, "from": sender, "chat": chat.described(), "date": self.stamp(), **content,
        }  # fmt: skip
        if reply_to is not None:
            message["reply_to_message"] = _without_reply(reply_to.message)
        if inline is not None:
            message["reply_markup"] = inline
        post = chat.posts[number] = Post(chat.id, number, sender["id"], outgoing, message, markup)
        if len(chat.posts) > self.kept_messages:
            del chat.posts[next(iter(chat.posts))]
        if outgoing:
            self._show(chat, markup)
        self.record.message(post, chat)
        self.emit("message", chat_id=chat.id, message_id=number, outgoing=outgoing)
        return post

    def _show(self, chat: Chat, markup: Json | None) -> None:
        """What a bot's message does to the screen beside itself: the keyboard below, and "typing" ends."""
        chat.action = None
        if markup is None:
            return
        if "keyboard" in markup:
            chat.keyboard = markup
        elif markup.get("remove_keyboard"):
            chat.keyboard = None

    def change(self, post: Post, message: Json) -> None:
        """Replaces what a message says."""
        post.message = message
        chat = self.chats[post.chat_id]
        self.record.edit(post, chat)
        self.emit("edit", chat_id=post.chat_id, message_id=post.message_id)

    def remove(self, post: Post) -> None:
        """Deletes a message."""
        chat = self.chats[post.chat_id]
        del chat.posts[post.message_id]
        self.record.deletion(post, chat)
        self.emit("delete", chat_id=post.chat_id, message_id=post.message_id)

    def _read_by_bot(self, post: Post) -> None:
        self.emit("read", chat_id=post.chat_id, message_id=post.message_id)

    # Memberships.

    def member(self, user: Json, status: Membership) -> Json:
        """Telegram's ChatMember."""
        member: Json = {"user": user, "status": status}
        if status == "administrator":
            member |= dict.fromkeys(_ADMIN_RIGHTS, True) | {"is_anonymous": False, "can_be_edited": False}
        elif status == "creator":
            member["is_anonymous"] = False
        elif status == "kicked":
            member["until_date"] = 0
        return member

    def bot_moved(self, chat: Chat, by: Person, status: Membership) -> None:
        """The bot's place in a chat changed: blocked, unblocked, added, promoted, removed."""
        before, chat.bot = chat.bot, status
        update = {
            "chat": chat.described(),
            "from": by.user(),
            "date": self.stamp(),
            "old_chat_member": self.member(self.bot, before),
            "new_chat_member": self.member(self.bot, status),
        }
        self.queue.push("my_chat_member", update, ("chat", chat.id))
        self.emit("member", chat_id=chat.id, person_id=by.id, status=status, bot=True)

    # Waiting.

    def idle(self) -> bool:
        """Whether the bot has confirmed every update."""
        return not len(self.queue)

    def pending_updates(self) -> list[Json]:
        """The updates the bot has not confirmed, oldest first."""
        return [item.update for item in self.queue]

    watchers: ClassVar[list[Callable[[Json], None]]] = []
    """Hear of every call of every world in the process, as `calls` keeps it."""

    def called_with(self, method: str, params: Mapping[str, Any], answer: Json) -> None:
        """Notes a call the bot made and how it was answered."""
        result = answer.get("result")
        message_id = result.get("message_id") if isinstance(result, dict) else None
        call = {
            "at": self.now().isoformat(),
            "method": method,
            "params": params,
            "ok": answer["ok"],
            "result": result,
            "error": answer.get("description"),
            "message_id": message_id,
            "lost": False,
        }
        self.calls.append(call)
        for watch in self.watchers:
            watch(call)
        self.emit(
            "call",
            method=method,
            chat_id=whole(params.get("chat_id")),
            ok=answer["ok"],
            error=call["error"],
            message_id=message_id,
        )
        call["seq"] = self._sequence

    def answer_lost(self, method: str) -> None:
        """Notes that the answer to the last call, one of that method, does not arrive: the bot cannot know of it."""
        if self.calls and self.calls[-1]["method"].lower() == method.lower():
            self.calls[-1]["lost"] = True

    def called(self, method: str) -> list[Json]:
        """The kept calls of one method, oldest first."""
        return [call for call in self.calls if call["method"] == method]


def new_life() -> str:
    """What tells one world from all others."""
    return uuid4().hex[:8]


def _without_reply(message: Json) -> Json:
    """A replied-to message never carries its own reply (Bot API, Message.reply_to_message)."""
    if "reply_to_message" not in message:
        return message
    return {name: value for name, value in message.items() if name != "reply_to_message"}
