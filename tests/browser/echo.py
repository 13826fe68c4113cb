"""A bot of a few lines that answers everything, so that the page can be tried without a real one."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Json = dict[str, Any]

GREETING = (
    "<b>您好</b>,我是回声。<i>Whatever</i> you send, I say again.\n"
    '<blockquote>一条消息就够了</blockquote><code>26-0007</code> · <a href="https://example.org/">a link</a> · /help'
)
BUTTONS = [
    [{"text": "📍 加位置", "callback_data": "toast"}, {"text": "🏷 改类别", "callback_data": "alert"}],
    [{"text": "✏️ 改这条", "callback_data": "edit"}, {"text": "Website", "url": "https://example.org/"}],
]
KEYBOARD = [[{"text": "我的事项"}, {"text": "新诉求"}], [{"text": "发送位置", "request_location": True}]]
COMMANDS = [{"command": "start", "description": "从头开始"}, {"command": "help", "description": "怎么用"}]


class EchoBot:
    """Polls in a thread of its own until it is stopped."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base = f"{base_url}/bot{token}"
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="echo bot")

    def __enter__(self) -> EchoBot:
        self.call("setMyCommands", commands=COMMANDS)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self.call("getUpdates", timeout=0)  # ends the poll that waits
        self._thread.join()

    def call(self, method: str, **params: object) -> Any:
        """One call of the Bot API; None where Telegram refuses."""
        body = json.dumps(params).encode()
        request = Request(f"{self._base}/{method}", body, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urlopen(request, timeout=20) as answer:  # noqa: S310
                return json.load(answer)["result"]
        except HTTPError as error:
            error.close()
            return None

    def _run(self) -> None:
        offset = 0
        while not self._stopped:
            for update in self.call("getUpdates", offset=offset, timeout=1) or ():
                offset = update["update_id"] + 1
                if "message" in update:
                    self._hear(update["message"])
                elif "callback_query" in update:
                    self._pressed(update["callback_query"])

    def _hear(self, message: Json) -> None:
        chat, text = message["chat"]["id"], message.get("text", "")
        keys = {"inline_keyboard": BUTTONS}
        reply = {"message_id": message["message_id"]}
        if text.startswith("/start"):
            self.call("sendMessage", chat_id=chat, text=GREETING, parse_mode="HTML", reply_markup=keys)
        elif text == "keyboard":
            self.call(
                "sendMessage", chat_id=chat, text="请选", reply_markup={"keyboard": KEYBOARD, "resize_keyboard": True}
            )
        elif text == "refuse me":
            self.call("sendMessage", chat_id=chat, text="<b>never closed", parse_mode="HTML")
        elif text == "work":
            self.call("sendChatAction", chat_id=chat, action="upload_document")
        elif text:
            self.call("sendMessage", chat_id=chat, text=f"收到:{text}", reply_markup=keys, reply_parameters=reply)
        else:
            self._again(chat, message)

    def _again(self, chat: int, message: Json) -> None:
        """Sends back what is not text."""
        if "photo" in message and "media_group_id" not in message:
            file_id = message["photo"][-1]["file_id"]
            self.call("sendPhoto", chat_id=chat, photo=file_id, caption="<b>照片</b>收到", parse_mode="HTML")
        elif "document" in message:
            self.call("sendDocument", chat_id=chat, document=message["document"]["file_id"], caption="文件收到")
        elif "location" in message:
            self.call("sendMessage", chat_id=chat, text="位置收到")
        elif "voice" in message:
            self.call("sendMessage", chat_id=chat, text=f"语音 {message['voice']['duration']} 秒")

    def _pressed(self, query: Json) -> None:
        answer: Json = {"callback_query_id": query["id"]}
        message = query["message"]
        match query["data"]:
            case "toast":
                answer["text"] = "位置已记下"
            case "alert":
                answer |= {"text": "只有负责的委员可以操作", "show_alert": True}
            case "edit":
                place = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
                self.call("editMessageText", **place, text="改好了", reply_markup={"inline_keyboard": BUTTONS[:1]})
        self.call("answerCallbackQuery", **answer)
