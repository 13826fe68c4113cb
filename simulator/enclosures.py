"""What people send beside words: pictures, albums, voice, files, places, contacts."""

from __future__ import annotations

from typing import Unpack

from simulator import pictures, sounds
from simulator.cast import Post
from simulator.phones import Phones, Way, Who, worded
from simulator.refusals import Impossible, Json

_THUMBNAILS = ((90, 67), (320, 240))
_FULL = (800, 600)
_EMPTY_MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x00\x00\x08free\x00\x00\x00\x08mdat"


class Enclosures(Phones):
    """Each becomes a message with the file, the place or the card that Telegram would put into it."""

    def photo(
        self,
        who: Who,
        caption: str = "",
        *,
        data: bytes | None = None,
        colour: str | None = None,
        album: str | None = None,
        spoiler: bool = False,
        **way: Unpack[Way],
    ) -> Post:
        """Sends a photo: the one given, or one made here in `colour`; `spoiler` hides it until it is pressed."""
        content: Json = {"photo": self.photo_sizes(data, colour), **worded("caption", caption)}
        if spoiler:
            content["has_media_spoiler"] = True
        if album is not None:
            content["media_group_id"] = album
        return self.send(who, content, **way)

    def album(
        self,
        who: Who,
        count: int = 3,
        caption: str = "",
        *,
        pictures: list[bytes] | None = None,
        colour: str | None = None,
        **way: Unpack[Way],
    ) -> list[Post]:
        """Sends several photos as one album; the first carries the caption. Ten at most, as on any phone."""
        number = f"{13_000_000_000_000_000 + self.serial()}"
        given: list[bytes | None] = list(pictures) if pictures else [None] * count
        if not 1 <= len(given) <= 10:
            raise Impossible("an album has one to ten photos")
        return [
            self.photo(who, "" if index else caption, data=data, colour=colour, album=number, **way)
            for index, data in enumerate(given)
        ]

    def photo_sizes(self, data: bytes | None = None, colour: str | None = None) -> list[Json]:
        """Telegram's array of PhotoSize, smallest first."""
        if data is not None:
            width, height = pictures.size_of(data) or _FULL
            stored = self.files.add("photo", data)
            return [{**stored.described(), "width": width, "height": height}]
        seed = self.serial() % 16
        sizes = []
        for width, height in (*_THUMBNAILS, _FULL):
            stored = self.files.add("photo", pictures.jpeg(width, height, colour, seed))
            sizes.append({**stored.described(), "width": width, "height": height})
        return sizes

    def voice(self, who: Who, seconds: int = 3, *, data: bytes | None = None, **way: Unpack[Way]) -> Post:
        """Sends a voice message."""
        stored = self.files.add("voice", sounds.voice(seconds) if data is None else data, mime_type="audio/ogg")
        voice = {**stored.described(), "duration": seconds, "mime_type": "audio/ogg"}
        return self.send(who, {"voice": voice}, **way)

    def file(
        self,
        who: Who,
        name: str = "notes.txt",
        data: bytes = b"notes\n",
        *,
        mime_type: str = "",
        size: int | None = None,
        caption: str = "",
        **way: Unpack[Way],
    ) -> Post:
        """Sends a document; `size` makes Telegram say another size than the true one."""
        stored = self.files.add("document", data, name, mime_type, size)
        document = {**stored.described(), "file_name": name, "mime_type": stored.mime_type}
        return self.send(who, {"document": document, **worded("caption", caption)}, **way)

    def video(
        self,
        who: Who,
        data: bytes = b"",
        *,
        seconds: int = 5,
        size: int | None = None,
        caption: str = "",
        **way: Unpack[Way],
    ) -> Post:
        """Sends a video."""
        stored = self.files.add("video", data or _EMPTY_MP4, mime_type="video/mp4", size=size)
        video = {**stored.described(), "width": 640, "height": 360, "duration": seconds, "mime_type": "video/mp4"}
        return self.send(who, {"video": video, **worded("caption", caption)}, **way)

    def location(
        self,
        who: Who,
        latitude: float,
        longitude: float,
        *,
        live: int | None = None,
        **way: Unpack[Way],
    ) -> Post:
        """Sends a place on the map; `live` is for how many seconds it is kept up to date."""
        place: Json = {"latitude": latitude, "longitude": longitude}
        if live is not None:
            place["live_period"] = live
        return self.send(who, {"location": place}, **way)

    def contact(
        self,
        who: Who,
        phone_number: str | None = None,
        first_name: str | None = None,
        user_id: int | None = None,
        **way: Unpack[Way],
    ) -> Post:
        """Sends a contact: the person's own, unless another name is given."""
        person = self.find_person(who)
        card: Json = {
            "phone_number": phone_number or person.phone_number or f"+86138{person.id % 10**8:08d}",
            "first_name": first_name or person.first_name,
        }
        if user_id is not None or first_name is None:
            card["user_id"] = user_id if user_id is not None else person.id
        return self.send(person, {"contact": card}, **way)
