"""What is still to come: a few unfinished stories, each suspended where it waits for its moment.

A *story* is a generator of beats: events to send, and between them ``At`` (go on at that instant), ``AwaitSpeech``
(go on when those words have been spoken) or ``AwaitTranscript`` (go on when somebody has listened to that turn). The
timeline runs whatever is due, in the order of time. Nothing is sent ahead and held back: a story that is abandoned
leaves nothing behind, so cancelling needs no special case.
"""

from collections.abc import Generator, Iterable, Iterator
from math import inf
from typing import Final, TypeAlias

import msgspec

from vlmock.protocol.deltas import Deltas
from vlmock.protocol.wire import ServerEvent
from vlmock.session.effects import Close, Recognize, Remark, SendRaw, Speech, Synthesize
from vlmock.session.script import Recognized

__all__ = [
    "At",
    "AwaitSpeech",
    "AwaitTranscript",
    "Beat",
    "Plot",
    "SpeechFailed",
    "Story",
    "Supply",
    "Timeline",
    "Told",
]


class At(msgspec.Struct, frozen=True):
    """The story goes on at this instant of the session's clock."""

    instant: float


class AwaitSpeech(msgspec.Struct, frozen=True):
    """The story goes on when the words of this ``Synthesize`` are there, and is sent the ``Speech``."""

    key: int


class AwaitTranscript(msgspec.Struct, frozen=True):
    """The story goes on when the turn of this ``Recognize`` was listened to, and is sent the ``Recognized``."""

    key: int


_DIRECTIONS: Final = frozenset({At, AwaitSpeech, AwaitTranscript, Synthesize, Recognize})
"""Beats of which the timeline has to know. A look into a set: ``isinstance`` of a struct takes ten times as long."""
_AT_ITS_NEXT_WAIT: Final = -inf
_WAITS: Final = (AwaitSpeech, AwaitTranscript)
_ORDERS: Final = (Synthesize, Recognize)
"""Tuples, not unions: those would be made anew for each beat."""


class SpeechFailed(Exception):
    """Thrown into a story whose words could not be spoken; the text says why."""


Told: TypeAlias = ServerEvent | Deltas | SendRaw | Close | Synthesize | Recognize | Remark
Beat: TypeAlias = Told | At | AwaitSpeech | AwaitTranscript
Supply: TypeAlias = Speech | Recognized
"""What a story may wait for."""
Plot: TypeAlias = Generator[Beat, Supply | None, None]


class Story:
    """A plot and where it stands."""

    __slots__ = ("acknowledges", "awaiting", "due", "ordered", "plot", "speech")

    def __init__(self, plot: Plot, due: float, *, acknowledges: bool) -> None:
        self.plot = plot
        self.due = due
        self.awaiting: int | None = None
        self.ordered: dict[int, Supply | SpeechFailed | None] = {}
        """What it asked for outside, by key; None until it is there."""
        self.speech: Supply | SpeechFailed | None = None
        self.acknowledges = acknowledges


class Timeline:
    """All unfinished stories of a session. ``now`` is the instant that is being told."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._stories: list[Story] = []
        self._told: Story | None = None

    def begin(self, plot: Plot, *, at: float | None = None, acknowledges: bool = False) -> Story:
        """Start a story, now unless told otherwise. One that ``acknowledges`` answers a client event: it ends before
        the next client event is handled, so that answers keep the order of what they answer."""
        story = Story(plot, self.now if at is None else at, acknowledges=acknowledges)
        self._stories.append(story)
        return story

    def abandon(self, story: Story) -> None:
        """Never tell the rest. Safe for a story that is over, and for one that abandons itself."""
        if story in self._stories:
            self._stories.remove(story)
        if story is not self._told:
            story.plot.close()

    def next_deadline(self) -> float | None:
        """When something is to be told next; None when nothing is, or all of it waits for something outside."""
        story = self._earliest(inf)
        return None if story is None else story.due

    @property
    def awaits_speech(self) -> bool:
        """Whether a story waits for words to be spoken, or to be understood."""
        return any(story.awaiting is not None for story in self._stories)

    @property
    def owes_answer(self) -> bool:
        """Whether an earlier client event is still to be answered."""
        return any(story.acknowledges for story in self._stories)

    def supply(self, key: int, speech: Supply | SpeechFailed, now: float) -> None:
        """What a story may be waiting for; of no interest once the story was abandoned."""
        for story in self._stories:
            if story.awaiting == key:
                story.awaiting, story.speech = None, speech
                story.due = max(story.due, now)
            elif key in story.ordered:
                story.ordered[key] = speech

    def tell(self, now: float) -> Iterable[Told]:
        """Everything that is due by now, in the order of time. Mostly nothing is."""
        if self._earliest(now) is None:
            self._reach(now)
            return ()
        return self._tell(now)

    def _tell(self, now: float) -> Iterator[Told]:
        while (story := self._earliest(now)) is not None:
            self._reach(story.due)
            yield from self._continue(story, now)
        self._reach(now)

    def _reach(self, instant: float) -> None:
        if instant > self.now:
            self.now = instant

    def acknowledge(self) -> Generator[Told, None, None]:
        """End every story that answers an earlier client event, whether it is due or not."""
        for story in self._stories.copy():
            while story.acknowledges and story in self._stories and story.awaiting is None:
                yield from self._continue(story, _AT_ITS_NEXT_WAIT)

    def _earliest(self, now: float) -> Story | None:
        earliest = None
        for story in self._stories:
            if story.awaiting is None and story.due <= now and (earliest is None or story.due < earliest.due):
                earliest = story
        return earliest

    def _continue(self, story: Story, until: float) -> Generator[Told, None, None]:
        """Tell one story up to where it waits next, for longer than ``until`` or for its turn among others."""
        outer, self._told = self._told, story
        send = story.plot.send
        try:
            while True:
                beat = send(None) if story.speech is None else self._send_speech(story)
                if type(beat) in _DIRECTIONS:
                    if isinstance(beat, At):
                        story.due = max(beat.instant, self.now)
                        if story.due > until or len(self._stories) > 1:
                            return
                        self.now = story.due
                        continue
                    if isinstance(beat, _WAITS):
                        story.speech = story.ordered.pop(beat.key, None)
                        if story.speech is None:
                            story.awaiting = beat.key
                            return
                        continue
                    if isinstance(beat, _ORDERS):
                        story.ordered[beat.key] = None
                yield beat  # type: ignore[misc]  # the others are directions
                if story not in self._stories:
                    story.plot.close()
                    return
        except StopIteration:
            if story in self._stories:
                self._stories.remove(story)
        finally:
            self._told = outer

    @staticmethod
    def _send_speech(story: Story) -> Beat:
        speech, story.speech = story.speech, None
        if isinstance(speech, SpeechFailed):
            return story.plot.throw(speech)
        return story.plot.send(speech)
