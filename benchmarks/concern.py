"""Somebody with a concern, and what they do one after the other, as Telegram hands it out."""

import time
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

FIRST_PERSON = 10_000
FIRST_UPDATE = 500_000
BOT = {"id": 4200001, "is_bot": True, "first_name": "Yixian", "username": "yixian_bench_bot"}


class Act(IntEnum):
    """What a person does, in this order: tell a concern, add to it, press a button of the receipt, ask for a list."""

    TELL = 1
    ADD = 2
    PRESS = 3
    LIST = 4


@dataclass(slots=True)
class Concern:
    """One person's, who does so many ``acts``; ``said`` is the last they did, ``taken`` the last that was acknowledged.

    When it was handed out and when the receipt came is in seconds of one clock, 0 for not yet. ``receipt`` and
    ``button`` are the receipt's message number and its first button's data; ``pressed`` once a press was answered,
    ``over`` once somebody new has come for this person.
    """

    number: int
    acts: int = 1
    said: int = 0
    taken: int = 0
    handed: float = 0.0
    answered: float = 0.0
    serial: int = 0
    receipt: int = 0
    button: str = ""
    pressed: bool = False
    over: bool = False

    @property
    def person(self) -> int:
        """Who says it, and in which chat."""
        return FIRST_PERSON + self.number

    @property
    def mark(self) -> str:
        """What an answer to it repeats."""
        return f"第{self.number}号诉求"

    @property
    def is_served(self) -> bool:
        """Whether what this person waits for has come: the receipt, and of whoever does more, all that follows."""
        if self.acts == Act.TELL:
            return bool(self.answered)
        return bool(self.answered) and self.taken == self.acts and (self.pressed or self.acts < Act.PRESS)

    @property
    def next_act(self) -> Act | None:
        """What the person would do now: the next thing, once the last was taken; nobody presses what is not there."""
        if self.said != self.taken or self.said == self.acts:
            return None
        act = Act(self.said + 1)
        return act if act is not Act.PRESS or self.button else None


@dataclass(frozen=True, slots=True)
class Update:
    """Something that somebody did, on its way to the program."""

    number: int
    concern: Concern
    act: Act

    @property
    def update_id(self) -> int:
        """Its place in the order of updates."""
        return FIRST_UPDATE + self.number

    @property
    def text(self) -> str:
        """What is written; nothing with a press."""
        match self.act:
            case Act.TELL:
                return f"{self.concern.mark}:城北社区楼道里的路灯坏了好几天"
            case Act.ADD:
                return f"补充{self.concern.number}号:四楼"
            case Act.PRESS:
                return ""
            case Act.LIST:
                return "/mine"

    def raw(self) -> dict[str, Any]:
        """As Telegram hands it out."""
        return self._press() if self.act is Act.PRESS else self._message()

    def _message(self) -> dict[str, Any]:
        return {
            "update_id": self.update_id,
            "message": {
                "message_id": self.number,
                "date": int(time.time()),
                "chat": {**self._name(), "type": "private"},
                "from": self._person(),
                "text": self.text,
            },
        }

    def _press(self) -> dict[str, Any]:
        chat = {**self._name(), "type": "private"}
        message = {"message_id": self.concern.receipt, "date": int(time.time()), "chat": chat, "from": BOT}
        query = {"id": str(self.update_id), "chat_instance": "1", "data": self.concern.button, "message": message}
        return {"update_id": self.update_id, "callback_query": {**query, "from": self._person()}}

    def _name(self) -> dict[str, Any]:
        return {"id": self.concern.person, "first_name": f"居民{self.concern.number}"}

    def _person(self) -> dict[str, Any]:
        return {**self._name(), "is_bot": False, "language_code": "zh-hans"}
