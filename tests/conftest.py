"""Options and fixtures that every test may use."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite transcripts after a deliberate change")


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are rewritten."""
    return bool(request.config.getoption("--accept"))
