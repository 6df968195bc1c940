"""A whole conversation through a sound card: what was said was understood, and what was answered was heard."""

import re
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vlmock
from tests.client.hearing import Chronicle, babble, processes_on, sent_audio, stretches, wait_for_stretches
from tests.session.sounds import silence, voice
from tests.sound_card import RATE_HZ, SoundCard, correlation
from vlmock import MockServer, Say
from vlmock.errors import JournalTimeout
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.scenario.playable import Playable
from vlmock.server.reception import TimingProfile

PATIENCE_S = 20.0
"""A busy computer takes its time to start a program."""

QUESTION = Path(vlmock.__file__).parent / "demo" / "what_is_the_weather.wav"
WORDS = voice(700) + silence(100)
"""Enough to be taken for a turn, where it does not matter what is said in it."""
GONE = r"the (microphone|loudspeaker) 0 'default' \(ALSA\) has gone; check that it is connected, or choose another"


class Call:
    """A person with a sound card, the client, and the server at the other end."""

    def __init__(self, card: SoundCard) -> None:
        self.card = card
        self.chronicle = Chronicle()
        self.program: subprocess.Popen[str]
        self.server: MockServer

    def begin(self, scenario: Playable, *options: str, timing: TimingProfile = "cascade") -> None:
        """Returns when the client listens. What it said fails the test when it never does."""
        self.server = vlmock.serve(scenario, timing=timing, log=self.chronicle)
        to_the_server = ("--endpoint", self.server.url, "--model", "gpt-4.1", "--api-key", "any")
        self.program = self.card.program("-m", "vlclient", "chat", *to_the_server, *options)
        try:
            self.server.journal.wait_for("input_audio_buffer.append", timeout=PATIENCE_S)
        except JournalTimeout as error:
            self.program.kill()
            pytest.fail(f"{error}\n{''.join(self.program.communicate())}")

    def hang_up(self) -> None:
        """q and Enter: the client says goodbye, and nobody complains of anything."""
        out, err = self.program.communicate("q\n", timeout=PATIENCE_S)
        assert self.program.returncode == 0, out + err
        assert self.server.journal.wait_for_close().code == 1000
        assert self.server.journal.server_events("error") == []


@pytest.fixture
def call(sound_card: SoundCard) -> Iterator[Call]:
    call = Call(sound_card)
    try:
        yield call
    finally:
        if hasattr(call, "server"):
            call.server.stop()


def answers(folder: Path, *sounds: NDArray[np.int16]) -> Playable:
    """A scenario: the first turn is answered with the first sound, the second with the second."""
    for number, sound in enumerate(sounds, 1):
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", "not compressed"))
            file.writeframes(sound.tobytes())
    return lambda turn: Say(f"Answer {turn.number}.", audio=str(folder / f"{turn.number}.wav"))


def test_the_question_is_understood_and_the_answer_is_heard_whole(call: Call, tmp_path: Path) -> None:
    """Every sample that was sent is heard, in one piece, without a gap."""
    scenario = tmp_path / "weather.yaml"
    scenario.write_text("turns: [{user: What is the weather in Beijing?, reply: It is sunny. Take a hat with you.}]")
    with call.card.listen() as listening:
        call.begin(scenario)
        call.card.speak(QUESTION)
        call.server.journal.wait_for("response.done", timeout=PATIENCE_S)
        (sent,) = sent_audio(call.server)
        listening.wait_for_sound()
        listening.wait_for_more(len(sent) * 1000 // RATE_HZ + 200)
        heard = listening.samples
    (understood,) = call.server.journal.server_events("conversation.item.input_audio_transcription.completed")
    assert understood.transcript == "What is the weather in Beijing?"
    assert correlation(heard, sent) > 0.99
    assert sent.tobytes() in heard.tobytes()
    call.hang_up()


@pytest.mark.parametrize(
    ("audio_speed", "status"),
    [pytest.param(0, "completed", id="all of it was sent"), pytest.param(2, "cancelled", id="it was still being made")],
)
def test_a_reply_that_is_spoken_over_is_silent_at_once(
    call: Call, tmp_path: Path, audio_speed: float, status: str
) -> None:
    """Nothing is played later than 20 ms after ``speech_started`` came. How much was heard the server is told right to
    within 60 ms; what still comes of that reply is not heard, and the next one is heard whole. The devices are named.
    """
    long, short, log = babble(8), babble(0.5, seed=8), tmp_path / "log"
    with call.card.listen() as listening:
        timing = {"audio_speed": audio_speed, "cancel": 300}
        options = ("--input-device", "0", "--output-device", "DEFAU", "--log", str(log))
        call.begin(answers(tmp_path, long, short), *options, timing=timing)
        call.card.speak(WORDS)
        listening.wait_for_sound(PATIENCE_S)
        listening.wait_for_more(300)
        call.card.speak(WORDS)
        truncate = call.server.journal.wait_for("conversation.item.truncate", timeout=PATIENCE_S)
        spoken = call.server.journal.server_events("response.audio.delta")[0]
        place = {name: getattr(spoken, name) for name in ("response_id", "item_id", "output_index", "content_index")}
        call.server.journal.push(ResponseAudioDelta(**place, delta=babble(1, seed=9).tobytes()))
        broken_off, answer = wait_for_stretches(listening, 2)
    assert (truncate.item_id, truncate.content_index) == (spoken.item_id, 0)
    assert truncate.audio_end_ms == pytest.approx(broken_off.heard_ms, abs=60)
    assert (broken_off.samples == long[: len(broken_off.samples)]).all()
    assert (answer.samples == short).all()
    told_at = call.chronicle.instants_at_client("input_audio_buffer.speech_started", log)[1]
    assert broken_off.ended_at - told_at < 0.02
    ends = [event.response.status for event in call.server.journal.server_events("response.done")]
    assert ends == [status, "completed"]
    call.hang_up()


def test_a_card_that_is_pulled_out_in_mid_sentence_ends_the_call(call: Call, tmp_path: Path) -> None:
    """One sentence, and no chatter of PortAudio around it, says which device has gone and what to do; the exit code is
    that of a lost device, the server is told goodbye, and nothing is left running."""
    with call.card.listen() as listening:
        call.begin(answers(tmp_path, babble(8)))
        said = call.card.speak(WORDS)
        listening.wait_for_sound(PATIENCE_S)
        assert call.program.pid in processes_on(call.card)
        call.card.kill()
        out, err = call.program.communicate(timeout=PATIENCE_S)
    said.wait(PATIENCE_S)
    assert len(stretches(listening)) == 1
    assert re.fullmatch(f"vlclient: {GONE}\n", err), out + err
    assert call.program.returncode == 8
    assert call.server.journal.wait_for_close().code == 1000
    assert processes_on(call.card) == set()
