"""Who said what, as lines in the order of the conversation, although a user's words may come after their answer."""

from collections.abc import Iterable

from vlclient.transcripts import Transcript

__all__ = ["SpokenOrder"]

PATIENCE_S = 3.0
"""So long what was said later waits for what was said earlier. Observed {FON}, behaviour 7.1: transcripts take up to
0.5 s, with outliers of 2.1 s; some never come."""


class SpokenOrder:
    """Decides when a message is told."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        """What was told of each item."""
        self._first_seen: dict[str, float] = {}
        """The messages that were not complete when they were first seen."""
        self.is_waiting = False
        """Something is complete and is not told yet: ask again soon."""

    def ready(self, transcripts: Iterable[Transcript], now: float) -> list[Transcript]:
        """What can be told now, in order; each message once. A better transcript of the user's words is told again."""
        ready: list[Transcript] = []
        held_up = self.is_waiting = False
        for transcript in transcripts:
            if not (transcript.final or transcript.cut):
                held_up |= now < self._first_seen.setdefault(transcript.item_id, now) + PATIENCE_S
            elif transcript.text and self._is_news(transcript):
                if held_up:
                    self.is_waiting = True
                else:
                    self._told[transcript.item_id] = transcript.text
                    ready.append(transcript)
        return ready

    def rest(self, transcripts: Iterable[Transcript]) -> list[Transcript]:
        """What was not told yet, complete or not: nothing more comes."""
        return [transcript for transcript in transcripts if transcript.text and self._is_news(transcript)]

    def _is_news(self, transcript: Transcript) -> bool:
        told = self._told.get(transcript.item_id)
        return told is None or (transcript.role == "user" and told != transcript.text)
