"""The demo as anyone starts it, and a page on it when its town is awake."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "artifacts" / "screens"
CJK = re.compile(r"[\u3400-\u9fff]")
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
PATIENCE = 120_000
"""Milliseconds: a busy machine takes its time with whatever is waited for, and only a failure waits so long."""
SLOWER = int(os.environ.get("YIXIAN_SLOWER_BROWSER", "1"))
"""How many times slower the browser's processor is made: with 6 a test that does not wait shows itself."""


class Demo:
    """`python -m bot demo` as anyone starts it."""

    def __init__(self, *more: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            (sys.executable, "-m", "bot", "demo", "--port", "0", *more), stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/\?key=(\S+)", line)
        assert found, line
        self.address, self.key = found[1], found[2]

    def get(self, path: str) -> Any:
        """What the control API answers."""
        return self._ask(Request(f"{self.address}{path}", headers=self._cookie()))  # noqa: S310

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Something is done."""
        headers = {"Content-Type": "application/json", **self._cookie(), **headers}
        where = f"{self.address}{path}"
        return self._ask(Request(where, json.dumps(body).encode(), headers, method="POST"))  # noqa: S310

    def again(self, language: str) -> int:
        """Start over; which life of the place this is."""
        life: int = self.post("/sim/town", {"language": language, "again": True})["life"]
        return life

    def untouched(self, language: str) -> bool:
        """Whether the town speaks that language and nobody has done anything in it."""
        with urlopen(Request(f"{self.address}/sim/transcript", headers=self._cookie())) as answer:  # noqa: S310
            nothing = not answer.read()
        story = self.get("/sim/story")
        return nothing and (story["state"], story.get("language")) == ("done", language)

    @staticmethod
    def _ask(request: Request) -> Any:
        with urlopen(request) as answer:  # noqa: S310
            return json.loads(answer.read())

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": f"simulator_key={self.key}"}

    def stop(self) -> None:
        """Ctrl-C; it ends politely."""
        self._process.terminate()
        assert self._process.wait(PATIENCE / 1000) == 0
        assert self._process.stdout is not None
        self._process.stdout.close()


def soon(page: Any, question: str) -> None:
    """Wait until a question in JavaScript is true: what is measured may still be on its way to the screen."""
    page.wait_for_function(question, polling=50)


@dataclass
class Visit:
    """The page when the town is awake, and what it said or asked that it should not have."""

    demo: Demo
    page: Any
    language: str
    wrong: list[str]

    def word(self, zh: str, en: str) -> str:
        """The one that the page shows."""
        return zh if self.language == "zh" else en

    def button(self, zh: str, en: str) -> Any:
        """A button of the page."""
        return self.page.get_by_role("button", name=self.word(zh, en))

    def phone(self, nth: int) -> Any:
        """A phone, from the left."""
        return self.page.locator(".phone").nth(nth)

    def awake(self) -> None:
        """Wait until three phones are there and the town is awake."""
        expect(self.page.locator(".phone")).to_have_count(3)
        self.page.locator("#connection").wait_for(state="hidden")

    def reloaded(self, doing: Callable[[], None]) -> None:
        """Do what makes the page come anew, and wait until its town is awake."""
        self.page.evaluate("document.body.dataset.mark = 'before'")
        doing()
        expect(self.page.locator("body[data-mark]")).to_have_count(0)
        self.awake()


Opened = Callable[..., Visit]


def slowed(page: Any) -> Any:
    """The page on a processor ``SLOWER`` times slower."""
    if SLOWER > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page


def seen(browser: Any, demo: Demo, language: str, width: int) -> Visit:
    """The page as a browser of that language and width opens it."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000},
        locale=LOCALES[language],
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = slowed(context.new_page())
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if demo.address in asked.url else wrong.append(asked.url))
    page.goto(f"{demo.address}/?key={demo.key}")
    return Visit(demo, page, language, wrong)


def messages(demo: Demo, who: int) -> list[Any]:
    """A whole chat."""
    found: list[Any] = demo.get(f"/sim/people/{who}/chat?limit=500")["messages"]
    return found
