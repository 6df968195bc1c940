"""flite and espeak-ng, where they are installed, and what is said where they are not."""

import sys
from dataclasses import replace
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from vlmock.errors import SpeechError
from vlmock.protocol.audio_format import output_format
from vlmock.scenario import external_voices
from vlmock.scenario.external_voices import VOICES
from vlmock.scenario.speech import SpeechStudio
from vlmock.session.effects import Speech, SpeechRequest

LINE = "What is the weather in Beijing?"


@pytest.fixture(params=sorted(VOICES))
def engine(request) -> str:
    program = VOICES[request.param].program
    if which(program) is None:
        pytest.skip(f"{program} is not installed (apt install {VOICES[request.param].package})")
    return request.param


def spoken(engine: str, text: str, name: str = "pcm16", **options) -> Speech:
    return SpeechStudio(engine=engine).speak(SpeechRequest(text, output_format(name), **options))


def test_the_words_are_spoken(engine):
    """About as long as a person takes, and no whisper."""
    speech = spoken(engine, LINE)
    assert 1200 < speech.duration_ms < 3000
    assert np.sqrt(np.mean(np.frombuffer(speech.audio, "<i2").astype(float) ** 2)) > 500


def test_the_same_words_give_the_same_bytes(engine):
    """A fresh process for each line: nothing is left of the line before."""
    other = spoken(engine, "Something else came before.")
    assert spoken(engine, LINE).audio == spoken(engine, LINE).audio != other.audio


def test_every_output_format_lasts_as_long(engine):
    """Resampled, and written as G.711 where asked for."""
    durations = {
        name: spoken(engine, LINE, name).duration_ms
        for name in ("pcm16", "pcm16_8000hz", "pcm16_16000hz", "pcm16_22050hz", "pcm16_48000hz", "g711_ulaw")
    }
    assert max(durations.values()) - min(durations.values()) < 1


@pytest.mark.parametrize("text", ["Yes.", "Hello.", LINE, "One. Two! Three?"])
def test_the_whole_is_a_multiple_of_25_ms(engine, text):
    """Observed {FON}: the remainder of a reply is a multiple of 12.5 ms. What the program did not say is silence."""
    speech = spoken(engine, text)
    assert len(speech.audio) % 1200 == 0
    assert len(spoken(engine, text, "pcm16_44100hz").audio) == len(speech.audio) // 1200 * 2205 // 2 * 2


def test_the_rate_is_honoured(engine):
    """Half the rate, about twice the time; rates beyond the service's limits are held at them."""
    usual = spoken(engine, LINE).duration_ms
    assert 1.6 < spoken(engine, LINE, rate=0.5).duration_ms / usual < 2.4
    assert 0.5 < spoken(engine, LINE, rate=1.5).duration_ms / usual < 0.85
    assert spoken(engine, LINE, rate=0.0).audio == spoken(engine, LINE, rate=0.5).audio


@pytest.mark.parametrize(
    "text", ["-h --help -o /etc/passwd", "--version is what I said", "$(reboot); `ls` 'quoted\" <b>"]
)
def test_a_text_is_never_an_option_or_a_command(engine, text):
    """Whatever a client makes a scenario repeat is only spoken."""
    assert spoken(engine, text).duration_ms > 1000


@pytest.mark.parametrize("text", ["", "...", "🎉", "\ud800", "\x00\x01", "_"])
def test_a_text_without_words_is_a_tenth_of_a_second_of_silence(engine, text):
    """As with the built-in voice: there is always some sound to send."""
    speech = spoken(engine, text)
    assert speech.audio == bytes(4800)


def test_control_characters_between_words_change_nothing(engine):
    """A null byte does not end the line early."""
    assert spoken(engine, "one\x00two\nthree four five").duration_ms > 1000


@pytest.mark.skipif(which("flite") is None, reason="flite is not installed (apt install flite)")
def test_flite_says_that_it_cannot_speak_another_script():
    """Silence in place of words would look like a fault of the client."""
    with pytest.raises(SpeechError, match="flite cannot speak '你好': it speaks English only"):
        spoken("flite", "你好")
    assert spoken("flite", "caf\xe9, don’t").audio == spoken("flite", "cafe, don't").audio


# ---- trouble


@pytest.mark.parametrize("engine_name", sorted(VOICES))
def test_a_missing_engine_is_reported_at_once_with_the_remedy(monkeypatch, tmp_path, engine_name):
    """Before the server starts, not in the middle of a conversation."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechError) as raised:
        SpeechStudio(engine=engine_name)
    assert str(raised.value) == (
        f"the speech engine '{engine_name}' is not installed: run 'apt install {engine_name}', "
        "or use the engine 'builtin', which needs nothing"
    )


def test_an_unknown_engine_is_refused_with_the_known_ones():
    """A slip of the pen gets its correction."""
    with pytest.raises(SpeechError) as raised:
        SpeechStudio(engine="espeak")
    assert str(raised.value) == (
        "there is no speech engine 'espeak' (did you mean 'espeak-ng'?); known: builtin, flite, espeak-ng"
    )


def scripted(program: str):
    """An engine that is a Python program; argv is text file, then WAV file."""
    return replace(
        VOICES["flite"], program=sys.executable, arguments=lambda text, wav, tempo: ["-c", program, str(text), str(wav)]
    )


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("import sys; sys.exit('no voice found')", "failed with exit code 1: no voice found"),
        ("import sys; sys.stderr.write('disk full')", "made no sound of 'Hello.': disk full"),
        ("pass", "made no sound of 'Hello.': no reason given"),
        ("import sys; open(sys.argv[2], 'w').close()", "it is empty"),
    ],
)
def test_an_engine_that_fails_says_why(program, complaint):
    """Its own words are passed on."""
    with pytest.raises(SpeechError, match=complaint):
        scripted(program).speak("Hello.")


def test_an_engine_that_hangs_is_stopped(monkeypatch):
    """A line has a minute, shortened here."""
    monkeypatch.setattr(external_voices, "_TIMEOUT_S", 0.2)
    with pytest.raises(SpeechError, match="did not finish within 0 s and was stopped"):
        scripted("import threading; threading.Event().wait()").speak("Hello.")


def test_an_engine_that_has_vanished_is_an_error_of_speech():
    """Uninstalled since the start."""
    gone = replace(VOICES["flite"], program="/nowhere/flite")
    with pytest.raises(SpeechError, match="/nowhere/flite cannot be run: No such file or directory"):
        gone.speak("Hello.")


def test_nothing_is_left_on_the_disk(monkeypatch, tmp_path):
    """Text and sound go through a folder that is gone afterwards, also after trouble."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SpeechError):
        scripted("import sys; sys.exit(3)").speak("Hello.")
    copy = f"import sys, shutil; shutil.copy({str(_demo())!r}, sys.argv[2])"
    assert scripted(copy).speak("Hello.").rate_hz == 16000
    assert list(tmp_path.iterdir()) == []


def _demo() -> Path:
    return Path(external_voices.__file__).parents[1] / "demo" / "what_is_the_weather.wav"


def test_the_bundled_words_have_silence_before_and_after():
    """16 kHz mono; the detector must hear both the onset and the end of what `vlmock demo` speaks."""
    from vlmock.scenario.wav_file import read_wav

    sound = read_wav(_demo())
    assert sound.rate_hz == 16000
    loud = np.flatnonzero(np.abs(sound.samples) > 300) / 16000
    assert loud[0] == pytest.approx(0.3, abs=0.05)
    assert len(sound.samples) / 16000 - loud[-1] == pytest.approx(1.2, abs=0.05)
