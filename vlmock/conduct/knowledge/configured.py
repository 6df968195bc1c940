"""The session's settings: what the client asked for, what the service said of it."""

import msgspec

from vlmock.protocol.audio_format import AudioFormat, input_format
from vlmock.protocol.input_audio import EchoCancellation
from vlmock.protocol.session import RequestSession, ResponseSession, SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.turn_detection import NoTurnDetection, TurnDetection, VadSettings
from vlmock.protocol.wire import UNSET, JsonObject, UnsetType, given

__all__ = ["Configured", "members_of"]

_DEFAULT_RATE_HZ = 24_000


def members_of(settings: msgspec.Struct) -> JsonObject:
    """What was sent of them, as JSON."""
    members: JsonObject = msgspec.to_builtins(settings)
    return members


class Configured:
    """How the session is set up."""

    def __init__(self) -> None:
        self.at_connect = ResponseSession()
        self.now = ResponseSession()
        """As the service last told."""
        self.input = AudioFormat("pcm16", _DEFAULT_RATE_HZ)
        """What the client has to send."""
        self.input_channels = 1
        self.updates = 0
        """How many were sent."""
        self.says_who_ends_turns = False
        """One of them had a ``turn_detection``, be it null."""
        self.accepted = 0
        self.refused = 0
        self.refused_at = 0.0
        self._in_force: JsonObject = {}
        self._unanswered: list[RequestSession] = []

    def learn(self, event: object, at: float) -> None:
        match event:
            case SessionCreated(session=session):
                self.at_connect = session
                self._is_now(session)
            case SessionUpdated(session=session):
                self._is_now(session)
                self.accepted += 1
                if self._unanswered:
                    self._in_force |= members_of(self._unanswered.pop(0))
            case SessionUpdate(session=session):
                self.updates += 1
                self.says_who_ends_turns |= session.turn_detection is not UNSET
                self._unanswered.append(session)

    def update_refused(self, event: object, at: float) -> None:
        """What was in it was never set."""
        if isinstance(event, SessionUpdate):
            self._unanswered = [session for session in self._unanswered if session is not event.session]
        self.refused += 1
        self.refused_at = at

    @property
    def pending(self) -> bool:
        """An update has no answer yet."""
        return bool(self._unanswered)

    @property
    def asked(self) -> JsonObject:
        """The last value that was sent of each setting, and not refused."""
        asked = dict(self._in_force)
        for session in self._unanswered:
            asked |= members_of(session)
        return asked

    @property
    def detection(self) -> TurnDetection | None:
        """None: the client draws the borders of turns, or nobody has told yet."""
        detection = self.now.turn_detection
        return None if isinstance(detection, UnsetType | NoTurnDetection) else detection

    @property
    def coming_detection(self) -> TurnDetection | None:
        """The detector that will be in force when what the client sends now is taken: events are taken in order."""
        asked = [session.turn_detection for session in self._unanswered if session.turn_detection is not UNSET]
        if not asked:
            return self.detection
        return None if isinstance(asked[-1], UnsetType | NoTurnDetection) else asked[-1]

    @property
    def by_hand(self) -> bool:
        """The service said that the client draws the borders of turns."""
        return self.now.turn_detection is None or isinstance(self.now.turn_detection, NoTurnDetection)

    @property
    def answers_by_itself(self) -> bool:
        """A turn that the service has heard is answered without being asked for."""
        return isinstance(self.detection, VadSettings) and given(self.detection.create_response, True)

    @property
    def interrupts(self) -> bool:
        """The service cancels a response when the user speaks."""
        return isinstance(self.detection, VadSettings) and given(self.detection.interrupt_response, True)

    @property
    def truncates(self) -> bool:
        """The service cuts down what was not heard."""
        return isinstance(self.detection, VadSettings) and given(self.detection.auto_truncate, False)

    def _is_now(self, session: ResponseSession) -> None:
        self.now = session
        rate_hz = given(session.input_audio_sampling_rate, _DEFAULT_RATE_HZ)
        try:
            self.input = input_format(given(session.input_audio_format, "pcm16"), rate_hz)
        except ValueError:
            self.input = AudioFormat("pcm16", _DEFAULT_RATE_HZ)
        cancellation = session.input_audio_echo_cancellation
        self.input_channels = given(cancellation.channels, 1) if isinstance(cancellation, EchoCancellation) else 1
