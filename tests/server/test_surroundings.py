"""What servers change in the environment is gone when they are."""

import itertools
import os

import pytest

from vlmock.server.surroundings import Surroundings

NAME = "VLMOCK_TEST_VARIABLE"


@pytest.mark.parametrize("before", ["as it was", None])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_servers_may_stop_in_any_order(
    order: tuple[int, ...], before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The youngest that runs has the variable; after the last it is as it was before the first."""
    monkeypatch.delenv(NAME, raising=False)
    if before is not None:
        monkeypatch.setenv(NAME, before)
    servers = [Surroundings() for _ in range(3)]
    for number, server in enumerate(servers):
        server.change({NAME: str(number)})
    left = list(range(3))
    for number in order:
        assert os.environ[NAME] == str(left[-1])
        servers[number].restore()
        left.remove(number)
    assert os.environ.get(NAME) == before


def test_a_variable_may_be_taken_away_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a second restore changes nothing more."""
    monkeypatch.setenv(NAME, "before")
    server = Surroundings()
    server.change({NAME: None})
    assert NAME not in os.environ
    server.restore()
    monkeypatch.setenv(NAME, "later")
    server.restore()
    assert os.environ[NAME] == "later"
