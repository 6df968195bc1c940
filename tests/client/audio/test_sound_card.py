"""Real sounddevice on a sound card in software: what is said is heard, what is stopped is silent."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sound_card import RATE_HZ, SoundCard

PROGRAM = ("-m", "tests.client.audio.programs")


def babble(seconds: float) -> NDArray[np.int16]:
    """Noise that is never silent and nowhere like itself."""
    return np.random.default_rng(7).integers(1, 12000, int(seconds * RATE_HZ)).astype("<i2")


@pytest.fixture
def sound(tmp_path: Path) -> tuple[str, NDArray[np.int16]]:
    """A file of raw sound and what is in it."""
    samples = babble(1.5)
    path = tmp_path / "sound.pcm"
    path.write_bytes(samples.tobytes())
    return str(path), samples


def holes_s(places: NDArray[np.intp]) -> float:
    """How long a sound that is never silent was interrupted: a computer that stands still for a while makes holes, and
    nothing can be timed better than they are long. ``places``: where something was heard."""
    return float(places[-1] - places[0] + 1 - len(places)) / RATE_HZ


def next_fact(program: "subprocess.Popen[str]") -> dict[str, Any]:
    assert program.stdout is not None
    line = program.stdout.readline()
    if not line:
        assert program.stderr is not None
        pytest.fail(f"the program ended: {program.stderr.read()}")
    fact: dict[str, Any] = json.loads(line)
    return fact


def test_the_microphone_hears_every_sample(
    sound_card: SoundCard, tmp_path: Path, sound: tuple[str, NDArray[np.int16]]
) -> None:
    """What is spoken arrives to the bit, within 60 ms of when the device says it was captured; nothing is dropped."""
    said = sound[1]
    heard_path = tmp_path / "heard.pcm"
    program = sound_card.program(*PROGRAM, "hear", str(heard_path), "500")
    assert next_fact(program)["happened"] == "listening"
    sound_card.speak(said.tobytes())
    fact = next_fact(program)
    heard = np.frombuffer(heard_path.read_bytes(), "<i2")
    assert heard[heard != 0].tobytes() == said.tobytes()
    assert (fact["dropped"], fact["end"]) == (0, 0)
    assert 0 <= fact["median_ms"] < 60
    assert program.wait(timeout=30) == 0


def test_the_loudspeaker_plays_every_part_whole(
    sound_card: SoundCard, tmp_path: Path, sound: tuple[str, NDArray[np.int16]]
) -> None:
    """Two parts are heard one after the other without a seam; each is announced when it is heard."""
    path, samples = sound
    with sound_card.listen() as listening:
        program = sound_card.program(*PROGRAM, "say", path, path)
        first, second, drained = (next_fact(program) for _ in range(3))
        listening.wait_for_silence()
        recorded = listening.samples
    places = np.flatnonzero(recorded)
    assert (recorded[places] == np.tile(samples, 2)).all()
    assert drained["underruns"] == 0
    assert [first["item_id"], second["item_id"]] == ["msg_0", "msg_1"]
    still_s = holes_s(places)
    assert first["at"] == pytest.approx(listening.instant_of(places[0]), abs=0.04)
    assert second["at"] == pytest.approx(first["at"] + 1.5, abs=0.04 + still_s)
    assert drained["at"] == pytest.approx(first["at"] + 3.0, abs=0.06 + still_s)
    assert program.wait(timeout=30) == 0


def test_stop_is_silent_at_once_and_knows_what_was_heard(
    sound_card: SoundCard, sound: tuple[str, NDArray[np.int16]]
) -> None:
    """Barge-in: silence within 20 ms, ``heard_ms`` as recorded within 60 ms; the next reply begins at its beginning."""
    path, samples = sound
    with sound_card.listen() as listening:
        program = sound_card.program(*PROGRAM, "say_and_stop", path, "500", "230", "710")
        assert program.stdin is not None
        begin, lasted_s = 0, list[float]()
        for number in range(3):
            fact = next_fact(program)
            listening.wait_for_silence(200)
            recorded = listening.samples
            loud = begin + np.flatnonzero(recorded[begin:])
            heard, still_s = recorded[loud], holes_s(loud)
            begin = len(recorded)
            assert fact["item_id"] == f"msg_{number}"
            assert (heard == samples[: len(heard)]).all()
            assert fact["heard_ms"] == pytest.approx(len(heard) * 1000 / RATE_HZ, abs=60 + still_s * 1000)
            lasted_s.append(listening.instant_of(int(loud[-1])) - fact["at"])
            assert lasted_s[-1] < 0.02 + fact["took"] + still_s
            program.stdin.write("\n")
            program.stdin.flush()
    assert min(lasted_s) < 0.02
    assert program.wait(timeout=30) == 0


def test_a_card_that_goes_away_is_told_by_microphone_and_loudspeaker(
    sound_card: SoundCard, sound: tuple[str, NDArray[np.int16]]
) -> None:
    """Both say which device has gone; nothing hangs and nothing is left running."""
    program = sound_card.program(*PROGRAM, "lose", sound[0])
    assert next_fact(program)["happened"] == "running"
    sound_card.kill()
    told = [next_fact(program) for _ in range(3)]
    assert [fact["words"] for fact in told] == [
        f"the {what} 0 'default' (ALSA) has gone; check that it is connected, or choose another"
        for what in ("microphone", "loudspeaker", "loudspeaker")
    ]
    assert program.wait(timeout=30) == 0


def test_a_device_is_found_by_index_and_by_a_part_of_its_name(sound_card: SoundCard) -> None:
    """The default one without either; one that is not there is answered with those that are."""
    program = sound_card.program(*PROGRAM, "show", "0", "DEFAU", "headset")
    facts = [next_fact(program) for _ in range(5)]
    assert "default" in facts[0]["devices"]
    assert [fact.get("index") for fact in facts[1:4]] == [0, 0, 0]
    assert facts[1]["default"] is True
    assert facts[4]["words"] == "there is no microphone called 'headset'; there are: 0 'default' (ALSA)"


def test_without_a_card_both_say_so(sound_card: SoundCard) -> None:
    """One sentence each, and no chatter of PortAudio or ALSA around it."""
    sound_card.kill()
    program = sound_card.program(*PROGRAM, "open_both")
    out, err = program.communicate(timeout=20)
    assert [json.loads(line)["words"] for line in out.splitlines()] == [
        "this computer has no microphone; connect one, or use a WAV file in its place",
        "this computer has no loudspeaker; connect one, or use a WAV file in its place",
    ]
    assert err == ""
