"""Answers to presses of buttons: the toast, the alert, the link."""

from __future__ import annotations

from simulator.methods.registry import Call, method
from simulator.refusals import bad_request, query_too_old
from simulator.text import units
from simulator.updates import PRESS_LIFE

TOAST_LIMIT = 200


@method("answerCallbackQuery")
def answer_callback_query(call: Call) -> bool:
    """Ends the waiting of a press; once, and not too late."""
    world = call.world
    press = world.presses.get(call.word("callback_query_id"))
    if press is None or press.answer is not None or world.now() - press.at > PRESS_LIFE:
        raise query_too_old()
    text = call.word("text")
    if units(text) > TOAST_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    press.answer = {"text": text, "show_alert": call.flag("show_alert"), "date": world.now().isoformat()}
    if url := call.word("url"):
        press.answer["url"] = url
    if text:
        world.record.toast(press.person_id, text)
    world.emit(
        "answer", chat_id=press.chat_id, message_id=press.message_id, query_id=press.id, person_id=press.person_id,
        text=text, alert=press.answer["show_alert"],
    )  # fmt: skip
    return True
