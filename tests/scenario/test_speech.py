"""The studio: made once, kept within a bound, shared by all who ask."""

import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Semaphore

import numpy as np
import pytest
from msgspec.structs import replace

from vlmock.errors import SpeechError
from vlmock.protocol.audio_format import OUTPUT_FORMATS, decode_samples, output_format
from vlmock.scenario import speech as speech_module
from vlmock.scenario.speech import LONGEST_TEXT, SpeechStudio
from vlmock.session.effects import Speech, SpeechRequest

PCM16 = output_format("pcm16")
HELLO = SpeechRequest("Hello, how can I help you?", PCM16)


class CountingStudio(SpeechStudio):
    """Counts what is made, and can be held in the middle of it."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.made: list[str] = []
        self.begun, self.may_end = Event(), Event()
        self.may_end.set()
        self.trouble: Exception | None = None

    def _make(self, request: SpeechRequest) -> Speech:
        self.made.append(request.text)
        self.begun.set()
        assert self.may_end.wait(10)
        if self.trouble:
            raise self.trouble
        return super()._make(request)


# ---- what a request becomes


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_every_output_format_is_spoken_and_lasts_as_long(name):
    """All formats that a session may ask for; the duration follows from the bytes exactly."""
    wanted = output_format(name)
    speech = SpeechStudio().speak(replace(HELLO, format=wanted))
    assert speech.duration_ms == len(speech.audio) / wanted.bytes_per_second * 1000
    assert speech.duration_ms == pytest.approx(SpeechStudio().speak(HELLO).duration_ms, abs=1)


@pytest.mark.parametrize("name", ["g711_ulaw", "g711_alaw"])
def test_g711_is_the_same_sound(name):
    """Coarser, but sample for sample what PCM at 8 kHz says."""
    studio = SpeechStudio()
    plain = np.frombuffer(studio.speak(replace(HELLO, format=output_format("pcm16_8000hz"))).audio, "<i2").astype(int)
    wanted = output_format(name)
    coarse = decode_samples(studio.speak(replace(HELLO, format=wanted)).audio, wanted).astype(int)
    assert np.all(np.abs(plain - coarse) <= np.maximum(np.abs(plain) / 16, 16))


def test_voice_and_rate_are_heard():
    """A request differs in sound where it differs in what matters to sound."""
    studio = SpeechStudio()
    usual = studio.speak(HELLO)
    assert studio.speak(replace(HELLO, voice="alloy")).audio != usual.audio
    assert studio.speak(replace(HELLO, rate=0.5)).duration_ms == pytest.approx(2 * usual.duration_ms, rel=0.05)


@pytest.mark.parametrize(("rate", "held_at"), [(0.0, 0.5), (-1.0, 0.5), (0.1, 0.5), (9.0, 1.5)])
def test_a_rate_beyond_the_limits_is_held_at_them(rate, held_at):
    """Documented: 0.5 to 1.5."""
    studio = SpeechStudio()
    assert studio.speak(replace(HELLO, rate=rate)).audio == studio.speak(replace(HELLO, rate=held_at)).audio


def test_a_text_without_end_is_spoken_up_to_a_bound_and_not_kept():
    """A client that is repeated back to itself does not choose how much memory that takes."""
    studio = SpeechStudio(cache_bytes=2**30)
    whole = SpeechRequest("word " * (LONGEST_TEXT // 5), output_format("g711_ulaw"))
    beyond = replace(whole, text=whole.text * 20)
    assert studio.speak(beyond).audio == studio.speak(whole).audio
    assert studio.cached(beyond) is None
    assert studio.cached(whole) is not None


# ---- kept


def test_equal_requests_share_one_speech():
    """The same object, for its prepared wire form hangs on it."""
    studio = SpeechStudio()
    assert studio.cached(HELLO) is None
    first = studio.speak(HELLO)
    again = SpeechRequest("".join(list(HELLO.text)), output_format("pcm16"))
    assert studio.speak(again) is first
    assert studio.cached(again) is first


def test_whatever_differs_is_spoken_for_itself():
    """No part of a request is forgotten in the key."""
    studio = CountingStudio()
    for request in [
        HELLO,
        replace(HELLO, text="Goodbye."),
        replace(HELLO, voice="alloy"),
        replace(HELLO, rate=1.1),
        replace(HELLO, format=output_format("pcm16_8000hz")),
    ]:
        studio.speak(request)
    assert len(studio.made) == 5


def test_what_was_not_asked_for_longest_goes_first():
    """Bounded by the bytes of audio: three lines fit, the fourth drives out the one that lay idle."""
    lines = [SpeechRequest(text, PCM16) for text in ("say one", "say two", "say six", "say ten")]
    sizes = [len(SpeechStudio().speak(line).audio) for line in lines]
    studio = SpeechStudio(cache_bytes=sum(sizes) - 1)
    for line in lines[:3]:
        studio.speak(line)
    assert studio.cached(lines[0]) is not None
    studio.speak(lines[3])
    assert [studio.cached(line) is not None for line in lines] == [True, False, True, True]


def test_a_line_larger_than_the_bound_is_served_and_not_kept():
    """Nor does it drive out those that fit."""
    short, long = SpeechRequest("a", PCM16), SpeechRequest("much longer than that " * 3, PCM16)
    studio = CountingStudio(cache_bytes=len(SpeechStudio().speak(short).audio))
    kept = studio.speak(short)
    assert studio.speak(long).audio == studio.speak(long).audio
    assert studio.cached(long) is None
    assert studio.cached(short) is kept
    assert len(studio.made) == 3


def test_a_bound_of_nothing_keeps_nothing():
    """Every line is made anew, and the sound is the same."""
    studio = SpeechStudio(cache_bytes=0)
    assert studio.speak(HELLO) == studio.speak(HELLO)
    assert studio.cached(HELLO) is None


# ---- from many threads


@pytest.fixture
def waiting(monkeypatch) -> Semaphore:
    """Released once for each thread that waits for another's work."""
    arrivals = Semaphore(0)

    class WatchedFuture(Future):
        def result(self, timeout=None):
            arrivals.release()
            return super().result(timeout)

    monkeypatch.setattr(speech_module, "Future", WatchedFuture)
    return arrivals


def test_eight_threads_that_ask_for_one_line_have_it_made_once(waiting):
    """One does the work, the others wait, all get the same object."""
    studio = CountingStudio()
    studio.may_end.clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(studio.speak, HELLO) for _ in range(8)]
        arrived = [waiting.acquire(timeout=30) for _ in range(7)]
        studio.may_end.set()
        speeches = [answer.result(10) for answer in asked]
    assert all(arrived)
    assert studio.made == [HELLO.text]
    assert {id(speech) for speech in speeches} == {id(studio.cached(HELLO))}


def test_nobody_waits_for_a_line_that_another_asked_for():
    """While one line takes its time, the loop looks into the cache and another line is spoken."""
    studio = CountingStudio()
    known = studio.speak(replace(HELLO, text="Known already."))
    studio.begun.clear()
    studio.may_end.clear()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(studio.speak, HELLO)
        assert studio.begun.wait(10)
        assert studio.cached(replace(HELLO, text="Known already.")) is known
        assert studio.cached(HELLO) is None
        assert studio.speak(replace(HELLO, text="Known already.")) is known
        assert not slow.done()
        studio.may_end.set()
        assert slow.result(10) is studio.cached(HELLO)


def test_a_failure_reaches_all_who_waited_and_is_not_kept(waiting):
    """The file may be there the next time."""
    studio = CountingStudio()
    studio.trouble = SpeechError("no file")
    studio.may_end.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(studio.speak, HELLO)
        assert studio.begun.wait(10)
        second = pool.submit(studio.speak, HELLO)
        assert waiting.acquire(timeout=30)
        studio.may_end.set()
        for asked in (first, second):
            with pytest.raises(SpeechError, match="no file"):
                asked.result(10)
    studio.trouble = None
    assert studio.speak(HELLO).audio


# ---- late imports


def test_nothing_heavy_is_imported_before_something_is_spoken():
    """A server whose clients only type never loads numpy, and the built-in voice never needs soxr."""
    program = (
        "import sys; from vlmock.scenario.speech import SpeechStudio; studio = SpeechStudio(); "
        "assert not {'numpy', 'soxr', 'subprocess'} & set(sys.modules), sorted(sys.modules); "
        "from vlmock.session.effects import SpeechRequest; from vlmock.protocol.audio_format import output_format; "
        "studio.speak(SpeechRequest('Hello.', output_format('g711_ulaw'))); assert 'soxr' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
