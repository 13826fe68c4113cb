"""Telegram over HTTP, with failures told apart: never sent, and perhaps received.

The rule: a call that made no connection is ``NotSent`` and may be sent again freely; a time-out (``TimedOut``) or a
connection lost later (``Ambiguous``) leaves open whether Telegram got it, so sending it again may make a copy. Texts
of errors never hold an address, because the address holds the token; that is why they are raised outside of handlers:
the library's own exception, which names the address, is not chained to ours.

What refuses a call in another form than the Bot API's is ``NotTelegram``: a page of something between us and Telegram
says nothing of the token, of a message or of its reader. As the answer to getMe, which is asked before all else, it
says that no Bot API server is there.

A call has one total time-out: ``read_timeout`` where the caller gives one (a long poll does), else the configured one;
files get ``write_timeout`` or ``FILE_SECONDS`` more, whichever way they travel.
"""

import asyncio
import io
import json
import warnings
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import httpx
from telegram import Bot

# Private, but they are the types in BaseRequest's signatures, and PTB exports them nowhere else.
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import JSONDict, ODVInput
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData
from telegram.warnings import PTBUserWarning

from bot.config_errors import ConfigError, config_error
from bot.config_sections import TELEGRAM, Telegram

FILE_SECONDS: Final = 120.0
"""What a file may take beyond an ordinary call: 20 MB at 1.4 Mbit/s."""
CONNECTIONS: Final = 100

_JSON: Final = {"Content-Type": "application/json"}
_NONE = BaseRequest.DEFAULT_NONE
_NOT_SENT = (
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    httpx.ConnectTimeout,
    httpx.ConnectError,
    httpx.PoolTimeout,
    httpx.ProxyError,
)

# Raw calls are on purpose: an update that PTB cannot read must not lose the whole batch, and a message's number is all
# that is read of most answers.
warnings.filterwarnings("ignore", message="Please use .Bot.", category=PTBUserWarning)


class NotSent(NetworkError):
    """No connection was made, so Telegram got nothing."""


class Ambiguous(NetworkError):
    """The connection was lost, or the answer was not Telegram's: it may have got the call."""


class NotTelegram(NetworkError):
    """What answers at ``telegram.base_url`` speaks no Bot API; the text says its HTTP status."""


def build_request(telegram: Telegram) -> BaseRequest:
    """A transport for PTB: aiohttp, or PTB's own httpx where the proxy speaks SOCKS. Each ``Bot`` needs two of them."""
    timeout, connect = telegram.timeout.total_seconds(), telegram.connect_timeout.total_seconds()
    if telegram.proxy.startswith("socks"):
        return SocksRequest(timeout, connect, telegram.proxy)
    return AiohttpRequest(timeout, connect, telegram.proxy or None)


def _failure(error: BaseException) -> TelegramError:
    """Our error for a library's; only the names of types go into the text."""
    kind = type(error).__name__
    if isinstance(error, UnicodeError):
        return BadRequest("a text is not valid Unicode")  # nothing was sent, and sending it again will not help
    if isinstance(error, _NOT_SENT):
        return NotSent(f"no connection to Telegram ({kind})")
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return TimedOut(f"no answer from Telegram in time ({kind})")
    return Ambiguous(f"the connection to Telegram was lost ({kind})")


def _given(timeout: ODVInput[float], default: float | None) -> float | None:
    return default if isinstance(timeout, DefaultValue) else timeout


def _total(read: float | None, write: ODVInput[float], files: bool) -> float | None:
    """Seconds for a whole call; None for no limit."""
    more = _given(write, FILE_SECONDS if files else 0)
    return None if read is None or more is None else read + more


def is_telegrams(method: str, status: int, answer: Any) -> bool:
    """Whether this may be a Bot API server's answer: to getMe a bot; a refusal with its reason in words.

    Any answer of 500 and more may: what stands before a Bot API server says so while that one is down.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if not isinstance(answer, dict):
        return False
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return answer.get("ok") is False and isinstance(answer.get("description"), str)
    bot = answer.get("result")
    return method != "getMe" or (isinstance(bot, dict) and bot.get("is_bot") is True)


def no_bot_api(telegram: Telegram, found: str) -> ConfigError:
    """For the operator, who is told what was ``found`` instead, as in "HTTP 404"."""
    because = f"what answers there is no Bot API server ({found}): set it to {TELEGRAM}, or to a server of your own"
    return config_error("telegram.base_url", telegram.base_url, because)


def _readable(url: str, status: int, payload: bytes) -> bytes:
    """The answer, or for an error page of something between us and Telegram, a short answer of the same form.

    PTB would put the whole page into the error's text. Raises ``NotTelegram``.
    """
    method = url.rpartition("/")[2]
    if status < HTTPStatus.MULTIPLE_CHOICES and method != "getMe":
        return payload
    if not is_telegrams(method, status, parsed(payload)):
        raise NotTelegram(f"HTTP {status}")
    if payload.lstrip().startswith(b"{"):
        return payload
    return json.dumps({"ok": False, "description": f"HTTP {status}, and no answer of Telegram's"}).encode()


def parsed(payload: bytes) -> Any:
    """What the bytes say in JSON, or None where it is none."""
    try:
        return json.loads(payload.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


class _Telegram(BaseRequest):
    """What both transports do with an answer."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> JSONDict:
        """As PTB's, but what is no answer is ``Ambiguous`` and is not logged: it may hold people's words."""
        answer = parsed(payload)
        if not isinstance(answer, dict) or not ("result" in answer or "ok" in answer):
            raise Ambiguous("the answer was not Telegram's")
        return answer


async def call(bot: Bot, method: str, *, read_timeout: ODVInput[float] = _NONE, **fields: Any) -> Any:
    """A method of the Bot API with the fields that have a value (no files); what it answers, as plain JSON.

    Raises ``InvalidToken`` for a token that Telegram takes no more, where PTB speaks of a method that does not exist.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return await bot.do_api_request(method, given, read_timeout=read_timeout)
    except EndPointNotFound:
        pass
    raise InvalidToken("Telegram refuses the token")


class AiohttpRequest(_Telegram):
    """PTB's transport over aiohttp: a quarter of the CPU time of the one it comes with. Times in seconds."""

    def __init__(self, timeout: float, connect_timeout: float, proxy: str | None = None) -> None:
        self._timeout = timeout
        self._connect = connect_timeout
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """The configured total time-out."""
        return self._timeout

    async def initialize(self) -> None:
        """Open the pool of connections, once."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                proxy=self._proxy,
            )

    async def shutdown(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = _NONE,
        write_timeout: ODVInput[float] = _NONE,
        connect_timeout: ODVInput[float] = _NONE,
        pool_timeout: ODVInput[float] = _NONE,
    ) -> tuple[int, bytes]:
        """Status and body. ``connect_timeout`` includes the wait for a free connection, ``pool_timeout`` is not used.

        Raises NotSent, TimedOut or Ambiguous; RuntimeError before ``initialize``.
        """
        files = method == "GET" or bool(request_data and request_data.contains_files)
        total = _total(_given(read_timeout, self._timeout), write_timeout, files)
        limits = aiohttp.ClientTimeout(total=total, connect=_given(connect_timeout, self._connect))
        try:
            return await self._send(method, url, limits, request_data)
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as error:
            failure = _failure(error)
        raise failure

    async def _send(
        self, method: str, url: str, limits: aiohttp.ClientTimeout, data: RequestData | None
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("this request is not initialized")
        body, headers = _body(data) if data else (None, None)
        # A redirect would hand the token to whoever it points to.
        call = self._session.request(method, url, data=body, headers=headers, timeout=limits, allow_redirects=False)
        async with call as answer:
            return answer.status, _readable(url, answer.status, await answer.read())


def _body(data: RequestData) -> tuple[aiohttp.FormData | bytes, dict[str, str] | None]:
    """JSON; a form only where there are files to upload."""
    if data.contains_files:
        return _form(data), None
    return json.dumps(data.parameters, ensure_ascii=False, separators=(",", ":")).encode(), _JSON


def _form(data: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData(data.json_parameters, quote_fields=False)
    for name, part in data.multipart_data.items():
        file_name, content, media_type = part
        # aiohttp warns of large bytes, but not of a stream, which it sends in pieces.
        stream: Any = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, stream, filename=_one_line(file_name), content_type=media_type)
    return form


def _one_line(file_name: str) -> str:
    """A name that cannot end its header: people name files as they like."""
    return "".join(sign if sign.isprintable() else "_" for sign in file_name)


class SocksRequest(_Telegram, HTTPXRequest):
    """PTB's own transport, for aiohttp does not speak SOCKS; errors and total time-out as above."""

    def __init__(self, timeout: float, connect_timeout: float, proxy: str) -> None:
        super().__init__(
            connection_pool_size=CONNECTIONS,
            read_timeout=timeout,
            connect_timeout=connect_timeout,
            pool_timeout=connect_timeout,
            proxy=proxy,
            httpx_kwargs={"trust_env": False},
        )

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = _NONE,
        write_timeout: ODVInput[float] = _NONE,
        connect_timeout: ODVInput[float] = _NONE,
        pool_timeout: ODVInput[float] = _NONE,
    ) -> tuple[int, bytes]:
        """As ``AiohttpRequest.do_request``."""
        files = method == "GET" or bool(request_data and request_data.contains_files)
        read = _given(read_timeout, self.read_timeout)
        total = _total(read, write_timeout, files)
        try:
            async with asyncio.timeout(total):
                status, payload = await super().do_request(
                    url, method, request_data, total, total, connect_timeout, pool_timeout
                )
        except (NetworkError, TimeoutError, UnicodeError) as error:
            failure = _failure(error.__cause__ or error if isinstance(error, NetworkError) else error)
        else:
            return status, _readable(url, status, payload)
        raise failure
