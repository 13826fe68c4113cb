"""Updates come to a webhook one at a time per lane, with the secret, until the bot answers with 2xx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import telegram
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import BadRequest, Conflict

from simulator.server import serving, until
from simulator.signals import Signal
from simulator.world import Person, World


class Receiver:
    """A webhook that answers as told and remembers what came."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.secrets: set[str | None] = set()
        self.refusals = 0
        self.running = 0
        self.most = 0
        self.answer: dict[str, Any] | None = None

    async def __call__(self, request: Request) -> Response:
        self.running += 1
        self.most = max(self.most, self.running)
        self.secrets.add(request.headers.get("x-telegram-bot-api-secret-token"))
        update = json.loads(await request.body())
        await asyncio.sleep(0.01)
        self.running -= 1
        if self.refusals:
            self.refusals -= 1
            return Response("busy", 503)
        self.updates.append(update)
        return (
            Response(json.dumps(self.answer), media_type="application/json")
            if self.answer
            else Response(status_code=204)
        )


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def hook(receiver: Receiver) -> AsyncIterator[str]:
    async def receive(request: Request) -> Response:
        return await receiver(request)

    app = Starlette(routes=[Route("/hook", receive, methods=["POST"])])
    app.state.signal = Signal()
    async with serving(app) as address:
        yield f"{address}/hook"


async def test_updates_arrive_with_the_secret(
    world: World, wang: Person, bot: telegram.Bot, receiver: Receiver, hook: str
) -> None:
    world.say(wang, "before")
    await bot.set_webhook(hook, secret_token="s3cret")
    world.say(wang, "after")
    await until(world, world.idle)
    assert [update["message"]["text"] for update in receiver.updates] == ["before", "after"]
    assert receiver.secrets == {"s3cret"}
    assert receiver.most == 1
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()


async def test_lanes_run_side_by_side(
    world: World, wang: Person, bot: telegram.Bot, receiver: Receiver, hook: str
) -> None:
    await bot.set_webhook(hook)
    people = [world.person(100 + number, f"P{number}") for number in range(5)]
    for person in people:
        for number in range(3):
            world.say(person, str(number))
    await until(world, world.idle)
    assert receiver.most > 1
    for person in people:
        own = [update["message"] for update in receiver.updates if update["message"]["chat"]["id"] == person.id]
        assert [message["text"] for message in own] == ["0", "1", "2"]


async def test_a_refused_update_comes_again(
    world: World, wang: Person, bot: telegram.Bot, receiver: Receiver, hook: str
) -> None:
    await bot.set_webhook(hook)
    receiver.refusals = 2
    world.say(wang, "a")
    world.say(wang, "b")
    await until(world, world.idle)
    assert [update["message"]["text"] for update in receiver.updates] == ["a", "b"]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 503"
    assert info.pending_update_count == 0


async def test_duplicates_come_twice(
    world: World, wang: Person, bot: telegram.Bot, receiver: Receiver, hook: str
) -> None:
    await bot.set_webhook(hook)
    world.chaos.set(1, ["duplicate"])
    world.say(wang, "a")
    await until(world, world.idle)
    assert receiver.updates[0] == receiver.updates[1]
    assert len(receiver.updates) == 2


async def test_a_method_in_the_answer_is_carried_out(
    world: World, wang: Person, bot: telegram.Bot, receiver: Receiver, hook: str
) -> None:
    await bot.set_webhook(hook)
    receiver.answer = {"method": "sendMessage", "chat_id": 42, "text": "hi"}
    world.say(wang, "a")
    await until(world, lambda: world.last(wang))
    assert world.messages(wang)[-1]["text"] == "hi"


async def test_nobody_there(world: World, wang: Person, bot: telegram.Bot, http: httpx.AsyncClient) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    world.say(wang, "a")
    await until(world, lambda: world.webhook.get("last_error_message"))
    await bot.delete_webhook(drop_pending_updates=False)
    assert [update.message.text for update in await bot.get_updates()] == ["a"]


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1\r\n\r\n", b"x" * 100_000, b"HTTP/1.1 ok\r\n\r\n"])
async def test_nonsense_in_the_answer_is_a_failure_and_tried_again(
    world: World, wang: Person, bot: telegram.Bot, http: httpx.AsyncClient, nonsense: bytes
) -> None:
    """Planted fault: `head.split(b" ", 2)[1]` for `_status`, and the lane is never emptied again."""
    answers = [nonsense, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1")
    async with server:
        await bot.set_webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook")
        world.say(wang, "a")
        await until(world, world.idle)
    assert answers == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://bot.example.org/telegram", "https url must be provided"),
        ("https://bot.example.org:9000/telegram", "only on ports 80, 88, 443 or 8443"),
        ("https://bot.invalid/telegram", "failed to resolve host"),
    ],
)
async def test_an_address_is_refused_as_telegram_does(world: World, bot: telegram.Bot, url: str, words: str) -> None:
    world.own_server = False
    with pytest.raises(BadRequest, match=words):
        await bot.set_webhook(url)
    assert world.webhook == {"url": ""}
