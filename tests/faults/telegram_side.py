"""The other side of every comparison: what people said and saw, and which calls were answered, by the simulator."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from simulator.world import World

MARK = re.compile(r"第(\d+)号")
"""How a concern is known again."""
ON_ITS_WAY = timedelta(milliseconds=50)
"""What a program sent just before it died, Telegram takes in a moment later."""


def said_in(world: World) -> dict[int, list[str]]:
    """The numbers of concerns in each private chat, in the order in which they were written."""
    return {
        chat.id: [mark for post in chat.posts.values() if not post.outgoing for mark in MARK.findall(words_of(post))]
        for chat in world.chats.values()
        if chat.person
    }


def seen_in(world: World) -> dict[int, dict[int, str]]:
    """The bot's messages in each chat, by their numbers."""
    return {
        chat.id: {number: words_of(post) for number, post in chat.posts.items() if post.outgoing}
        for chat in world.chats.values()
    }


def words_of(post: Any) -> str:
    """A message's text or caption."""
    return str(post.message.get("text") or post.message.get("caption") or "")


def lost_in(world: World) -> dict[int, set[int]]:
    """Messages that were made by a call whose answer did not arrive."""
    found: dict[int, set[int]] = defaultdict(set)
    for call in world.calls:
        if call["lost"] and call["ok"] and call["message_id"]:
            found[int(call["params"]["chat_id"])].add(call["message_id"])
    return found


def sent_in(world: World) -> dict[tuple[int, str], list[tuple[datetime, int]]]:
    """When the same words were sent to a chat, and the numbers of the messages, in the order of sending."""
    found: dict[tuple[int, str], list[tuple[datetime, int]]] = defaultdict(list)
    for call in world.calls:
        if call["ok"] and call["message_id"] and call["method"].startswith("send"):
            words = str(call["params"].get("text") or call["params"].get("caption") or "")
            found[int(call["params"]["chat_id"]), words].append(
                (datetime.fromisoformat(call["at"]), call["message_id"])
            )
    return found


def copied_without_cause(world: World, deaths: Collection[tuple[datetime, datetime]]) -> Iterator[str]:
    """The same words, sent to the same chat twice, although no program died between the two.

    A death lies between two moments. For talks in which nobody is to hear the same words twice.
    """
    for (chat, words), sent in sent_in(world).items():
        for (earlier, _), (later, _) in pairwise(sent):
            if not any(gone + ON_ITS_WAY >= earlier and at <= later for at, gone in deaths):
                yield f"chat {chat} was sent {words[:30]!r} at {earlier} and at {later}, and nothing died in between"
