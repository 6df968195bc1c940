"""What a recorded conversation consists of, as a scenario sees it: what came, and what was answered."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from vlmock.protocol.items import (
    FileSearchCallItem,
    FoundryAgentCallItem,
    ListedMcpTool,
    McpCallItem,
    WebSearchCallItem,
)
from vlmock.protocol.recording.lines import Clip, Close
from vlmock.protocol.response import StatusDetails
from vlmock.protocol.wire import JsonObject

__all__ = [
    "Answer",
    "Aside",
    "Came",
    "FunctionCall",
    "McpOffer",
    "Message",
    "Part",
    "Pause",
    "Place",
    "Returned",
    "Said",
    "Segment",
    "ServiceCall",
    "Story",
]


class Place(msgspec.Struct, frozen=True):
    """Where something stands in a recording."""

    frame: int
    """Counting from 1, both directions."""
    at: float
    """Seconds since the connection was opened."""
    line: int = 0
    """Of the recording's ``events.jsonl``, counting from 1; 0 where it has none."""

    def __str__(self) -> str:
        return f"events.jsonl:{self.line}" if self.line else f"frame {self.frame}"


# ---- what came


class Said(msgspec.Struct):
    """One thing that the user said or typed."""

    place: Place
    item_id: str
    spoken: bool
    text: str | None = None
    """None: nobody wrote it down."""
    failure: JsonObject | None = None
    """Why it could not be written down."""
    confidence: float | None = None
    """How sure the service was of the text, where it said so."""
    locale: str | None = None
    """Of the text, where the service said so."""
    began_ms: int | None = None
    ended_ms: int | None = None
    """Of speech, in milliseconds of all audio that the client sent."""


class Returned(msgspec.Struct):
    """What a tool returned."""

    name: str
    """``server/tool`` of an MCP server; empty when nobody knows."""
    output: str
    of_mcp: bool = False
    item_id: str = ""


class Came(msgspec.Struct):
    """What was there to be answered."""

    said: list[Said] = []
    returned: list[Returned] = []
    idle: bool = False
    """Nobody had spoken for a while."""

    def __bool__(self) -> bool:
        return bool(self.said or self.returned or self.idle)


# ---- what was answered


class Segment(msgspec.Struct):
    """Words without anything in between."""

    words: str = ""
    clips: list[Clip] = []
    annotations: list[Any] = []


class Aside(msgspec.Struct):
    """An event that is neither words nor a call: an error, a warning, one that nobody knows."""

    event: JsonObject


class Pause(msgspec.Struct):
    """Nothing came for remarkably long."""

    seconds: float


class Message(msgspec.Struct):
    """A message of the assistant."""

    item_id: str
    interim: bool = False
    """It only filled a silence."""
    contents: list[Segment | Aside | Pause] = []
    closed: bool = False
    broken_off: bool = False
    """It was closed before all was said."""

    @property
    def words(self) -> str:
        """All of them."""
        return "".join(each.words for each in self.contents if isinstance(each, Segment))

    @property
    def goes_on(self) -> bool:
        """Whether what comes next belongs to the words before it: nothing came in between."""
        return bool(self.contents) and isinstance(self.contents[-1], Segment)

    def open_segment(self) -> Segment:
        """The one that more words go to; a new one where something came in between."""
        if not self.goes_on:
            self.contents.append(Segment())
        return self.last_segment()

    def last_segment(self) -> Segment:
        """The one that sound goes to: that of the last words."""
        segments = [each for each in self.contents if isinstance(each, Segment)]
        if not segments:
            segments = [Segment()]
            self.contents += segments
        return segments[-1]

    def join_unheard(self) -> None:
        """Words run ahead of their sound: a pause before the first of it was none of the speech, and what is on both
        sides of it sounds in one piece."""
        numbers = [number for number, each in enumerate(self.contents) if isinstance(each, Segment)]
        heard = next((number for number in numbers if _clips(self.contents[number])), None)
        if heard is None or heard == numbers[0]:
            return
        unheard = self.contents[numbers[0] : heard + 1]
        segments = [each for each in unheard if isinstance(each, Segment)]
        if all(isinstance(each, Segment | Pause) for each in unheard):
            words = "".join(each.words for each in segments)
            annotations = [annotation for each in segments for annotation in each.annotations]
            self.contents[numbers[0] : heard + 1] = [Segment(words, segments[-1].clips, annotations)]


def _clips(part: Segment | Aside | Pause) -> list[Clip]:
    return part.clips if isinstance(part, Segment) else []


class FunctionCall(msgspec.Struct):
    """A call of a function of the client."""

    item_id: str
    name: str
    call_id: str
    arguments: str = ""


ServiceItem: TypeAlias = McpCallItem | WebSearchCallItem | FileSearchCallItem | FoundryAgentCallItem


class ServiceCall(msgspec.Struct):
    """Something that the service did itself: a call to an MCP server, a search, a question to another agent."""

    item: ServiceItem
    began: float | None = None
    """When it was really at work; None while it was not."""
    took_s: float | None = None
    refused: bool = False
    """The client did not approve of it."""


Part: TypeAlias = Message | FunctionCall | ServiceCall | Aside | Pause


class Answer(msgspec.Struct):
    """One response."""

    id: str
    number: int
    """1 for the first of the session."""
    place: Place
    came: Came
    parts: list[Part] = []
    status: str = "in_progress"
    """``in_progress``: the recording ends before it does."""
    details: StatusDetails | None = None
    aside: bool = False
    """Outside the conversation: what had come was still to be answered."""
    given: bool = False
    """The client brought the words with its request."""
    begun: bool = False
    """Something was said, or called, that did not only fill a silence."""

    def message(self, item_id: str) -> Message | None:
        return next((part for part in self.parts if isinstance(part, Message) and part.item_id == item_id), None)


# ---- all of it


class McpOffer(msgspec.Struct):
    """What an MCP server said that it has."""

    tools: list[ListedMcpTool] = []
    unreachable: bool = False


class Story(msgspec.Struct):
    """The whole conversation."""

    answers: list[Answer] = []
    unanswered: Came = msgspec.field(default_factory=Came)
    """What came last."""
    servers: dict[str, McpOffer] = {}
    session: Mapping[str, Any] = {}
    """Its settings, as the service confirmed them last."""
    readings: dict[str, object] = {}
    """Which of several ways to read the sources the service followed."""
    losses: list[str] = []
    """What a scenario cannot say, for people."""
    close: Close | None = None
    """By the server, right behind the last answer."""
