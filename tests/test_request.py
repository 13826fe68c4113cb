"""Calls to Telegram over a real socket: answers pass through, and failures are told apart without telling the token."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web
from telegram import Bot, InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bot.config_sections import Telegram
from bot.request import AiohttpRequest, Ambiguous, NotSent, NotTelegram, build_request

TOKEN = "123456:AAE-made_up_token_for_tests_0123456"
SENT = {"message_id": 7, "date": 0, "chat": {"id": 5, "type": "private"}}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """A server that answers every call alike; gives its address."""
    application = web.Application(client_max_size=30_000_000)
    application.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_listening(talk: Raw) -> AsyncIterator[str]:
    """A server that does whatever ``talk`` does with a connection."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def bot_at(address: str, **settings: object) -> AsyncIterator[Bot]:
    telegram = Telegram.model_validate({"base_url": address, "timeout": "2s", "connect_timeout": "1s", **settings})
    request = build_request(telegram)
    async with request:
        yield Bot(TOKEN, telegram.bot_address, telegram.file_address, request, build_request(telegram))


def telling(status: int, body: object) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


async def failure_of(answer: Answer, **settings: object) -> TelegramError:
    async with listening(answer) as address, bot_at(address, **settings) as bot:
        return await failure(bot)


async def failure(bot: Bot) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        await bot.send_message(5, "路灯坏了")
    assert TOKEN not in repr(caught.value)
    assert caught.value.__cause__ is None or TOKEN not in repr(caught.value.__cause__)
    assert caught.value.__context__ is None or TOKEN not in repr(caught.value.__context__)
    return caught.value


async def test_a_message_arrives_and_its_answer_is_read() -> None:
    calls: list[tuple[str, object]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append((request.path, await request.json()))
        return web.json_response({"ok": True, "result": SENT})

    async with listening(answer) as address, bot_at(address) as bot:
        message = await bot.send_message(5, "路灯坏了 & <b>", disable_notification=True)

    assert message.message_id == 7
    assert calls == [
        (f"/bot{TOKEN}/sendMessage", {"chat_id": 5, "text": "路灯坏了 & <b>", "disable_notification": True})
    ]


@pytest.mark.parametrize("status", [400, 403, 404, 429])
async def test_what_telegram_refuses_becomes_the_error_of_that_name(status: int) -> None:
    kinds = {400: BadRequest, 403: Forbidden, 404: InvalidToken, 429: NetworkError}
    error = await failure_of(telling(status, {"ok": False, "error_code": status, "description": "no: words"}))
    assert type(error) is kinds[status]
    assert str(error).endswith("words")


async def test_too_many_calls_say_how_long_to_wait() -> None:
    body = {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 7}}
    error = await failure_of(telling(429, body))
    assert isinstance(error, RetryAfter)
    assert error.retry_after == timedelta(seconds=7)


async def test_a_group_that_moved_says_where_to() -> None:
    body = {"ok": False, "description": "moved", "parameters": {"migrate_to_chat_id": -1001}}
    error = await failure_of(telling(400, body))
    assert isinstance(error, ChatMigrated)
    assert error.new_chat_id == -1001


async def test_a_page_of_something_in_between_is_a_network_error_in_a_few_words() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=502, text="<html>Bad Gateway" + 10_000 * "!", content_type="text/html")

    error = await failure_of(answer)
    assert type(error) is NetworkError
    assert len(str(error)) < 60


@pytest.mark.parametrize("body", ["<html>log in to the wifi", "[]", '{"hello": 1}', '"ok"'])
async def test_an_answer_that_is_not_telegrams_leaves_open_whether_it_arrived(
    body: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body)

    assert isinstance(await failure_of(answer), Ambiguous)
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG and body in record.getMessage()]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize("body", ["<html>nothing here", '{"error": "not found"}', '{"ok": false}', "[]"])
async def test_what_something_in_between_refuses_is_not_telegrams_refusal(status: int, body: str) -> None:
    """Planted fault: PTB's own reading. A page of 404 says that the token is refused, one of 403 that it is blocked."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body)

    error = await failure_of(answer)
    assert type(error) is NotTelegram
    assert str(error) == f"HTTP {status}"


async def test_a_redirect_is_not_followed() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert "elsewhere" not in request.path
        raise web.HTTPTemporaryRedirect("/elsewhere")

    assert type(await failure_of(answer)) is NotTelegram


async def test_a_refused_connection_was_not_sent(unused_tcp_port: int) -> None:
    async with bot_at(f"http://127.0.0.1:{unused_tcp_port}") as bot:
        assert isinstance(await failure(bot), NotSent)


async def test_an_unknown_host_was_not_sent() -> None:
    async with bot_at("http://telegram.invalid") as bot:
        assert isinstance(await failure(bot), NotSent)


async def test_a_proxy_that_is_not_there_was_not_sent(unused_tcp_port: int) -> None:
    async with bot_at("https://api.telegram.org", proxy=f"http://127.0.0.1:{unused_tcp_port}") as bot:
        assert isinstance(await failure(bot), NotSent)


async def test_a_proxy_that_refuses_was_not_sent() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"CONNECT api.telegram.org:443 ")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with raw_listening(talk) as address, bot_at("https://api.telegram.org", proxy=address) as bot:
        assert isinstance(await failure(bot), NotSent)


async def test_no_answer_in_time_is_a_time_out() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1.5)
        return web.json_response({"ok": True, "result": SENT})

    assert isinstance(await failure_of(answer, timeout="1s"), TimedOut)


async def test_a_long_poll_may_wait_longer_than_other_calls() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1.2)
        return web.json_response({"ok": True, "result": []})

    async with listening(answer) as address:
        request = AiohttpRequest(1, 1)
        async with request:
            assert await request.post(f"{address}/bot{TOKEN}/getUpdates", read_timeout=3) == []
            with pytest.raises(TimedOut):
                await request.post(f"{address}/bot{TOKEN}/getUpdates")


async def test_a_connection_lost_while_answering_leaves_open_whether_it_arrived() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok": true, ')
        await writer.drain()
        writer.transport.abort()

    async with raw_listening(talk) as address, bot_at(address) as bot:
        error = await failure(bot)
    assert isinstance(error, Ambiguous)


async def test_a_connection_closed_without_an_answer_leaves_open_whether_it_arrived() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with raw_listening(talk) as address, bot_at(address) as bot:
        assert isinstance(await failure(bot), Ambiguous)


async def test_a_photo_travels_as_a_file_with_its_name() -> None:
    received: dict[str, object] = {}

    async def answer(request: web.Request) -> web.StreamResponse:
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                received[key] = (value.filename, value.content_type, value.file.read())
            else:
                received[key] = value
        return web.json_response({"ok": True, "result": SENT})

    picture = b"\xff\xd8\xff" + 2_000_000 * b"x"
    async with listening(answer) as address, bot_at(address) as bot:
        await bot.send_photo(5, InputFile(picture, filename='路灯"1\r\n.jpg', attach=False), caption="看不见")

    assert received["caption"] == "看不见"
    assert received["photo"] == ('路灯"1__.jpg', "image/jpeg", picture)


async def test_every_file_of_a_message_travels_with_it() -> None:
    names: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        names.extend(value.filename for value in (await request.post()).values() if isinstance(value, web.FileField))
        return web.json_response({"ok": True, "result": SENT})

    async with listening(answer) as address, bot_at(address) as bot:
        await bot.send_document(5, io.BytesIO(b"words"), thumbnail=b"\xff\xd8\xff", filename="纪要.docx")

    assert sorted(names)[-1] == "纪要.docx"
    assert len(names) == 2


async def test_a_file_comes_down_whole() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            assert request.path == f"/file/bot{TOKEN}/photos/file 1.jpg"
            return web.Response(body=b"bytes" * 100_000)
        return web.json_response(
            {"ok": True, "result": {"file_id": "f", "file_unique_id": "u", "file_path": "photos/file 1.jpg"}}
        )

    async with listening(answer) as address, bot_at(address) as bot:
        file = await bot.get_file("f")
        assert bytes(await file.download_as_bytearray()) == b"bytes" * 100_000


async def test_half_a_surrogate_pair_is_refused_for_good_and_not_quoted() -> None:
    async with listening(telling(200, {"ok": True, "result": SENT})) as address, bot_at(address) as bot:
        with pytest.raises(BadRequest) as caught:
            await bot.send_message(5, "secret words \ud83d")
    assert "secret words" not in repr(caught.value)


async def test_calls_need_an_open_transport_and_opening_and_closing_twice_is_harmless() -> None:
    request = AiohttpRequest(1, 1)
    await request.shutdown()
    await request.initialize()
    await request.initialize()
    await request.shutdown()
    with pytest.raises(NetworkError, match="not initialized"):
        await request.post("http://127.0.0.1/")


class TestSocks:
    """A SOCKS proxy: PTB's own transport, and the same errors."""

    async def test_it_is_ptbs_own_transport(self) -> None:
        assert isinstance(build_request(Telegram(proxy="socks5://127.0.0.1:1080")), HTTPXRequest)

    async def test_a_proxy_that_is_not_there_was_not_sent(self, unused_tcp_port: int) -> None:
        async with bot_at("http://127.0.0.1:9", proxy=f"socks5://127.0.0.1:{unused_tcp_port}") as bot:
            assert isinstance(await failure(bot), NotSent)

    async def test_a_message_goes_through_the_proxy(self) -> None:
        async with listening(telling(200, {"ok": True, "result": SENT})) as address, behind_socks(address) as bot:
            assert (await bot.send_message(5, "路灯坏了")).message_id == 7

    async def test_a_connection_lost_behind_the_proxy_leaves_open_whether_it_arrived(self) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        async with raw_listening(talk) as address, behind_socks(address) as bot:
            assert isinstance(await failure(bot), Ambiguous)

    async def test_no_answer_in_time_is_a_time_out(self) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            await asyncio.sleep(1.5)
            return web.json_response({"ok": True, "result": SENT})

        async with listening(answer) as address, behind_socks(address, timeout="1s") as bot:
            assert isinstance(await failure(bot), TimedOut)


@asynccontextmanager
async def behind_socks(address: str, **settings: object) -> AsyncIterator[Bot]:
    async with (
        raw_listening(_socks) as proxy,
        bot_at(address, proxy=proxy.replace("http", "socks5"), **settings) as bot,
    ):
        yield bot


async def _socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The least of RFC 1928: no authentication, CONNECT to a literal IPv4 address or a name."""
    await reader.readexactly((await reader.readexactly(2))[1])
    writer.write(b"\x05\x00")
    kind = (await reader.readexactly(4))[3]
    length = 4 if kind == 1 else (await reader.readexactly(1))[0]
    host = await reader.readexactly(length)
    port = int.from_bytes(await reader.readexactly(2))
    name = ".".join(map(str, host)) if kind == 1 else host.decode()
    there, back = await asyncio.open_connection(name, port)
    writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
    sink.close()
