"""What people press: inline buttons, the keyboard below the chat, links."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from simulator.cast import Chat, Person, Post, Press, Pressed
from simulator.forwards import Forwards
from simulator.lines import reference
from simulator.phones import Where, Who
from simulator.refusals import Impossible, Json
from simulator.updates import PRESS_LIFE

_KEPT_PRESSES = 10_000


class Buttons(Forwards):
    """A button is found by where it is or by what it says, and does what it would do on a phone."""

    def press(
        self,
        who: Who,
        label: str | None = None,
        *,
        message_id: int | None = None,
        row: int = 0,
        column: int = 0,
        data: str | None = None,
        chat: Where = None,
    ) -> Pressed:
        """Presses a button.

        With `label`: the one of the newest message that has it (or of `message_id`), else the one on the keyboard.
        With `message_id`, `row`, `column`: the one at that place. With `data`: a forged or stale press of that message.
        """
        person = self.find_person(who)
        room = self.room(person, chat)
        self._open(room)
        if data is not None:
            return self._query(person, room, message_id or room.last_message_id, {"text": "", "callback_data": data})
        found = self._at(room, message_id, row, column) if label is None else self._labelled(room, label, message_id)
        if found is not None:
            return self._use(person, room, *found)
        return self._keyboard(person, room, label or "")

    def _at(self, room: Chat, message_id: int | None, row: int, column: int) -> tuple[Post, Json]:
        post = room.posts.get(message_id or -1)
        if post is None:
            raise Impossible(f"there is no message {message_id}")
        try:
            return post, buttons_of(post)[row][column]
        except IndexError:
            raise Impossible(f"message {message_id} has no button in row {row}, column {column}") from None

    def _labelled(self, room: Chat, label: str, message_id: int | None) -> tuple[Post, Json] | None:
        """The button with exactly this label, else the only one that contains it; newest message first."""
        posts = [post for post in reversed(room.posts.values()) if message_id in (None, post.message_id)]
        for post in posts:
            for button in _all(post):
                if button["text"] == label:
                    return post, button
        for post in posts:
            close = [button for button in _all(post) if label in button["text"]]
            if len(close) == 1:
                return post, close[0]
        return None

    def _keyboard(self, person: Person, room: Chat, label: str) -> Pressed:
        keys = [key for row in (room.keyboard or {}).get("keyboard", ()) for key in row]
        key = next((key for key in keys if key["text"] == label), None) or next(
            (key for key in keys if label in key["text"]), None
        )
        if key is None:
            raise Impossible(f"{person.name} sees no button [{label}]")
        if (room.keyboard or {}).get("one_time_keyboard"):
            room.keyboard = None
        if key.get("request_contact"):
            post = self.contact(person, chat=room)
        elif key.get("request_location"):
            post = self.location(person, 22.5431, 114.0579, chat=room)
        else:
            post = self.say(person, key["text"], chat=room)
        return Pressed("message", message_id=post.message_id)

    def _use(self, person: Person, room: Chat, post: Post, button: Json) -> Pressed:
        if "callback_data" in button:
            return self._query(person, room, post.message_id, button)
        if "url" in button:
            return self._follow(person, button["url"])
        if "copy_text" in button:
            return Pressed("copy", value=button["copy_text"]["text"])
        raise Impossible(f"the button [{button['text']}] is of a kind that does nothing here")

    def _follow(self, person: Person, url: str) -> Pressed:
        """Opens a link; one to this bot with a payload starts it."""
        parts = urlsplit(url)
        if parts.hostname == "t.me" and parts.path.strip("/") == self.bot["username"]:
            post = self.start(person, parse_qs(parts.query).get("start", [""])[0])
            return Pressed("message", message_id=post.message_id, value=url)
        return Pressed("url", value=url)

    def _query(self, person: Person, room: Chat, message_id: int, button: Json) -> Pressed:
        if person.deleted:
            raise Impossible(f"{person.name} has left Telegram")
        number = f"{4_300_000_000_000_000_000 + self.serial()}"
        press = Press(number, person.id, room.id, message_id, button["callback_data"], button["text"], self.now())
        self.presses[number] = press
        if len(self.presses) > _KEPT_PRESSES:
            self.presses.popitem(last=False)
        post = room.posts.get(message_id)
        if post is not None:
            post.presses.append(press)
        query = {
            "id": number,
            "from": person.user(),
            "chat_instance": f"{-(abs(room.id) * 7919 + 1)}",
            "data": press.data,
            "message": self._seen(room, message_id, post),
        }
        self.queue.push("callback_query", query, ("press", person.id), PRESS_LIFE)
        self.record.press(person, room, press.label or press.data, self._named(room, post, press.label))
        self.emit("press", chat_id=room.id, message_id=message_id, query_id=number, person_id=person.id)
        return Pressed("callback", query_id=number)

    def _named(self, room: Chat, post: Post | None, label: str) -> str | None:
        """Which message a transcript must name: none where it is the newest with that label."""
        newest = self._labelled(room, label, None) if label else None
        if post is None or (newest is not None and newest[0] is post):
            return None
        return reference(room.posts, post.message_id)

    def _seen(self, room: Chat, message_id: int, post: Post | None) -> Json:
        """The message a press came from; one that is gone is inaccessible (date 0)."""
        if post is not None:
            return post.message
        return {"message_id": message_id, "chat": room.described(), "date": 0}


def buttons_of(post: Post) -> list[list[Json]]:
    """The rows of a message's inline keyboard."""
    rows: list[list[Json]] = post.message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


def _all(post: Post) -> list[Json]:
    return [button for row in buttons_of(post) for button in row]
