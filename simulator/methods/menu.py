"""The menu of commands, per scope and language, and what the bot says about itself."""

from __future__ import annotations

import re
from typing import Any

from simulator.menus import scope_key
from simulator.methods.registry import Call, method
from simulator.refusals import Json, bad_request
from simulator.text import clean, whole

_COMMAND = re.compile(r"/?[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"|[a-z]{2}")
_SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
# How long each may be (Bot API). Telegram documents the limits, not what it says where they are passed.
_ABOUT = {"name": 64, "description": 512, "short_description": 120}


def _place(call: Call) -> tuple[str, str]:
    """(scope, language) that a call is about."""
    scope = call.tree("scope", "BotCommandScope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    for field in _SCOPES[scope["type"]]:
        if not scope.get(field):
            raise bad_request(f"can't parse BotCommandScope: Can't find field \"{field}\"")
    if "chat_id" in scope:
        _check_chat(call, scope["chat_id"])
    return scope_key(scope), _language(call)


def _language(call: Call) -> str:
    language = call.word("language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language


def _check_chat(call: Call, chat_id: Any) -> None:
    number = whole(chat_id)
    if number not in call.world.chats and number not in call.world.people:
        raise bad_request("chat not found")


def _command(raw: Any) -> Json:
    if not isinstance(raw, dict) or "command" not in raw or "description" not in raw:
        raise bad_request("can't parse BotCommand: Can't find field \"command\"")
    name, description = str(raw["command"]), str(raw["description"]).strip()
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name.lstrip("/"), "description": description}


@method("setMyCommands")
def set_my_commands(call: Call) -> bool:
    """The menu of one scope and language."""
    commands = call.tree("commands", "list of bot commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse list of bot commands JSON object")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    place = _place(call)
    call.world.commands[place] = [_command(raw) for raw in commands]
    call.world.emit("commands", scope=place[0], language=place[1])
    return True


@method("getMyCommands")
def get_my_commands(call: Call) -> list[Json]:
    """The menu of one scope and language, exactly."""
    return call.world.commands.get(_place(call), [])


@method("deleteMyCommands")
def delete_my_commands(call: Call) -> bool:
    """No menu of its own for one scope and language."""
    place = _place(call)
    call.world.commands.pop(place, None)
    call.world.emit("commands", scope=place[0], language=place[1])
    return True


def _about(call: Call) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", call.method[len("setMy") :]).lower()


@method("setMyName", "setMyDescription", "setMyShortDescription")
def set_about(call: Call) -> bool:
    """What people read about the bot in one language; nothing takes what that language had away."""
    field, language = _about(call), _language(call)
    words = clean(call.word(field)).strip()
    if len(words) > _ABOUT[field]:
        raise bad_request(f"{field.replace('_', ' ')} is too long")
    if field == "name" and not words and not language:
        raise bad_request("BOT_TITLE_INVALID")
    call.world.about[field, language] = words
    call.world.emit("about", field=field, language=language)
    return True


@method("getMyName", "getMyDescription", "getMyShortDescription")
def get_about(call: Call) -> Json:
    """What people of one language read about the bot."""
    field = _about(call)
    return {field: call.world.told(field, _language(call))}


@method("setChatMenuButton", "setMyDefaultAdministratorRights")
def accept(_: Call) -> bool:
    """Accepted; the page always shows the menu of commands."""
    return True
