"""What makes the phones a Telegram: what the bot is for, what is hidden, forwards, groups, a stream that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest
from playwright.sync_api import expect

from simulator.server import build, serving
from simulator.world import Person, World
from tests.browser.conftest import Simulator, Site
from tests.browser.echo import EchoBot

T = TypeVar("T")

DESCRIPTION = "您好!这里是一线。\n有什么烦心事,发一条消息给我就行。"
# Keeps the page's connections to the stream, so that a test can break them.
KEPT_STREAMS = """
  window.streams = [];
  window.EventSource = class extends EventSource {
    constructor(url) { super(url); window.streams.push(this); }
  };
"""


@pytest.fixture
def echo(simulator: Simulator) -> EchoBot:
    """Calls of the bot's own, beside what it answers."""
    return EchoBot(simulator.address, simulator.world.token)


def within(simulator: Simulator, deed: Callable[[], T]) -> T:
    """Does something to the world in the thread that serves it."""
    done: Future[T] = Future()
    simulator._loop.call_soon_threadsafe(lambda: done.set_result(deed()))
    return done.result(10)


def picture_id(world: World) -> str:
    """A picture that Telegram has."""
    return str(world.photo_sizes(colour="orange")[-1]["file_id"])


def open_menu(site: Site, row: Any) -> None:
    row.hover()
    row.get_by_role("button", name="更多操作").click()


# -- before anything was said


def test_an_empty_chat_says_what_the_bot_is_for(site: Site, echo: EchoBot) -> None:
    """In the language of the phone, as soon as the bot says it; with the first message it goes."""
    empty = site.phone(1).locator(".empty")
    expect(empty).to_have_text("还没有消息。点“开始”,和机器人打个招呼。")
    echo.call("setMyDescription", description="Hello!\nThis is Yixian.")
    echo.call("setMyDescription", description=DESCRIPTION, language_code="zh")
    expect(empty.locator("b")).to_have_text("这个机器人能做什么?")
    expect(empty.locator("p")).to_have_text(DESCRIPTION, use_inner_text=True)
    site.page.request.post(f"{site.address}/sim/people", data={"id": 1, "first_name": "王芳", "language_code": "pt"})
    expect(empty.locator("p")).to_have_text("Hello!\nThis is Yixian.", use_inner_text=True)
    site.begin(1)
    expect(empty).to_be_hidden()


# -- hidden until pressed


def test_a_hidden_picture_is_shown_first_and_enlarged_then(site: Site, echo: EchoBot) -> None:
    site.begin(1)
    echo.call("sendPhoto", chat_id=1, photo=picture_id(site.world), has_spoiler=True)
    tile = site.phone(1).locator(".row.theirs").last.locator(".tile")
    expect(tile).to_have_class("tile veiled")
    expect(tile).to_have_accessible_name("隐藏的图片,点按显示")
    tile.click()
    expect(tile).to_have_class("tile")
    expect(site.page.locator(".lightbox")).to_have_count(0)
    tile.click()
    expect(site.page.locator(".lightbox")).to_be_visible()
    site.page.keyboard.press("Escape")


def test_hidden_words_are_shown_by_a_click_or_a_key(site: Site, echo: EchoBot) -> None:
    site.begin(1)
    html = "答案是 <tg-spoiler>26-0007</tg-spoiler>,还有 <tg-spoiler>明天十点</tg-spoiler>。"
    echo.call("sendMessage", chat_id=1, text=html, parse_mode="HTML")
    hidden = site.phone(1).locator(".row.theirs").last.locator(".spoiler")
    expect(hidden.nth(1).locator("span")).to_be_hidden()
    hidden.nth(0).click()
    expect(hidden.nth(0).locator("span")).to_be_visible()
    hidden.nth(1).press("Enter")
    expect(hidden.nth(1).locator("span")).to_be_visible()
    expect(site.phone(1).get_by_role("button", name="隐藏的文字")).to_have_count(0)


def test_a_caption_may_stand_above(site: Site, echo: EchoBot) -> None:
    site.begin(1)
    photo = {"chat_id": 1, "photo": picture_id(site.world), "caption": "三处路灯"}
    for above in (False, True):
        echo.call("sendPhoto", **photo, show_caption_above_media=above)
    rows = site.phone(1).locator(".row.theirs:has(.tile)")
    expect(rows).to_have_count(2)
    for nth, above in enumerate((False, True)):
        order = (".words", ".tile") if above else (".tile", ".words")
        stands_above(site, "#phone-1 .row.theirs:has(.tile)", *order, nth=nth)


STANDS_ABOVE = """([rows, nth, upper, lower]) => {
  const row = document.querySelectorAll(rows)[nth];
  const [above, below] = [upper, lower].map((name) => row.querySelector(name).getBoundingClientRect());
  return above.bottom <= below.top + 0.5;
}"""


def stands_above(site: Site, rows: str, upper: str, lower: str, nth: int = 0) -> None:
    """In the ``nth`` of these rows one thing ends before the other begins."""
    site.page.wait_for_function(STANDS_ABOVE, arg=[rows, nth, upper, lower])


# -- groups and forwards


def group_of(site: Site, *members: int) -> int:
    answer = site.page.request.post(f"{site.address}/sim/groups", data={"title": "邻里群", "members": list(members)})
    return int(answer.json()["id"])


def enter(site: Site, number: int, title: str) -> None:
    site.phone(number).locator(".chat-head").click()
    site.page.get_by_role("menuitem", name=title).click()
    expect(site.phone(number).locator(".chat-name b")).to_have_text(title)


def test_a_group_appears_by_its_title_and_is_left(site: Site, simulator: Simulator) -> None:
    """Without loading the page anew. Planted fault: no `gather` for groups in `phones.hear`."""
    site.begin(1)
    site.begin(2)
    head = site.phone(2).locator(".chat-head")
    expect(head).to_be_disabled()
    group = group_of(site, 1, 2)
    expect(head).to_be_enabled()
    enter(site, 2, "邻里群")
    expect(site.phone(2).locator(".action")).to_have_text("3 人")
    expect(site.phone(2).locator(".service")).to_have_text("一线 · 新成员入群")
    site.say(2, "大家好")
    enter(site, 1, "邻里群")
    theirs = site.phone(1).locator(".row.theirs").last
    expect(theirs.locator(".sender")).to_have_text("李建国")
    expect(theirs.locator(".words")).to_have_text("大家好")
    within(simulator, lambda: site.world.leave(group, 2))
    expect(site.phone(2).locator(".chat-name b")).to_have_text("一线")
    expect(head).to_be_disabled()


def test_a_message_of_a_group_is_forwarded_to_the_bot(site: Site) -> None:
    site.begin(1)
    site.begin(2)
    group_of(site, 1, 2)
    enter(site, 2, "邻里群")
    site.say(2, "3号楼路灯坏了")
    enter(site, 1, "邻里群")
    row = site.phone(1).locator(".row.theirs").last
    expect(row).to_contain_text("3号楼路灯坏了")
    open_menu(site, row)
    site.page.get_by_role("menuitem", name="转发给机器人").click()
    expect(site.phone(1).locator(".toast")).to_have_text("已转发给一线")
    enter(site, 1, "一线")
    mine = site.phone(1).locator(".row.mine").last
    expect(mine.locator(".origin")).to_have_text("转发自 李建国")
    expect(mine.locator(".words")).to_have_text("3号楼路灯坏了")
    expect(site.phone(1).locator(".row.theirs").last).to_contain_text("收到:3号楼路灯坏了")
    open_menu(site, mine)
    expect(site.page.get_by_role("menuitem", name="修改")).to_have_count(0)
    site.page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        ({"type": "hidden_user", "name": "路人"}, "转发自 路人"),
        ({"type": "chat", "name": "邻里群"}, "转发自 邻里群"),
        ({"type": "channel", "name": "城北通知", "signature": "居委会"}, "转发自 城北通知 (居委会)"),
    ],
)
def test_where_something_came_from_is_said(site: Site, origin: dict[str, str], shown: str) -> None:
    site.begin(1)
    url = f"{site.address}/sim/people/1/forward"
    assert site.page.request.post(url, data={"origin": origin, "text": "今晚停水"}).ok
    mine = site.phone(1).locator(".row.mine").last
    expect(mine.locator(".origin")).to_have_text(shown)
    expect(mine.locator(".words")).to_have_text("今晚停水")


def test_a_picture_does_not_cover_where_it_came_from(site: Site, simulator: Simulator) -> None:
    site.begin(1)
    within(simulator, lambda: site.world.forward(1, site.world.photo(1, "看").message_id))
    expect(site.phone(1).locator(".row.mine:has(.origin)")).to_have_count(1)
    stands_above(site, "#phone-1 .row.mine:has(.origin)", ".origin", ".tile")


# -- a stream that breaks


def break_stream(site: Site) -> None:
    """The connection is cut, and no new one comes about."""
    site.page.route("**/sim/events*", lambda route: route.abort())
    site.page.evaluate("window.streams.at(-1).dispatchEvent(new Event('error'))")
    expect(site.page.locator("#connection")).to_have_text("连接断了,正在重连…")


@pytest.fixture
def broken(site: Site) -> Site:
    """The page with its streams at hand; what the console says of cut connections is no error."""
    site.page.add_init_script(KEPT_STREAMS)
    site.page.reload()
    site.page.locator("#connection").wait_for(state="hidden")
    return site


def test_after_a_break_nothing_is_lost_and_nothing_comes_twice(broken: Site, simulator: Simulator) -> None:
    """Not even what passes: an alert that came meanwhile is shown, once, and nothing is fetched all over again.

    Planted fault: open the stream without `after`, and the alert is never seen.
    """
    site, phone = broken, broken.phone(1)
    greeting = site.begin(1)
    expect(greeting.locator(".key")).to_have_count(4)
    break_stream(site)
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url))
    within(simulator, lambda: site.world.press(1, "改类别"))
    within(simulator, lambda: [site.world.say(1, words) for words in ("一", "二")])
    site.page.unroute("**/sim/events*")
    expect(phone.get_by_role("alertdialog")).to_contain_text("只有负责的委员可以操作")
    expect(site.page.locator("#connection")).to_be_hidden()
    phone.get_by_role("alertdialog").get_by_role("button").click()
    expect(phone.get_by_role("alertdialog")).to_have_count(0)
    expect(phone.locator(".row.theirs").last).to_contain_text("收到:二")
    for words in ("一", "二"):
        expect(phone.locator(".row.mine .words").get_by_text(words, exact=True)).to_have_count(1)
    assert [url for url in asked if url.endswith("/sim/people")] == []
    assert any("/sim/events?after=" in url for url in asked)
    cut_only(site)


def cut_only(site: Site) -> None:
    """Nothing but cut connections in the console."""
    assert all("ERR_FAILED" in error or "ERR_CONNECTION" in error or "ERR_INCOMPLETE" in error for error in site.errors)
    site.errors.clear()


def test_what_could_not_be_fetched_is_asked_for_again(site: Site) -> None:
    """Planted fault: `connected` in `main.js` catches its own failure, and the stream goes on without phones."""
    refused: list[str] = []

    def once(route: Any) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    site.page.route("**/sim/people", once)
    site.page.reload()
    expect(site.phone(1)).to_be_visible()
    expect(site.page.locator("#connection")).to_be_hidden()
    assert refused
    cut_only(site)


def overflow(world: World) -> None:
    """Something happens, and then more than the simulator keeps."""
    world.say(1, "一")
    world.person(9, "赵敏")
    for _ in range(world.events.maxlen or 0):
        world.emit("chaos")


def test_what_can_no_longer_be_told_is_fetched(broken: Site, simulator: Simulator) -> None:
    """More has happened than the simulator keeps. Planted fault: `resumed` though `_lost`."""
    site = broken
    site.begin(1)
    break_stream(site)
    within(simulator, lambda: overflow(site.world))
    site.page.unroute("**/sim/events*")
    expect(site.phone(1).locator(".row.mine").last).to_contain_text("一")
    expect(site.page.get_by_role("heading", name="赵敏")).to_be_visible()
    cut_only(site)


class Restarted(Simulator):
    """Another world at the address of one that is gone."""

    def __init__(self, world: World, port: int) -> None:
        super().__init__(world)
        self.port = port

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        async with serving(build(self.world), self.port) as self.address:
            self._ready.set()
            await self._done.wait()


def people(world: World, *names: str) -> list[Person]:
    return [world.person(number, name, "zh") for number, name in enumerate(names, start=1)]


def test_after_a_restart_the_page_shows_the_new_world(browser: Any) -> None:
    """Its people, its chats, and nothing of the old one. Planted fault: resume by the number alone (no `life`)."""
    first, second = World(), World()
    people(first, "王芳", "李建国", "陈静")
    people(second, "赵敏", "周强")
    second.say(1, "我是新的")
    for _ in range(50):
        second.emit("chaos")
    page = browser.new_page(locale="zh-CN", viewport={"width": 1600, "height": 1000})
    with Simulator(first) as running:
        site = Site(page, first, running.address, [], [])
        site.watch()
        site.open()
        within(running, lambda: first.say(1, "我是旧的"))
        within(running, lambda: [first.say(3, "旧") for _ in range(5)])
        expect(site.phone(3).locator(".row.mine")).to_have_count(5)
    expect(page.locator("#connection")).to_have_text("连接断了,正在重连…")
    with Restarted(second, int(site.address.rpartition(":")[2])) as again:
        expect(page.locator("#connection")).to_be_hidden()
        expect(page.locator(".phone")).to_have_count(2)
        expect(site.phone(1).get_by_role("heading")).to_have_text("赵敏")
        expect(site.phone(1).locator(".row.mine .words")).to_have_text(["我是新的"])
        expect(site.phone(2).locator(".row")).to_have_count(0)
        within(again, lambda: second.say(2, "还在"))
        expect(site.phone(2).locator(".row.mine .words")).to_have_text(["还在"])
        page.close()
    cut_only(site)
