"""The session's settings: what the client asked for, what the service said of it."""

import msgspec

from vlmock.protocol.audio_format import AudioFormat, input_format
from vlmock.protocol.input_audio import EchoCancellation
from vlmock.protocol.session import RequestSession, ResponseSession, SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.turn_detection import NoTurnDetection, TurnDetection, VadSettings
from vlmock.protocol.wire import JsonObject, UnsetType, given

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
        self.updates: list[RequestSession] = []
        """All that were sent."""
        self.asked: JsonObject = {}
        """The last value that was sent of each setting."""
        self.pending = 0
        """Updates without an answer."""
        self.accepted = 0
        self.refused = 0
        self.refused_at = 0.0

    def learn(self, event: object, at: float) -> None:
        match event:
            case SessionCreated(session=session):
                self.at_connect = self.now = session
            case SessionUpdated(session=session):
                self.now = session
                self.accepted += 1
                self.pending = max(0, self.pending - 1)
            case SessionUpdate(session=session):
                self.updates.append(session)
                self.pending += 1
                self.asked |= members_of(session)

    def update_refused(self, at: float) -> None:
        self.pending = max(0, self.pending - 1)
        self.refused += 1
        self.refused_at = at

    @property
    def detection(self) -> TurnDetection | None:
        """None: the client draws the borders of turns, or nobody has told yet."""
        detection = self.now.turn_detection
        return None if isinstance(detection, UnsetType | NoTurnDetection) else detection

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

    @property
    def input(self) -> AudioFormat:
        """What the client has to send."""
        rate_hz = given(self.now.input_audio_sampling_rate, _DEFAULT_RATE_HZ)
        try:
            return input_format(given(self.now.input_audio_format, "pcm16"), rate_hz)
        except ValueError:
            return AudioFormat("pcm16", _DEFAULT_RATE_HZ)

    @property
    def input_channels(self) -> int:
        cancellation = self.now.input_audio_echo_cancellation
        return given(cancellation.channels, 1) if isinstance(cancellation, EchoCancellation) else 1
