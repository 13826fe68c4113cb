"""Options and fixtures that every test may use."""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from bot import logs
from bot.config_sections import Logs
from simulator.conformance import BotApiDescription
from simulator.state import State
from tests import postgres as server

SPEC = Path(os.environ.get("YIXIAN_BOTAPI_SPEC", Path(__file__).parents[2] / "shared/botapi/spec.json"))

settings.register_profile("any machine", deadline=None)  # how long an example takes says what else the machine does
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite transcripts after a deliberate change")
    parser.addoption("--chat", action="append", default=[], help="play this transcript, as the demo's page saved it")


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Logs as the program writes them, without the ordinary line for every turn."""
    logs.configure(Logs(level="error"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[server.Server]:
    """A PostgreSQL server, where the wheel is installed."""
    with server.running() as found:
        yield found


@pytest.fixture(autouse=True)
def described(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every call a bot makes is one the Bot API describes, where its description is at hand.

    The simulator's own tests make wrong calls on purpose.
    """
    on_purpose = Path(__file__).parent / "simulator" in request.path.parents
    if on_purpose or not SPEC.exists():
        yield
        return
    description, wrong = bot_api(), list[str]()
    watch = lambda call: wrong.extend(description.wrong_call(call["method"], call["params"]))  # noqa: E731
    State.watchers.append(watch)
    yield
    State.watchers.remove(watch)
    assert wrong == []


@cache
def bot_api() -> BotApiDescription:
    """The Bot API, as its description has it."""
    return BotApiDescription(json.loads(SPEC.read_text("utf-8")))


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are rewritten."""
    return bool(request.config.getoption("--accept"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long forms only when they are asked for; browser tests last.

    The browser's driver keeps an event loop of its own running from its first test on.
    """
    if "soak" not in config.option.markexpr:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("soak")])
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
