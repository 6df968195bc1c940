"""A session behind OpenAI's beta dialect: what it says is put into other words on its way out."""

from collections.abc import Iterable

from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent
from vlmock.protocol.openai_beta import Known, in_beta
from vlmock.protocol.wire import ServerEvent
from vlmock.session.effects import Effect, Send, SendRaw, Speech
from vlmock.session.machine import Session
from vlmock.session.script import Recognized

__all__ = ["BetaConversation"]


class BetaConversation:
    """Drives a session as a connection does, and translates what it wants sent."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known = Known(session.conversation_id, session.seconds_of)

    def open(self, now: float) -> list[Effect]:
        return self._translated(self._session.open(now))

    def receive(self, event: AnyClientEvent | InvalidEvent, now: float) -> list[Effect]:
        return self._translated(self._session.receive(event, now))

    def advance(self, now: float) -> list[Effect]:
        return self._translated(self._session.advance(now))

    def next_deadline(self) -> float | None:
        return self._session.next_deadline()

    def close(self) -> None:
        self._session.close()

    def supply(self, key: int, speech: Speech, now: float) -> list[Effect]:
        return self._translated(self._session.supply(key, speech, now))

    def speech_failed(self, key: int, message: str, now: float) -> list[Effect]:
        return self._translated(self._session.speech_failed(key, message, now))

    def supply_transcript(self, key: int, recognized: Recognized, now: float) -> list[Effect]:
        return self._translated(self._session.supply_transcript(key, recognized, now))

    def _translated(self, effects: Iterable[Effect]) -> list[Effect]:
        """What a scenario wrote by hand is sent as it stands."""
        translated: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Send):
                told = in_beta(effect.event, self._known)
                translated += [Send(event) if isinstance(event, ServerEvent) else SendRaw(event) for event in told]
            else:
                translated.append(effect)
        return translated
