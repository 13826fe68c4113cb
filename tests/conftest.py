"""Options and fixtures that every test may use."""

import pytest

from bot import logs
from bot.config_sections import Logs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite transcripts after a deliberate change")


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Logs as the program writes them, without the ordinary line for every turn."""
    logs.configure(Logs(level="error"))


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are rewritten."""
    return bool(request.config.getoption("--accept"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: the browser's driver keeps an event loop of its own running from its first test on."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
