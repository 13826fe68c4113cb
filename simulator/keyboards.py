"""Keyboards as Telegram accepts them: inline ones belong to a message, the others to the chat."""

from __future__ import annotations

from typing import Any

from simulator.refusals import Json, bad_request
from simulator.text import is_link

DATA_LIMIT = 64
BUTTON_LIMIT = 100
_FLAGS = ("is_persistent", "resize_keyboard", "one_time_keyboard", "selective", "remove_keyboard", "force_reply")
_ACTIONS = [
    "callback_data",
    "url",
    "login_url",
    "web_app",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
]
KEPT_FIELDS = ("text", "style", "icon_custom_emoji_id", *_ACTIONS)


def accepted(markup: Any) -> tuple[Json | None, Json | None]:
    """(inline keyboard, other markup), one of them at most; a `Refused` where Telegram would not take it."""
    if not markup:
        return None, None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    for flag in _FLAGS:
        if flag in markup and not isinstance(markup[flag], bool):
            raise bad_request(f'field "{flag}" must be of type Boolean')
    if "inline_keyboard" in markup:
        rows = _rows(markup, "inline_keyboard", "InlineKeyboardButton")
        inline = [[_inline_button(button) for button in row] for row in rows]
        return ({"inline_keyboard": inline} if inline else None), None
    if "keyboard" in markup:
        rows = _rows(markup, "keyboard", "KeyboardButton")
        return None, {**markup, "keyboard": [[_reply_button(button) for button in row] for row in rows]}
    return None, markup


def _rows(markup: Json, field: str, what: str) -> list[list[Any]]:
    rows = markup[field]
    if not isinstance(rows, list):
        raise bad_request(f'field "{field}" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{field}" must be an Array of Arrays')
    if any(not isinstance(button, dict | str) for row in rows for button in row):
        raise bad_request(f"{what} must be an Object")
    if sum(map(len, rows)) > BUTTON_LIMIT:
        raise bad_request("reply markup is too long")
    return [row for row in rows if row]


def _inline_button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise bad_request("InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not isinstance(button["text"], str):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("REPLY_MARKUP_INVALID")
    action = next((name for name in _ACTIONS if button.get(name) not in (None, "", False)), None)
    if action is None and not any(button.get(name) == "" for name in _ACTIONS if name.startswith("switch")):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    _check_action(action, button)
    return {name: button[name] for name in KEPT_FIELDS if button.get(name) is not None}


def _check_action(action: str | None, button: Json) -> None:
    if action in ("pay", "callback_game"):
        raise bad_request("BUTTON_TYPE_INVALID")
    if action == "callback_data":
        data = button["callback_data"]
        if not isinstance(data, str) or len(data.encode("utf-8", "replace")) > DATA_LIMIT:
            raise bad_request("BUTTON_DATA_INVALID")
    if action == "url":
        _check_url(button["url"])


def _check_url(url: Any) -> None:
    if not isinstance(url, str):
        raise bad_request('can\'t parse inline keyboard button: Field "url" must be of type String')
    scheme, separator, _ = url.partition("://")
    if separator and scheme not in ("http", "https", "tg", "ton", "tonsite"):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    if not is_link(url):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _reply_button(button: Json | str) -> Json:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button.get("text"), str):
        raise bad_request("can't parse keyboard button: Can't find field \"text\"")
    return button
