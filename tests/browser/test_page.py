"""The page as a visitor uses it: every way to send, every way the bot can answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from simulator.world import World
from tests.browser.conftest import Simulator, Site
from tests.browser.demo import soon


def test_three_phones_stand_side_by_side(site: Site) -> None:
    expect(site.page.locator(".phone")).to_have_count(3)
    expect(site.phone(1).get_by_role("heading")).to_have_text("王芳")
    expect(site.phone(3)).to_be_in_viewport(ratio=1)


def test_start_brings_a_formatted_greeting(site: Site) -> None:
    greeting = site.begin(1)
    expect(greeting.locator("strong")).to_have_text("您好")
    expect(greeting.locator("blockquote")).to_have_text("一条消息就够了")
    expect(greeting.locator("code")).to_have_text("26-0007")
    expect(greeting.locator(".key")).to_have_count(4)


def test_words_are_sent_and_answered_with_a_quote(site: Site) -> None:
    site.begin(1)
    site.say(1, "路灯坏了 <b>不是标签</b>")
    answer = site.phone(1).locator(".row.theirs").last
    expect(answer.locator(".quote-words")).to_have_text("路灯坏了 <b>不是标签</b>")
    expect(answer.locator(".words")).to_have_text("收到:路灯坏了 <b>不是标签</b>")


def test_shift_enter_makes_a_line(site: Site) -> None:
    site.begin(1)
    field = site.phone(1).get_by_role("textbox")
    field.fill("一")
    field.press("Shift+Enter")
    field.press_sequentially("二")
    field.press("Enter")
    expect(site.phone(1).locator(".row.mine").last.locator(".words")).to_have_text("一\n二", use_inner_text=True)


def test_presses_bring_toast_alert_and_edit(site: Site) -> None:
    greeting = site.begin(1)
    greeting.get_by_role("button", name="加位置").click()
    expect(site.phone(1).locator(".toast")).to_have_text("位置已记下")
    greeting.get_by_role("button", name="改类别").click()
    alert = site.phone(1).get_by_role("alertdialog")
    expect(alert).to_contain_text("只有负责的委员可以操作")
    alert.get_by_role("button").click()
    expect(alert).to_have_count(0)
    greeting.get_by_role("button", name="改这条").click()
    expect(greeting.locator(".words")).to_have_text("改好了")
    expect(greeting.locator(".foot")).to_contain_text("已编辑")
    expect(greeting.locator(".key")).to_have_count(2)


def test_a_link_is_shown_before_it_is_opened(site: Site) -> None:
    site.begin(1).get_by_role("button", name="Website").click()
    card = site.phone(1).get_by_role("alertdialog")
    expect(card.get_by_role("link")).to_have_attribute("href", "https://example.org/")


def test_a_sample_picture_goes_with_its_caption(site: Site) -> None:
    site.begin(1)
    phone = site.phone(1)
    phone.get_by_role("button", name="添加附件").click()
    site.page.get_by_role("menuitem", name="路灯不亮").click()
    expect(phone.locator(".thumbnail")).to_have_count(1)
    site.say(1, "3号楼门口")
    mine = phone.locator(".row.mine").last
    expect(mine.locator(".words")).to_have_text("3号楼门口")
    expect(mine.get_by_role("img", name="3号楼门口")).to_have_js_property("naturalWidth", 1280)
    expect(phone.locator(".row.theirs").last.locator("strong")).to_have_text("照片")
    mine.locator(".tile").click()
    expect(site.page.locator(".lightbox")).to_be_visible()
    site.page.keyboard.press("Escape")
    expect(site.page.locator(".lightbox")).to_have_count(0)


def test_an_album_is_one_message(site: Site) -> None:
    site.begin(1)
    site.phone(1).get_by_role("button", name="添加附件").click()
    site.page.get_by_role("menuitem", name="三张示例相册").click()
    expect(site.phone(1).locator(".thumbnail")).to_have_count(3)
    site.say(1, "三处")
    mine = site.phone(1).locator(".row.mine").last
    expect(mine.locator(".tile img")).to_have_count(3)
    expect(mine.locator(".words")).to_have_text("三处")


def test_a_file_comes_back_for_download(site: Site, tmp_path: Path) -> None:
    notes = tmp_path / "走访记录.txt"
    notes.write_text("灯座进水", encoding="utf-8")
    site.begin(1)
    site.phone(1).get_by_role("button", name="添加附件").click()
    with site.page.expect_file_chooser() as chooser:
        site.page.get_by_role("menuitem", name="文件").click()
    chooser.value.set_files(notes)
    back = site.phone(1).locator(".row.theirs").last.get_by_role("link", name="走访记录.txt")
    with site.page.expect_download() as download:
        back.click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == "灯座进水"


def test_a_place_is_chosen_on_the_map(site: Site) -> None:
    site.begin(1)
    site.phone(1).get_by_role("button", name="添加附件").click()
    site.page.get_by_role("menuitem", name="位置").click()
    site.page.get_by_role("application").press("ArrowRight")
    site.page.get_by_role("button", name="发送这个位置").click()
    expect(site.phone(1).locator(".row.mine").last.locator(".map-pin")).to_have_count(1)
    expect(site.phone(1).locator(".row.theirs").last).to_contain_text("位置收到")


def test_voice_and_contact(site: Site) -> None:
    site.begin(1)
    for name, shown in (("语音", ".voice"), ("名片", ".contact")):
        site.phone(1).get_by_role("button", name="添加附件").click()
        site.page.get_by_role("menuitem", name=name).click()
        expect(site.phone(1).locator(".row.mine").last.locator(shown)).to_be_visible()


def test_reply_and_edit_of_own_words(site: Site) -> None:
    greeting = site.begin(1)
    greeting.hover()
    greeting.get_by_role("button", name="回复").click()
    site.say(1, "谢谢")
    mine = site.phone(1).locator(".row.mine").last
    expect(mine.locator(".quote b")).to_have_text("一线")
    mine.hover()
    mine.get_by_role("button", name="更多操作").click()
    site.page.get_by_role("menuitem", name="修改").click()
    site.say(1, "多谢")
    expect(mine.locator(".words")).to_have_text("多谢")
    expect(mine.locator(".foot")).to_contain_text("已编辑")


def test_commands_come_from_the_menu_and_while_typing(site: Site) -> None:
    site.begin(1)
    phone = site.phone(1)
    phone.get_by_role("button", name="命令菜单").click()
    expect(site.page.get_by_role("menuitem")).to_have_count(2)
    site.page.get_by_role("menuitem", name="/help").click()
    expect(phone.locator(".row.mine").last).to_contain_text("/help")
    field = phone.get_by_role("textbox")
    field.press_sequentially("/")
    expect(phone.get_by_role("option")).to_have_count(2)
    field.press("ArrowDown")
    field.press("Enter")
    expect(phone.locator(".row.mine")).to_have_count(3)


def test_the_reply_keyboard_is_pressed_like_keys(site: Site) -> None:
    site.begin(1)
    site.say(1, "keyboard")
    phone = site.phone(1)
    phone.get_by_role("button", name="我的事项").click()
    expect(phone.locator(".row.mine").last.locator(".words")).to_have_text("我的事项")


def test_what_the_bot_does_is_shown(site: Site) -> None:
    site.begin(1)
    site.say(1, "work")
    expect(site.phone(1).locator(".action")).to_have_text("正在发送文件…")
    site.say(1, "refuse me")
    expect(site.phone(1).locator(".note")).to_contain_text("can't parse entities")


def test_the_calls_of_a_message_can_be_seen(site: Site) -> None:
    greeting = site.begin(1)
    greeting.hover()
    greeting.get_by_role("button", name="更多操作").click()
    site.page.get_by_role("menuitem", name="API").click()
    call = site.page.locator(".call").first
    expect(call.locator("code")).to_have_text("sendMessage")
    expect(call.locator("pre").first).to_contain_text('"parse_mode": "HTML"')
    expect(greeting).to_contain_class("chosen")


def test_blocking_and_leaving(site: Site) -> None:
    site.begin(2)
    phone = site.phone(2)
    phone.get_by_role("button", name="李建国的更多操作").click()
    site.page.get_by_role("menuitem", name="屏蔽机器人").click()
    expect(phone.locator(".gate")).to_contain_text("李建国屏蔽了机器人")
    phone.get_by_role("button", name="解除屏蔽").click()
    expect(phone.get_by_role("textbox")).to_be_visible()
    phone.get_by_role("button", name="李建国的更多操作").click()
    site.page.get_by_role("menuitem", name="删除账号").click()
    site.page.get_by_role("menuitem", name="再点一次").click()
    expect(phone.locator(".gate")).to_contain_text("账号已删除")


def test_the_clock_goes_forward(site: Site) -> None:
    before = site.world.now()
    site.page.get_by_role("button", name="+1 天").click()
    expect(site.page.get_by_role("button", name="+1 天")).to_be_enabled()
    assert (site.world.now() - before).days == 1
    site.page.get_by_role("button", name="下个工作日").click()
    expect(site.page.locator(".clock-time")).to_have_text("08:35")
    expect(site.page.locator(".clock-date")).not_to_contain_text("周六")


def test_another_phone_can_be_added(site: Site) -> None:
    site.page.get_by_role("button", name="添一部手机").first.click()
    site.page.get_by_label("名字").fill("赵敏")
    site.page.get_by_role("button", name="添加", exact=True).click()
    expect(site.page.locator(".phone")).to_have_count(4)
    expect(site.page.get_by_role("heading", name="赵敏")).to_be_visible()


def test_chaos_is_switched_on(site: Site) -> None:
    site.page.get_by_role("button", name="幕后").click()
    site.page.get_by_role("heading", name="捣乱").click()
    site.page.get_by_label("没有回音").uncheck()
    site.page.get_by_role("slider").fill("20")
    site.page.wait_for_function(
        "fetch('/sim/chaos').then(a => a.json()).then(a => a.rate === 0.2 && !a.kinds.includes('timeout'))"
    )


def test_the_transcript_is_saved(site: Site) -> None:
    site.begin(1)
    site.page.get_by_role("button", name="幕后").click()
    site.page.get_by_role("heading", name="对话记录").click()
    with site.page.expect_download() as download:
        site.page.get_by_role("button", name="保存对话记录").click()
    assert "王芳: /start" in Path(download.value.path()).read_text(encoding="utf-8")


def test_the_page_changes_its_language_and_keeps_it(site: Site) -> None:
    greeting = site.begin(1)
    site.page.get_by_role("button", name="English").click()
    expect(site.page.get_by_role("button", name="+1 day")).to_be_visible()
    expect(site.page.locator("html")).to_have_attribute("lang", "en")
    expect(site.phone(1).get_by_role("textbox")).to_have_attribute("placeholder", "Message")
    expect(greeting.locator("strong")).to_have_text("您好")
    site.page.reload()
    expect(site.page.get_by_role("button", name="+1 day")).to_be_visible()


def test_the_theme_changes(site: Site) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    before = site.page.evaluate(ground)
    site.page.get_by_role("button", name="深色").click()
    soon(site.page, f"() => {ground} !== '{before}'")


def test_what_others_do_appears_by_itself(site: Site) -> None:
    site.page.request.post(f"{site.address}/sim/people/3/say", data={"text": "从别处来"})
    expect(site.phone(3).locator(".row.theirs").last).to_contain_text("收到:从别处来")


def test_the_tour_can_be_played_and_left(site: Site) -> None:
    site.page.get_by_role("button", name="导览").click()
    card = site.page.locator("#tour")
    expect(card).to_contain_text("第 1 步")
    card.get_by_role("button", name="下一步").click()
    expect(card).to_contain_text("第 2 步")
    expect(site.phone(1).locator(".row.theirs").last).to_contain_text("我是回声")
    card.get_by_role("button", name="离开导览").click()
    expect(card).to_be_hidden()


@pytest.mark.parametrize(
    "view",
    [{"viewport": {"width": 360, "height": 740}, "locale": "en-US", "reduced_motion": "reduce", "has_touch": True}],
)
def test_on_a_small_screen_one_phone_at_a_time(site: Site, view: dict[str, Any]) -> None:
    site.begin(1)
    soon(site.page, f"() => document.documentElement.scrollWidth <= {view['viewport']['width']}")
    expect(site.phone(2)).not_to_be_in_viewport()
    site.page.get_by_role("navigation").get_by_role("button", name="李建国").click()
    expect(site.phone(2)).to_be_in_viewport(ratio=0.95)
    site.begin(2)
    site.page.request.post(f"{site.address}/sim/people/1/say", data={"text": "hello"})
    expect(site.page.get_by_role("navigation").locator(".badge")).to_have_text("1")


def test_a_lost_connection_is_said_and_found_again(site: Site) -> None:
    site.page.route("**/sim/events*", lambda route: route.abort())
    site.page.reload()
    expect(site.page.locator("#connection")).to_have_text("连接断了,正在重连…")
    site.page.unroute("**/sim/events*")
    expect(site.page.locator("#connection")).to_be_hidden()
    site.begin(1)
    assert all("ERR_FAILED" in error for error in site.errors)
    site.errors.clear()


def test_a_key_in_the_address_goes_along(browser: Any) -> None:
    world = World()
    world.person(1, "王芳", "zh")
    with Simulator(world, key="open-sesame") as simulator:
        page = browser.new_page()
        site = Site(page, world, simulator.address, [], [])
        site.watch()
        site.open("?key=open-sesame")
        site.phone(1).locator(".start").click()
        expect(site.phone(1).locator(".row.mine")).to_contain_text("/start")
        page.close()
    assert site.errors == []
