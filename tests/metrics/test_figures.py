"""Distributions, budgets and the table: what may be said of many turns, and what may not."""

import pytest

from tests.metrics.timed import Timed
from vlmock.errors import UnknownFigure
from vlmock.metrics.distribution import FIGURES, Distribution
from vlmock.metrics.metrics import MEASURED, Metrics


def of(count: int) -> Distribution:
    """0.1, 0.2, 0.3 s and so on, the last first."""
    return Distribution(name="first_audio", values=tuple((count - i) / 10 for i in range(count)), turns=count + 2)


def typed(waits: list[float], *, connection: int = 1) -> Timed:
    """A typed turn for each wait, until its first sound."""
    talk = Timed(connection=connection)
    for number, wait in enumerate(waits):
        at, response_id = 100.0 * number, f"r{number}"
        talk.types(at)
        talk.asks(at)
        talk.answers(at + wait / 2, response_id)
        talk.sounds(at + wait, 1.0, response_id)
        talk.done(at + wait + 0.5, response_id, tokens=(7, 3))
    return talk


@pytest.mark.parametrize(
    ("count", "known"),
    [
        (0, {}),
        (1, {"min": 0.1, "p50": 0.1, "max": 0.1}),
        (2, {"min": 0.1, "p50": 0.1, "max": 0.2}),
        (9, {"min": 0.1, "p50": 0.5, "max": 0.9}),
        (10, {"min": 0.1, "p50": 0.5, "p90": 0.9, "max": 1.0}),
        (19, {"min": 0.1, "p50": 1.0, "p90": 1.8, "max": 1.9}),
        (20, {"min": 0.1, "p50": 1.0, "p90": 1.8, "p95": 1.9, "max": 2.0}),
        (99, {"min": 0.1, "p50": 5.0, "p90": 9.0, "p95": 9.5, "max": 9.9}),
        (100, {"min": 0.1, "p50": 5.0, "p90": 9.0, "p95": 9.5, "p99": 9.9, "max": 10.0}),
    ],
)
def test_percentiles_only_with_enough_turns(count, known):
    """Nearest rank; of fewer turns it would be the maximum."""
    distribution = of(count)
    assert {name: value for name in FIGURES if (value := distribution.figure(name)) is not None} == known
    assert distribution.count == count


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_an_attribute(name):
    """The same as ``figure``."""
    assert getattr(of(100), name) == of(100).figure(name)


def test_a_budget_does_not_pass_for_want_of_turns():
    """It fails with the reason: neither true nor false."""
    with pytest.raises(UnknownFigure) as raised:
        assert of(7).p95 < 1.7
    assert str(raised.value) == (
        "first_audio.p95 is unknown: it takes 20 turns, and 7 were measured (max 0.700 s); play more turns, or ask for "
        "max"
    )


@pytest.mark.parametrize("name", MEASURED)
def test_every_distribution_says_why_it_is_empty(name):
    """By its attribute, its name and its budget."""
    metrics = typed([]).metrics
    distribution = getattr(metrics, name)
    assert distribution == metrics.distribution(name)
    with pytest.raises(UnknownFigure, match="there was no turn so far"):
        _ = distribution.max
    assert metrics.beyond(**{name: {"max": 1e9}}) == [f"{name}.max is unknown: there was no turn so far"]
    talk = typed([])
    talk.types(1.0)
    talk.asks(1.0)
    assert talk.metrics.distribution(name).why_unknown("max") == f"{name}.max is unknown: {MEASURED[name].absent}"


def test_budgets_together():
    """A sentence for each that is exceeded or unknown; nothing where all is well."""
    metrics = typed([0.5, 1.0, 2.0]).metrics
    assert metrics.beyond(first_audio={"max": 2.0, "p50": 1.0}, response={"max": 2.0}) == []
    assert metrics.beyond(first_audio={"max": 1.7, "p50": 0.9}, silence_after_barge_in={"max": 0.3})[:2] == [
        "first_audio.max is 2.000 s, and may be 1.7 s",
        "first_audio.p50 is 1.000 s, and may be 0.9 s",
    ]
    assert len(metrics.beyond(silence_after_barge_in={"max": 0.3})) == 1


@pytest.mark.parametrize(
    ("budget", "complaint"),
    [
        ({"first_audo": {"max": 1}}, "there is no 'first_audo' (did you mean 'first_audio'?)"),
        ({"first_audio": {"p59": 1}}, "there is no figure 'p59' (did you mean 'p99'?)"),
    ],
)
def test_a_misspelt_budget_is_no_budget(budget, complaint):
    """It would never be exceeded."""
    with pytest.raises(ValueError, match="there is no") as raised:
        typed([1.0]).metrics.beyond(**budget)
    assert str(raised.value).startswith(complaint)


def test_the_table():
    """Like that of ``vlclient chat``: what was measured, in how many turns, and what is to be known about it."""
    assert str(typed([i / 10 for i in range(1, 11)]).metrics).splitlines() == [
        "10 turns: 10 typed",
        "",
        "seconds after the end of speech    turns     min     p50     p90     p95     p99     max",
        "  answer begun                        10    0.05    0.25    0.45       -       -    0.50",
        "  first sound sent                    10    0.10    0.50    0.90       -       -    1.00",
        "",
        "seconds                            turns     min     p50     p90     p95     p99     max",
        "  responses were made                 10    0.55    0.75    0.95       -       -    1.00",
        "  sound came too late                 10    0.00    0.00    0.00       -       -    0.00",
        "70 tokens in, 30 tokens out",
    ]
    assert repr(typed([1.0]).metrics.first_audio) == ("first_audio in 1 of 1 turns: min 1.000, p50 1.000, max 1.000 s")


def test_connections_are_chosen_by_number():
    """As kinds are."""
    turns = [*typed([1.0]).turns, *typed([2.0, 3.0], connection=2).turns]
    metrics = Metrics(lambda: (turns, []))
    assert metrics.first_audio.values == (1.0, 2.0, 3.0)
    assert metrics.of(connection=2).first_audio.values == (2.0, 3.0)
    assert metrics.of("spoken").turns == []


def test_it_is_measured_once_and_not_before_somebody_asks():
    """Whoever does not ask pays nothing."""
    measured = []

    def measure() -> tuple[list, list]:
        measured.append(1)
        return [], []

    metrics = Metrics(measure)
    assert not measured
    assert (metrics.turns, metrics.first_audio.count, metrics.notes) == ([], 0, [])
    assert len(measured) == 1
