"""What was played is saved and plays again; and after chaos of every kind all is there, once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.demo import ROOT, Opened, soon

IDS = "() => [...document.querySelectorAll('#phone-1001 li[data-id]')].map((one) => Number(one.dataset.id))"


@dataclass(frozen=True)
class Words:
    """What is said and pressed in a language, to be saved and played again."""

    head: str
    hello: str
    attach: str
    lamp: str
    concern: str
    changed: str
    got: str
    place: str
    pin: str
    album: str
    more: str
    edit: str
    assign: str
    assigned: str
    saved: tuple[str, ...]


ZH = Words(
    head="town sample",
    hello="您好",
    attach="添加附件",
    lamp="路灯不亮",
    concern="城北社区3号楼门口路灯 [坏了] 两天",
    changed="城北社区3号楼门口路灯坏了三天",
    got="已收到",
    place="位置",
    pin="发送这个位置",
    album="三张示例相册",
    more="这条消息的更多操作",
    edit="修改",
    assign="派给李建国",
    assigned="已派给委员",
    saved=("[photo]", "[album 3]", "[location ", "edit 王芳", "clock +10m", "陈静: [派给李建国]"),
)
EN = Words(
    head="town sample en",
    hello="Hello",
    attach="Attach",
    lamp="Dark street lamp",
    concern="The street lamp at North Gate block 3 is [out] again",
    changed="The street lamp at North Gate block 3 is out since Monday",
    got="Got it",
    place="Location",
    pin="Send this place",
    album="Album of three",
    more="More for this message",
    edit="Edit",
    assign="→ James",
    assigned="With a member",
    saved=("[photo]", "[album 3]", "[location ", "edit Mary", "clock +10m", "Helen: [→ James]"),
)


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.soak)])
def test_what_was_played_is_saved_and_plays_again(opened: Opened, language: str, tmp_path: Path) -> None:
    visit, words = opened(language), ZH if language == "zh" else EN
    page, phone = visit.page, visit.phone(0)
    hold = visit.button("时间停住", "Hold the clock")
    hold.click()
    expect(hold).to_have_attribute("aria-pressed", "true")
    page.request.delete(f"{visit.demo.address}/sim/transcript")
    field = phone.get_by_role("textbox")

    def attach(name: str) -> None:
        phone.get_by_role("button", name=words.attach).click()
        page.get_by_role("menuitem", name=name, exact=True).click()

    def heard(said: str) -> None:
        expect(phone.locator(".row.theirs", has_text=said).last).to_be_visible()
        page.wait_for_function("fetch('/sim/updates').then(a => a.json()).then(a => a.idle)")

    phone.locator(".start").click()
    heard(words.hello)
    attach(words.lamp)
    field.fill(words.concern)
    field.press("Enter")
    heard(words.got)
    attach(words.place)
    page.get_by_role("button", name=words.pin).click()
    heard("📍")
    attach(words.album)
    field.press("Enter")
    heard(visit.word("4 个附件", "4 attached"))
    mine = phone.locator(".row.mine", has_text=words.concern[:16]).first
    mine.get_by_role("button", name=words.more).click(force=True)
    page.get_by_role("menuitem", name=words.edit).click()
    field.fill(words.changed)
    field.press("Enter")
    heard(words.changed[-6:])
    later = visit.button("+10 分钟", "+10 min")
    later.click()
    expect(later).to_be_enabled()
    card = visit.phone(2).locator(".row.theirs", has_text=words.changed)
    card.get_by_role("button", name=words.assign).click()
    heard(words.assigned)
    visit.button("幕后", "Behind the scenes").click()
    page.get_by_role("heading", name=visit.word("对话记录", "Transcript")).click()
    with page.expect_download() as download:
        visit.button("保存对话记录", "Save as transcript").click()
    saved = tmp_path / "saved.chat"
    saved.write_bytes(Path(download.value.path()).read_bytes())
    text = saved.read_text(encoding="utf-8")
    assert text.startswith(words.head + "\nstart ")
    for line in words.saved:
        assert line in text, text
    command = (
        sys.executable,
        "-m",
        "pytest",
        "tests/test_conversations.py",
        "-q",
        "-p",
        "no:xdist",
        "--chat",
        str(saved),
    )
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert played.returncode == 0, text + played.stdout
    assert visit.wrong == []


def test_after_chaos_of_every_kind_all_is_there_once(opened: Opened) -> None:
    visit = opened("zh")
    page, demo = visit.page, visit.demo
    page.get_by_role("button", name="幕后").click()
    page.get_by_role("heading", name="捣乱").click()
    page.request.post(f"{demo.address}/sim/chaos", data={"rate": 0, "retry_after": 1, "silence": 1, "seed": 7})
    page.get_by_role("slider").fill("30")
    page.wait_for_function("fetch('/sim/chaos').then(a => a.json()).then(a => a.rate === 0.3)")
    assert len(demo.get("/sim/chaos")["kinds"]) == 7
    phone = visit.phone(0)
    phone.locator(".start").click()
    concerns = [f"城北社区{number}号楼的路灯坏了" for number in (11, 12)]
    field = phone.get_by_role("textbox")
    for concern in concerns:
        field.fill(concern)
        field.press("Enter")
        expect(phone.locator(".row.theirs", has_text=concern).first).to_be_visible()
        page.get_by_role("button", name="+1 小时").click()
        expect(page.get_by_role("button", name="+1 小时")).to_be_enabled()
    page.get_by_role("slider").fill("0")
    page.wait_for_function("fetch('/sim/chaos').then(a => a.json()).then(a => a.rate === 0)")
    page.get_by_role("button", name="+10 分钟").click()
    expect(page.get_by_role("button", name="+10 分钟")).to_be_enabled()
    assert sum(demo.get("/sim/chaos")["counts"].values()) > 3
    field.fill("/mine")
    field.press("Enter")
    mine = phone.locator(".row.theirs", has_text=re.compile(r"我的诉求\s*1\.")).last
    expect(mine).to_be_visible()
    listed = mine.inner_text()
    assert all(listed.count(concern) == 1 for concern in concerns), listed
    # What the page shows is what the server has.
    there = [one["message_id"] for one in demo.get("/sim/people/1001/chat")["messages"]]
    soon(page, f"() => JSON.stringify(({IDS})()) === '{json.dumps(there, separators=(',', ':'))}'")
    assert [one for one in visit.wrong if "502" not in one] == []
