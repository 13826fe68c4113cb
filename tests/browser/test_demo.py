"""The demo itself in a browser: the town wakes up, the tour is played to its end, what was played is replayed.

One demo serves all tests of this file: each finds a town to which nobody has done anything yet, in its language, and
where the test before has done something, that takes *Start over*. Those about the very first page have their own demo.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "artifacts" / "screens"
CJK = re.compile(r"[\u3400-\u9fff]")
LOCALES = {"zh": "zh-CN", "en": "en-GB"}


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
        assert self._process.wait(20) == 0
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def process() -> Iterator[Demo]:
    """The demo of this file."""
    demo = Demo()
    yield demo
    demo.stop()


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


def seen(browser: Any, demo: Demo, language: str, width: int) -> Visit:
    """The page as a browser of that language and width opens it."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000},
        locale=LOCALES[language],
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if demo.address in asked.url else wrong.append(asked.url))
    page.goto(f"{demo.address}/?key={demo.key}")
    return Visit(demo, page, language, wrong)


def begin_tour(visit: Visit) -> Any:
    """Press *Tour*; its card."""
    visit.button("导览", "Tour").click()
    card = visit.page.locator("#tour")
    expect(card).to_be_visible()
    return card


def go_on(visit: Visit, card: Any, step: int) -> None:
    """Press *Next* on a step, and come to the one after it."""
    expect(card).to_contain_text(visit.word(f"第 {step} 步", f"Step {step} of"))
    card.get_by_role("button", name=visit.word("下一步", "Next")).click()
    following = visit.word(f"第 {step + 1} 步", f"Step {step + 1} of")
    expect(card.locator(".tour-who")).to_contain_text(following, timeout=20_000)
    assert card.locator(".tour-stuck").count() == 0, step


@pytest.mark.parametrize(("language", "width"), [("zh", 1600), ("en", 1600), ("en", 360)])
def test_the_tour_is_played_to_its_end(opened: Opened, language: str, width: int) -> None:
    visit = opened(language, width)
    SCREENS.mkdir(parents=True, exist_ok=True)
    shot = f"demo-{LOCALES[language]}" + ("" if width == 1600 else f"-{width}")
    visit.page.screenshot(path=SCREENS / f"{shot}-start.png")
    card = begin_tour(visit)
    steps = card.locator(".tour-steps i").count()
    assert steps > 10
    for step in range(1, steps):
        hides_nothing(visit, card, step)
        go_on(visit, card, step)
    visit.page.screenshot(path=SCREENS / f"{shot}-end.png")
    expect(card).to_contain_text(visit.word("写一件您自己身边的事", "Now it is your turn"))
    expect(card.locator(".tour-who")).to_contain_text(visit.word("王芳", "Mary"))
    card.get_by_role("button", name=visit.word("完成", "Done")).click()
    expect(card).to_be_hidden()
    resident, coordinator = visit.phone(0), visit.phone(2)
    expect(resident).to_contain_text(visit.word("谢谢您!评价:满意", "thank you! Verdict: satisfied"))
    expect(coordinator).to_contain_text(visit.word("日报", "Daily"))
    # Then something of one's own, without a hint: the field is ready.
    expect(resident.get_by_role("textbox")).to_be_focused()
    visit.page.keyboard.type(visit.word("桂花社区电梯坏了", "The lift at Osmanthus is broken"))
    visit.page.keyboard.press("Enter")
    expect(resident.locator(".row.theirs").last).to_contain_text(visit.word("电梯", "Lifts"))
    assert visit.wrong == []


PRESSES = (3, 5, 6, 9, 10, 12)
"""The tour's steps that press a button."""


def hides_nothing(visit: Visit, card: Any, step: int) -> None:
    """A step says at most two sentences, of the phone it names; that is seen whole, with the button that comes next."""
    playing = visit.page.locator(".phone.playing")
    expect(card).to_contain_text(visit.word(f"第 {step} 步", f"Step {step} of"))
    expect(playing).to_have_count(1)
    name = card.locator(".tour-who b").inner_text().removesuffix("'s phone").removesuffix("的手机")
    expect(playing).to_have_attribute("aria-label", re.compile(f"^{name}(与|'s chat)"))
    expect(playing.locator(".screen")).to_be_in_viewport(ratio=0.95)
    assert len(re.findall(r"[.!?](?:\s|$)|[。!?]", card.locator(".tour-tell").inner_text())) in (1, 2)
    phone, over = playing.bounding_box(), card.bounding_box()
    assert phone["y"] + phone["height"] <= over["y"] + 1
    if step in PRESSES:
        expect(playing.locator(".key.called")).to_be_in_viewport(ratio=0.95)


@pytest.mark.parametrize(("more", "town"), [((), "en"), (("--language", "zh"), "zh")])
def test_the_first_page_says_what_the_town_speaks(browser: Any, more: tuple[str, ...], town: str) -> None:
    """Where nothing was said beforehand. An English page, either way."""
    demo = Demo(*more)
    try:
        if not more:
            assert demo.get("/sim/story")["state"] == "waiting"
        visit = seen(browser, demo, "en", 1600)
        visit.awake()
        story = demo.get("/sim/story")
        assert (story["state"], story["language"], story["life"]) == ("done", town, 1)
        expect(visit.phone(1)).to_contain_text("to claim" if town == "en" else "待签收")
        expect(visit.page.locator("#offer")).to_be_visible(visible=town == "zh")
        # A second page, of another language, changes nothing.
        other = seen(browser, demo, "zh", 1600)
        other.awake()
        expect(other.page.locator("#offer")).to_be_visible(visible=town == "en")
        assert demo.get("/sim/story")["life"] == 1
        assert visit.wrong == []
        assert other.wrong == []
        visit.page.context.close()
        other.page.context.close()
    finally:
        demo.stop()


def test_start_over_from_the_page(opened: Opened) -> None:
    visit = opened("en")
    before = visit.demo.get("/sim/story")["life"]
    field = visit.phone(0).get_by_role("textbox")
    visit.phone(0).locator(".start").click()
    expect(field).to_be_visible()
    field.fill("The pothole at North Gate is deep")
    field.press("Enter")
    expect(visit.phone(0)).to_contain_text("Got it")
    visit.button("", "+1 day").click()
    expect(visit.button("", "+1 day")).to_be_enabled()
    late = visit.page.locator(".clock-date").inner_text()

    visit.button("", "Start over").click()
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert visit.demo.get("/sim/story")["life"] == before

    visit.button("", "Start over").click()
    visit.reloaded(lambda: dialog.get_by_role("button", name="Start over").click())
    story = visit.demo.get("/sim/story")
    assert (story["state"], story["language"], story["life"]) == ("done", "en", before + 1)
    assert visit.page.locator("body").inner_text().find("pothole") < 0
    assert messages(visit.demo, 1001) == []
    assert visit.page.locator(".clock-date").inner_text() != late
    assert visit.demo.get("/sim/chaos")["counts"] == {}
    assert visit.wrong == []


def test_another_page_follows(opened: Opened) -> None:
    """Whoever looks on sees the new town too, without what was said in the one before."""
    visit = opened("zh")
    visit.phone(0).locator(".start").click()
    expect(visit.phone(0)).to_contain_text("您好")
    visit.reloaded(lambda: assert_life(visit.demo.again("zh"), visit.demo))
    expect(visit.phone(0).locator(".row")).to_have_count(0)
    assert visit.wrong == []


def assert_life(life: int, demo: Demo) -> None:
    """The place is the one that was promised."""
    assert demo.get("/sim/story")["life"] == life


@pytest.mark.parametrize(("town", "page"), [("en", "zh"), ("zh", "en")])
def test_the_other_language_is_offered(opened: Opened, town: str, page: str) -> None:
    visit = opened(town)
    offer = visit.page.locator("#offer")
    expect(offer).to_be_hidden()
    visit.button("换成英文 (English)", "Switch to Chinese (中文)").click()
    visit.language = page
    expect(offer).to_contain_text(visit.word("小镇说的是英文", "The town speaks Chinese"))
    visit.button("不用了", "Not now").click()
    expect(offer).to_be_hidden()
    visit.page.reload()
    visit.awake()
    expect(offer).to_be_visible()
    visit.reloaded(lambda: visit.button("用中文重来", "Play in English").click())
    expect(offer).to_be_hidden()
    assert visit.demo.get("/sim/story")["language"] == page
    expect(visit.phone(1)).to_contain_text(visit.word("待签收", "to claim"))
    assert visit.wrong == []


def test_the_english_town_is_english(opened: Opened) -> None:
    visit = opened("en")
    shown = [person for person in visit.demo.get("/sim/people")["people"] if person["shown"]]
    assert [person["first_name"] for person in shown] == ["Mary", "James", "Helen"]
    everybody = visit.demo.get("/sim/people")["people"]
    chinese = [person for person in everybody if person["language_code"] == "zh"]
    assert [person["first_name"] for person in chinese] == ["王芳"]
    own = {line for one in messages(visit.demo, chinese[0]["id"]) if one["mine"] for line in one["text"].split("\n")}
    assert all(CJK.search(line) for line in own)
    assert len(own) == 3
    for person in shown:
        for message in messages(visit.demo, person["id"]):
            rest = message["text"].replace("王芳", "")
            for words in own:
                rest = rest.replace(words, "").replace(words[:12], "")
            assert not CJK.search(rest + labels(message).replace("中文", "")), message
    assert messages(visit.demo, shown[1]["id"])
    expect(visit.page.locator("h1")).to_contain_text("Yixian")
    assert visit.wrong == []


def messages(demo: Demo, who: int) -> list[Any]:
    """A whole chat."""
    found: list[Any] = demo.get(f"/sim/people/{who}/chat?limit=500")["messages"]
    return found


def labels(message: Any) -> str:
    """What a message's buttons say."""
    return " ".join(button["label"] for row in message["buttons"] for button in row)


def test_who_may_begin_it(opened: Opened) -> None:
    """Not without the key, not for a foreign page or name, not in a language that nobody speaks there."""
    visit = opened("en")
    demo, before = visit.demo, visit.demo.get("/sim/story")["life"]
    body = {"language": "zh", "again": True}
    port = demo.address.rpartition(":")[2]
    for headers in (
        {"Cookie": "simulator_key=wrong"},
        {"Origin": "http://example.org"},
        {"Host": f"example.org:{port}"},
    ):
        with pytest.raises(HTTPError) as refused:
            demo.post("/sim/town", body, **headers)
        assert refused.value.code == 403, headers
        refused.value.close()
    with pytest.raises(HTTPError) as refused:
        demo.again("fr")
    assert json.loads(refused.value.read())["error"] == "no town speaks fr; known are zh, en"
    refused.value.close()
    assert demo.get("/sim/story")["life"] == before


def test_the_simulator_alone_has_no_town(site: Site) -> None:
    expect(site.page.get_by_role("button", name="导览")).to_be_visible()
    expect(site.page.locator(".again")).to_be_hidden()
    expect(site.page.locator("#offer")).to_be_hidden()
    site.page.get_by_role("button", name="换成英文 (English)").click()
    expect(site.page.locator("#offer")).to_be_hidden()


def test_start_over_in_the_middle_of_the_tour(opened: Opened) -> None:
    visit = opened("en")
    card = begin_tour(visit)
    for step in range(1, 6):
        go_on(visit, card, step)
    visit.button("", "Start over").click()
    sure = visit.page.get_by_role("dialog").get_by_role("button", name="Start over")
    visit.reloaded(lambda: sure.click())
    expect(card).to_be_hidden()
    assert messages(visit.demo, 1001) == []
    card = begin_tour(visit)
    for step in range(1, 7):
        go_on(visit, card, step)
    expect(visit.phone(0)).to_contain_text("James has taken on")
    assert visit.wrong == []


def test_start_over_during_chaos_and_while_time_passes(opened: Opened) -> None:
    visit = opened("zh")
    silent = {"rate": 0.6, "kinds": ["timeout", "lost", "429"], "silence": 30, "retry_after": 5}
    visit.demo.post("/sim/chaos", silent)
    visit.phone(0).locator(".start").click()
    field = visit.phone(0).get_by_role("textbox")
    field.fill("城北社区11号楼的路灯坏了")
    field.press("Enter")
    visit.page.wait_for_function("fetch('/sim/chaos').then(a => a.json()).then(a => a.counts.timeout > 0)")
    visit.button("+1 天", "").click()
    visit.reloaded(lambda: assert_life(visit.demo.again("zh"), visit.demo))
    chaos = visit.demo.get("/sim/chaos")
    assert (chaos["rate"], chaos["counts"]) == (0, {})
    visit.phone(0).locator(".start").click()
    expect(visit.phone(0).locator(".row.theirs")).to_have_count(1)
    expect(visit.phone(0)).not_to_contain_text("11号楼")
    assert [one for one in visit.wrong if "400" not in one] == []


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


@pytest.mark.parametrize("language", LOCALES)
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
    assert [one for one in visit.wrong if "502" not in one] == []


COVERED = """() => {
  const parts = [...document.querySelectorAll(".brand, .clock-now, .clock-steps, .tools > *")];
  const boxes = parts.map((part) => part.getBoundingClientRect()).filter((box) => box.width > 3);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return boxes.some((one, at) => one.right > innerWidth + 1 || boxes.slice(at + 1).some((other) => meet(one, other)));
}"""
"""Whether anything in the bar lies over something else, or outside of the window."""


def test_it_fits_every_screen_in_light_and_dark(opened: Opened) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for language, (known, called) in {"zh": ("张敏", "孙丽"), "en": ("Rose Miller", "Karen")}.items():
        for width in (360, 1600):
            visit = opened(language, width)
            page, locale = visit.page, LOCALES[language]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=SCREENS / f"demo-{locale}-{width}-{scheme}.png")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            for narrower in (390, 600, 820, 900, 1081, 1280, 1441, width):
                page.set_viewport_size({"width": narrower, "height": 1000})
                assert page.evaluate(COVERED) is False, narrower
            visit.button("添一部手机", "Add a phone").last.click()
            dialog = page.get_by_role("dialog")
            expect(dialog.get_by_role("button", name=known)).to_be_visible()
            page.screenshot(path=SCREENS / f"demo-{locale}-{width}-people.png")
            dialog.get_by_role("button", name=called).click()
            expect(dialog).to_have_count(0)
            expect(page.locator("#phone-4001")).to_be_visible()
            assert visit.wrong == []
