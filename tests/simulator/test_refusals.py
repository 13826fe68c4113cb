"""What Telegram refuses of calls that no library would make; what one would is in test_limits.py."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.files import Upload
from simulator.methods import perform
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


def test_no_text(world: World, wang: Person) -> None:
    assert refusal(world, "sendMessage", chat_id=42, text=None) == (
        400,
        "Bad Request: message text is empty",
    )


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (keyboard(callback_data=""), f"{CANNOT}: Text buttons are unallowed in the inline keyboard"),
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


@pytest.mark.parametrize("chat_id", ["99", "", 0, "-", "--5", "²", "9" * 30])
def test_unknown_chats(world: World, wang: Person, chat_id: Any) -> None:
    words = "chat not found" if str(chat_id) else "chat_id is empty"
    assert refusal(world, "sendMessage", chat_id=chat_id, text="x") == (400, f"Bad Request: {words}")


def test_numbers_that_are_none_are_refused_and_no_fault_of_ours(world: World, wang: Person) -> None:
    """A client's slip is a 400, not a 500. Planted fault: `int` for `whole`."""
    for method, params, words in (
        ("sendMessage", {"text": "x", "entities": 5}, 'field "entities" must be of type Array'),
        (
            "sendMessage",
            {"text": "x", "entities": [{"type": "bold", "offset": "x", "length": 1}]},
            'can\'t parse MessageEntity: Field "offset" must be of type Number',
        ),
        ("sendMessage", {"text": "x", "reply_parameters": {"message_id": "x"}}, "message to be replied not found"),
        (
            "sendMessage",
            {"text": "x", "reply_markup": keyboard(url=5)},
            'can\'t parse inline keyboard button: Field "url" must be of type String',
        ),
        ("getMyCommands", {"scope": {"type": "chat", "chat_id": "x"}}, "chat not found"),
    ):
        assert refusal(world, method, **{"chat_id": 42, **params}) == (400, f"Bad Request: {words}")
    assert perform(world, "deleteMessages", {"chat_id": 42, "message_ids": ["x", None]}) is True


def test_no_chat(world: World) -> None:
    assert refusal(world, "sendMessage", text="x") == (400, "Bad Request: chat_id is empty")


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
    assert refusal(world, "setMyCommands", commands="{") == (
        400,
        "Bad Request: can't parse list of bot commands JSON object",
    )
    scope = {"type": "nowhere"}
    assert refusal(world, "setMyCommands", commands=[], scope=scope) == (
        400,
        "Bad Request: can't parse BotCommandScope: Unsupported type specified",
    )


def test_albums(world: World, wang: Person) -> None:
    sticker = [{"type": "sticker", "media": "x"}]
    for media, words in (
        ([], "there are no messages to send"),
        (None, "there are no messages to send"),
        ({"type": "photo"}, "can't parse media JSON object"),
        ([{"media": "x"}], "can't parse InputMedia: media not found"),
        (sticker, "can't parse InputMedia: type \"sticker\" can't be used in sendMediaGroup"),
    ):
        assert refusal(world, "sendMediaGroup", chat_id=42, media=media) == (400, f"Bad Request: {words}")


def test_a_name_for_everybody_cannot_be_taken_away(world: World) -> None:
    assert refusal(world, "setMyName", name=" ") == (400, "Bad Request: BOT_TITLE_INVALID")
    perform(world, "setMyName", {"name": "一线", "language_code": "zh"})
    perform(world, "setMyName", {"name": "", "language_code": "zh"})
    assert perform(world, "getMyName", {"language_code": "zh"}) == {"name": world.bot["first_name"]}


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
