"""A conversation to tell times of."""

import pytest

from tests.metrics.timed import Timed


@pytest.fixture
def talk() -> Timed:
    return Timed()
