"""The guided tour, played to its end in both languages, and begun anew in the middle."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.demo import LOCALES, SCREENS, Opened, Visit, messages, soon


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
    expect(card.locator(".tour-who")).to_contain_text(following)
    assert card.locator(".tour-stuck").count() == 0, step


LONG_TOUR = pytest.param("en", 1600, marks=pytest.mark.soak)


@pytest.mark.parametrize(("language", "width"), [("zh", 1600), ("en", 360), LONG_TOUR])
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


ABOVE = """() => {
  const [phone, card] = [".phone.playing", "#tour"].map((one) => document.querySelector(one).getBoundingClientRect());
  return phone.bottom <= card.top + 1;
}"""
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
    soon(visit.page, ABOVE)
    if step in PRESSES:
        expect(playing.locator(".key.called")).to_be_in_viewport(ratio=0.95)


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
