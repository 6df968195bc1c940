"""What the checks say to a server."""

import numpy as np
import pytest

from vlclient.checks import speech
from vlclient.checks.speech import LONDON_S, PCM24, WEATHER_S
from vlmock.protocol.audio_format import AudioFormat, decode_samples

FORMATS = [
    PCM24,
    AudioFormat("pcm16", 8000),
    AudioFormat("pcm16", 16000),
    AudioFormat("pcm16", 44100),
    AudioFormat("g711_ulaw", 8000),
    AudioFormat("g711_alaw", 8000),
]


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_a_question_lasts_as_long_in_every_format(format: AudioFormat) -> None:
    """Its length is the stated one, and it has no silence before or after the words."""
    for spoken, seconds in ((speech.weather(format), WEATHER_S), (speech.london(format), LONDON_S)):
        assert format.duration_ms(len(spoken)) == pytest.approx(seconds * 1000, abs=2)
        loud = np.flatnonzero(np.abs(decode_samples(spoken, format).astype(int)) > 250)
        assert loud[0] < format.rate_hz * 0.03
        assert loud[-1] > format.rate_hz * (seconds - 0.05)


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_silence_and_tones_are_whole_and_as_loud_as_they_should_be(format: AudioFormat) -> None:
    """Silence is nothing in any encoding (A-law has no zero, its smallest value is 8), a tone is soft."""
    quiet, sound = (decode_samples(make(0.5, format), format) for make in (speech.silence, speech.tone))
    assert len(quiet) == len(sound) == format.rate_hz // 2
    assert np.abs(quiet.astype(int)).max() <= 8
    assert 2800 < np.abs(sound.astype(int)).max() < 3200


def test_pieces_are_the_whole_again() -> None:
    """Cut into blocks nothing is lost; all but the last are of the length that was asked for."""
    pieces = speech.blocks(speech.weather(), 0.02)
    assert b"".join(pieces) == speech.weather()
    assert {len(piece) for piece in pieces[:-1]} == {960}
    assert 0 < len(pieces[-1]) <= 960
