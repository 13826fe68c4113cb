"""Files the bot sends and fetches."""

from __future__ import annotations

from typing import Any

from simulator.files import PHOTO_LIMIT, StoredFile, Upload
from simulator.methods.registry import Call, method
from simulator.methods.sending import deliver, deliver_album
from simulator.pictures import size_of
from simulator.refusals import Json, bad_request

ALBUM_LIMIT = 10
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
    """Two to ten files as one album; a single one goes as a message of its own. A reply markup is not looked at."""
    media = call.tree("media")
    if media is not None and not isinstance(media, list):
        raise bad_request("can't parse media JSON object")
    chat = call.writable()
    # Everything is checked before anything is sent: an album comes whole or not at all.
    contents = [_item(call, item) for item in media or ()]
    _check_album(contents)
    if len(contents) > 1:
        number = f"{14_000_000_000_000_000 + call.world.serial()}"
        contents = [{**content, "media_group_id": number} for content in contents]
    return [post.message for post in deliver_album(call, chat, contents)]


def _item(call: Call, item: Any) -> Json:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind is None:
        raise bad_request("can't parse InputMedia: media not found")
    if kind not in _ALBUM_KINDS:
        raise bad_request(f"can't parse InputMedia: type \"{kind}\" can't be used in sendMediaGroup")
    return _content(Call(call.world, call.method, item, call.uploads), "media", kind)


def _check_album(contents: list[Json]) -> None:
    if not contents:
        raise bad_request("there are no messages to send")
    if len(contents) > ALBUM_LIMIT:
        raise bad_request("too many messages to send as an album")
    for kind in ("document", "audio"):
        if 0 < sum(kind in content for content in contents) < len(contents):
            raise bad_request(f"{kind} can't be mixed with other media types")
    if len({content.get("show_caption_above_media", False) for content in contents}) > 1:
        raise bad_request("parameter show_caption_above_media must be the same for all messages")


@method("getFile")
def get_file(call: Call) -> Json:
    """Where a file can be fetched."""
    return call.world.files.opened(call.word("file_id"))
