"""What one person did, in our own words: Telegram's update without Telegram."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.cases import Place
from domain.people import ChatId


class Kind(StrEnum):
    """What arrived."""

    TEXT = "text"
    PHOTO = "photo"
    FILE = "file"
    LOCATION = "location"
    CONTACT = "contact"
    PRESS = "press"
    EDIT = "edit"
    BLOCKED = "blocked"
    ADDED_TO_GROUP = "added_to_group"
    MIGRATED = "migrated"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class File:
    """A photo or file that Telegram keeps. ``size`` is in bytes, 0 where Telegram does not say."""

    kind: str
    file_id: str
    unique_id: str
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One update. ``text`` is cleaned text or a caption; ``command`` is without slash and bot name, lower case."""

    update_id: int
    kind: Kind
    chat: ChatId
    at: datetime
    name: str = ""
    language_code: str = ""
    private: bool = True
    message_id: int = 0
    text: str = ""
    command: str | None = None
    arguments: str = ""
    file: File | None = None
    place: Place | None = None
    phone: str = ""
    reply_to: int | None = None
    press: str = ""
    press_id: str = ""
    album: str | None = None
    moved_to: ChatId | None = None

    @property
    def anew(self) -> "Incoming":
        """An edited message as if it had just been written so."""
        kind = Kind.TEXT if self.file is None else Kind.PHOTO if self.file.kind == "photo" else Kind.FILE
        return replace(self, kind=kind)

    @property
    def without_file(self) -> "Incoming":
        """Its words alone."""
        return replace(self, kind=Kind.TEXT, file=None)

    @property
    def has_words(self) -> bool:
        """Whether there is any text in it."""
        return bool(self.text.strip())
