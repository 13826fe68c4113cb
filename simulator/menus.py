"""Which menu of commands a person sees: the narrowest scope that has one, in their language before any other."""

from __future__ import annotations

from simulator.cast import Chat, Person
from simulator.refusals import Json

Menus = dict[tuple[str, str], list[Json]]


def scope_key(scope: Json | None) -> str:
    """A BotCommandScope as one word."""
    scope = scope or {"type": "default"}
    parts = [str(scope.get("type", "default"))]
    parts += [str(scope[name]) for name in ("chat_id", "user_id") if name in scope]
    return ":".join(parts)


def menu_for(menus: Menus, person: Person, chat: Chat) -> list[Json]:
    """The menu as Telegram's documentation of BotCommandScope orders it."""
    language = person.language
    for scope in _scopes(person, chat):
        for spoken in (language, "") if language else ("",):
            if found := menus.get((scope, spoken)):
                return found
    return []


def _scopes(person: Person, chat: Chat) -> list[str]:
    if chat.person is not None:
        return [f"chat:{chat.id}", "all_private_chats", "default"]
    scopes = [f"chat_member:{chat.id}:{person.id}"]
    if chat.members.get(person.id) in ("creator", "administrator"):
        scopes += [f"chat_administrators:{chat.id}", f"chat:{chat.id}", "all_chat_administrators"]
    else:
        scopes.append(f"chat:{chat.id}")
    return [*scopes, "all_group_chats", "default"]
