"""The service's own Python quickstart, or what behaves like it, through a sound card and without a key."""

import signal
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

import vlmock
from tests.client.hearing import sent_audio
from tests.session.sounds import silence, voice
from tests.sound_card import RATE_HZ, SoundCard, correlation
from vlmock import MockServer
from vlmock.protocol.session import RequestSession, SessionUpdate
from vlmock.session.script import Turn

PROGRAM = ("-m", "tests.client.quickstart_client")
PATIENCE_S = 20.0
"""A busy computer takes its time to start a program and to fetch a token."""
WORDS = voice(700) + silence(100)
PIECES_BEFORE_PLAYING = 10
REPLIES = ("Yes.", "Tomorrow it will rain in the north and be dry in the south.")


def reply(turn: Turn) -> str:
    return REPLIES[turn.number - 1]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    """With https, because the quickstart dials nothing else, and with tokens."""
    with vlmock.serve(reply, timing="cascade", tls=True) as server:
        server.entra()
        monkeypatch.setenv("AZURE_VOICE_LIVE_ENDPOINT", server.url)
        yield server


def wait_until_told(program: "subprocess.Popen[str]", line: str) -> None:
    """Returns when the program has printed this line."""
    assert program.stdout is not None
    told = []
    for text in program.stdout:
        if text.strip() == line:
            return
        told.append(text)
    assert program.stderr is not None
    pytest.fail(f"the program ended without {line!r}: {''.join(told)}{program.stderr.read()}")


def test_the_quickstart_holds_a_conversation(sound_card: SoundCard, server: MockServer) -> None:
    """Its settings are in force, both turns are understood and answered, and every sample of both replies is heard.

    Its player begins with the eleventh delta: with deltas of 200, 300 and then 500 ms a first reply of less than 4.5 s
    is not heard before the next one comes.
    """
    with sound_card.listen() as listening:
        program = sound_card.program(*PROGRAM)
        wait_until_told(program, "received session.updated")
        sound_card.wait_for_microphone()
        sound_card.speak(WORDS)
        wait_until_told(program, "received response.done")
        deltas = server.journal.server_events("response.audio.delta")
        assert 0 < len(deltas) <= PIECES_BEFORE_PLAYING
        assert not listening.samples.any()
        sound_card.speak(WORDS)
        wait_until_told(program, "received response.done")
        sent = np.concatenate(sent_audio(server))
        listening.wait_for_sound()
        listening.wait_for_more(len(sent) * 1000 // RATE_HZ + 200)
        heard = listening.samples
    assert correlation(heard, sent) > 0.99
    out, err = program.communicate("q\n", timeout=PATIENCE_S)
    assert program.returncode == 0, out + err
    check_what_was_said(server)


def check_what_was_said(server: MockServer) -> None:
    """On the wire, from the first event to the goodbye."""
    journal = server.journal
    update = journal.client_events()[0]
    assert isinstance(update, SessionUpdate)
    assert isinstance(update.session, RequestSession)
    assert update.event_id == ""
    in_force = journal.server_events("session.updated")[0].session
    assert in_force.turn_detection.end_of_utterance_detection.timeout == 2
    assert in_force.voice.name == "en-US-Ava:DragonHDLatestNeural"
    assert {len(event.audio) for event in journal.client_events("input_audio_buffer.append")} == {960}
    assert [event.response.status for event in journal.server_events("response.done")] == ["completed"] * 2
    assert journal.server_events("error") == []
    assert journal.connections[0]["credential"] == "token"
    assert journal.wait_for_close().code == 1000


def test_as_published_it_never_yields_and_ctrl_c_twice_shows_where(sound_card: SoundCard, server: MockServer) -> None:
    """The server hears and answers, and the client reads nothing of it. The first Ctrl-C asks the event loop to stop,
    in vain; the second one ends the program, with a traceback out of the loop around the microphone."""
    program = sound_card.program(*PROGRAM, "--as-published")
    server.journal.wait_for("input_audio_buffer.append", timeout=PATIENCE_S)
    sound_card.speak(WORDS)
    server.journal.wait_for("response.done", timeout=PATIENCE_S)
    before = len(server.journal.client_events())
    program.send_signal(signal.SIGINT)
    server.journal.wait_for("input_audio_buffer.append", count=before + 25, timeout=PATIENCE_S)
    program.send_signal(signal.SIGINT)
    server.journal.wait_for_close(timeout=PATIENCE_S)
    program.send_signal(signal.SIGINT)  # or it waits ten seconds for the answer to its goodbye, which it never reads
    out, err = program.communicate(timeout=PATIENCE_S)
    assert out == ""
    assert "in microphone\n" in err
    assert "KeyboardInterrupt" in err
    assert program.returncode == -signal.SIGINT
