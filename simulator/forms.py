"""The body of an HTTP request as parameters and files: JSON, urlencoded or multipart."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from simulator.files import Upload
from simulator.refusals import bad_request

# Parameters that are objects or arrays; clients that send forms write them as JSON.
TREES = frozenset(
    [
        "reply_markup",
        "entities",
        "caption_entities",
        "reply_parameters",
        "media",
        "commands",
        "scope",
        "allowed_updates",
        "link_preview_options",
        "message_ids",
    ]
)

_ATTRIBUTE = re.compile(r';\s*([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')

Parsed = tuple[dict[str, Any], dict[str, Upload]]


def parsed(content_type: str, body: bytes, query: str = "") -> Parsed:
    """Parameters and uploads; those of the address come first, those of the body win."""
    params: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    uploads: dict[str, Upload] = {}
    if not body:
        return params, uploads
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        params.update(_from_json(body))
    elif kind == "multipart/form-data":
        _from_parts(content_type, body, params, uploads)
    else:
        params.update(_from_form(body))
    for name in TREES & params.keys():
        params[name] = _tree(params[name])
    return params, uploads


def _from_json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(found, dict):
        raise bad_request("can't parse JSON object: object expected")
    return found


def _from_form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _tree(value: Any) -> Any:
    """The JSON a string holds; what is none is left for the method to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _from_parts(content_type: str, body: bytes, params: dict[str, Any], uploads: dict[str, Upload]) -> None:
    boundary = _attributes(content_type).get("boundary")
    if not boundary:
        raise bad_request("multipart body without boundary")
    # With a line break in front, the first boundary looks like all others.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator:
            raise bad_request("can't parse multipart body")
        _add_part(_headers(head.decode("utf-8", "replace")), content, params, uploads)


def _add_part(headers: dict[str, str], content: bytes, params: dict[str, Any], uploads: dict[str, Upload]) -> None:
    attributes = _attributes(headers.get("content-disposition", ""))
    name = attributes.get("name", "")
    if "filename" in attributes:
        uploads[name] = Upload(attributes["filename"], content, headers.get("content-type", ""))
        return
    try:
        params[name] = content.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _headers(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.split("\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _attributes(header: str) -> dict[str, str]:
    """The attributes of a header: `form-data; name="photo"; filename="a.jpg"`. Browsers write %22 for a quote."""
    found = {key.lower(): quoted or bare for key, quoted, bare in _ATTRIBUTE.findall(header)}
    if "filename*" in found:
        found["filename"] = unquote(found["filename*"].rpartition("'")[2])
    return {key: value.replace('\\"', '"').replace("%22", '"') for key, value in found.items()}
