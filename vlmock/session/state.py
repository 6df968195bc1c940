"""What a session remembers. Everything that changes while a conversation goes on lives here or in what this holds."""

import msgspec

from vlmock.protocol.session import ResponseSession
from vlmock.protocol.tools import McpTool
from vlmock.protocol.turn_detection import VadSettings
from vlmock.session.allowance import Allowance
from vlmock.session.avatar.pool import AvatarPool
from vlmock.session.avatar.presence import AvatarPresence
from vlmock.session.configuration.brain import Brain
from vlmock.session.configuration.leniency import Leniency
from vlmock.session.conversation.assumed_playback import AssumedPlayback
from vlmock.session.conversation.history import History
from vlmock.session.conversation.streamed_text import StreamedTexts
from vlmock.session.conversation.usage import Meter
from vlmock.session.ids import IdFactory
from vlmock.session.listening.audio_turns import AudioTurns
from vlmock.session.listening.input_buffer import InputBuffer
from vlmock.session.pipeline import Pipeline
from vlmock.session.readings import Readings
from vlmock.session.recognition import Recognitions
from vlmock.session.script import Script, Step, ToolOutput, UserInput
from vlmock.session.speaking.active_response import ActiveResponse, McpCallInHand, ResponseRequest
from vlmock.session.timeline import Story, Timeline
from vlmock.session.timing import Timing
from vlmock.session.transitions import SessionPhase, TurnPhase

__all__ = ["SessionState", "SpokenTurn"]


class SpokenTurn(msgspec.Struct):
    """A stretch of speech on its way to becoming a user item."""

    item_id: str
    audio_start_ms: float = 0.0
    phase: TurnPhase = TurnPhase.SPEAKING
    filler: bool = False
    answered: bool = False
    """A response follows, although the client drew its borders."""


class SessionState(msgspec.Struct):
    """One conversation."""

    brain: Brain
    script: Script
    ids: IdFactory
    timing: Timing
    settings: ResponseSession
    at_connect: ResponseSession
    """The settings of ``session.created``."""
    readings: Readings
    tokens: Allowance | None
    """What responses may spend; None: as much as they like. Several sessions may share it."""
    leniency: Leniency
    pipeline: Pipeline
    timeline: Timeline
    meter: Meter
    conversation_id: str
    input: InputBuffer
    phase: SessionPhase = SessionPhase.NEW
    updates: int = 0
    """How many updates were accepted: the first may do what later ones may not."""
    failed_attempts: int = 0
    """How many updates were refused before the first that was accepted."""
    history: History = msgspec.field(default_factory=History)
    speaking: SpokenTurn | None = None
    """The turn that is being spoken now."""
    stopping: bool = False
    """A turn has ended, and the service takes its time to say so: what is said next is heard after that."""
    audio_turns: AudioTurns = msgspec.field(default_factory=AudioTurns)
    """The turns whose borders the client draws."""
    texts: StreamedTexts = msgspec.field(default_factory=StreamedTexts)
    """User items whose text is still coming."""
    coming_items: set[str] = msgspec.field(default_factory=set)
    """Ids that were given to spoken turns and streamed texts which are no items yet."""
    transcript_due: float = 0.0
    """When the youngest transcript is there: no later one comes before it."""
    transcribed: str | None = None
    """The item whose transcript came last, until the next turn is committed."""
    untranscribed: list[str] = msgspec.field(default_factory=list)
    """Committed turns whose transcript a response has to wait for (cascade), oldest first."""
    response: ActiveResponse | None = None
    requested: ResponseRequest | None = None
    """A response that is to be created as soon as it can be."""
    responses: int = 0
    playback: AssumedPlayback = msgspec.field(default_factory=AssumedPlayback)
    quiet_since: float | None = None
    """When the last response was done, as long as nobody has spoken since."""
    idle: Story | None = None
    """Counts the silence, where the session wants it counted."""
    said_audio: bool = False
    """Whether the assistant has spoken: the voice is fixed from then on."""
    user_inputs: list[UserInput] = msgspec.field(default_factory=list)
    """What the user said and typed since the last response."""
    tool_outputs: list[ToolOutput] = msgspec.field(default_factory=list)
    """What tools returned since the last response."""
    held_back: tuple[Step, ...] = ()
    """The rest of a reply that may make one call at a time."""
    mcp_servers: list[McpTool] = msgspec.field(default_factory=list)
    """Those that have been asked what they offer."""
    mcp_unreachable: list[McpTool] = msgspec.field(default_factory=list)
    """Those of them that could not be reached."""
    awaiting_approval: dict[str, McpCallInHand] = msgspec.field(default_factory=dict)
    """Calls that run when the client approves, by the id of the item that asks for it."""
    allowances: dict[str, Allowance] = msgspec.field(default_factory=dict)
    """What ``rate_limits.updated`` tells of, by name."""
    avatar: AvatarPresence | None = None
    avatars: AvatarPool = msgspec.field(default_factory=AvatarPool)
    """Where another one may be had; shared by the sessions of a server."""
    avatar_trouble: str | None = None
    """Why none is to be had, if that was asked for: ``capacity_exceeded`` or ``resource_exhausted``."""
    keys: int = 0
    """How many things were asked for outside: words to be spoken, turns to be listened to."""
    recognitions: Recognitions | None = None
    """The turns that somebody listens to; None where the script alone says what was said."""

    @property
    def now(self) -> float:
        """The instant that is being handled, in seconds of the session's clock."""
        return self.timeline.now

    @property
    def detection(self) -> VadSettings | None:
        """How turns are detected; None when the client commits them by hand."""
        detection = self.settings.turn_detection
        return detection if isinstance(detection, VadSettings) else None

    @property
    def assistant_speaks(self) -> bool:
        """Whether a spoken response is being generated, or is believed to be playing still."""
        return (self.response is not None and self.response.spoken) or self.playback.plays(self.now)

    def seconds(self, segment: str) -> float:
        """How long a segment of ``timing.SEGMENTS`` takes this time."""
        return self.timing.seconds(segment, self.pace)

    @property
    def pace(self) -> str:
        """Its own timing profile. Observed {NB04}: agents are slower than the models behind them."""
        return "agent" if self.brain.agent is not None else self.pipeline.name

    def new_key(self) -> int:
        """Names something that is asked for outside."""
        self.keys += 1
        return self.keys

    def new_id(self, prefix: str) -> str:
        """An id in the shape that this pipeline gives to what it makes itself."""
        return self.ids.timed(prefix) if self.pipeline.timed_ids else self.ids.make(prefix)
