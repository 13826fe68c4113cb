"""A fresh small Telegram for each test, and a real python-telegram-bot to drive it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

os.environ.setdefault("PTB_TIMEDELTA", "1")

import telegram

from simulator.clock import Clock
from simulator.methods import perform
from simulator.server import build, serving
from simulator.world import Person, World

MARKUP = {"inline_keyboard": [[{"text": "👍", "callback_data": "yes"}, {"text": "网页", "url": "https://example.org"}]]}
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def world(clock: Clock) -> World:
    return World(clock.now)


@pytest.fixture
def wang(world: World) -> Person:
    return world.person(42, "王芳", "zh")


@pytest.fixture
def lived(world: World, wang: Person) -> World:
    """A world in which everything has happened once."""
    li = world.person(7, "Li", "en", last_name="Jianguo", username="li")
    world.start(wang, "b_12")
    world.say(wang, "路灯坏了 https://example.org", reply_to=1)
    world.photo(wang, "看", colour="night", reply_to=2)
    world.album(wang, 3, "三张")
    world.voice(wang)
    world.video(wang)
    world.file(wang, "表.pdf", b"%PDF-1.4")
    world.location(wang, 22.5, 114.05, live=60)
    world.contact(wang)
    world.edit(wang, 2, "路灯修好了")
    world.edit(wang, 3, "看看")
    perform(world, "sendMessage", {"chat_id": 42, "text": "<b>收到</b>", "parse_mode": "HTML", "reply_markup": MARKUP})
    world.press(wang, "👍")
    world.press(wang, message_id=999, data="stale")
    world.block(wang)
    world.unblock(wang)
    perform(world, "getUpdates", {"allowed_updates": ["message", "my_chat_member", "chat_member"]})
    group = world.group("楼栋群", [wang, li], kind="group")
    world.add_bot(group, wang, "administrator")
    world.say(li, "/help@yixian_bot", chat=group)
    world.leave(group, li)
    world.join(group, li)
    moved = world.migrate(group, wang)
    world.add_bot(moved, wang, "administrator")
    world.say(wang, "hello", chat=moved)
    world.remove_bot(moved, wang)
    return world


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    async with serving(build(world, page=None)) as address:
        yield address


@pytest.fixture
async def bot(world: World, address: str) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(world.token, base_url=f"{address}/bot", base_file_url=f"{address}/file/bot") as bot:
        yield bot


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address) as client:
        yield client
