"""What Telegram refuses is refused, in its words and with its codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.files import Upload
from simulator.methods import perform
from simulator.pictures import jpeg
from simulator.refusals import Refused
from simulator.world import Person, World

CANNOT = "can't parse inline keyboard button"


def refusal(world: World, method: str, uploads: dict[str, Upload] | None = None, **params: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        perform(world, method, params, uploads)
    return refused.value.code, refused.value.description


@pytest.fixture
def wang(world: World) -> Person:
    person = world.person(42, "王芳")
    world.start(person)
    return person


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **button}]]}


def test_length_counts_utf16_units_after_parsing(world: World, wang: Person) -> None:
    perform(world, "sendMessage", {"chat_id": 42, "text": f"<b>{'🏟' * 2048}</b>", "parse_mode": "HTML"})
    too_long = refusal(world, "sendMessage", chat_id=42, text="🏟" * 2048 + "x")
    assert too_long == (400, "Bad Request: message is too long")
    photo = {"photo": Upload("a.jpg", jpeg(80, 60))}
    perform(world, "sendPhoto", {"chat_id": 42, "caption": "x" * 1024}, photo)
    assert refusal(world, "sendPhoto", photo, chat_id=42, caption="x" * 1025) == (
        400,
        "Bad Request: message caption is too long",
    )


@pytest.mark.parametrize("text", ["", "  \n ", "<b></b>", None])
def test_empty_text(world: World, wang: Person, text: str | None) -> None:
    assert refusal(world, "sendMessage", chat_id=42, text=text, parse_mode="HTML") == (
        400,
        "Bad Request: message text is empty",
    )


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (keyboard(callback_data="x" * 65), "BUTTON_DATA_INVALID"),
        (keyboard(callback_data="路" * 22), "BUTTON_DATA_INVALID"),
        (keyboard(callback_data=""), f"{CANNOT}: Text buttons are unallowed in the inline keyboard"),
        (
            keyboard(url="ftp://example.com"),
            "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol",
        ),
        (keyboard(url="not-a-url"), "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL"),
        (keyboard(pay=True), "BUTTON_TYPE_INVALID"),
        ({"inline_keyboard": "bad"}, 'field "inline_keyboard" must be of type Array'),
        ({"inline_keyboard": [[{"callback_data": "x"}]]}, f'{CANNOT}: Can\'t find field "text"'),
        ({"force_reply": "yes"}, 'field "force_reply" must be of type Boolean'),
        ("{", "can't parse reply keyboard markup JSON object"),
        ([1], "object expected as reply markup"),
    ],
)
def test_keyboards(world: World, wang: Person, markup: Any, words: str) -> None:
    assert refusal(world, "sendMessage", chat_id=42, text="x", reply_markup=markup) == (400, f"Bad Request: {words}")


def test_64_bytes_of_callback_data_are_fine(world: World, wang: Person) -> None:
    perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_markup": keyboard(callback_data="x" * 64)})


@pytest.mark.parametrize("chat_id", [99, "99", "@nobody", "not_a_chat", 0, -100])
def test_unknown_chats(world: World, wang: Person, chat_id: Any) -> None:
    assert refusal(world, "sendMessage", chat_id=chat_id, text="x") == (400, "Bad Request: chat not found")


def test_no_chat(world: World) -> None:
    assert refusal(world, "sendMessage", text="x") == (400, "Bad Request: chat_id is empty")


def test_a_bot_cannot_begin(world: World) -> None:
    world.person(7, "Li")
    assert refusal(world, "sendMessage", chat_id=7, text="x") == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )


def test_blocked_and_gone(world: World, wang: Person) -> None:
    world.block(wang)
    assert refusal(world, "sendMessage", chat_id=42, text="x") == (403, "Forbidden: bot was blocked by the user")
    world.start(wang)
    perform(world, "sendMessage", {"chat_id": 42, "text": "x"})
    world.delete_account(wang)
    assert refusal(world, "sendMessage", chat_id=42, text="x") == (403, "Forbidden: user is deactivated")


def test_edits(world: World, wang: Person) -> None:
    sent = perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_markup": keyboard(callback_data="a")})
    same = {"chat_id": 42, "message_id": sent["message_id"], "text": "x", "reply_markup": keyboard(callback_data="a")}
    unmodified = (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert refusal(world, "editMessageText", **same) == (400, unmodified)
    edited = perform(world, "editMessageText", {**same, "reply_markup": None})
    assert "reply_markup" not in edited
    assert edited["edit_date"] == world.stamp()
    assert refusal(world, "editMessageText", chat_id=42, message_id=999, text="y") == (
        400,
        "Bad Request: message to edit not found",
    )
    assert refusal(world, "editMessageText", chat_id=42, message_id=1, text="y") == (
        400,
        "Bad Request: message can't be edited",
    )
    assert refusal(world, "editMessageCaption", chat_id=42, message_id=sent["message_id"], caption="y") == (
        400,
        "Bad Request: there is no caption in the message to edit",
    )


def test_deleting(world: World, wang: Person, clock: Clock) -> None:
    sent = perform(world, "sendMessage", {"chat_id": 42, "text": "x"})
    perform(world, "deleteMessage", {"chat_id": 42, "message_id": sent["message_id"]})
    assert refusal(world, "deleteMessage", chat_id=42, message_id=sent["message_id"]) == (
        400,
        "Bad Request: message to delete not found",
    )
    sent = perform(world, "sendMessage", {"chat_id": 42, "text": "x"})
    clock.advance(timedelta(hours=49))
    assert refusal(world, "deleteMessage", chat_id=42, message_id=sent["message_id"]) == (
        400,
        "Bad Request: message can't be deleted for everyone",
    )


def test_replies(world: World, wang: Person) -> None:
    assert refusal(world, "sendMessage", chat_id=42, text="x", reply_parameters={"message_id": 99}) == (
        400,
        "Bad Request: message to be replied not found",
    )
    assert refusal(world, "sendMessage", chat_id=42, text="x", reply_parameters={"quote": "x"}) == (
        400,
        'Bad Request: can\'t find field "message_id"',
    )
    lenient = {"message_id": 99, "allow_sending_without_reply": True}
    assert "reply_to_message" not in perform(
        world, "sendMessage", {"chat_id": 42, "text": "x", "reply_parameters": lenient}
    )
    answered = perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_parameters": {"message_id": 1}})
    assert answered["reply_to_message"]["text"] == "/start"


@pytest.mark.parametrize(
    ("entities", "words"),
    [
        (
            [{"type": "bold", "offset": 100, "length": 1}],
            "entity begins after the end of the text at UTF-16 offset 100",
        ),
        (
            [{"type": "bold", "offset": 0, "length": 100}],
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100",
        ),
        ([{"type": "bold", "offset": -1, "length": 1}], "receive an entity with incorrect offset -1"),
        ([{"type": "no_such", "offset": 0, "length": 1}], "can't parse MessageEntity: Unsupported type specified"),
        (
            [{"type": "text_link", "offset": 0, "length": 1, "url": "not-a-url"}],
            "entity URL 'not-a-url' is invalid: Wrong HTTP URL",
        ),
    ],
)
def test_entities_by_hand(world: World, wang: Person, entities: list[dict[str, Any]], words: str) -> None:
    assert refusal(world, "sendMessage", chat_id=42, text="hello", entities=entities) == (400, f"Bad Request: {words}")


def test_presses_are_answered_once_and_in_time(world: World, wang: Person, clock: Clock) -> None:
    too_old = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    assert refusal(world, "answerCallbackQuery", callback_query_id="1") == too_old
    perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_markup": keyboard(callback_data="a")})
    first, second = world.press(wang, "x").query_id, world.press(wang, "x").query_id
    assert refusal(world, "answerCallbackQuery", callback_query_id=first, text="x" * 201) == (
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )
    perform(world, "answerCallbackQuery", {"callback_query_id": first, "text": "好"})
    assert refusal(world, "answerCallbackQuery", callback_query_id=first) == too_old
    clock.advance(timedelta(seconds=151))
    assert refusal(world, "answerCallbackQuery", callback_query_id=second) == too_old


def test_files(world: World, wang: Person) -> None:
    assert refusal(world, "sendPhoto", chat_id=42) == (400, "Bad Request: there is no photo in the request")
    assert refusal(world, "sendPhoto", chat_id=42, photo="zzz") == (
        400,
        "Bad Request: wrong file identifier/HTTP URL specified",
    )
    assert refusal(world, "sendPhoto", {"photo": Upload("a.jpg", b"text")}, chat_id=42) == (
        400,
        "Bad Request: IMAGE_PROCESS_FAILED",
    )
    assert refusal(world, "sendDocument", {"document": Upload("a.txt", b"")}, chat_id=42) == (
        400,
        "Bad Request: file must be non-empty",
    )
    assert refusal(world, "getFile", file_id="zzz") == (400, "Bad Request: invalid file_id")
    big = world.video(wang, size=20 * 1024 * 1024 + 1).message["video"]
    assert refusal(world, "getFile", file_id=big["file_id"]) == (400, "Bad Request: file is too big")


def test_commands(world: World, wang: Person) -> None:
    bad = [{"command": "New", "description": "x"}]
    assert refusal(world, "setMyCommands", commands=bad) == (400, "Bad Request: BOT_COMMAND_INVALID")
    assert refusal(world, "setMyCommands", commands="{") == (
        400,
        "Bad Request: can't parse list of bot commands JSON object",
    )
    scope = {"type": "chat", "chat_id": 77}
    assert refusal(world, "setMyCommands", commands=[], scope=scope) == (400, "Bad Request: chat not found")


def test_a_group_that_moved_says_where(world: World, wang: Person) -> None:
    group = world.group("楼栋群", [wang], kind="group")
    moved = world.migrate(group, wang)
    with pytest.raises(Refused) as refused:
        perform(world, "sendMessage", {"chat_id": group.id, "text": "x"})
    assert refused.value.answer() == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": moved.id},
    }
    world.remove_bot(moved, wang)
    assert refusal(world, "sendMessage", chat_id=moved.id, text="x") == (
        403,
        "Forbidden: bot was kicked from the supergroup chat",
    )


def test_unknown_methods_and_modes(world: World, wang: Person) -> None:
    assert refusal(world, "sendNothing") == (404, "Not Found")
    assert refusal(world, "sendMessage", chat_id=42, text="x", parse_mode="Wiki") == (
        400,
        "Bad Request: unsupported parse_mode",
    )
    assert world.calls[-1]["error"] == "Bad Request: unsupported parse_mode"
