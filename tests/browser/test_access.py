"""The page for everyone: names, contrast, sizes, languages and motion, looked for in every state the page can be in."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SMALL, WIDE, Site, at_hand, three_people
from tests.browser.demo import soon
from tests.browser.scenes import everything_said, scenes

# What has to have a name of its own; the others are named by what is in them, or are not for people.
NAMED = (
    {"button", "link", "textbox", "combobox", "listbox", "option", "menu", "menuitem", "slider", "checkbox", "image"}
    | {"dialog", "alertdialog", "application", "main", "navigation", "complementary", "region", "heading"}
    | {"Video", "DisclosureTriangle"}
)
NAMELESS = {"generic", "none", "paragraph", "Pre", "StaticText"}
CONTENT = "王芳|李建国|陈静|一线|中文"
HAN = re.compile(r"[一-鿿]")


class Walked:
    """What was found in each scene, by kind."""

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}
        self.checked: Counter[str] = Counter()
        self.scenes: list[str] = []

    def note(self, kind: str, scene: str, found: dict[str, Any]) -> None:
        """Keeps what a measure found."""
        self.checked[kind] += found["checked"]
        self.faults.setdefault(kind, []).extend(f"{scene}: {one}" for one in found["faults"])


@pytest.fixture(scope="module", params=[WIDE, SMALL], ids=["wide-zh", "small-en"])
def walked(browser: Any, request: pytest.FixtureRequest) -> Walked:
    """Every state of the page once, with everything measured in it, in light and in dark."""
    found = Walked()
    with three_people() as simulator, at_hand(browser, simulator, request.param) as site:
        tree = site.page.context.new_cdp_session(site.page)
        for scene, part in scenes(site):
            found.scenes.append(scene)
            found.note("names", scene, unnamed(tree))
            found.note("ids", scene, twice(site.page))
            found.note("structure", scene, misplaced(site.page))
            found.note("language", scene, foreign(site.page))
            for kind in ("small", "wide"):
                found.note(kind, scene, site.page.evaluate(f"looks.{kind}()"))
            for scheme in ("light", "dark"):
                site.page.emulate_media(color_scheme=scheme)
                found.note(f"contrast {scheme}", scene, site.page.evaluate("part => looks.contrast(part)", part))
            site.page.emulate_media(color_scheme="light")
    return found


def unnamed(tree: Any) -> dict[str, Any]:
    """What the accessibility tree has without a name, or takes the focus without being anything."""
    nodes = [one for one in tree.send("Accessibility.getFullAXTree")["nodes"] if not one["ignored"]]
    faults = []
    for node in nodes:
        role, name = node["role"]["value"], node.get("name", {}).get("value", "").strip()
        focusable = any(one["name"] == "focusable" and one["value"]["value"] for one in node.get("properties", ()))
        if (role in NAMED and not name) or (focusable and role in NAMELESS):
            faults.append(f"{role} {name!r} {node.get('backendDOMNodeId')}")
    return {"checked": len(nodes), "faults": faults}


def twice(page: Any) -> dict[str, Any]:
    """Ids that more than one element has, and references to ids that nobody has."""
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
    meant = page.evaluate(
        "['aria-controls', 'aria-describedby', 'aria-labelledby', 'aria-activedescendant', 'for'].flatMap(kind =>"
        " [...document.querySelectorAll(`[${kind}]`)].map(node => node.getAttribute(kind)))"
    )
    faults = [one for one, times in Counter(ids).items() if times > 1] + [one for one in meant if one not in ids]
    return {"checked": len(ids), "faults": faults}


def misplaced(page: Any) -> dict[str, Any]:
    """One h1, no heading a level too deep, one header and one main."""
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].filter(one => one.checkVisibility()).map(one => +one.tagName[1])"
    )
    faults = [f"h{after} after h{before}" for before, after in itertools.pairwise(levels) if after > before + 1]
    if levels[:1] != [1] or levels.count(1) != 1:
        faults.append(f"headings {levels}")
    faults += [tag for tag in ("body > header", "main") if page.locator(tag).count() != 1]
    return {"checked": len(levels), "faults": faults}


def foreign(page: Any) -> dict[str, Any]:
    """Names of the page's own that are in the other language than the page."""
    labels = page.evaluate(
        "[...document.querySelectorAll('[aria-label], [title], [placeholder]')]"
        ".filter(one => !one.matches('.row, .tile, .file, .map, .lightbox, a'))"
        ".flatMap(one => ['aria-label', 'title', 'placeholder'].map(kind => one.getAttribute(kind))).filter(Boolean)"
    )
    chinese = page.locator("html").get_attribute("lang") == "zh-Hans"
    own = [re.sub(CONTENT, "", one) for one in labels]
    faults = [one for one in own if re.search(r"[^\W\d]", one) and bool(HAN.search(one)) != chinese]
    return {"checked": len(own), "faults": faults}


def test_every_state_was_visited(walked: Walked) -> None:
    assert len(walked.scenes) == len(set(walked.scenes)) == 17


@pytest.mark.parametrize(
    ("kind", "at_least"),
    [("names", 2000), ("ids", 100), ("language", 400), ("structure", 50), ("small", 400), ("wide", 800)],
)
def test_nothing_is_amiss(walked: Walked, kind: str, at_least: int) -> None:
    assert walked.faults[kind] == []
    assert walked.checked[kind] > at_least


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(walked: Walked, scheme: str) -> None:
    assert walked.faults[f"contrast {scheme}"] == []
    assert walked.checked[f"contrast {scheme}"] > 300


def test_the_measures_find_what_is_wrong(site: Site) -> None:
    page = site.page
    page.evaluate("document.documentElement.style.setProperty('--ink-3', '#a8aaa6')")
    soon(page, "() => looks.contrast().faults.some((one) => one.includes('居民'))")
    page.evaluate("document.documentElement.style.setProperty('--edge', '#d8d5cb')")
    site.begin(1)
    soon(page, "() => looks.contrast().faults.some((one) => one.includes('edge of a field'))")
    page.evaluate("document.querySelector('.composer .round').style.width = '20px'")
    assert [one for one in page.evaluate("looks.small()")["faults"] if one.startswith("20×")]
    page.evaluate("document.querySelector('.clock-steps').style.width = '2000px'")
    assert page.evaluate("looks.wide()")["faults"]
    page.evaluate("document.querySelector('.composer .round:not([hidden])').removeAttribute('aria-label')")
    page.evaluate("document.querySelector('.composer .round:not([hidden])').removeAttribute('title')")
    page.evaluate("document.querySelector('#panel').id = 'phones'")
    assert unnamed(page.context.new_cdp_session(page))["faults"]
    assert "phones" in twice(page)["faults"]
    page.evaluate("document.querySelector('.caption h2').outerHTML = '<h4>王芳</h4>'")
    assert misplaced(page)["faults"]


def test_messages_name_their_language(site: Site) -> None:
    site.begin(1)
    site.say(1, "The street lamp is out")
    phone = site.phone(1)
    expect(phone.locator(".row.mine .words").last).to_have_attribute("lang", "en")
    expect(phone.locator(".row.theirs .words").first).to_have_attribute("lang", "zh-Hans")
    expect(phone.get_by_role("button", name="Website").first.locator("span")).to_have_attribute("lang", "en")


def test_without_motion_nothing_moves(site: Site) -> None:
    site.begin(1)
    assert site.page.evaluate("document.getAnimations().length") == 0
    site.page.set_viewport_size({"width": 360, "height": 740})
    site.page.get_by_role("navigation").get_by_role("button", name="陈静").click()
    soon(site.page, "() => document.querySelector('#phones').scrollLeft >= 700")


def test_forced_colours_keep_edges_and_states(site: Site) -> None:
    site.begin(1)
    page = site.page
    page.emulate_media(forced_colors="active")
    for selector in (".bubble", ".key", ".tool-button"):
        expect(page.locator(selector).first).to_have_css("border-top-width", "1px")
    panel = page.locator('[data-label="panel"]').first
    before = panel.evaluate("node => getComputedStyle(node).outlineStyle")
    panel.click()
    expect(panel).not_to_have_css("outline-style", before)
    page.locator(".field-of-words").first.focus()
    expect(page.locator(".field-of-words").first).to_have_css("outline-style", "solid")


def test_enlarged_nothing_is_lost(site: Site) -> None:
    page = site.page
    everything_said(site)
    page.locator('[data-label="tour"]').first.click()
    expect(page.locator("#tour .tour-tell")).to_be_visible()
    for width, height in ((320, 640), (640, 400), (320, 256)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("document.querySelector('#phones').scrollTo(0, 0)")
        soon(page, "() => (({ faults, checked }) => faults.length === 0 && checked > 30)(looks.wide())")
        soon(page, "() => document.querySelector('#phone-1 .log').clientHeight >= 90")
        for part in ("#phone-1 .log", "#phone-1 textarea", "#tour .button.main", ".clock-time", ".clock-steps"):
            page.locator(part).scroll_into_view_if_needed()
            expect(page.locator(part)).to_be_in_viewport()


def test_what_happens_is_announced_once(site: Site) -> None:
    greeting = site.begin(1)
    site.say(1, "谢谢")
    answer = site.phone(1).locator(".row.theirs").last
    expect(answer).to_contain_text("收到:谢谢")
    said = site.page.evaluate("looks.said")
    assert [one for one in said if "谢谢" in one] == ["王芳的手机,一线:收到:谢谢"]
    assert len([one for one in said if "我是回声" in one]) == 1
    greeting.get_by_role("button", name="加位置").click()
    expect(site.phone(1).locator(".toast")).to_be_visible()
    site.page.get_by_role("button", name="+1 天").click()
    expect(site.page.locator(".clock [role=status]")).not_to_be_empty()
    site.page.get_by_role("button", name="English").click()
    expect(site.page.get_by_role("button", name="+1 day")).to_be_enabled()
    later = site.page.evaluate("looks.said")[len(said) :]
    assert later[0] == "位置已记下"
    assert [bool(re.search(r"\d\d:\d\d", one)) for one in later[1:]] == [True], later


def test_a_lost_connection_is_announced_once(site: Site) -> None:
    site.page.route("**/sim/events*", lambda route: route.abort())
    site.page.reload()
    expect(site.page.locator("#connection")).to_have_text("连接断了,正在重连…")
    with site.page.expect_event("requestfailed"):
        pass
    said = site.page.evaluate("looks.said")
    assert [one for one in said if "连接断了" in one] == ["连接断了,正在重连…"]
    site.page.unroute("**/sim/events*")
    expect(site.page.locator("#connection")).to_be_hidden()
    assert all("ERR_FAILED" in error for error in site.errors)
    site.errors.clear()
