"""Options and fixtures that every test may use."""

import pytest

from bot import logs
from bot.config_sections import Logs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite transcripts after a deliberate change")
    parser.addoption("--chat", action="append", default=[], help="play this transcript, as the demo's page saved it")


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Logs as the program writes them, without the ordinary line for every turn."""
    logs.configure(Logs(level="error"))


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
