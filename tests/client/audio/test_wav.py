"""Files in the place of devices, in virtual time: exact to the sample, and no test waits."""

import asyncio
import io
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from tests.client.audio.virtual_time import in_virtual_time
from vlclient.audio.ports import Heard, Part
from vlclient.audio.wav import WavSink, WavSource, read_wav
from vlclient.errors import AudioUnavailable, DeviceLost

RATE_HZ = 24000
BLOCK = 960
A, B = Part("msg_a"), Part("msg_b")


def ramp(seconds: float) -> bytes:
    """Samples that are never silent."""
    return (np.arange(round(seconds * RATE_HZ)) % 30000 + 1).astype("<i2").tobytes()


def wav(samples: bytes, *, encoding: int = 1, channels: int = 1, rate_hz: int = RATE_HZ, bits: int = 16) -> bytes:
    """A file as a program writes it that knows nothing but the format."""
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", encoding, channels, rate_hz, rate_hz * frame, frame, bits)
    if encoding == 0xFFFE:
        fmt += struct.pack("<HHIH14s", 22, bits, 0, 1, b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71")
    body = struct.pack("<4sI", b"fmt ", len(fmt)) + fmt + b"LIST\x03\0\0\0abc\0"
    body += struct.pack("<4sI", b"data", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Half a second and five milliseconds of sound."""
    path = tmp_path / "spoken.wav"
    path.write_bytes(wav(ramp(0.505)))
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "heard.wav"


def written(path: Path) -> bytes:
    """The samples in a file, by the standard library's judgement of its header."""
    with wave.open(io.BytesIO(path.read_bytes())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        return file.readframes(file.getnframes())


# ---- reading

SAMPLES = np.array([0, 256, -256, 12800, -32768], np.int32)

FORMATS = [
    pytest.param(wav(SAMPLES.astype("<i2").tobytes()), id="16 bits"),
    pytest.param(wav(SAMPLES.astype("<i2").tobytes(), encoding=0xFFFE), id="extensible"),
    pytest.param(wav((SAMPLES // 256 + 128).astype(np.uint8).tobytes(), bits=8), id="8 bits"),
    pytest.param(
        wav(b"".join(int(s * 256).to_bytes(3, "little", signed=True) for s in SAMPLES), bits=24), id="24 bits"
    ),
    pytest.param(wav((SAMPLES * 65536).astype("<i4").tobytes(), bits=32), id="32 bits"),
    pytest.param(wav((SAMPLES / 32768).astype("<f4").tobytes(), encoding=3, bits=32), id="float"),
    pytest.param(wav((SAMPLES / 32768).astype("<f8").tobytes(), encoding=3, bits=64), id="double"),
    pytest.param(wav(np.repeat(SAMPLES, 2).astype("<i2").tobytes(), channels=2), id="stereo"),
]


@pytest.mark.parametrize("content", FORMATS)
def test_every_usual_format_gives_the_same_sound(tmp_path: Path, content: bytes) -> None:
    """Mono, 16 bits, to the bit where the format can say it."""
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    assert np.frombuffer(read_wav(path, rate_hz=RATE_HZ), "<i2").tolist() == SAMPLES.tolist()


def test_two_channels_are_mixed(tmp_path: Path) -> None:
    """A voice on one side only is still heard."""
    path = tmp_path / "x.wav"
    path.write_bytes(wav(np.array([1000, 0, 0, -500], "<i2").tobytes(), channels=2))
    assert np.frombuffer(read_wav(path, rate_hz=RATE_HZ), "<i2").tolist() == [500, -250]


def test_another_rate_is_resampled_not_relabelled(tmp_path: Path) -> None:
    """Behaviour 8.1 rule 9; a file can be done as well as soxr can."""
    path = tmp_path / "x.wav"
    tone = np.rint(9000 * np.sin(np.arange(16000) * 440 * 2 * np.pi / 16000)).astype("<i2")
    path.write_bytes(wav(tone.tobytes(), rate_hz=16000))
    got = np.frombuffer(read_wav(path, rate_hz=RATE_HZ), "<i2")
    assert len(got) == RATE_HZ
    assert np.abs(got - soxr.resample(tone.astype(np.float64), 16000, RATE_HZ)).max() <= 1


def test_a_file_that_was_written_into_a_pipe_ends_where_it_ends(tmp_path: Path) -> None:
    """Its header promises more, because its writer could not go back."""
    path = tmp_path / "x.wav"
    path.write_bytes(wav(ramp(0.1)).replace(struct.pack("<4sI", b"data", 4800), b"data\xff\xff\xff\xff"))
    assert read_wav(path, rate_hz=RATE_HZ) == ramp(0.1)


def test_recorded_speech_is_read(shared: Path) -> None:
    """Files that other people's programs wrote."""
    files = sorted((shared / "speech").glob("*.wav"))
    assert files
    for path in files:
        assert len(read_wav(path, rate_hz=RATE_HZ)) > RATE_HZ


UNUSABLE = [
    (b"", "cannot use the sound file {path}: it is empty"),
    (b"ID3\x04 an mp3 in disguise", "cannot use the sound file {path}: it is no WAV file"),
    (b"RIFF\x04\0\0\0WAVE", "cannot use the sound file {path}: it has no 'fmt ' chunk, so nothing says what"),
    (wav(b""), "cannot use the sound file {path}: it holds no samples"),
    (wav(bytes(99), channels=0), "cannot use the sound file {path}: its header is wrong: 0 channels, 24000 Hz, 16"),
    (wav(bytes(99), rate_hz=1), "cannot use the sound file {path}: its header is wrong: 1 channels, 1 Hz, 16 bits"),
    (wav(bytes(99), encoding=7, bits=8), "cannot use the sound file {path}: its samples are 8-bit µ-law; PCM of 8,"),
    (None, "cannot read the sound file {path}: No such file or directory"),
]


@pytest.mark.parametrize(("content", "words"), UNUSABLE)
def test_an_unusable_file_says_where_and_why(tmp_path: Path, content: bytes | None, words: str) -> None:
    """Before anything is dialled."""
    path = tmp_path / "x.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioUnavailable) as caught:
        WavSource(path)
    assert str(caught.value).startswith(words.format(path=path))


# ---- speaking


@in_virtual_time
async def test_a_file_is_spoken_in_real_time_and_then_there_is_silence(spoken: Path) -> None:
    """Each block when its last sample would have been spoken; the end is filled up, and silence never ends."""
    loop = asyncio.get_running_loop()
    source = WavSource(spoken)
    began = loop.time()
    heard = b""
    for number in range(1, 501):
        assert source.ended == (number > 26)
        block = await source.read()
        assert len(block) == BLOCK
        assert loop.time() == pytest.approx(began + number * 0.02)
        assert source.captured_until == pytest.approx(loop.time())
        heard += block
    assert heard == ramp(0.505).ljust(500 * BLOCK, b"\0")


@in_virtual_time
async def test_lateness_does_not_add_up(spoken: Path) -> None:
    """A reader that was busy gets what it missed at once and is then back in time."""
    loop = asyncio.get_running_loop()
    source = WavSource(spoken)
    began = loop.time()
    for number in range(1, 101):
        await source.read()
        if number % 10 == 3:
            await asyncio.sleep(0.05)
        if number % 10 == 0:
            assert loop.time() == pytest.approx(began + number * 0.02)


@in_virtual_time
async def test_fast_takes_no_time_until_the_turn_has_ended(spoken: Path) -> None:
    """The file and a tail of silence at once, so that the end of the turn is seen; further silence in real time."""
    loop = asyncio.get_running_loop()
    source = WavSource(spoken, paced=False, tail_ms=400)
    began = loop.time()
    heard = b"".join([await source.read() for _ in range(26 + 20)])
    assert heard == ramp(0.505).ljust(46 * BLOCK, b"\0")
    assert loop.time() == began
    for number in range(1, 20):
        assert await source.read() == bytes(BLOCK)
        assert loop.time() == pytest.approx(began + number * 0.02)


@in_virtual_time
async def test_fast_lets_others_work(spoken: Path) -> None:
    """A loop that only reads does not keep the event loop for itself."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(other())
    source = WavSource(spoken, paced=False)
    for _ in range(50):
        await source.read()
    task.cancel()
    assert turns >= 49


@pytest.mark.parametrize("paced", [True, False])
def test_without_silence_the_file_ends(spoken: Path, paced: bool) -> None:
    """With its last samples and nothing added to them, then with nothing, ever."""

    @in_virtual_time
    async def check() -> None:
        source = WavSource(spoken, paced=paced, then_silence=False)
        heard = b""
        while block := await source.read():
            heard += block
        assert heard == ramp(0.505)
        assert await source.read() == b""

    check()


@in_virtual_time
async def test_closing_ends_a_read_that_waits(spoken: Path) -> None:
    """At once, and for good."""
    loop = asyncio.get_running_loop()
    source = WavSource(spoken)
    await source.read()
    reading = asyncio.create_task(source.read())
    await asyncio.sleep(0.01)
    now = loop.time()
    source.close()
    source.close()
    assert await reading == b""
    assert loop.time() == now
    assert await source.read() == b""


# ---- writing


@in_virtual_time
async def test_a_paced_file_is_what_would_have_been_heard(target: Path) -> None:
    """With the silence before, between and after the replies."""
    sink = WavSink(target)
    await asyncio.sleep(0.3)
    sink.play(A, ramp(0.5))
    await sink.drained()
    await asyncio.sleep(0.25)
    sink.play(B, ramp(0.1))
    await sink.drained()
    await asyncio.sleep(0.05)
    sink.close()
    silence = [bytes(2 * round(ms * 24)) for ms in (300, 250, 50)]
    expected = silence[0] + ramp(0.5) + silence[1] + ramp(0.1) + silence[2]
    assert written(target).strip(b"\0") == expected.strip(b"\0")
    assert len(written(target)) == pytest.approx(len(expected), abs=4)


@in_virtual_time
async def test_a_stop_cuts_what_was_not_heard(target: Path) -> None:
    """The file ends where the listener was, and that is what is told; the next reply begins at its beginning."""
    sink = WavSink(target)
    sink.play(A, ramp(1.0))
    sink.play(B, ramp(1.0))
    await asyncio.sleep(0.333)
    assert sink.stop() == Heard(A, 333, 1000)
    assert sink.stop() is None
    await asyncio.sleep(0.1)
    sink.play(B, ramp(0.2))
    await sink.drained()
    sink.close()
    cut = round(0.333 * RATE_HZ) * 2
    assert written(target) == ramp(1.0)[:cut] + bytes(4800) + ramp(0.2)


@in_virtual_time
async def test_drained_and_first_heard_tell_the_virtual_loudspeakers_time(target: Path) -> None:
    """A part is first heard when the one before it has ended."""
    loop = asyncio.get_running_loop()
    told: list[tuple[Part, float, float]] = []
    sink = WavSink(target, on_first_heard=lambda part, at: told.append((part, at, loop.time())))
    began = loop.time()
    await sink.drained()
    assert loop.time() == began
    sink.play(A, ramp(0.5))
    sink.play(A, ramp(0.5))
    sink.play(B, ramp(0.25))
    await sink.drained()
    assert loop.time() == pytest.approx(began + 1.25)
    assert [part for part, _, _ in told] == [A, B]
    assert [at for _, at, _ in told] == pytest.approx([began, began + 1.0])
    assert all(0 <= now - at <= 0.021 for _, at, now in told)
    sink.close()


@in_virtual_time
async def test_drained_ends_with_a_stop(target: Path) -> None:
    """What was stopped need not be waited for."""
    sink = WavSink(target)
    sink.play(A, ramp(5))
    waiting = asyncio.create_task(sink.drained())
    await asyncio.sleep(0.1)
    now = asyncio.get_running_loop().time()
    sink.stop()
    await waiting
    assert asyncio.get_running_loop().time() == now
    sink.close()


@in_virtual_time
async def test_fast_everything_is_heard_at_once(target: Path) -> None:
    """Replies follow each other without a pause; there is nothing to stop and nothing to wait for."""
    loop = asyncio.get_running_loop()
    told: list[Part] = []
    sink = WavSink(target, paced=False, on_first_heard=lambda part, at: told.append(part))
    began = loop.time()
    sink.play(A, ramp(0.5)[:4801])
    sink.play(A, ramp(0.5)[4801:])
    sink.play(B, ramp(0.25))
    await sink.drained()
    assert told == [A, B]
    assert sink.stop() == Heard(B, 250, 250)
    await asyncio.sleep(9)
    sink.close()
    assert written(target) == ramp(0.5) + ramp(0.25)
    assert loop.time() == began + 9


@in_virtual_time
async def test_the_file_is_readable_while_it_grows(target: Path) -> None:
    """As after a crash: the header says what is there."""
    sink = WavSink(target)
    assert written(target) == b""
    sink.play(A, ramp(1.0))
    await asyncio.sleep(0.5)
    so_far = written(target)
    assert len(so_far) >= RATE_HZ * 2 * 0.47
    assert so_far == ramp(1.0)[: len(so_far)]
    sink.close()


@in_virtual_time
async def test_closing_ends_the_file_at_once(target: Path) -> None:
    """What was not heard is not in it; whoever waits need not; nothing is written afterwards."""
    sink = WavSink(target)
    sink.play(A, ramp(1.0))
    waiting = asyncio.create_task(sink.drained())
    await asyncio.sleep(0.25)
    sink.close()
    await waiting
    sink.close()
    sink.play(A, ramp(1.0))
    assert sink.stop() is None
    await asyncio.sleep(1)
    assert written(target) == ramp(0.25)


@in_virtual_time
async def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """Before anything is dialled."""
    with pytest.raises(AudioUnavailable, match=r"^cannot write the sound file .*nowhere/x\.wav: No such file or dir"):
        WavSink(tmp_path / "nowhere" / "x.wav")


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file can grow over 20 kB."""
    resource = pytest.importorskip("resource", reason="needs limits as Unix has them")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@in_virtual_time
async def test_a_full_disk_is_a_lost_device(target: Path, small_disk: None) -> None:
    """Told to who waits and to who plays; what was written before is there."""
    sink = WavSink(target)
    sink.play(A, ramp(1.0))
    words = f"^cannot write on in the sound file {target}: File too large"
    with pytest.raises(DeviceLost, match=words):
        await sink.drained()
    with pytest.raises(DeviceLost, match=words):
        sink.play(A, ramp(1.0))
    assert sink.stop() is not None
    sink.close()
    assert ramp(1.0).startswith(written(target))
    assert len(written(target)) > 15000
