"""The port between a session and whatever decides what it answers.

The session asks a ``Script`` three things: what to expect of the next spoken turn, what was said in it, and what to
reply to a turn. A scenario file, a recording and a Python function are scripts; none of them knows the session.
Everything here is immutable and free of I/O.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from vlmock.protocol.items import FileSearchResult, ListedMcpTool, ResponseItem
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.tools import McpTool, Tool, ToolChoice
from vlmock.protocol.wire import JsonObject

__all__ = [
    "Call",
    "Close",
    "Emit",
    "Error",
    "Expectation",
    "Fail",
    "FileSearch",
    "FoundryAgentCall",
    "Heard",
    "Incomplete",
    "Invocation",
    "McpCall",
    "McpListing",
    "Recognized",
    "Reply",
    "Say",
    "Script",
    "ServiceStep",
    "Spoken",
    "Step",
    "ToolOutput",
    "TranscriptionFailure",
    "Turn",
    "UserInput",
    "Wait",
    "Warn",
    "WebSearch",
]


# ---- what the script is asked about


class Recognized(msgspec.Struct, frozen=True):
    """What a spoken turn was recognised as, by somebody who listened to it."""

    text: str = ""
    """One of the script's own sentences; "" where it was none of them."""
    clip: str = ""
    """The path of the script's own sound file that it was; "" where it was none of them."""
    confidence: float = 0.0
    """How sure that is, 0 to 1; from 0.5 on it counts."""
    nearest: str = ""
    """The sentence that it was most like, where it was nothing of all this."""
    only_clips: bool = False
    """Nobody listened to the words: where it was no clip, the script says what they were."""

    def __str__(self) -> str:
        sure = f" (confidence {self.confidence:.2f})"
        if self.clip:
            return f"the clip {self.clip}{sure}"
        if self.text:
            return f"{self.text!r}{sure}"
        if self.only_clips:
            return "none of the clips"
        return "none of the sentences" + (f", most like {self.nearest!r}{sure}" if self.nearest else "")


class Spoken(msgspec.Struct, frozen=True):
    """A stretch of speech that was committed, by the detector or by the client."""

    item_id: str
    audio_ms: float
    """How much was committed, prefix and trailing silence included."""
    session: ResponseSession
    transcript_is_input: bool = False
    """Whether the model reads the transcript and hears nothing itself: a cascade."""
    recognized: Recognized | None = None
    """What was really said; None where nobody listened, and the script decides alone."""


class UserInput(msgspec.Struct, frozen=True):
    """One thing that the user said or typed in a turn."""

    item_id: str
    text: str
    """The words: the transcript that the script gave for speech, or what was typed."""
    spoken: bool
    audio_ms: float = 0.0


class ToolOutput(msgspec.Struct, frozen=True):
    """What a tool of the client returned, or one of an MCP server."""

    item_id: str
    call_id: str
    """That of the call; for an MCP server's tool the id of its ``mcp_call`` item."""
    name: str
    """The function's name, found through ``call_id``; empty when no call has that id. Of an MCP server's tool
    ``server/tool``."""
    arguments: str
    """The arguments it was called with, as JSON text; empty when no call has that id."""
    output: str
    """As the client sent it, usually JSON text. Of a call to an MCP server that failed or was not approved:
    ``{"error": "why"}``."""


class Turn(msgspec.Struct, frozen=True):
    """What a response is to answer: everything that came since the last response."""

    number: int
    """1 for the first response of the session, then counting."""
    user: tuple[UserInput, ...]
    tool_outputs: tuple[ToolOutput, ...]
    """With no user input and no tool output the client asked for a response out of the blue: a greeting."""
    session: ResponseSession
    """The settings in force, overrides of this one response not included."""
    instructions: str
    """Session instructions, or those of this response, ``additional_instructions`` appended."""
    tools: tuple[Tool, ...]
    """Offered to this response."""
    tool_choice: ToolChoice
    history: Sequence[ResponseItem]
    """All items of the conversation, oldest first."""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    agent: bool = False
    """Whether a Foundry agent answers, which has tools of its own."""
    invoke_input: JsonObject = msgspec.field(default_factory=dict)
    """What the request handed to a hosted agent; empty when it did not."""
    idle: bool = False
    """Nobody has spoken for ``idle_timeout_ms`` since the last response."""

    @property
    def text(self) -> str:
        """All that the user said or typed in this turn, joined by spaces; "" when nothing was."""
        return " ".join(entry.text for entry in self.user if entry.text)


# ---- what the script answers


class Expectation(msgspec.Struct, frozen=True):
    """What the script holds of a spoken turn that has just begun. What it leaves open is judged by the words."""

    filler: bool | None = None
    """Only "umm": with ``remove_filler_words`` it is no turn at all. Observed {SDKT}."""
    complete: bool | None = None
    """False: end-of-utterance detection, where configured, waits its ``timeout_ms`` longer. Documented {DOC}."""
    text: str | None = None
    """What will be heard, where the script knows."""


class TranscriptionFailure(msgspec.Struct, frozen=True):
    """Nobody could write down what was said."""

    message: str
    code: str = "audio_unintelligible"


class Heard(msgspec.Struct, frozen=True):
    """What became of a spoken turn, where there is more to say than its words."""

    text: str
    """The words. Where the transcription failed: what a model that hears by itself understood."""
    failure: TranscriptionFailure | None = None
    locale: str | None = None
    """Of the words: ``de-DE``; None is what the session expects."""
    confidence: float | None = None
    """How sure the transcription is, 0 to 1; None is as usual."""


class Say(msgspec.Struct, frozen=True):
    """Assistant words: a transcript and the speech for it, or plain text in a text-only response."""

    text: str
    audio: str | None = None
    """Path of a WAV file to play instead of synthesising."""
    annotations: tuple[Any, ...] = ()
    """Where the words come from: JSON, one event each, after the words. Spoken answers only."""


class Call(msgspec.Struct, frozen=True):
    """A function call."""

    name: str
    arguments: str
    """JSON text, sent as it stands."""
    call_id: str | None = None


class Wait(msgspec.Struct, frozen=True):
    """Silence on the wire, on the session's clock, whatever the timing profile."""

    seconds: float


class Emit(msgspec.Struct, frozen=True):
    """Any server event, sent as it stands; an ``event_id`` is added where it has none."""

    event: JsonObject


class Error(msgspec.Struct, frozen=True):
    """An ``error`` event; the conversation goes on."""

    message: str
    code: str | None = None
    type: str = "server_error"
    param: str | None = None


class Warn(msgspec.Struct, frozen=True):
    """A ``warning`` event; the conversation goes on. api-versions that have no warnings do not get it."""

    message: str
    code: str | None = None
    param: str | None = None


class Fail(msgspec.Struct, frozen=True):
    """Ends the response with status ``failed``."""

    message: str
    code: str | None = None
    type: str = "server_error"


class Incomplete(msgspec.Struct, frozen=True):
    """Ends the response with status ``incomplete``; what was said until then stays said."""

    reason: str = "content_filter"
    """One of ``INCOMPLETE_REASONS``."""


class Close(msgspec.Struct, frozen=True):
    """Closes the connection."""

    code: int = 1000
    reason: str = ""


# ---- what the service does itself


class McpCall(msgspec.Struct, frozen=True):
    """A call of the service to an MCP server, and what comes of it."""

    server: str
    """The ``server_label`` of the client's tool."""
    tool: str
    arguments: str = "{}"
    """JSON text, sent as it stands."""
    output: str = "{}"
    """What the tool returns, usually JSON text."""
    error: str | JsonObject | None = None
    """In place of an output: why the call fails, or the ``error`` of the item as it stands."""
    seconds: float | None = None
    """How long the call runs; None leaves it to the timing profile."""

    @property
    def name(self) -> str:
        """How scenarios call it: ``docs/search``."""
        return f"{self.server}/{self.tool}"


class WebSearch(msgspec.Struct, frozen=True):
    """A search of the web. The wire does not say what is searched for. Since 2026-04-10."""

    query: str = ""
    """For people who read the script."""
    fails: bool = False
    seconds: float | None = None
    """How long it searches; None leaves it to the timing profile."""


class FileSearch(msgspec.Struct, frozen=True):
    """A search in an agent's files. Since 2026-04-10."""

    queries: tuple[str, ...]
    results: tuple[FileSearchResult, ...] = ()
    """Shown to sessions whose ``include`` asks for them."""
    fails: bool = False
    seconds: float | None = None
    """How long it searches; None leaves it to the timing profile."""


class FoundryAgentCall(msgspec.Struct, frozen=True):
    """A question of the service to another agent. Only with the reading ``foundry_agent``."""

    name: str
    arguments: str = "{}"
    """JSON text, sent as it stands."""
    output: str = ""
    error: str | JsonObject | None = None
    """In place of an output: why the agent fails, or the ``error`` of the item as it stands."""
    seconds: float | None = None
    """How long it takes; None leaves it to the timing profile."""


class Invocation(msgspec.Struct, frozen=True):
    """An event of a hosted agent's own, passed on as it stands. Since 2026-06-01-preview."""

    payload: JsonObject


ServiceStep: TypeAlias = McpCall | WebSearch | FileSearch | FoundryAgentCall | Invocation
Step: TypeAlias = Say | Call | Wait | Emit | Error | Warn | Fail | Incomplete | Close | ServiceStep


class McpListing(msgspec.Struct, frozen=True):
    """What an MCP server says when it is asked for its tools."""

    tools: tuple[ListedMcpTool, ...] = ()
    """All that it has; the session leaves out what the client does not allow."""
    unreachable: bool = False
    """It says nothing: the listing fails and the session goes on."""
    seconds: float | None = None
    """How long it takes; None leaves it to the timing profile."""

    @classmethod
    def of(cls, *names: str) -> "McpListing":
        """Tools of which only the names are known."""
        return cls(tuple(ListedMcpTool(name=name, input_schema={"type": "object"}) for name in names))

    @classmethod
    def unscripted(cls, server: McpTool) -> "McpListing":
        """Of a server that no script describes: the tools that the client allows, or one, so that there is one."""
        allowed = server.allowed_tools
        return cls.of(*(allowed if isinstance(allowed, list) else ("unscripted_tool",)))


class Reply(msgspec.Struct, frozen=True):
    """What a script wants said or called in answer to one turn, in this order."""

    steps: tuple[Step, ...] = ()
    origin: str = ""
    """Where it was written, for people: ``weather.yaml:4``."""
    interim: str = ""
    """What a model says meanwhile, where the session has an ``llm_interim_response``; "" leaves it to the emulator."""


class Script(Protocol):
    """Decides what a session answers. One instance serves one connection and may remember what it played."""

    def expects(self) -> Expectation:
        """What the spoken turn that begins now will be. Asked once for each onset of speech; changes nothing."""

    def skip_filler(self, recognized: Recognized | None = None) -> bool:
        """The turn that ``expects`` called a filler is over. True: it was one, and the script goes on to what comes
        next. False: somebody listened, and something else was said, which is to be heard as any other turn."""

    def hear(self, spoken: Spoken) -> str | Heard:
        """The transcript of a committed spoken turn. Asked once for each. "" is a turn that nobody understood."""

    def mcp_tools(self, server: McpTool) -> McpListing:
        """What an MCP server of the client offers. Asked once for each server; changes nothing."""

    def reply(self, turn: Turn) -> Reply:
        """The answer to a turn. Asked once for each response that is created."""
