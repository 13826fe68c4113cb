"""The demo itself in a browser: the town wakes up, the tour is played to its end, and what was played is replayed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "artifacts" / "screens"


class Demo:
    """`python -m bot demo` as anyone starts it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "bot", "demo", "--port", "0"), stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/\?key=(\S+)", line)
        assert found, line
        self.address, self.key = found[1], found[2]

    def get(self, path: str) -> Any:
        """What the control API answers."""
        with urlopen(Request(f"{self.address}{path}", headers=self._cookie())) as answer:  # noqa: S310
            return json.loads(answer.read())

    def text(self, path: str) -> str:
        """The same as text."""
        with urlopen(Request(f"{self.address}{path}", headers=self._cookie())) as answer:  # noqa: S310
            return str(answer.read().decode())

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": f"simulator_key={self.key}"}

    def stop(self) -> None:
        """Ctrl-C."""
        self._process.terminate()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def demo() -> Iterator[Demo]:
    demo = Demo()
    yield demo
    demo.stop()


def opened(browser: Any, demo: Demo, locale: str, width: int = 1600) -> tuple[Any, list[str]]:
    """The page when the town is awake, and what it said or asked that it should not have."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, locale=locale, timezone_id="Asia/Shanghai", reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    page, wrong = context.new_page(), []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if demo.address in asked.url else wrong.append(asked.url))
    page.goto(f"{demo.address}/?key={demo.key}")
    expect(page.locator(".phone")).to_have_count(3)
    page.locator("#connection").wait_for(state="hidden")
    return page, wrong


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_the_tour_is_played_to_its_end(browser: Any, demo: Demo, locale: str) -> None:
    page, wrong = opened(browser, demo, locale)
    zh = locale.startswith("zh")
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"demo-{locale}-start.png")
    page.get_by_role("button", name="导览" if zh else "Tour").click()
    card = page.locator("#tour")
    expect(card).to_be_visible()
    steps = card.locator(".tour-steps i").count()
    assert steps > 10
    for step in range(1, steps):
        expect(card).to_contain_text(f"第 {step} 步" if zh else f"Step {step} of")
        card.get_by_role("button", name="下一步" if zh else "Next").click()
        following = f"第 {step + 1} 步" if zh else f"Step {step + 1} of"
        expect(card.locator(".tour-who")).to_contain_text(following, timeout=20_000)
        assert card.locator(".tour-stuck").count() == 0, step
    page.screenshot(path=SCREENS / f"demo-{locale}-end.png")
    card.get_by_role("button", name="完成" if zh else "Done").click()
    expect(card).to_be_hidden()
    resident = page.locator(".phone").nth(0)
    expect(resident).to_contain_text("谢谢您!评价:满意" if zh else "thank you! Verdict: satisfied")
    expect(page.locator(".phone").nth(2)).to_contain_text("日报" if zh else "Daily")
    # Then something of one's own.
    resident.get_by_role("textbox").fill("桂花社区电梯坏了" if zh else "The lift at Osmanthus is broken")
    resident.get_by_role("textbox").press("Enter")
    expect(resident.locator(".row.theirs").last).to_contain_text("电梯" if zh else "lift")
    assert wrong == []
    page.context.close()


def test_what_was_played_is_saved_and_plays_again(browser: Any, demo: Demo, tmp_path: Path) -> None:
    page, wrong = opened(browser, demo, "zh-CN")
    page.get_by_role("button", name="时间停住").click()
    expect(page.get_by_role("button", name="时间停住")).to_have_attribute("aria-pressed", "true")
    page.request.delete(f"{demo.address}/sim/transcript")
    phone = page.locator(".phone").nth(0)
    field = phone.get_by_role("textbox")

    def attach(name: str) -> None:
        phone.get_by_role("button", name="添加附件").click()
        page.get_by_role("menuitem", name=name).click()

    def heard(words: str) -> None:
        expect(phone.locator(".row.theirs", has_text=words).last).to_be_visible()
        page.wait_for_function("fetch('/sim/updates').then(a => a.json()).then(a => a.idle)")

    phone.locator(".start").click()
    heard("您好")
    attach("路灯不亮")
    field.fill("城北社区3号楼门口路灯 [坏了] 两天")
    field.press("Enter")
    heard("已收到")
    attach("位置")
    page.get_by_role("button", name="发送这个位置").click()
    heard("位置")
    attach("三张示例相册")
    field.press("Enter")
    heard("4 个附件")
    phone.locator(".row.mine", has_text="路灯").first.get_by_role("button", name="这条消息的更多操作").click(force=True)
    page.get_by_role("menuitem", name="修改").click()
    field.fill("城北社区3号楼门口路灯坏了三天")
    field.press("Enter")
    heard("坏了三天")
    page.get_by_role("button", name="+10 分钟").click()
    expect(page.get_by_role("button", name="+10 分钟")).to_be_enabled()
    coordinator = page.locator(".phone").nth(2)
    coordinator.get_by_role("button", name="派给李建国").last.click()
    heard("已派给委员")
    page.get_by_role("button", name="幕后").click()
    page.get_by_role("heading", name="对话记录").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="保存对话记录").click()
    saved = tmp_path / "saved.chat"
    saved.write_bytes(Path(download.value.path()).read_bytes())
    words = saved.read_text(encoding="utf-8")
    for line in ("town sample", "[photo]", "[album 3]", "[location ", "edit 王芳", "clock +10m", "陈静: [派给李建国]"):
        assert line in words, words
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
    assert played.returncode == 0, words + played.stdout
    assert wrong == []
    page.context.close()


def test_after_chaos_of_every_kind_all_is_there_once(browser: Any, demo: Demo) -> None:
    page, wrong = opened(browser, demo, "zh-CN")
    page.get_by_role("button", name="幕后").click()
    page.get_by_role("heading", name="捣乱").click()
    page.request.post(f"{demo.address}/sim/chaos", data={"rate": 0, "retry_after": 1, "silence": 1, "seed": 7})
    page.get_by_role("slider").fill("30")
    page.wait_for_function("fetch('/sim/chaos').then(a => a.json()).then(a => a.rate === 0.3)")
    assert len(demo.get("/sim/chaos")["kinds"]) == 7
    phone = page.locator(".phone").nth(0)
    phone.locator(".start").click()
    concerns = [f"城北社区{number}号楼的路灯坏了" for number in (11, 12)]
    field = phone.get_by_role("textbox")
    for concern in concerns:
        field.fill(concern)
        field.press("Enter")
        expect(phone.locator(".row.theirs", has_text=concern).first).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="+1 小时").click()
        expect(page.get_by_role("button", name="+1 小时")).to_be_enabled(timeout=60_000)
    page.get_by_role("slider").fill("0")
    page.wait_for_function("fetch('/sim/chaos').then(a => a.json()).then(a => a.rate === 0)")
    page.get_by_role("button", name="+10 分钟").click()
    expect(page.get_by_role("button", name="+10 分钟")).to_be_enabled(timeout=60_000)
    assert sum(demo.get("/sim/chaos")["counts"].values()) > 3
    field.fill("/mine")
    field.press("Enter")
    mine = phone.locator(".row.theirs", has_text=re.compile(r"我的诉求\s*1\.")).last
    expect(mine).to_be_visible(timeout=30_000)
    listed = mine.inner_text()
    assert all(listed.count(concern) == 1 for concern in concerns), listed
    # What the page shows is what the server has.
    there = [one["message_id"] for one in demo.get("/sim/people/1001/chat")["messages"]]
    here = [int(str(one)) for one in phone.locator("li[data-id]").evaluate_all("all => all.map(one => one.dataset.id)")]
    assert here == there
    assert [one for one in wrong if "502" not in one] == []
    page.context.close()


def test_it_fits_every_screen_in_light_and_dark(browser: Any, demo: Demo) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for locale in ("zh-CN", "en-GB"):
        for width in (360, 1600):
            page, wrong = opened(browser, demo, locale, width)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=SCREENS / f"demo-{locale}-{width}-{scheme}.png")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.get_by_role("button", name="添一部手机" if locale == "zh-CN" else "Add a phone").last.click()
            dialog = page.get_by_role("dialog")
            expect(dialog.get_by_role("button", name="张敏")).to_be_visible()
            page.screenshot(path=SCREENS / f"demo-{locale}-{width}-people.png")
            dialog.get_by_role("button", name="孙丽").click()
            expect(dialog).to_have_count(0)
            expect(page.locator("#phone-4001")).to_be_visible()
            assert wrong == []
            page.context.close()
