"""Scenarios that ship, talked to by clients of all manners: ``vlmock diff`` finds nothing between two emulators."""

from itertools import product
from random import Random

import pytest

from tests.recording.scenario_clients import MANNERS, scenario_line
from tests.recording.test_said_meanwhile import MODELS, left
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.differences.rules import KNOWN
from vlmock.rehearsal.playing import rehearse
from vlmock.scenario.shipped import MUSEUM, load, museum_folder, names

FIBS = {"already_answering", "big_message", "cancel_came_late", "late_transcript", "odd_delta"}
"""Of the museum: they say what a service says only when it is asked, or of what there is not."""
SCENARIOS = [*names(), *(f"{MUSEUM}/{name}" for name in names(museum_folder()) if name not in FIBS)]
WAYS = list(product(MODELS, ["cascade", "instant"]))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_emulator_agrees_with_itself(name: str) -> None:
    """Whoever talks to it, however fast it answers: played again to the same client, it says the same."""
    scenario = load(name)
    for number, talk in enumerate(MANNERS, SCENARIOS.index(name)):
        model, timing = WAYS[number % len(WAYS)]
        line = scenario_line(scenario, model=model, timing=timing)
        talk(line, scenario, Random(f"{name} {number}"))
        recording = left(line)
        compared = compare(recording, rehearse(recording), clients=False, allowances=KNOWN)
        assert compared.grade in (Grade.SAME, Grade.LOOSER), f"{talk.__name__} {model} {timing}: {as_text([compared])}"
