"""What is still to be played, and how much of it has been heard.

The event loop puts audio in, the device's thread pulls it out; both are quick, so one short lock is enough. A device
pulls ahead of what it plays: it says for each pull when the first of those frames will leave the loudspeaker, and what
was heard is counted from that, not from what was received or pulled.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from vlclient.audio.ports import Heard, Part

__all__ = ["PlaybackBuffer"]


@dataclass(slots=True, eq=False)
class _Track:
    """One part on its way through."""

    part: Part
    chunks: deque[bytes] = field(default_factory=deque)
    """Not pulled yet; of the first, ``offset`` bytes are gone."""
    offset: int = 0
    received_bytes: int = 0
    """Everything given, also what was dropped for want of room."""
    accepted: int = 0
    """Frames that had room."""
    pulled: int = 0
    heard: int = 0
    """Frames of spans that are over."""
    odd: bytes = b""
    """The beginning of a frame whose rest comes with the next delta."""
    full: bool = False
    """There was no room once, so nothing more is taken: what is heard is the beginning, without a hole."""
    dry: bool = False
    """The device asked for more than there was."""


@dataclass(slots=True, frozen=True)
class _Span:
    """Frames of one track that the device pulled at once."""

    track: _Track
    frames: int
    heard_at: float
    """When the first of them leaves the loudspeaker."""


class PlaybackBuffer:
    """Parts in the order in which they were put, each played from its beginning. Safe between two threads.

    When it is full the newest audio is dropped and counted, with the rest of its part: what is heard stays the
    beginning of what was said. The bound is long, because the service speaks far faster than real time: five minutes
    of reply may be here while its first word is heard.
    """

    def __init__(
        self,
        rate_hz: int = 24000,
        *,
        frame_bytes: int = 2,
        bound_s: float = 600.0,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_change`` is called by ``pull``, on its thread, when a part began or nothing is left to pull."""
        self.rate_hz = rate_hz
        self._frame_bytes = frame_bytes
        self._bound = int(bound_s * rate_hz)
        self._on_change = on_change
        self._silence = bytes(frame_bytes)
        self._lock = threading.Lock()
        self._tracks: deque[_Track] = deque()
        self._spans: deque[_Span] = deque()
        self._begun: list[tuple[Part, float]] = []
        self._pending = 0
        self._ends_at = float("-inf")
        self._dropped = 0
        self.underruns = 0
        """How often the device had to play silence in the middle of a part."""
        self.pulls = 0
        """How often the device asked; one that stopped asking is stuck."""

    # ---- the event loop's side

    def put(self, part: Part, pcm: bytes) -> None:
        """Append audio of a part. A new part begins where the one before ends; an odd byte waits for its rest."""
        with self._lock:
            track = self._track_of(part)
            track.received_bytes += len(pcm)
            if track.odd:
                pcm = track.odd + pcm
            frames, rest = divmod(len(pcm), self._frame_bytes)
            track.odd = pcm[len(pcm) - rest :]
            if track.dry and frames:
                track.dry = False
                self.underruns += 1
            room = 0 if track.full else min(frames, self._bound - self._pending)
            if room < frames:
                track.full = True
                self._dropped += frames - room
            if room:
                track.chunks.append(bytes(pcm[: room * self._frame_bytes]))
                track.accepted += room
                self._pending += room

    def flush(self, now: float) -> Heard | None:
        """Forget everything, pulled or not. What was heard of the part that ``now`` falls into, or of the last one."""
        with self._lock:
            self._count_heard(now)
            heard = next((self._heard(track) for track in reversed(self._tracks) if track.heard), None)
            self._tracks.clear()
            self._spans.clear()
            self._begun.clear()
            self._pending = 0
            self._ends_at = float("-inf")
            return heard

    def begun(self) -> list[tuple[Part, float]]:
        """Parts whose first frame was pulled since the last call, each with the instant when it is heard."""
        with self._lock:
            begun, self._begun = self._begun, []
            return begun

    @property
    def ends_at(self) -> float | None:
        """When the last frame will have been heard, ``-inf`` when there is none; None while some are not pulled yet."""
        with self._lock:
            return None if self._pending else self._ends_at

    @property
    def pending_frames(self) -> int:
        """Frames that the device has not pulled."""
        return self._pending

    @property
    def dropped_ms(self) -> float:
        """How much found no room."""
        return self._dropped * 1000 / self.rate_hz

    # ---- the device's side

    def pull(self, frames: int, *, heard_at: float) -> bytes:
        """Exactly so many frames, filled up with silence. ``heard_at``: when the first of them leaves the loudspeaker.

        Called on the device's thread: it copies and counts.
        """
        pieces: list[bytes] = []
        missing = frames
        with self._lock:
            self.pulls += 1
            told = len(self._begun)
            while missing and self._pending:
                missing -= self._pull_track(pieces, missing, heard_at + (frames - missing) / self.rate_hz)
            if missing < frames:
                self._ends_at = heard_at + (frames - missing) / self.rate_hz
            if missing and self._tracks:
                self._tracks[-1].dry = True
            changed = len(self._begun) > told or (missing < frames and not self._pending)
        if changed:
            self._on_change()
        pieces.append(self._silence * missing)
        return b"".join(pieces)

    def _pull_track(self, pieces: list[bytes], frames: int, heard_at: float) -> int:
        """Take from the first track that has something, at most so many frames; returns how many."""
        track = next(track for track in self._tracks if track.chunks)
        wanted = frames * self._frame_bytes
        taken = 0
        while track.chunks and taken < wanted:
            chunk = track.chunks[0]
            piece = chunk[track.offset : track.offset + wanted - taken]
            pieces.append(piece)
            taken += len(piece)
            track.offset += len(piece)
            if track.offset == len(chunk):
                track.chunks.popleft()
                track.offset = 0
        count = taken // self._frame_bytes
        if not track.pulled:
            self._begun.append((track.part, heard_at))
        self._spans.append(_Span(track, count, heard_at))
        self._forget_spans_before(heard_at - _REMEMBERED_S)
        track.pulled += count
        self._pending -= count
        return count

    # ---- both, with the lock held

    def _track_of(self, part: Part) -> _Track:
        if not self._tracks or self._tracks[-1].part != part:
            self._tracks.append(_Track(part))
            while len(self._tracks) > 1 and self._tracks[0].heard == self._tracks[0].accepted:
                self._tracks.popleft()
        return self._tracks[-1]

    def _count_heard(self, now: float) -> None:
        for span in self._spans:
            played = (now - span.heard_at) * self.rate_hz + 1e-3  # a thousandth, or float noise costs a frame
            span.track.heard += int(min(max(played, 0), span.frames))

    def _forget_spans_before(self, instant: float) -> None:
        while self._spans and self._spans[0].heard_at + self._spans[0].frames / self.rate_hz <= instant:
            over = self._spans.popleft()
            over.track.heard += over.frames

    def _heard(self, track: _Track) -> Heard:
        received_ms = track.received_bytes // self._frame_bytes * 1000 // self.rate_hz
        return Heard(track.part, min(track.heard * 1000 // self.rate_hz, received_ms), received_ms)


_REMEMBERED_S = 2.0
"""Spans are kept until they are surely heard; no device pulls further ahead than this."""
