"""A loudspeaker whose device does what the test says."""

import asyncio
import math
import threading
import time

import numpy as np
import pytest

from tests.client.audio.fake_sounddevice import FakeSoundDevice, FakeStream
from vlclient.audio import playback_watch
from vlclient.audio.loudspeaker import Loudspeaker
from vlclient.audio.ports import Heard, Part
from vlclient.errors import AudioUnavailable, DeviceLost

A, B = Part("msg_a"), Part("msg_b")
SECOND = np.arange(1, 24001).astype("<i2").tobytes()


def opened(sounddevice: FakeSoundDevice) -> FakeStream:
    (stream,) = sounddevice.streams
    return stream


def _milliseconds_since(instant: float) -> int:
    return math.ceil((time.monotonic() - instant) * 1000)


async def started_again(stream: FakeStream) -> None:
    assert await asyncio.to_thread(stream.started.wait, 30)


async def test_the_device_is_given_what_is_to_be_played(sounddevice: FakeSoundDevice) -> None:
    """The stream runs from the beginning and plays silence when there is nothing else."""
    loudspeaker = Loudspeaker()
    stream = opened(sounddevice)
    assert stream.calls == ["start"]
    assert stream.fill(480) == bytes(960)
    loudspeaker.play(A, SECOND[:1501])
    loudspeaker.play(A, SECOND[1501:1920])
    assert stream.fill(480) + stream.fill(480) == SECOND[:1920]


async def test_the_first_sound_is_told_when_it_is_heard(sounddevice: FakeSoundDevice) -> None:
    """In the event loop, with the instant that the device gave, not when it was pulled."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[tuple[Part, float, float]] = asyncio.Queue()
    loudspeaker = Loudspeaker(on_first_heard=lambda part, at: told.put_nowait((part, at, loop.time())))
    loudspeaker.play(A, SECOND)
    earliest = time.monotonic()
    opened(sounddevice).fill(480, ahead=0.06)
    latest = time.monotonic()
    part, at, now = await told.get()
    assert part == A
    assert earliest - 1e-6 <= at - 0.06 <= latest + 1e-6
    assert now >= at - 0.001


async def test_stop_aborts_the_stream_and_starts_it_again(sounddevice: FakeSoundDevice) -> None:
    """What the device has already pulled is not heard either; the next reply begins at its beginning."""
    loudspeaker = Loudspeaker()
    stream = opened(sounddevice)
    heard = asyncio.Event()
    loudspeaker.on_first_heard = lambda part, at: heard.set()
    loudspeaker.play(A, SECOND)
    pulled_at = time.monotonic()
    stream.fill(4800)
    await heard.wait()
    stopped = loudspeaker.stop()
    assert stopped is not None
    assert (stopped.part, stopped.received_ms) == (A, 1000)
    assert 0 <= stopped.heard_ms <= min(200, _milliseconds_since(pulled_at))
    await started_again(stream)
    assert stream.calls == ["start", "abort", "start"]
    loudspeaker.play(B, SECOND)
    assert stream.fill(480) == SECOND[:960]
    await loudspeaker_survives(loudspeaker)


async def test_a_stream_that_is_running_again_at_once_plays_nothing_of_what_was_stopped(
    sounddevice: FakeSoundDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device fills its buffer when it starts, and that may happen before ``stop`` returns."""
    loudspeaker = Loudspeaker()
    stream = opened(sounddevice)
    loudspeaker.play(A, SECOND)
    stream.fill(4800)
    stream.pulled_at_start = []
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.run)  # the other thread is the faster one
    loudspeaker.stop()
    assert stream.pulled_at_start == [bytes(960)]


async def loudspeaker_survives(loudspeaker: Loudspeaker) -> None:
    """An aborted stream finishes, which is no loss; a loss would be raised now."""
    await asyncio.sleep(0.01)
    loudspeaker.play(B, SECOND)


async def test_stop_disturbs_nothing_when_nothing_plays(sounddevice: FakeSoundDevice) -> None:
    """Speech that starts while all is silent is the usual case; the stream goes on."""
    loudspeaker = Loudspeaker()
    assert loudspeaker.stop() is None
    loudspeaker.play(A, SECOND[:960])
    opened(sounddevice).fill(480)
    await loudspeaker.drained()
    assert loudspeaker.stop() == Heard(A, 20, 20)
    assert loudspeaker.stop() is None
    assert opened(sounddevice).calls == ["start"]


async def test_what_was_only_pulled_was_not_heard(sounddevice: FakeSoundDevice) -> None:
    """Stopped before the first sound leaves the loudspeaker: nothing to truncate, and no first sound is told."""
    loudspeaker = Loudspeaker()
    told: list[Part] = []
    loudspeaker.on_first_heard = lambda part, at: told.append(part)
    loudspeaker.play(A, SECOND)
    opened(sounddevice).fill(480, ahead=0.2)
    await asyncio.sleep(0)
    assert loudspeaker.stop() is None
    await asyncio.sleep(0.25)
    assert told == []


@pytest.mark.parametrize("dac_time", [0.0, 7.0, 9999.0], ids=["not told", "in the past", "far away"])
async def test_without_the_devices_time_its_latency_counts(sounddevice: FakeSoundDevice, dac_time: float) -> None:
    """Some drivers do not tell when a block will be heard."""
    loudspeaker = Loudspeaker(latency_s=0.05)
    told: asyncio.Queue[float] = asyncio.Queue()
    loudspeaker.on_first_heard = lambda part, at: told.put_nowait(at)
    loudspeaker.play(A, SECOND)
    earliest = time.monotonic()
    opened(sounddevice).fill(480, dac_time=dac_time)
    latest = time.monotonic()
    assert earliest - 1e-6 <= await told.get() - 0.07 <= latest + 1e-6


async def test_drained_waits_for_the_last_sound(sounddevice: FakeSoundDevice) -> None:
    """Until it was heard, not until it was pulled."""
    loudspeaker = Loudspeaker()
    await loudspeaker.drained()
    loudspeaker.play(A, SECOND[:960])
    waiting = asyncio.create_task(loudspeaker.drained())
    await asyncio.sleep(0.01)
    before = time.monotonic()
    opened(sounddevice).fill(480, ahead=0.04)
    await waiting
    assert 0.06 <= time.monotonic() - before < 10


async def test_drained_ends_with_a_stop(sounddevice: FakeSoundDevice) -> None:
    """What was stopped need not be waited for."""
    loudspeaker = Loudspeaker()
    loudspeaker.play(A, SECOND)
    waiting = asyncio.create_task(loudspeaker.drained())
    await asyncio.sleep(0)
    loudspeaker.stop()
    await waiting


async def test_another_rate_and_two_channels_are_served(sounddevice: FakeSoundDevice) -> None:
    """A device that can do only 48 kHz stereo: resampled, the same for both ears, timed alike."""
    sounddevice.accepted = {(2, 48000)}
    loudspeaker = Loudspeaker()
    stream = opened(sounddevice)
    heard = asyncio.Event()
    loudspeaker.on_first_heard = lambda part, at: heard.set()
    loudspeaker.play(A, np.full(24000, 2000, "<i2").tobytes())
    pulled_at = time.monotonic()
    both = np.frombuffer(stream.fill(9600), "<i2").reshape(-1, 2)
    assert (both[100:] == 2000).all()
    await heard.wait()
    await asyncio.sleep(0.1)
    stopped = loudspeaker.stop()
    assert stopped is not None
    assert 95 <= stopped.heard_ms <= min(200, _milliseconds_since(pulled_at))
    assert stopped.received_ms == pytest.approx(1000, abs=3)


async def test_a_device_that_was_served_too_late_is_counted(sounddevice: FakeSoundDevice) -> None:
    """As underflows; a part that waits for its own rest is an underrun, which is the network's doing."""
    loudspeaker = Loudspeaker()
    stream = opened(sounddevice)
    stream.fill(480, underflow=True)
    loudspeaker.play(A, SECOND[:960])
    stream.fill(960)
    loudspeaker.play(A, SECOND[:960])
    assert (loudspeaker.underflows, loudspeaker.underruns) == (1, 1)


async def test_too_much_is_dropped_and_counted(sounddevice: FakeSoundDevice) -> None:
    """Every queue has a bound."""
    loudspeaker = Loudspeaker(bound_s=0.4)
    loudspeaker.play(A, SECOND)
    assert loudspeaker.dropped_ms == 600


async def test_a_loudspeaker_that_goes_away_is_told_to_everybody(sounddevice: FakeSoundDevice) -> None:
    """To who waits and to who plays; stop and close still work, and nothing is started again."""
    loudspeaker = Loudspeaker()
    stream = opened(sounddevice)
    loudspeaker.play(A, SECOND)
    waiting = asyncio.create_task(loudspeaker.drained())
    await asyncio.sleep(0)
    stream.vanish()
    words = r"^the loudspeaker 0 'Speakerphone' \(ALSA\) has gone; check that it is connected"
    with pytest.raises(DeviceLost, match=words):
        await waiting
    with pytest.raises(DeviceLost, match=words):
        loudspeaker.play(A, SECOND)
    assert loudspeaker.stop() is None
    loudspeaker.close()
    loudspeaker.close()
    assert stream.calls == ["start", "close"]


async def test_a_loudspeaker_that_does_not_start_again_is_lost(sounddevice: FakeSoundDevice) -> None:
    """It went away while it was stopped."""
    loudspeaker = Loudspeaker()
    loudspeaker.play(A, SECOND)
    sounddevice.does_not_start = True
    loudspeaker.stop()
    loudspeaker_lost = asyncio.create_task(_played_until_lost(loudspeaker))
    with pytest.raises(DeviceLost, match="does not start again: Device unavailable"):
        await asyncio.wait_for(loudspeaker_lost, 30)


async def _played_until_lost(loudspeaker: Loudspeaker) -> None:
    loudspeaker.play(A, SECOND)
    await loudspeaker.drained()


async def test_a_loudspeaker_that_takes_nothing_is_lost(
    sounddevice: FakeSoundDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some drivers do not tell that a device has gone, they just never ask again."""
    monkeypatch.setattr(playback_watch, "STUCK_S", 0.01)
    loudspeaker = Loudspeaker()
    loudspeaker.play(A, SECOND)
    with pytest.raises(DeviceLost, match="takes no more sound"):
        await loudspeaker.drained()


async def test_closing_is_silent_at_once(sounddevice: FakeSoundDevice) -> None:
    """Whoever waits need not; what is played afterwards is not heard; the device is given back once."""
    loudspeaker = Loudspeaker()
    loudspeaker.play(A, SECOND)
    waiting = asyncio.create_task(loudspeaker.drained())
    await asyncio.sleep(0)
    loudspeaker.close()
    await waiting
    loudspeaker.play(A, SECOND)
    assert loudspeaker.stop() is None
    loudspeaker.close()
    assert opened(sounddevice).calls == ["start", "close"]


async def test_a_loudspeaker_that_does_not_start_says_why(sounddevice: FakeSoundDevice) -> None:
    """And is given back."""
    sounddevice.does_not_start = True
    with pytest.raises(AudioUnavailable, match=r"^the loudspeaker .* does not start: Device unavailable"):
        Loudspeaker()
    assert opened(sounddevice).calls == ["start", "close"]
