"""One nursery for all tests that kill."""

from collections.abc import Iterator

import pytest

from tests.faults.nursery import Births


@pytest.fixture(scope="session")
def births() -> Iterator[Births]:
    """A process that forks bots."""
    found = Births()
    yield found
    found.close()
