"""One message to Telegram, and what came of it. Failures are told apart here, and nowhere else.

Words and buttons go as plain JSON and only the message's number is read of the answer: building PTB's objects for both
ways costs seven times as much, and every message of every turn goes through here. Files go through PTB's own methods.
"""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.request import NotSent, call
from domain.text import cut, utf16_length
from handlers.kit.words import LONGEST, LONGEST_CAPTION, Drawn, Rendered
from storage.messages import Card
from storage.outbox import Mode, Saying

TOAST = 200
"""Characters of an answer to a press (Bot API)."""
NOT_MODIFIED = "message is not modified"
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
TOO_OLD = ("query is too old", "query id is invalid")
NO_CHAT = ("chat not found", "user is deactivated", "peer_id_invalid")
NO_PREVIEW = {"is_disabled": True}
SEND_FILE = {"photo": "send_photo", "video": "send_video", "voice": "send_voice", "audio": "send_audio"}

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row of the outbox with its words; ``card`` is the live card to edit or to answer."""

    saying: Saying
    words: Rendered
    live: bool
    alert: bool
    card: Card | None

    @property
    def drawn(self) -> str:
        """What it shows, in short: two alike are one edit."""
        return sha256(repr(self.words).encode()).hexdigest()[:16]

    @property
    def shown_already(self) -> bool:
        """Whether the card shows just this: Telegram would refuse the edit."""
        if not self.live or self.card is None or self.card.drawn != self.drawn:
            return False
        return self.saying.mode is Mode.REFRESH or self.saying.target == str(self.card.message_id)


# What came of it.


@dataclass(frozen=True, slots=True)
class Sent:
    """It arrived, as that message (None: nothing new in the chat)."""

    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The person blocked the bot, or is gone."""

    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The group has another id now."""

    chat: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Telegram says how long."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Later:
    """Telegram could not be reached, or did not answer: ``sent`` may be true where it is ``ambiguous``."""

    why: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class TooLate:
    """The press is too old to be answered, or the message to edit is gone."""

    why: str


@dataclass(frozen=True, slots=True)
class Dead:
    """Telegram refuses it and always will: a fault of ours."""

    why: str


Result = Sent | Unreachable | Moved | Wait | Later | TooLate | Dead


async def deliver(bot: Bot, prepared: Prepared) -> Result:
    """Send, edit or answer. Never raises for anything Telegram or the network does."""
    try:
        return await MODES[prepared.saying.mode](bot, prepared)
    except TelegramError as error:
        return result_of(error)


def result_of(error: TelegramError) -> Result:
    """What an error means. ``BadRequest`` is a ``NetworkError`` in PTB: it is tested first.

    A token that is refused is no fault of the message: it waits until the operator has given a valid one.
    """
    match error:
        case RetryAfter():
            return Wait(delay_of(error))
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case Forbidden():
            return Unreachable(str(error))
        case BadRequest():
            return refused(str(error))
        case NotSent() | InvalidToken():
            return Later(type(error).__name__, ambiguous=False)
        case NetworkError():
            return Later(type(error).__name__, ambiguous=True)
        case _:
            return Dead(f"{type(error).__name__}: {error}")


def refused(why: str) -> Result:
    """A bad request, by its words."""
    lowered = why.lower()
    if NOT_MODIFIED in lowered:
        return Sent()
    if any(words in lowered for words in (*GONE, *TOO_OLD)):
        return TooLate(why)
    if any(words in lowered for words in NO_CHAT):
        return Unreachable(why)
    return Dead(why)


def delay_of(error: RetryAfter) -> timedelta:
    """How long to wait; PTB gives a number or a timedelta by an environment variable."""
    told = error.retry_after
    return told if isinstance(told, timedelta) else timedelta(seconds=told)


async def send(bot: Bot, prepared: Prepared) -> Result:
    """A new message, with its file where there is one; words too long for a caption come before it."""
    media, words = prepared.words.media, prepared.words
    if media is None:
        return await send_words(bot, prepared)
    send_file, chat = file_sender(bot, media.kind), prepared.saying.chat
    if utf16_length(plain(words.html)) > LONGEST_CAPTION:
        await send_words(bot, prepared)
        return sent(await send_file(chat, media.file_id))
    return sent(
        await send_file(
            chat,
            media.file_id,
            caption=words.html or None,
            parse_mode=ParseMode.HTML,
            reply_markup=buttons_of(words),
            reply_parameters=reply_of(prepared),
        )
    )


async def send_words(bot: Bot, prepared: Prepared) -> Result:
    """A new message of words and buttons."""
    answer = await call(
        bot,
        "sendMessage",
        chat_id=prepared.saying.chat,
        text=fit(prepared.words.html, LONGEST),
        parse_mode=ParseMode.HTML,
        link_preview_options=NO_PREVIEW,
        reply_markup=keyboard(prepared.words),
        reply_parameters=reply_to(prepared),
    )
    return Sent(answer["message_id"])


def file_sender(bot: Bot, kind: str) -> Callable[..., Awaitable[Message]]:
    """The method for that kind of file."""
    found: Callable[..., Awaitable[Message]] = getattr(bot, SEND_FILE.get(kind, "send_document"))
    return found


async def refresh(bot: Bot, prepared: Prepared) -> Result:
    """Draw the live card anew; where there is none, there is nothing to draw."""
    if prepared.card is None:
        return TooLate("no card")
    card = prepared.card.message_id
    return Sent(card) if prepared.shown_already else await edit_message(bot, prepared, card)


async def edit(bot: Bot, prepared: Prepared) -> Result:
    """Draw one message anew; where it is gone, send it."""
    target = int(prepared.saying.target or 0)
    if prepared.shown_already:
        return Sent(target)
    result = await edit_message(bot, prepared, target)
    return result if isinstance(result, Sent) else await send(bot, prepared)


async def edit_message(bot: Bot, prepared: Prepared, message_id: int) -> Result:
    """Change text and buttons of a message."""
    try:
        await call(
            bot,
            "editMessageText",
            chat_id=prepared.saying.chat,
            message_id=message_id,
            text=fit(prepared.words.html, LONGEST),
            parse_mode=ParseMode.HTML,
            link_preview_options=NO_PREVIEW,
            reply_markup=inline(prepared.words.rows),
        )
    except BadRequest as error:
        result = refused(str(error))
        return Sent(message_id) if isinstance(result, Sent) else result
    return Sent(message_id)


async def answer(bot: Bot, prepared: Prepared) -> Result:
    """Answer a press, with a few words or with silence."""
    words = cut(plain(prepared.words.html), TOAST) or None
    await call(
        bot,
        "answerCallbackQuery",
        callback_query_id=prepared.saying.target or "",
        text=words,
        show_alert=(prepared.alert and words is not None) or None,
    )
    return Sent()


MODES: dict[Mode, Callable[[Bot, Prepared], Awaitable[Result]]] = {
    Mode.SEND: send,
    Mode.EDIT: edit,
    Mode.REFRESH: refresh,
    Mode.ANSWER: answer,
}


def buttons_of(words: Rendered) -> InlineKeyboardMarkup | None:
    """The buttons below a file."""
    return InlineKeyboardMarkup.de_json(found, None) if (found := inline(words.rows)) else None


def reply_of(prepared: Prepared) -> ReplyParameters | None:
    """What a file answers."""
    return ReplyParameters.de_json(found, None) if (found := reply_to(prepared)) else None


def sent(message: Message) -> Sent:
    """The number Telegram gave it."""
    return Sent(message.message_id)


def reply_to(prepared: Prepared) -> Plain | None:
    """What is said about a case answers its card, so that both are found from each other."""
    if prepared.card is None or prepared.live:
        return None
    return {"message_id": prepared.card.message_id, "allow_sending_without_reply": True}


def keyboard(words: Rendered) -> Plain | None:
    """Buttons below the message, or a keyboard that sends the phone's location."""
    if words.place_button:
        button = {"text": words.place_button, "request_location": True}
        return {"keyboard": [[button]], "resize_keyboard": True, "one_time_keyboard": True}
    if words.clears_keyboard:
        return {"remove_keyboard": True}
    return inline(words.rows)


def inline(rows: tuple[tuple[Drawn, ...], ...]) -> Plain | None:
    """Rows of buttons; none at all where there are none, which also takes them away from an edited message."""
    if not rows:
        return None
    return {"inline_keyboard": [[button_of(drawn) for drawn in row] for row in rows]}


def button_of(drawn: Drawn) -> Plain:
    """A button that opens an address or sends a press."""
    return {"text": drawn.label, "url": drawn.url} if drawn.url else {"text": drawn.label, "callback_data": drawn.data}


def plain(markup_text: str) -> str:
    """Telegram HTML without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup_text))


def fit(markup_text: str, limit: int) -> str:
    """Words that fit into a message. Templates cut what users wrote: this is the last resort and drops the markup."""
    if utf16_length(plain(markup_text)) <= limit:
        return markup_text
    return html.escape(cut(plain(markup_text), limit))
