"""A microphone whose device does what the test says."""

import asyncio
import time

import numpy as np
import pytest

from tests.client.audio.fake_sounddevice import FakeSoundDevice
from vlclient.audio import microphone as module
from vlclient.audio.microphone import Microphone
from vlclient.errors import AudioUnavailable, DeviceLost

BLOCK = np.arange(480, dtype="<i2").tobytes()


async def listening(microphone: Microphone) -> asyncio.Task[bytes]:
    """A read that waits for its block."""
    reading = asyncio.create_task(microphone.read())
    await asyncio.sleep(0)
    return reading


async def test_what_is_captured_is_read_block_by_block(sounddevice: FakeSoundDevice) -> None:
    """In order, as it was."""
    microphone = Microphone()
    reading = await listening(microphone)
    (stream,) = sounddevice.streams
    stream.capture(BLOCK)
    stream.capture(BLOCK[::-1])
    assert await reading == BLOCK
    assert await microphone.read() == BLOCK[::-1]


async def test_what_was_said_before_anybody_listened_is_not_sent(sounddevice: FakeSoundDevice) -> None:
    """Behaviour 8.1 rule 1: the microphone is heard from the moment on when the session is ready."""
    microphone = Microphone()
    (stream,) = sounddevice.streams
    stream.capture(bytes(960))
    reading = await listening(microphone)
    assert not reading.done()
    stream.capture(BLOCK)
    assert await reading == BLOCK


async def test_when_nobody_reads_the_oldest_is_dropped_and_counted(sounddevice: FakeSoundDevice) -> None:
    """The queue has a bound; after a long pause what is said now matters more."""
    microphone = Microphone(bound_s=0.1)
    reading = await listening(microphone)
    (stream,) = sounddevice.streams
    for number in range(9):
        stream.capture(bytes([number]) * 960)
    assert microphone.dropped_blocks == 4
    assert [(await reading)[0]] + [(await microphone.read())[0] for _ in range(4)] == [4, 5, 6, 7, 8]


CAPTURED = [
    pytest.param(100.0 - 0.12, 0.1, id="100 ms before the callback"),
    pytest.param(100.0 + 0.012, 0.0, id="in the future, as the ALSA plugin claims"),
    pytest.param(0.0, 0.0, id="not told"),
    pytest.param(12.0, 0.0, id="by another clock"),
]


@pytest.mark.parametrize(("adc_time", "before"), CAPTURED)
async def test_it_is_known_when_the_newest_sample_was_captured(
    sounddevice: FakeSoundDevice, adc_time: float, before: float
) -> None:
    """From the device's time of the first sample and the length of the block, never later than the callback."""
    microphone = Microphone()
    reading = await listening(microphone)
    earliest = time.monotonic()
    sounddevice.streams[0].capture(BLOCK, adc_time=adc_time)
    latest = time.monotonic()
    await reading
    assert earliest - 1e-6 <= microphone.captured_until + before <= latest + 1e-6


async def test_another_rate_and_two_channels_become_what_was_wanted(sounddevice: FakeSoundDevice) -> None:
    """A device that can do only 48 kHz stereo: resampled, and the mean of both channels."""
    sounddevice.accepted = {(2, 48000)}
    microphone = Microphone()
    reading = await listening(microphone)
    constant = np.tile(np.array([3000, 1000], "<i2"), 960).tobytes()
    for _ in range(3):
        sounddevice.streams[0].capture(constant)
    heard = np.frombuffer(b"".join([await reading, await microphone.read(), await microphone.read()]), "<i2")
    assert len(heard) == pytest.approx(3 * 480, abs=24)
    assert (heard[50:] == 2000).all()


async def test_overflows_are_counted(sounddevice: FakeSoundDevice) -> None:
    """As the device tells them."""
    microphone = Microphone()
    reading = await listening(microphone)
    sounddevice.streams[0].capture(BLOCK, overflow=True)
    await reading
    assert microphone.overflows == 1


async def test_a_microphone_that_goes_away_is_told_after_its_last_block(sounddevice: FakeSoundDevice) -> None:
    """What was captured is still handed out, then every read raises."""
    microphone = Microphone()
    reading = await listening(microphone)
    sounddevice.streams[0].capture(BLOCK)
    sounddevice.streams[0].vanish()
    assert await reading == BLOCK
    for _ in range(2):
        with pytest.raises(DeviceLost, match=r"^the microphone 0 'Speakerphone' \(ALSA\) has gone; check that"):
            await microphone.read()


async def test_a_microphone_that_falls_silent_is_lost(
    sounddevice: FakeSoundDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some drivers do not tell that a device has gone, they just never call again."""
    monkeypatch.setattr(module, "SILENT_S", 0.01)
    with pytest.raises(DeviceLost, match="gives no more sound"):
        await Microphone().read()


async def test_closing_ends_a_read_that_waits(sounddevice: FakeSoundDevice) -> None:
    """With no more sound, now and later, and the device is given back once."""
    microphone = Microphone()
    reading = await listening(microphone)
    microphone.close()
    assert await reading == b""
    assert await microphone.read() == b""
    microphone.close()
    assert sounddevice.streams[0].calls == ["start", "close"]


async def test_a_microphone_that_does_not_start_says_why(sounddevice: FakeSoundDevice) -> None:
    """And is given back."""
    sounddevice.does_not_start = True
    with pytest.raises(AudioUnavailable, match=r"does not start: Device unavailable \[PaErrorCode -9985\]; close what"):
        Microphone()
    assert sounddevice.streams[0].calls == ["start", "close"]
