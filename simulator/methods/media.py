"""Files the bot sends and fetches."""

from __future__ import annotations

from typing import Any

from simulator.files import PHOTO_LIMIT, StoredFile, Upload
from simulator.keyboards import accepted
from simulator.methods.registry import Call, method
from simulator.methods.sending import deliver
from simulator.pictures import size_of
from simulator.refusals import Json, bad_request

_ALBUM_KINDS = ("photo", "video", "document", "audio")
# What can be hidden until it is pressed, and have its caption above it.
_PICTURES = ("photo", "video")


def _stored(call: Call, field: str, kind: str) -> StoredFile:
    """The file of a call: uploaded now, or known by its id."""
    upload = call.upload(field)
    if upload is not None:
        return _kept(call, kind, upload)
    file_id = call.word(field)
    if not file_id:
        raise bad_request(f"there is no {kind.replace('_', ' ')} in the request")
    if file_id.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    found = call.world.files.get(file_id)
    if found is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return found


def _kept(call: Call, kind: str, upload: Upload) -> StoredFile:
    if not upload.data:
        raise bad_request("file must be non-empty")
    if kind == "photo":
        _check_picture(upload.data)
    return call.world.files.add(kind, upload.data, upload.name, upload.mime_type)


def _check_picture(data: bytes) -> None:
    if len(data) > PHOTO_LIMIT:
        raise bad_request(
            f"file of size {len(data)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        )
    size = size_of(data)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    # Bot API, sendPhoto: width and height at most 10000 in total, their ratio at most 20.
    if sum(size) > 10_000 or max(size) > 20 * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def _content(call: Call, field: str, kind: str) -> Json:
    """The part of a Message that a file with its caption becomes."""
    content = {**_described(call, field, kind), **call.caption()}
    if kind not in _PICTURES:
        return content
    if call.flag("has_spoiler"):
        content["has_media_spoiler"] = True
    return {**content, **call.caption_place()}


def _described(call: Call, field: str, kind: str) -> Json:
    stored = _stored(call, field, kind)
    described = stored.described()
    if kind == "photo":
        width, height = size_of(stored.data) or (1, 1)
        return {"photo": [{**described, "width": width, "height": height}]}
    described["mime_type"] = stored.mime_type
    if kind in ("document", "video", "audio") and stored.name:
        described["file_name"] = stored.name
    if kind in ("voice", "video", "audio"):
        described["duration"] = call.integer("duration")
    if kind == "video":
        described |= {"width": call.integer("width", 640), "height": call.integer("height", 360)}
    return {kind: described}


@method("sendPhoto", "sendDocument", "sendVoice", "sendVideo", "sendAudio")
def send_file(call: Call) -> Json:
    """A file with a caption."""
    kind = call.method[len("send") :].lower()
    chat = call.writable()
    return deliver(call, chat, _content(call, kind, kind)).message


@method("sendMediaGroup")
def send_media_group(call: Call) -> list[Json]:
    """Two to ten files as one album."""
    media = call.tree("media")
    if not isinstance(media, list) or not media:
        raise bad_request("can't parse media JSON object" if media else "there is no media in the request")
    if not 2 <= len(media) <= 10:
        raise bad_request(
            "too many messages to send as an album" if len(media) > 10 else "too few messages to send as an album"
        )
    if accepted(call.tree("reply_markup")) != (None, None):
        raise bad_request("reply markup can't be used in albums")
    chat = call.writable()
    number = f"{14_000_000_000_000_000 + call.world.serial()}"
    # Everything is checked before anything is sent: an album comes whole or not at all.
    contents = [_item(call, item) for item in media]
    return [deliver(call, chat, {**content, "media_group_id": number}).message for content in contents]


def _item(call: Call, item: Any) -> Json:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind not in _ALBUM_KINDS:
        raise bad_request(
            "can't parse InputMedia: Media not found" if kind is None else f"type {kind} can't be used in albums"
        )
    return _content(Call(call.world, call.method, item, call.uploads), "media", kind)


@method("getFile")
def get_file(call: Call) -> Json:
    """Where a file can be fetched."""
    return call.world.files.opened(call.word("file_id"))
