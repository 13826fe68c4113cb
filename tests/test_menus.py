"""What Telegram shows beside the talk: the command menu of a chat; and groups that the bot was not meant for."""

from pathlib import Path

import pytest

from bot.config import load
from bot.config_example import EXAMPLE
from domain.people import Role
from handlers.kit.words import Words
from handlers.menus import LONGEST_DESCRIPTION, LONGEST_SHORT
from tests.stage import Role_, stage


async def menu(folder: Path, role: Role, language: str, *said: str) -> list[str]:
    """The commands somebody sees after saying so much; words in brackets are pressed."""
    async with stage(folder) as town:
        await town.join(Role_("某人", role, language=language))
        number = town.people["某人"]
        for words in said:
            if words.startswith("["):
                town.world.press(number, words.strip("[]"))
            else:
                town.world.say(number, words)
            await town.settle()
        shown = town.world.chat(number)["commands"]
        return [f"{entry['command']} {entry['description']}" for entry in shown]


RESIDENT = ["new", "mine", "help", "settings", "privacy", "cancel"]


@pytest.mark.parametrize(
    ("role", "first"),
    [
        (Role.RESIDENT, []),
        (Role.MEMBER, ["cases", "visit", "behalf", "calls", "digest"]),
        (Role.COORDINATOR, ["inbox", "calls", "digest", "roster"]),
        (Role.OBSERVER, ["digest"]),
        (Role.DEPARTMENT, []),
    ],
)
async def test_each_role_sees_its_commands(tmp_path: Path, role: Role, first: list[str]) -> None:
    assert [entry.split()[0] for entry in await menu(tmp_path, role, "zh", "/start")] == [*first, *RESIDENT]


async def test_the_menu_speaks_the_language_of_the_talk(tmp_path: Path) -> None:
    assert "mine My concerns and what became of them" in await menu(tmp_path, Role.RESIDENT, "en", "/start")


async def test_the_menu_follows_the_language(tmp_path: Path) -> None:
    assert "mine 我的诉求和进展" in await menu(tmp_path, Role.RESIDENT, "en", "/settings", "[中文]")


async def test_the_bot_leaves_a_group_it_was_not_meant_for(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await town.join(Role_("王芳", Role.RESIDENT))
        group = town.world.group("邻里群", [town.people["王芳"]])
        await town.settle()
        town.world.say(town.people["王芳"], "路灯坏了", chat=group)
        await town.settle()
        assert len(town.world.called("leaveChat")) == 1
        assert town.world.called("sendMessage") == []


async def test_the_bot_stays_in_the_group_that_gets_the_numbers(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await town.join(Role_("王芳", Role.RESIDENT))
        group = town.world.group("团队群", [town.people["王芳"]], with_bot=False)
    async with stage(tmp_path, settings={"YIXIAN_DIGEST__CHAT_ID": str(group.id)}) as town:
        await town.join(Role_("王芳", Role.RESIDENT))
        again = town.world.group("团队群", [town.people["王芳"]])
        assert again.id == group.id
        await town.settle()
        assert town.world.called("leaveChat") == []


ABOUT = {
    "zh": ("您好!这里是", "发一条消息就行"),
    "en": ("Hello! This is ", "in one message"),
}


@pytest.mark.parametrize("language", ABOUT)
async def test_whoever_opens_the_bot_first_reads_what_it_is_for(tmp_path: Path, language: str) -> None:
    """In the empty chat, before anything is pressed. Planted fault: no ``set_about`` at the start (`bot/app.py`)."""
    async with stage(tmp_path) as town:
        await town.settle()
        number = town.world.person(7, "Ben", language).id
        about = town.world.chat(number)["about"]
        greeting, short = ABOUT[language]
        group = town.app.charter.group[language]
        assert about["description"].startswith(f"{greeting}{group}")
        assert short in about["short_description"]
        assert group in about["short_description"]


async def test_other_languages_read_the_first(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await town.settle()
        number = town.world.person(7, "Ana", "pt").id
        first = town.app.charter.languages[0]
        assert town.world.chat(number)["about"]["description"].startswith(ABOUT[first][0])


async def test_what_is_said_already_is_not_said_again(tmp_path: Path) -> None:
    """Telegram limits how often a bot may be described anew. Planted fault: set it without asking first."""
    async with stage(tmp_path) as town:
        await town.settle()
        before = len(town.world.called("setMyDescription")), len(town.world.called("setMyShortDescription"))
        assert min(before) > 0
        await town.app.database.run(lambda unit: unit.errands.add("set_about", "{}", town.clock.now()))
        await town.app.settled()
        again = len(town.world.called("setMyDescription")), len(town.world.called("setMyShortDescription"))
        assert again == before


@pytest.mark.parametrize("language", ABOUT)
def test_what_the_bot_says_of_itself_fits(language: str) -> None:
    """Uncut, with room for the name of a group."""
    words = Words(load(EXAMPLE, {}).charter(range(2026, 2028)))
    names = {"group": "长" * 40}
    assert len(words.label(language, "about.description", names)) <= LONGEST_DESCRIPTION
    assert len(words.label(language, "about.short", names)) <= LONGEST_SHORT
