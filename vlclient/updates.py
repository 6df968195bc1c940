"""Which ``session.update`` an answer belongs to. The answers name none: they come in the order of the updates."""

import asyncio
from collections import deque
from typing import TypeAlias

import msgspec

from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.session import SessionUpdate, SessionUpdated
from vlmock.protocol.wire import given

__all__ = ["Answer", "Updates"]

Answer: TypeAlias = SessionUpdated | ErrorEvent | None
"""In force, or refused; None: the connection was lost before anybody said so."""


class _Update(msgspec.Struct, eq=False):
    """One that has been sent."""

    event_id: str
    answered: "asyncio.Future[Answer]"


class Updates:
    """The updates of one conversation that have not been answered, whoever sent them, oldest first."""

    def __init__(self) -> None:
        self._unanswered: deque[_Update] = deque()

    def __len__(self) -> int:
        return len(self._unanswered)

    def sent(self, event: SessionUpdate) -> None:
        """An update goes out."""
        self._unanswered.append(_Update(given(event.event_id, ""), asyncio.get_running_loop().create_future()))

    def answer_to(self, event: SessionUpdate) -> "asyncio.Future[Answer]":
        """The answer to one that has just been sent. Whoever cancels it leaves the update where it is."""
        return next(each.answered for each in reversed(self._unanswered) if each.event_id == event.event_id)

    def receive(self, event: AnyServerEvent | UnknownServerEvent) -> None:
        """An event of the service has come."""
        if isinstance(event, SessionUpdated) and self._unanswered:
            self._answer(self._unanswered[0], event)
        elif isinstance(event, ErrorEvent) and (refused := self._culprit(event)) is not None:
            self._answer(refused, event)

    def give_up(self, event: SessionUpdate) -> None:
        """The service has had time enough for this one, and for those before it."""
        while self._unanswered and self._unanswered.popleft().event_id != event.event_id:
            pass

    def lost(self) -> None:
        """The connection is gone, and all answers with it."""
        while self._unanswered:
            self._answer(self._unanswered[0], None)

    def _culprit(self, event: ErrorEvent) -> _Update | None:
        """Observed (behaviour.md 6): ``event_id`` names the event at fault, and may be null where ``param`` is not."""
        culprit = given(event.error.event_id, "")
        if not culprit and given(event.error.param, "").startswith("session"):
            return next(iter(self._unanswered), None)
        return next((each for each in self._unanswered if culprit and each.event_id == culprit), None)

    def _answer(self, update: _Update, answer: Answer) -> None:
        self._unanswered.remove(update)
        if not update.answered.done():
            update.answered.set_result(answer)
