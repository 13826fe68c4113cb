"""Every state the page can be in, one after another, so that whatever is looked for is looked for everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.echo import EchoBot

HTML = (
    "<b>粗</b> <i>斜</i> <u>划线</u> <s>删去</s> <code>26-0007</code> /help #路灯 @someone "
    '<a href="https://example.org/">链接</a> <tg-spoiler>藏起来的</tg-spoiler>\n<pre>预排</pre>'
    "<blockquote>引文</blockquote>\n<blockquote expandable>一\n二\n三\n四\n五</blockquote>"
)
KEYS = [
    [
        {"text": "办结", "callback_data": "1", "style": "primary"},
        {"text": "撤回", "callback_data": "2", "style": "danger"},
    ],
    [{"text": "好", "callback_data": "3", "style": "success"}, {"text": "复制", "copy_text": {"text": "26-0007"}}],
]


def scenes(site: Site) -> Iterator[tuple[str, str]]:
    """Brings the page into one state after another; names each, and the part of the page that is new in it."""
    page, phone = site.page, site.phone(1)
    yield "start", "body"
    everything_said(site)
    yield "chat", "body"
    for button in ("attach", "commands"):
        phone.locator(f'.composer button[data-label="{button}"]').click()
        expect(page.locator(".menu .menu-item").last).to_be_visible()
        yield f"menu {button}", ".menu"
        page.keyboard.press("Escape")
    phone.locator(".row.mine .tool.more").last.click(force=True)
    yield "menu of a message", ".menu"
    page.locator(".menu-item").first.click()
    yield "replying", ".composer"
    phone.locator(".context button").click()
    phone.locator(".caption .round").click()
    yield "menu of a phone", ".menu"
    page.keyboard.press("Escape")
    phone.locator("textarea").press_sequentially("/")
    expect(phone.locator(".hints li")).to_have_count(2)
    yield "hints", ".composer"
    phone.locator("textarea").fill("")
    yield from _dialogs(site)
    yield from _panel(site)
    page.locator("#tools .leading").click()
    expect(page.locator("#tour .tour-tell")).to_be_visible()
    yield "tour", "#tour, .bar"
    page.locator("#tour .round").click()
    page.request.post(f"{site.address}/sim/people/2/block", data={})
    page.request.post(f"{site.address}/sim/people/3/delete-account", data={})
    expect(site.phone(3)).to_have_class("phone away")
    yield "blocked and gone", ".phone"


def _dialogs(site: Site) -> Iterator[tuple[str, str]]:
    page, phone = site.page, site.phone(1)
    phone.locator('.composer button[data-label="attach"]').click()
    page.locator(".menu .sample").first.click()
    expect(phone.locator(".thumbnail")).to_have_count(1)
    yield "a picture waits", ".composer"
    phone.locator(".thumbnail").click()
    phone.locator('.composer button[data-label="attach"]').click()
    page.locator(".menu > .menu-item").nth(2).click()
    expect(page.locator(".map-choose")).to_be_visible()
    yield "map", ".dialog"
    page.keyboard.press("Escape")
    phone.locator(".tile").first.click()
    yield "lightbox", ".lightbox"
    page.keyboard.press("Escape")
    page.locator('[data-label="addPhone"]:visible').click()
    expect(page.locator("#new-name")).to_be_visible()
    yield "add a phone", ".dialog"
    page.keyboard.press("Escape")
    phone.locator(".key", has_text="Website").first.click()
    expect(phone.locator(".alert")).to_be_visible()
    yield "card", ".screen"
    page.keyboard.press("Escape")
    phone.locator(".key", has_text="加位置").first.click()
    expect(phone.locator(".toast")).to_be_visible()
    yield "toast", ".screen"


def _panel(site: Site) -> Iterator[tuple[str, str]]:
    page = site.page
    page.locator('#tools [data-label="panel"]').click()
    page.locator("#panel .call summary").first.click()
    for number in (1, 2):
        page.locator("#panel .panel-section > summary").nth(number).click()
    expect(page.locator(".chaos-kind").first).to_be_visible()
    yield "panel", "#panel, .bar"
    page.locator('#tools [data-label="panel"]').click()


def everything_said(site: Site) -> None:
    """A chat with every kind of message, from both sides."""
    site.begin(1)
    phone = site.phone(1)
    bot = EchoBot(site.address, site.world.token)
    keys = {"inline_keyboard": KEYS}
    assert bot.call("sendMessage", chat_id=1, text=HTML, parse_mode="HTML", reply_markup=keys)
    place = {"latitude": 22.5, "longitude": 114.0}
    deeds = {"voice": {"seconds": 4}, "location": place, "contact": {}, "video": {}, "album": {}}
    deeds |= {"photo": {"colour": "white"}, "file": {"name": "走访.txt", "content": "灯"}}
    for deed, what in deeds.items():
        site.page.request.post(f"{site.address}/sim/people/1/{deed}", data=what)
    for content in (
        {"venue": {"location": place, "title": "服务站", "address": "桂花路"}},
        {"dice": {"emoji": "🎲", "value": 3}},
    ):
        assert site.page.request.post(f"{site.address}/sim/people/1/send", data={"content": content}).ok
    expect(phone.locator(".unsupported")).to_have_count(1)
    expect(phone.locator(".tile")).to_have_count(5)
    site.say(1, "refuse me")
    expect(phone.locator(".note")).to_be_visible()
    site.say(1, "keyboard")
    expect(phone.locator(".board .key")).to_have_count(3)
    site.say(1, "路灯坏了")
    expect(phone.locator(".row.theirs .quote").last).to_be_visible()
