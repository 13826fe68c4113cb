"""Everything with the keys alone: nothing here touches a mouse. Where the focus is can be seen, and it goes back."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SMALL, WIDE, Site

FOCUSED = "document.activeElement"
# Where an element is, and in which part of the page.
PLACE = """() => {
  const node = document.activeElement;
  if (node === document.body) return null;
  const box = node.getBoundingClientRect();
  const of = (up) => node.closest(up);
  const where = of("#tour") ? "tour" : of("#panel") ? "panel" : of(".log") ? `log ${of(".phone").id}`
    : of(".phone") ? of(".phone").id : of("nav") ? "nav" : of("header") ? "bar" : "page";
  return [where, box.left, box.top, box.right, box.bottom];
}"""


def go(site: Site, target: Any, *, back: bool = False) -> None:
    """Tab until `target` has the focus."""
    for _ in range(80):
        if target.evaluate("node => node === document.activeElement"):
            break
        site.page.keyboard.press("Shift+Tab" if back else "Tab")
    expect(target).to_be_focused()


def begin(site: Site) -> Any:
    """Starts the bot on the first phone and gives the greeting."""
    go(site, site.phone(1).locator(".start"))
    site.page.keyboard.press("Enter")
    greeting = site.phone(1).locator(".row.theirs").last
    expect(greeting).to_contain_text("我是回声")
    expect(site.phone(1).locator(".log")).to_be_focused()
    return greeting


def write(site: Site, text: str) -> None:
    """Tabs to the first phone's field, writes, and sends with Enter."""
    go(site, site.phone(1).locator("textarea"))
    site.page.keyboard.type(text)
    site.page.keyboard.press("Enter")


def choose(site: Site, anchor: Any, item: str) -> None:
    """Opens the menu at `anchor` and walks to one of its lines."""
    go(site, anchor)
    site.page.keyboard.press("Enter")
    expect(anchor).to_have_attribute("aria-expanded", "true")
    line = site.page.get_by_role("menuitem", name=item)
    expect(line).to_be_visible()
    for _ in range(20):
        if line.evaluate("node => node === document.activeElement"):
            break
        site.page.keyboard.press("ArrowDown")
    site.page.keyboard.press("Enter")


def held_by(site: Site, dialog: str) -> None:
    """Tab, again and again, leads to nothing of the page behind a dialog; the browser's own bar is the way round."""
    for _ in range(8):
        site.page.keyboard.press("Tab")
        assert site.page.evaluate(f"{FOCUSED} === document.body || {FOCUSED}.closest('{dialog}') !== null"), (
            site.page.evaluate(PLACE)
        )


@pytest.mark.parametrize("view", [WIDE, SMALL], ids=["wide", "small"])
def test_the_focus_is_seen_goes_as_the_eye_does_and_is_never_caught(site: Site) -> None:
    site.page.keyboard.press("Tab")
    expect(site.page.locator(".skip")).to_be_focused()
    expect(site.page.locator(".skip")).to_be_in_viewport()
    site.page.keyboard.press("Enter")
    expect(site.page.locator("#phones")).to_be_focused()
    begin(site)
    stops = []
    site.page.evaluate(f"{FOCUSED}.blur(); document.querySelector('.skip').focus()")
    for _ in range(120):
        site.page.keyboard.press("Tab")
        place = site.page.evaluate(PLACE)
        if place is None or (stops and place == stops[0]):
            break
        stops.append(place)
        ring = site.page.evaluate("looks.ring()")
        assert ring["width"] >= 2, ring
        assert ring["contrast"] >= 3, ring
    else:
        pytest.fail("the focus does not leave the page again")
    parts = [stop[0] for stop in stops]
    assert {"bar", "phone-1", "log phone-1", "phone-2", "phone-3"} <= set(parts)
    assert parts.count("log phone-1") <= 9
    whole = [part.removeprefix("log ") for part in parts]
    assert [one for one, _ in itertools.groupby(whole)] == list(dict.fromkeys(whole))
    for one, following in itertools.pairwise(stops):
        if one[0] == following[0] and one[0] in ("bar", "nav", "panel", "tour"):
            after = following[2] >= one[4] - 2 or (following[1] >= one[3] - 2 and following[4] > one[2])
            assert after, (one, following)


def test_messages_are_written_answered_and_changed(site: Site) -> None:
    begin(site)
    write(site, "路灯坏了")
    answer = site.phone(1).locator(".row.theirs").last
    expect(answer).to_contain_text("收到:路灯坏了")
    go(site, site.phone(1).locator(".log"), back=True)
    site.page.keyboard.press("ArrowUp")
    expect(answer).to_be_focused()
    site.page.keyboard.press("ArrowUp")
    mine = site.phone(1).locator(".row.mine").last
    expect(mine).to_be_focused()
    choose(site, mine.locator(".tool.more"), "修改")
    expect(site.phone(1).locator("textarea")).to_be_focused()
    expect(site.phone(1).locator("textarea")).to_have_value("路灯坏了")
    site.page.keyboard.type("两天")
    site.page.keyboard.press("Enter")
    expect(mine.locator(".words")).to_have_text("路灯坏了两天")
    go(site, answer.locator(".tool").first, back=True)
    site.page.keyboard.press("Enter")
    expect(site.phone(1).locator(".context")).to_be_visible()
    site.page.keyboard.type("谢谢")
    site.page.keyboard.press("Enter")
    expect(site.phone(1).locator(".row.mine").last.locator(".quote")).to_be_visible()


def test_a_walk_through_the_chat(site: Site) -> None:
    begin(site)
    for words in ("一", "二"):
        write(site, words)
        expect(site.phone(1).locator(".row.theirs").last).to_contain_text(f"收到:{words}")
    log = site.phone(1).locator(".log")
    rows = log.locator("[data-id]")
    go(site, log, back=True)
    site.page.keyboard.press("Home")
    expect(rows.first).to_be_focused()
    expect(rows.first).to_be_in_viewport()
    site.page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    site.page.keyboard.press("Tab")
    expect(rows.nth(1).locator(":focus")).to_have_count(1)
    site.page.keyboard.press("End")
    expect(rows.last).to_be_focused()
    expect(log.locator('.key[tabindex="0"]')).to_have_count(4)


def test_buttons_cards_and_links(site: Site) -> None:
    greeting = begin(site)
    go(site, greeting.get_by_role("button", name="加位置"))
    site.page.keyboard.press("Enter")
    expect(site.phone(1).locator(".toast")).to_have_text("位置已记下")
    for name in ("改类别", "Website"):
        key = greeting.get_by_role("button", name=name)
        go(site, key)
        site.page.keyboard.press("Enter")
        card = site.phone(1).get_by_role("alertdialog")
        expect(card).to_be_visible()
        for press in ("Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"):
            site.page.keyboard.press(press)
            expect(card.locator(":focus")).to_have_count(1)
        site.page.keyboard.press("Escape")
        expect(card).to_have_count(0)
        expect(key).to_be_focused()
    key = greeting.get_by_role("button", name="改这条")
    go(site, key)
    site.page.keyboard.press("Enter")
    expect(greeting.locator(".words")).to_have_text("改好了")
    expect(greeting).to_be_focused()


def test_pictures_and_places(site: Site) -> None:
    begin(site)
    phone = site.phone(1)
    attach = phone.get_by_role("button", name="添加附件")
    choose(site, attach, "路灯不亮")
    expect(phone.locator("textarea")).to_be_focused()
    expect(phone.locator(".thumbnail")).to_have_count(1)
    site.page.keyboard.press("Enter")
    tile = phone.locator(".row.mine .tile").last
    expect(tile).to_be_visible()
    expect(phone.locator(".row.theirs").last).to_contain_text("收到")
    go(site, phone.locator(".log"), back=True)
    site.page.keyboard.press("ArrowUp")
    site.page.keyboard.press("ArrowUp")
    go(site, tile)
    assert site.page.evaluate("looks.ring()")["contrast"] >= 3
    site.page.keyboard.press("Enter")
    expect(site.page.locator(".lightbox :focus")).to_have_count(1)
    held_by(site, ".lightbox")
    site.page.keyboard.press("Escape")
    expect(site.page.locator(".lightbox")).to_have_count(0)
    expect(tile).to_be_focused()
    choose(site, attach, "位置")
    area = site.page.get_by_role("application")
    before = site.page.locator(".map-words").inner_text()
    go(site, area)
    site.page.keyboard.press("ArrowRight")
    expect(site.page.locator(".map-words")).not_to_have_text(before)
    go(site, site.page.get_by_role("button", name="发送这个位置"))
    site.page.keyboard.press("Enter")
    expect(phone.locator(".row.mine").last.locator(".map-pin")).to_have_count(1)
    choose(site, attach, "语音")
    expect(phone.locator(".row.mine .voice")).to_have_count(1)


def test_menus_hold_the_focus_and_give_it_back(site: Site) -> None:
    begin(site)
    phone = site.phone(1)
    for anchor in (
        phone.get_by_role("button", name="命令菜单"),
        phone.get_by_role("button", name="添加附件"),
        phone.get_by_role("button", name="王芳的更多操作"),
    ):
        go(site, anchor)
        expect(anchor).to_have_attribute("aria-expanded", "false")
        site.page.keyboard.press("Enter")
        for press in ("Tab", "ArrowDown", "End", "Tab", "Shift+Tab", "Home"):
            site.page.keyboard.press(press)
            expect(site.page.locator(".menu :focus")).to_have_count(1)
        site.page.keyboard.press("Escape")
        expect(site.page.locator(".menu")).to_have_count(0)
        expect(anchor).to_be_focused()
        expect(anchor).to_have_attribute("aria-expanded", "false")
    field = phone.locator("textarea")
    go(site, field)
    site.page.keyboard.type("/")
    expect(phone.get_by_role("option")).to_have_count(2)
    chosen = field.get_attribute("aria-activedescendant")
    site.page.keyboard.press("ArrowDown")
    expect(field).not_to_have_attribute("aria-activedescendant", str(chosen))
    site.page.keyboard.press("Tab")
    expect(phone.locator(".hints")).to_be_hidden()
    expect(field).not_to_be_focused()


def test_the_clock_keeps_the_focus(site: Site) -> None:
    day = site.page.get_by_role("button", name="+1 天")
    go(site, day)
    before = site.world.now()
    for passed in (1, 2):
        site.page.keyboard.press("Enter")
        expect(site.page.locator(".clock [role=status]")).to_contain_text(":")
        expect(day).to_be_enabled()
        expect(day).to_be_focused()
        assert (site.world.now() - before).days == passed


def test_the_panel(site: Site) -> None:
    begin(site)
    page = site.page
    button = page.get_by_role("button", name="幕后")
    go(site, button, back=True)
    expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "true")
    for title in ("捣乱", "对话记录"):
        go(site, page.locator("summary", has=page.get_by_role("heading", name=title)))
        page.keyboard.press("Enter")
    go(site, page.get_by_label("没有回音"), back=True)
    page.keyboard.press("Space")
    expect(page.get_by_label("没有回音")).not_to_be_checked()
    go(site, page.get_by_role("slider"), back=True)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "fetch('/sim/chaos').then(a => a.json()).then(a => a.rate === 0.05 && !a.kinds.includes('timeout'))"
    )
    go(site, page.get_by_role("button", name="保存对话记录"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert "王芳: /start" in Path(download.value.path()).read_text(encoding="utf-8")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_tour_and_a_phone_more(site: Site) -> None:
    page = site.page
    button = page.get_by_role("button", name="导览")
    go(site, button)
    page.keyboard.press("Enter")
    following = page.locator("#tour .button.main")
    expect(following).to_be_focused()
    expect(following).to_have_accessible_description("居民打开机器人。它用几行话说明能做什么,什么也不问。")
    page.keyboard.press("Enter")
    expect(page.locator("#tour")).to_contain_text("第 2 步")
    expect(following).to_be_focused()
    go(site, page.get_by_role("button", name="离开导览"))
    page.keyboard.press("Enter")
    expect(button).to_be_focused()
    add = page.get_by_role("button", name="添一部手机").first
    go(site, add)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(":focus")).to_have_count(1)
    held_by(site, ".dialog")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(add).to_be_focused()
    page.keyboard.press("Enter")
    go(site, page.get_by_label("名字"))
    page.keyboard.type("赵敏")
    page.keyboard.press("Enter")
    expect(page.locator(".phone")).to_have_count(4)
    choose(site, page.locator(".phone").last.locator(".caption .round"), "收起这部手机")
    expect(page.locator(".phone")).to_have_count(3)
    expect(page.locator("#phones")).to_be_focused()
