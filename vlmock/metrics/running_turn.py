"""A turn while it is measured."""

from typing import Any

import msgspec

from vlmock.metrics.turn import BargeIn, Turn
from vlmock.protocol.response import Usage

__all__ = ["RunningTurn"]


class RunningTurn:
    """Told of one thing after the other, each with its time in seconds since the connection was opened."""

    def __init__(self, turn: Turn, began: float, speech: tuple[float, float] | None = None) -> None:
        self.turn = turn
        self.speech = speech
        """When the user spoke, where that is known."""
        self.is_over = False
        """The user speaks again: new responses answer something else."""
        self._began = began
        self.running: dict[str, float] = {}
        """When its responses began that have not ended."""
        self.first_audio_item = ""
        self._calls: set[str] = set()
        self._tools_since = 0.0
        self._broken_in_at = 0.0
        self._interrupted_responses: set[str] = set()
        self._fell_silent_by_truncating = False

    def change(self, **changes: Any) -> None:
        """Know more of it."""
        self.turn = msgspec.structs.replace(self.turn, **changes)

    def mark(self, what: str, at: float) -> None:
        """Only the first time counts."""
        if getattr(self.turn, what) is None:
            self.change(**{what: max(0.0, at - self._began)})

    @property
    def is_answered(self) -> bool:
        """Nothing more of its answer is to come."""
        return self.turn.responses > 0 and not self.running and not self._calls

    # ---- the answer

    def response_created(self, response_id: str, at: float) -> None:
        """Another response of it."""
        self.mark("response_created_s", at)
        self.running[response_id] = at
        self.change(responses=self.turn.responses + 1)

    def audio(self, response_id: str, item_id: str, duration_s: float, stalled_s: float, at: float) -> None:
        """More sound was sent; before it, there was none to be played for so long."""
        self.mark("first_audio_s", at)
        self.first_audio_item = self.first_audio_item or item_id
        stalled = (self.turn.stalled_s or 0.0) + stalled_s
        self.change(audio_s=self.turn.audio_s + duration_s, stalled_s=stalled)
        if response_id in self._interrupted_responses:
            self._change_barge_in(last_audio_s=at - self._broken_in_at)

    def response_done(self, response_id: str, usage: Usage | None, at: float) -> None:
        """One of its responses is over."""
        began = self.running.pop(response_id, None)
        if began is not None:
            self.change(response_s=(self.turn.response_s or 0.0) + at - began)
        if response_id in self._interrupted_responses:
            self._interrupted_responses.discard(response_id)
            self._change_barge_in(done_s=at - self._broken_in_at)
        if usage is not None:
            self.change(
                input_tokens=(self.turn.input_tokens or 0) + usage.input_tokens,
                output_tokens=(self.turn.output_tokens or 0) + usage.output_tokens,
            )

    def truncated(self, item_id: str, heard_s: float, at: float) -> None:
        """The client says how much of an item was heard. It plays no more of it, so it began to do so at the latest so
        long ago."""
        turn = self.turn
        is_first = heard_s > 0 and item_id == self.first_audio_item
        if is_first and turn.first_heard_s is None and turn.first_audio_s is not None:
            first_s = max(turn.first_audio_s, at - heard_s - self._began)
            self.change(first_heard_s=first_s, heard_by="truncate")
        if turn.barge_in is not None and turn.barge_in.silent_s is None:
            self.silent(at)
            self._fell_silent_by_truncating = True

    # ---- what the test tells

    def heard(self, at: float) -> None:
        """The client's loudspeaker begins to sound. What was told goes before what was concluded."""
        if self.turn.heard_by != "told":
            self.change(first_heard_s=max(0.0, at - self._began), heard_by="told")

    def silent(self, at: float) -> None:
        """It has fallen silent."""
        barge_in = self.turn.barge_in
        if barge_in is not None and (barge_in.silent_s is None or self._fell_silent_by_truncating):
            self._change_barge_in(silent_s=at - self._broken_in_at)
            self._fell_silent_by_truncating = False

    def still_heard(self) -> None:
        """It sounds, whatever the client has said by truncating."""
        if self._fell_silent_by_truncating:
            self._change_barge_in(silent_s=None)
            self._fell_silent_by_truncating = False

    # ---- how it ends

    def broken_in(self, at: float, *, already_silent: bool) -> None:
        """The user speaks while a response is made, or its sound is played."""
        self._broken_in_at = at
        self._interrupted_responses = set(self.running)
        last_audio_s = 0.0 if self.running and self.turn.audio_s else None
        silent_s = 0.0 if already_silent else None
        self.change(barge_in=BargeIn(at=at, last_audio_s=last_audio_s, silent_s=silent_s))

    def _change_barge_in(self, **changes: float | None) -> None:
        if self.turn.barge_in is not None:
            self.change(barge_in=msgspec.structs.replace(self.turn.barge_in, **changes))

    # ---- tools

    def tool_called(self, call_id: str, at: float) -> None:
        """A function is to be called."""
        if not self._calls:
            self._tools_since = at
        self._calls.add(call_id)

    def tool_answered(self, call_id: str, at: float) -> None:
        """Its output has come."""
        if call_id in self._calls:
            self._calls.remove(call_id)
            if not self._calls:
                self.change(tools_s=(self.turn.tools_s or 0.0) + at - self._tools_since)
