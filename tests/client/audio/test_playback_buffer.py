"""What is to be played, and what of it was heard, told by a device that pulls ahead of what it plays."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclient.audio.playback_buffer import PlaybackBuffer
from vlclient.audio.ports import Heard, Part

RATE_HZ = 1000
"""One frame is one millisecond."""
A, B = Part("msg_a"), Part("msg_b", 1)


def tone(ms: int, first: int = 1) -> bytes:
    """Frames that count upwards, none of them silent."""
    return np.arange(first, first + ms).astype("<i2").tobytes()


def frames(pcm: bytes) -> list[int]:
    return np.frombuffer(pcm, "<i2").tolist()


@pytest.fixture
def buffer() -> PlaybackBuffer:
    return PlaybackBuffer(RATE_HZ)


def test_what_is_put_is_pulled_in_order_and_filled_up_with_silence(buffer: PlaybackBuffer) -> None:
    """A pull always gives as many frames as were asked for."""
    buffer.put(A, tone(3))
    buffer.put(A, tone(2, 4))
    buffer.put(B, tone(2, 100))
    assert frames(buffer.pull(4, heard_at=0)) == [1, 2, 3, 4]
    assert frames(buffer.pull(5, heard_at=0)) == [5, 100, 101, 0, 0]
    assert frames(buffer.pull(2, heard_at=0)) == [0, 0]


def test_an_odd_byte_waits_for_its_rest(buffer: PlaybackBuffer) -> None:
    """Behaviour 8.1 rule 8: a delta may end in the middle of a sample. The next part does not inherit the byte."""
    pcm = tone(4)
    for piece in (pcm[:3], pcm[3:4], b"", pcm[4:7]):
        buffer.put(A, piece)
    buffer.put(B, tone(1, 9))
    assert frames(buffer.pull(5, heard_at=0)) == [1, 2, 3, 9, 0]


HEARD = [
    pytest.param(9.9, None, id="before the first sound leaves the loudspeaker"),
    pytest.param(10.0, None, id="when it begins to leave"),
    pytest.param(10.1, Heard(A, 100, 500), id="within the first block"),
    pytest.param(10.2, Heard(A, 200, 500), id="pulled and heard"),
    pytest.param(10.3, Heard(A, 300, 500), id="within the second block"),
    pytest.param(11.0, Heard(A, 400, 500), id="after the last block that was pulled"),
]


@pytest.mark.parametrize(("now", "heard"), HEARD)
def test_heard_is_what_left_the_loudspeaker(buffer: PlaybackBuffer, now: float, heard: Heard | None) -> None:
    """Not what was received, nor what the device has pulled; None when nothing was heard."""
    buffer.put(A, tone(500))
    buffer.pull(200, heard_at=10.0)
    buffer.pull(200, heard_at=10.2)
    assert buffer.flush(now) == heard


SEQUENCE = [
    pytest.param(0.05, Heard(A, 50, 100), id="in the first part"),
    pytest.param(0.1, Heard(A, 100, 100), id="between both: the first is over, the second has not begun"),
    pytest.param(0.15, Heard(B, 50, 300), id="in the second part"),
    pytest.param(0.4, Heard(B, 300, 300), id="after everything"),
    pytest.param(900, Heard(B, 300, 300), id="long after everything"),
]


@pytest.mark.parametrize(("now", "heard"), SEQUENCE)
def test_of_several_parts_the_one_that_plays_counts(buffer: PlaybackBuffer, now: float, heard: Heard | None) -> None:
    """Each part is counted from its own start, wherever the blocks of the device lie."""
    buffer.put(A, tone(100))
    buffer.put(B, tone(300))
    for place in range(0, 480, 80):
        buffer.pull(80, heard_at=place / 1000)
    assert buffer.flush(now) == heard


def test_a_pause_in_the_middle_of_a_part_is_not_heard_as_part_of_it(buffer: PlaybackBuffer) -> None:
    """Silence that fills a hole counts for nothing; the hole is an underrun once the part goes on."""
    buffer.put(A, tone(100))
    buffer.pull(300, heard_at=0)
    assert buffer.underruns == 0
    buffer.put(A, tone(100))
    assert buffer.underruns == 1
    buffer.pull(300, heard_at=0.3)
    assert buffer.flush(0.35) == Heard(A, 150, 200)


def test_a_part_that_is_starved_was_heard_as_far_as_it_came(buffer: PlaybackBuffer) -> None:
    """More of it may have been to come: whoever knows that has to tell the service how much was heard."""
    buffer.put(A, tone(100))
    buffer.pull(300, heard_at=0)
    assert buffer.flush(0.25) == Heard(A, 100, 100)
    assert buffer.flush(0.26) is None


def test_the_end_of_a_part_is_no_underrun(buffer: PlaybackBuffer) -> None:
    """Silence between replies is as it should be."""
    for part in (A, B):
        buffer.put(part, tone(100))
        buffer.pull(300, heard_at=0)
    assert buffer.underruns == 0


def test_flushing_forgets_everything(buffer: PlaybackBuffer) -> None:
    """Silence follows, and a new part is counted from its own beginning."""
    buffer.put(A, tone(500))
    buffer.pull(100, heard_at=0)
    buffer.flush(0.05)
    assert (buffer.pending_frames, buffer.begun(), buffer.ends_at) == (0, [], float("-inf"))
    assert frames(buffer.pull(2, heard_at=0.1)) == [0, 0]
    buffer.put(B, tone(500, 7))
    assert frames(buffer.pull(2, heard_at=0.2)) == [7, 8]
    assert buffer.flush(0.201) == Heard(B, 1, 500)


def test_each_part_is_announced_once_with_the_instant_of_its_first_sound(buffer: PlaybackBuffer) -> None:
    """Also when it begins in the middle of a block."""
    buffer.put(A, tone(100))
    buffer.put(B, tone(100))
    buffer.pull(50, heard_at=5.0)
    assert buffer.begun() == [(A, 5.0)]
    buffer.pull(150, heard_at=5.05)
    assert buffer.begun() == [(B, pytest.approx(5.1))]
    assert buffer.begun() == []


def test_it_is_known_when_the_last_sound_ends(buffer: PlaybackBuffer) -> None:
    """Unknown while something is still to be pulled; the silence that fills the last block does not count."""
    assert buffer.ends_at == float("-inf")
    buffer.put(A, tone(100))
    assert buffer.ends_at is None
    buffer.pull(60, heard_at=1.0)
    assert buffer.ends_at is None
    buffer.pull(60, heard_at=1.06)
    assert buffer.ends_at == pytest.approx(1.1)
    buffer.pull(60, heard_at=1.12)
    assert buffer.ends_at == pytest.approx(1.1)


def test_a_change_is_told_when_a_part_begins_and_when_nothing_is_left() -> None:
    """And at no other pull: the event loop is not woken for nothing."""
    told: list[int] = []
    buffer = PlaybackBuffer(RATE_HZ, on_change=lambda: told.append(buffer.pulls))
    buffer.put(A, tone(100))
    for _ in range(8):
        buffer.pull(30, heard_at=0)
    assert told == [1, 4]


def test_when_it_is_full_the_newest_is_dropped_and_counted() -> None:
    """And with it the rest of the part: what is heard is the beginning of what was said, without a hole."""
    buffer = PlaybackBuffer(RATE_HZ, bound_s=1.0)
    buffer.put(A, tone(900))
    buffer.put(A, tone(200, 901))
    assert (buffer.pending_frames, buffer.dropped_ms) == (1000, 100)
    buffer.pull(500, heard_at=0)
    buffer.put(A, tone(100))
    assert (buffer.pending_frames, buffer.dropped_ms) == (500, 200)
    buffer.put(B, tone(100, 2001))
    played = frames(buffer.pull(600, heard_at=0.5))
    assert played == [*range(501, 1001), *range(2001, 2101)]
    assert buffer.flush(0.25) == Heard(A, 250, 1200)


def test_a_long_reply_fits() -> None:
    """The service sends it many times faster than it is played: five minutes at once."""
    buffer = PlaybackBuffer(24000)
    for _ in range(600):
        buffer.put(A, bytes(24000))
    assert buffer.dropped_ms == 0
    assert buffer.pending_frames == 300 * 24000


def test_a_frame_may_have_several_channels() -> None:
    """A loudspeaker that cannot do mono is given the same twice; time is still counted in frames."""
    buffer = PlaybackBuffer(RATE_HZ, frame_bytes=4)
    buffer.put(A, tone(200))
    assert len(buffer.pull(50, heard_at=0)) == 200
    assert buffer.flush(0.04) == Heard(A, 40, 100)


@given(
    puts=st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 90)), max_size=12),
    pulls=st.lists(st.integers(1, 70), min_size=1, max_size=30),
    stopped=st.floats(0, 1.5),
)
def test_whatever_the_blocks_nothing_is_lost_doubled_or_claimed_too_early(
    puts: list[tuple[Part, int]], pulls: list[int], stopped: float
) -> None:
    """What is pulled is what was put and then silence; what was heard lies between nothing and what was received."""
    buffer = PlaybackBuffer(RATE_HZ)
    sound = tone(2000)
    begin = 0
    for part, size in puts:
        buffer.put(part, sound[begin : begin + size * 2])
        begin += size * 2
    played = b""
    for count in pulls:
        played += buffer.pull(count, heard_at=len(played) / 2 / RATE_HZ)
    assert played == sound[:begin].ljust(len(played), b"\0")[: len(played)]
    assert buffer.pending_frames == max(0, begin - len(played)) // 2
    heard = buffer.flush(stopped)
    if heard is not None:
        assert 0 <= heard.heard_ms <= heard.received_ms
        assert heard.heard_ms <= stopped * 1000 + 1


def test_two_threads_may_use_it_at_once() -> None:
    """The device pulls while the event loop puts: everything arrives, in order, once."""
    buffer = PlaybackBuffer(24000)
    sound = np.arange(1, 30001).astype("<i2").tobytes()
    heard = bytearray()
    finished = threading.Event()

    def device() -> None:
        while not (finished.is_set() and buffer.pending_frames == 0):
            heard.extend(buffer.pull(97, heard_at=0))

    thread = threading.Thread(target=device)
    thread.start()
    for begin in range(0, len(sound), 74):
        buffer.put(A, sound[begin : begin + 74])
    finished.set()
    thread.join(timeout=20)
    assert np.frombuffer(bytes(heard), "<i2")[np.frombuffer(bytes(heard), "<i2") > 0].tobytes() == sound
