"""The files people and bots have sent, under the ids and paths that getFile gives out."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from simulator.refusals import Json, bad_request

DOWNLOAD_LIMIT = 20 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"

_FOLDERS = {"photo": "photos", "voice": "voice", "video": "videos", "audio": "music", "video_note": "video_notes"}
_SUFFIXES = {"photo": ".jpg", "voice": ".oga", "video": ".mp4", "audio": ".mp3", "video_note": ".mp4"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in."""

    name: str
    data: bytes
    mime_type: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file Telegram keeps. `size` is what Telegram says it is, which tests may make untrue."""

    file_id: str
    unique_id: str
    kind: str
    path: str
    name: str
    mime_type: str
    data: bytes
    size: int

    def described(self) -> Json:
        """The fields that every kind of file has in a message."""
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size}


def _mime_type(given: str, name: str, path: str) -> str:
    """The type that was given, or the one the name speaks of; clients say "octet-stream" when they do not know."""
    if given and given != UNKNOWN_TYPE:
        return given
    return mimetypes.guess_type(name)[0] or mimetypes.guess_type(path)[0] or UNKNOWN_TYPE


class FileShelf:
    """Every file by its id and by its path."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, kind: str, data: bytes, name: str = "", mime_type: str = "", size: int | None = None) -> StoredFile:
        """Keeps `data` as a file of `kind` (photo, document, voice, video, …)."""
        number = len(self._by_id)
        suffix = _SUFFIXES.get(kind) or PurePosixPath(name).suffix
        path = f"{_FOLDERS.get(kind, 'documents')}/file_{number}{suffix}"
        unique = sha256(f"{kind}:{number}".encode()).hexdigest()
        stored = StoredFile(
            f"AgAC{unique[:40]}{number}",
            f"AQAD{unique[40:52]}{number}",
            kind,
            path,
            name,
            _mime_type(mime_type, name, path),
            data,
            len(data) if size is None else size,
        )
        self._by_id[stored.file_id] = self._by_path[path] = stored
        return stored

    def get(self, file_id: str) -> StoredFile | None:
        """The file with this id."""
        return self._by_id.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        """The file that getFile put at this path."""
        return self._by_path.get(path)

    def opened(self, file_id: str) -> Json:
        """getFile's answer, or Telegram's refusal."""
        stored = self._by_id.get(file_id)
        if stored is None:
            raise bad_request("invalid file_id")
        if stored.size > DOWNLOAD_LIMIT:
            raise bad_request("file is too big")
        return {**stored.described(), "file_path": stored.path}
