"""A microphone beside its reference: with ``reference_source: client`` the input is stereo. Source: schema D4, B2."""

import base64
from typing import Any

import numpy as np
import pytest

from tests.session.conftest import Dialogue
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.input_audio import InputAudioBufferCommit

CLIENT = {"type": "server_echo_cancellation", "reference_source": "client", "channels": 2}
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"


def opened(**session: Any) -> Dialogue:
    settings = {"input_audio_echo_cancellation": CLIENT} | session
    dialogue = Dialogue().client({"type": "session.update", "session": settings}).skip()
    assert not dialogue.all("error")
    return dialogue


def interleaved(microphone: bytes, reference: bytes) -> bytes:
    length = max(len(microphone), len(reference))
    channels = [np.frombuffer(each.ljust(length, b"\0"), "<i2") for each in (microphone, reference)]
    return np.stack(channels, axis=1).tobytes()


@pytest.mark.parametrize("piece_bytes", [None, 1920, 7684])
def test_only_the_microphone_is_heard(piece_bytes: int | None) -> None:
    """Documented {DOC}: interleaved, the microphone first. Times count one channel, as if it had come alone."""
    dialogue = opened().speak(interleaved(utterance(), voice(2300)), piece_bytes=piece_bytes)
    alone = Dialogue().skip().speak(utterance())
    for kind, member in ((STARTED, "audio_start_ms"), (STOPPED, "audio_end_ms")):
        assert [getattr(e, member) for e in dialogue.all(kind)] == [getattr(e, member) for e in alone.all(kind)] != []


def test_an_assistant_in_the_reference_is_no_turn() -> None:
    """What the loudspeaker plays is beside the microphone, not in it."""
    opened().speak(interleaved(silence(2000), voice(2000)), piece_bytes=1920).server()


def test_the_item_holds_the_microphone() -> None:
    """One channel, in the session's format."""
    dialogue = opened(turn_detection=None).speak(interleaved(voice(400), voice(400, level_dbfs=-30)))
    dialogue.client(InputAudioBufferCommit())
    item_id = dialogue.last("input_audio_buffer.committed").item_id
    dialogue.client({"type": "conversation.item.retrieve", "item_id": item_id})
    assert dialogue.last("conversation.item.retrieved").item.content[0].audio == voice(400)


@pytest.mark.parametrize(
    ("size", "message"), [(1922, "1922 bytes of 2 channels are not divisible by 4"), (3, "3 bytes")]
)
def test_whole_pairs_are_wanted(size: int, message: str) -> None:
    """Documented {DOC}: the length of a chunk is divisible by 4."""
    dialogue = opened().speak(bytes(size)).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.param) == ("invalid_value", "audio")
    assert message in error.message


def test_a_commit_counts_one_channel() -> None:
    """190 ms of bytes are 95 ms of sound."""
    dialogue = opened(turn_detection=None).speak(bytes(190 * 48)).client(InputAudioBufferCommit()).server("error")
    assert "buffer only has 95.00ms of audio." in dialogue.last("error").error.message


def test_a_turn_by_id_is_stereo_too() -> None:
    """Assumed: what its sound is, is the session's to say; it is as long as one of its channels."""
    sound = base64.b64encode(interleaved(voice(95), voice(95))).decode()
    dialogue = opened()
    dialogue.client({"type": "input_audio.turn.start", "turn_id": "t"})
    dialogue.client({"type": "input_audio.turn.append", "turn_id": "t", "audio": sound})
    dialogue.client({"type": "input_audio.turn.end", "turn_id": "t"}).server("error")
    dialogue.client({"type": "input_audio.turn.append", "turn_id": "t", "audio": sound})
    dialogue.client({"type": "input_audio.turn.end", "turn_id": "t"})
    item_id = dialogue.last("input_audio_buffer.committed").item_id
    dialogue.client({"type": "conversation.item.retrieve", "item_id": item_id})
    assert dialogue.last("conversation.item.retrieved").item.content[0].audio == voice(95) * 2


def test_switching_it_off_forgets_what_was_being_said() -> None:
    """Assumed: what comes now is mono, and counts on."""
    dialogue = opened().speak(interleaved(silence(500) + voice(700), b"")).server(STARTED)
    dialogue.client({"type": "session.update", "session": {"input_audio_echo_cancellation": None}}).skip()
    dialogue.speak(silence(1000)).server()
    dialogue.speak(utterance())
    assert dialogue.last(STARTED).audio_start_ms == pytest.approx(1200 + 1000 + 500 - 300, abs=48)
