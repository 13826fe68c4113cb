"""A simulator with its page, an echo bot, and Debian's Chromium to look at them with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from simulator.server import build, serving
from simulator.world import World
from tests.browser.demo import PATIENCE, Demo, Opened, Visit, seen, slowed
from tests.browser.echo import EchoBot

BROWSERS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
"""The same browser without and with windows of its own, which take half of its time though nobody sees them."""
CHROMIUM = next((path for path in BROWSERS if path.exists()), BROWSERS[0])
HOW_TO = f"needs {CHROMIUM}: apt-get install -y {CHROMIUM.name} fonts-noto-cjk fonts-noto-color-emoji"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COMMON = {"timezone_id": "Asia/Shanghai", "reduced_motion": "reduce"}
WIDE = {"viewport": {"width": 1600, "height": 1000}, "locale": "zh-CN", **COMMON}
SMALL = {"viewport": {"width": 360, "height": 740}, "locale": "en-GB", "has_touch": True, **COMMON}
LOOKS = Path(__file__).with_name("looks.js")
expect.set_options(timeout=PATIENCE)
PEOPLE = ((1, "王芳", "resident"), (2, "李建国", "member"), (3, "陈静", "coordinator"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together, and all that need the demo. Without a browser the tests say how to get one."""
    here = Path(__file__).parent
    demo = {item.path for item in items if "opened" in getattr(item, "fixturenames", ())}
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("demo" if item.path in demo else item.path.stem))
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=HOW_TO))


class Simulator:
    """The simulator's server in a thread with its own event loop."""

    def __init__(self, world: World, key: str | None = None) -> None:
        self.world = world
        self.key = key
        self.address = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="simulator")

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        async with serving(build(self.world, key=self.key)) as self.address:
            self._ready.set()
            await self._done.wait()

    def __enter__(self) -> Simulator:
        self._thread.start()
        assert self._ready.wait(PATIENCE / 1000), "the simulator did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()


@dataclass
class Site:
    """The page in a browser, and what it did that it should not have done."""

    page: Any
    world: World
    address: str
    errors: list[str]
    strangers: list[str]

    def open(self, query: str = "") -> None:
        """Loads the page and waits until it is up to date."""
        self.page.goto(f"{self.address}/{query}")
        self.page.locator("#connection").wait_for(state="hidden")

    def watch(self) -> None:
        """Keeps what the console says and which other hosts are asked."""
        self.page.on("console", lambda said: self._keep(self.errors, said.text, said.type in ("error", "warning")))
        self.page.on("pageerror", lambda error: self._keep(self.errors, str(error)))
        self.page.on("request", lambda request: self._keep(self.strangers, request.url, not self._own(request.url)))

    @staticmethod
    def _keep(kept: list[str], words: str, wanted: bool = True) -> None:
        if wanted:
            kept.append(words)

    def _own(self, url: str) -> bool:
        return url.startswith((f"{self.address}/", f"blob:{self.address}/"))

    def phone(self, number: int) -> Any:
        """One phone on the page."""
        return self.page.locator(f"#phone-{number}")

    def say(self, number: int, text: str) -> None:
        """Types into a phone and presses Enter."""
        field = self.phone(number).get_by_role("textbox")
        field.fill(text)
        field.press("Enter")

    def begin(self, number: int) -> Any:
        """Presses Start and waits for the greeting."""
        self.phone(number).locator(".start").click()
        greeting = self.phone(number).locator(".row.theirs").last
        greeting.get_by_text("我是回声").wait_for()
        return greeting


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def three_people() -> Iterator[Simulator]:
    """A fresh world with three people and a bot that answers."""
    world = World()
    for number, name, role in PEOPLE:
        world.person(number, name, "zh", role=role)
    with Simulator(world) as running, EchoBot(running.address, world.token):
        yield running


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """The same for one test."""
    with three_people() as running:
        yield running


@pytest.fixture
def view() -> dict[str, Any]:
    """How the browser is set up; a parameter may replace it."""
    return WIDE


@contextmanager
def at_hand(browser: Any, simulator: Simulator, view: dict[str, Any]) -> Iterator[Site]:
    """The page, with what measures it; at the end it must have had no errors and asked nobody else for anything."""
    context = browser.new_context(**view)
    try:
        context.set_default_timeout(PATIENCE)
        context.add_init_script(path=LOOKS)
        site = Site(slowed(context.new_page()), simulator.world, simulator.address, [], [])
        site.watch()
        site.open()
        yield site
    finally:
        context.close()
    assert site.errors == []
    assert site.strangers == []


@pytest.fixture
def site(browser: Any, simulator: Simulator, view: dict[str, Any]) -> Iterator[Site]:
    """The page, opened in a window of its own."""
    with at_hand(browser, simulator, view) as site:
        yield site


@pytest.fixture(scope="session")
def process() -> Iterator[Demo]:
    """The demo of all tests: each finds a town to which nobody has done anything yet, in its language."""
    demo = Demo()
    yield demo
    demo.stop()


@pytest.fixture
def opened(browser: Any, process: Demo) -> Iterator[Opened]:
    """A page on a town to which nobody has done anything, both in a language."""
    visits: list[Visit] = []

    def visit(language: str, width: int = 1600) -> Visit:
        if not process.untouched(language):
            process.again(language)
        visits.append(seen(browser, process, language, width))
        visits[-1].awake()
        return visits[-1]

    yield visit
    for one in visits:
        one.page.context.close()
