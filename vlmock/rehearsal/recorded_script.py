"""A script made of what a service said: the same words and calls, response by response, and the same transcripts."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.items import FileSearchResult, ListedMcpTool
from vlmock.protocol.tools import McpTool
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.beats import TRANSCRIPTION, Block, Event, Lane, blocks_of, events_of
from vlmock.recording.differences.sound import audio_of
from vlmock.recording.model import Recording
from vlmock.rehearsal.moments import WRITTEN, Moments, moments_of
from vlmock.session.effects import Speech, SpeechMarks, SpeechRequest, TimedViseme, TimedWord
from vlmock.session.script import (
    Call,
    Close,
    Emit,
    Error,
    Expectation,
    Fail,
    FileSearch,
    FoundryAgentCall,
    Heard,
    Incomplete,
    Invocation,
    McpCall,
    McpListing,
    Recognized,
    Reply,
    Say,
    Spoken,
    Step,
    TranscriptionFailure,
    Turn,
    Wait,
    Warn,
    WebSearch,
)

__all__ = ["RecordedScript", "Spell"]

_UNHEARD: Final = "…"
"""The words of a turn that nobody transcribed."""
_MORE_S: Final = 60.0
_MORE_WORDS: Final = " …" * 500
"""What a response that was cut off would still have said; nobody knows, so silence and dots."""
_INTERIM: Final = "interim_"
"""How the ids of words begin that fill a silence. Assumed."""
_SILENCE_S: Final = 2.5
"""Where nobody took the time. Documented {DOC}: after 2 s words come that fill it, unless the client says otherwise."""
_CUTS: Final = ("response.cancel", "input_audio_buffer.speech_started")
"""What cuts a response off."""
_SPOKEN: Final = "response.audio_transcript.delta"
_A_MOMENT_S: Final = 0.01
_CUT_MS: Final = 250
"""Of each piece of sound that a recorder did not keep. Observed {PAI}: 100 to 300 ms."""
_MS_PER_LETTER: Final = 60
"""Of words whose sound went another way: an avatar's. Assumed."""


class Spell(msgspec.Struct, frozen=True):
    """What one response said, and how long that took."""

    steps: tuple[Step, ...]
    cut_off: bool
    """It was cancelled, or was about to be where the recording ends: it has to be going on still when that comes."""
    interim: str = ""
    moments: Moments = Moments()


class RecordedScript:
    """Answers as the recorded service did: the n-th response with what its n-th said."""

    def __init__(self, recording: Recording) -> None:
        self._events = events_of(recording, "server")
        self._timed = recording.head.timed
        self._cuts = [
            index
            for index, frame in enumerate(recording.frames)
            if frame.event is not None and frame.event.get("type") in _CUTS
        ]
        self._recording = recording
        self._voices = _Voices(recording, self._events)
        self._asides = list(_asides(self._events))
        blocks = blocks_of(self._events)
        answers = sorted((block for block in blocks if block.lane is Lane.RESPONSE), key=lambda block: block.first)
        self._spells = [self._spell(block, last=block is answers[-1]) for block in answers]
        if self._spells and recording.ended_by == "server" and recording.end is not None:
            farewell = Close(recording.end.code, recording.end.reason)
            self._spells[-1] = msgspec.structs.replace(self._spells[-1], steps=(*self._spells[-1].steps, farewell))
        self._heard = deque(_transcripts(self._events))
        self._onsets = deque(
            event.body["audio_start_ms"] for event in self._events if event.type == "input_audio_buffer.speech_started"
        )
        self.heard_ms = 0.0
        """How much sound the client has sent."""
        self.now: Spell | None = None
        """What is being said."""

    # ---- the port

    def expects(self) -> Expectation:
        """Speech before the next that the service heard is what a service that removes fillers did not hear."""
        if not self._onsets or self._onsets[0] > self.heard_ms:
            return Expectation(filler=True)
        self._onsets.popleft()
        heard = self._heard[0] if self._heard else ""
        return Expectation(text=heard.text if isinstance(heard, Heard) else heard)

    def skip_filler(self, recognized: Recognized | None = None) -> bool:
        return True

    def hear(self, spoken: Spoken) -> str | Heard:
        return self._heard.popleft() if self._heard else _UNHEARD

    def mcp_tools(self, server: McpTool) -> McpListing:
        return _listing(self._events, server) or McpListing.unscripted(server)

    def reply(self, turn: Turn) -> Reply:
        self.now = self._spells[turn.number - 1] if turn.number <= len(self._spells) else None
        return Reply(self.now.steps, interim=self.now.interim) if self.now is not None else Reply()

    # ---- its voice

    def speech(self, request: SpeechRequest) -> Speech:
        """The words of a step, as the service spoke them."""
        return self._voices.speech(request)

    # ---- what each response said

    def _spell(self, block: Block, *, last: bool) -> Spell:
        events = sorted((event for beat in block.beats for event in beat.events), key=lambda event: event.frame)
        done = next((event.body for event in events if event.type == "response.done"), None)
        # What a recording ends in is said as far as it came. What had been cut off by then has to be going on still.
        cut_off = block.cut_off if done is not None else last and any(cut > block.first for cut in self._cuts)
        cut_off = cut_off and _at(done, "response", "status") != "incomplete"
        begun = {_at(event, "item", "id"): event for event in events if event.type == "response.output_item.added"}
        steps: list[tuple[int, Step]] = []
        interim = ""
        for item in _items(events, done):
            began = begun.get(item.get("id"), events[0])
            if str(item.get("id")).startswith(_INTERIM):
                interim = _text_of(item)
                self._voices.know(interim, item.get("id"))
                if not steps:  # the model was slow; otherwise it is a tool that is at work
                    steps.append((began.frame, Wait(self._silence(began, events))))
            else:
                said = list(self._steps(item, events))
                if cut_off and _is_open(item, events):
                    said = [self._longer(step, item, events) for step in said]
                pauses = [Wait(pause)] if (pause := self._pause(began, events)) > _A_MOMENT_S else []
                steps += [(began.frame, step) for step in (*pauses, *said)]
        end = events[-1].frame
        steps += [aside for aside in self._asides if block.first < aside[0] < end]
        told = [step for _, step in sorted(steps, key=lambda placed: placed[0])]
        told += list(_ending(done))
        if cut_off and not any(_is_open(item, events) for item in _items(events, done)):
            told.append(Wait(_MORE_S))
        moments = moments_of(self._recording, events, cut_off=cut_off, bridged=bool(interim))
        return Spell(tuple(told), cut_off, interim, moments)

    def _silence(self, interim: Event, events: Sequence[Event]) -> float:
        """What was bridged with other words: from where the answer was awaited to where it came."""
        later = [each for each in events if each.type == "response.output_item.added" and each.frame > interim.frame]
        if not self._timed or not later:
            return _SILENCE_S
        return max(later[0].at, interim.at + _A_MOMENT_S) - events[0].at

    def _pause(self, began: Event, events: Sequence[Event]) -> float:
        """Between an item and the one before it, where nothing was said."""
        before = events[events.index(began) - 1]
        return began.at - before.at if self._timed and before.type == "response.output_item.done" else 0.0

    def _longer(self, step: Step, item: JsonObject, events: Sequence[Event]) -> Step:
        """What was cut off in its midst goes on; words that are spoken wait for their sound, whatever it is."""
        match step:
            case Say(audio=str(audio)):
                self._voices.lengthen(audio)
            case Say() if not any(
                event.type == _SPOKEN and event.body.get("item_id") == item.get("id") for event in events
            ):
                return msgspec.structs.replace(step, text=step.text + _MORE_WORDS)
            case Call():
                return msgspec.structs.replace(step, arguments=step.arguments + _MORE_WORDS)
        return step

    def _steps(self, item: JsonObject, events: Sequence[Event]) -> Iterator[Step]:
        match item.get("type"):
            case "message":
                text = _text_of(item) or _written(events, item.get("id"))
                yield Say(text, self._voices.of(item.get("id")), tuple(_annotations(events, item.get("id"))))
            case "function_call":
                arguments = item.get("arguments") or _written(events, item.get("id"))
                yield Call(item.get("name", ""), arguments, item.get("call_id"))
            case "mcp_call":
                ended = _ended(self._events, item)
                yield McpCall(
                    item.get("server_label", ""),
                    item.get("name", ""),
                    item.get("arguments") or _written(events, item.get("id")) or "{}",
                    ended.get("output") or "{}",
                    ended.get("error"),
                )
            case "web_search_call":
                yield WebSearch(fails=item.get("status") == "failed")
            case "file_search_call":
                results = msgspec.convert(item.get("results") or [], list[FileSearchResult])
                yield FileSearch(tuple(item.get("queries") or ()), tuple(results), item.get("status") == "failed")
            case "foundry_agent_call":
                yield FoundryAgentCall(
                    item.get("name", ""), item.get("arguments") or "{}", item.get("output") or "", item.get("error")
                )


def _items(events: Sequence[Event], done: JsonObject | None) -> list[JsonObject]:
    """The items of a response, as they were in the end."""
    items: dict[str, JsonObject] = {}
    for event in events:
        if event.type in ("response.output_item.added", "response.output_item.done"):
            items[_at(event, "item", "id")] = event.body["item"]
    for item in _at(done, "response", "output") or ():
        items[item["id"]] = item
    return list(items.values())


def _is_open(item: JsonObject, events: Sequence[Event]) -> bool:
    """Whether it never came to its own end."""
    return not any(
        event.type == "response.output_item.done"
        and _at(event, "item", "id") == item.get("id")
        and _at(event, "item", "status") != "incomplete"
        for event in events
    )


def _text_of(item: JsonObject) -> str:
    return "".join(part.get("transcript") or part.get("text") or "" for part in item.get("content") or ())


def _ending(done: JsonObject | None) -> Iterator[Step]:
    details = _at(done, "response", "status_details") or {}
    match _at(done, "response", "status"):
        case "failed":
            error = details.get("error") or {}
            yield Fail(error.get("message", ""), error.get("code"), error.get("type", "server_error"))
        case "incomplete" if details.get("reason") != "max_output_tokens":
            yield Incomplete(details.get("reason", ""))


def _asides(events: Sequence[Event]) -> Iterator[tuple[int, Step]]:
    """What a service says besides, and where: what it warns of, what fails, and what we have no name for."""
    for event in events:
        told = _at(event, event.type) or {}
        if event.type == "error" and told.get("type") == "server_error" and told.get("event_id") is None:
            yield event.frame, Error(told.get("message", ""), told.get("code"), param=told.get("param"))
        elif event.type == "warning":
            yield event.frame, Warn(told.get("message", ""), told.get("code"), told.get("param"))
        elif event.type == "response.invocation.delta":
            yield event.frame, Invocation(event.body.get("delta") or {})
        elif event.type not in _TYPES:
            yield event.frame, Emit({name: value for name, value in event.body.items() if name != "event_id"})


_TYPES: Final = frozenset(SERVER_EVENTS) | frozenset(OTHER_SERVER_EVENTS)


def _written(events: Sequence[Event], item_id: Any) -> str:
    """The words, or the arguments, of an item that never came to an end."""
    return "".join(
        str(event.body.get("delta", ""))
        for event in events
        if event.type in WRITTEN and event.body.get("item_id") == item_id
    )


def _annotations(events: Sequence[Event], item_id: Any) -> Iterator[Any]:
    for event in events:
        if event.type == "response.audio_transcript.annotation.added" and event.body.get("item_id") == item_id:
            yield event.body.get("annotation")


def _ended(events: Sequence[Event], item: JsonObject) -> JsonObject:
    """A call to an MCP server as it was in the end, which may be long after its response."""
    ends = [event.body["item"] for event in events if event.type == "response.output_item.done"]
    return next((end for end in reversed(ends) if end.get("id") == item.get("id")), item)


# ---- what the user said


def _transcripts(events: Sequence[Event]) -> Iterator[str | Heard]:
    """Of each spoken turn, in the order in which they were committed."""
    told: dict[str, str | Heard] = {}
    for event in events:
        item_id = event.body.get("item_id", "")
        if event.type == f"{TRANSCRIPTION}delta":  # all there is where the recording broke off
            told[item_id] = f"{told.get(item_id, '')}{event.body.get('delta', '')}"
        elif event.type == f"{TRANSCRIPTION}completed" and event.body.get("transcript"):
            told[item_id] = event.body["transcript"]
        elif event.type == f"{TRANSCRIPTION}failed":
            error = event.body.get("error") or {}
            failure = TranscriptionFailure(error.get("message", ""), error.get("code") or "")
            told[item_id] = Heard(_UNHEARD, failure)
    empty = Counter(event.body.get("item_id", "") for event in events if event.type == f"{TRANSCRIPTION}completed")
    silences = {event.body.get("item_id") for event in events if event.type == "input_audio_buffer.timeout_triggered"}
    for event in events:
        item_id = event.body.get("item_id", "")
        if event.type == "input_audio_buffer.committed" and item_id not in silences:
            yield told.get(item_id, "" if item_id in empty else _UNHEARD)


def _listing(events: Sequence[Event], server: McpTool) -> McpListing | None:
    """What a server was found to offer; None where the recording does not say."""
    for event in events:
        item = event.body.get("item")
        if isinstance(item, dict) and item.get("type") == "mcp_list_tools":
            if item.get("server_label") != server.server_label:
                continue
            failed = any(
                each.type == "mcp_list_tools.failed" and each.body.get("item_id") == item.get("id") for each in events
            )
            if failed:
                return McpListing(unreachable=True)
            if item.get("tools"):
                return McpListing(tuple(msgspec.convert(item["tools"], list[ListedMcpTool])))
    return None


# ---- its voice


class _Voices:
    """The sound of each item that was spoken."""

    def __init__(self, recording: Recording, events: Sequence[Event]) -> None:
        self._recording = recording
        self._deltas: dict[str, list[Event]] = {}
        self._marks: dict[str, list[Event]] = {}
        self._by_words: dict[str, str] = {}
        self._more: set[str] = set()
        for event in events:
            if event.type == "response.audio.delta":
                self._deltas.setdefault(str(event.body.get("item_id")), []).append(event)
            elif event.type in ("response.audio_timestamp.delta", "response.animation_viseme.delta"):
                self._marks.setdefault(str(event.body.get("item_id")), []).append(event)

    def of(self, item_id: Any) -> str | None:
        """The name of its sound; None where it has none."""
        return str(item_id) if str(item_id) in self._deltas else None

    def know(self, text: str, item_id: Any) -> None:
        """These words are asked for by themselves, and are those of this item."""
        self._by_words[text] = str(item_id)

    def lengthen(self, name: str) -> None:
        """Have it go on in silence."""
        self._more.add(name)

    def speech(self, request: SpeechRequest) -> Speech:
        name = request.audio or self._by_words.get(request.text, "")
        deltas = self._deltas.get(name, [])
        sound = audio_of(self._recording, [event.body.get("delta") for event in deltas])
        lasts_ms = _CUT_MS * len(deltas) or _MS_PER_LETTER * len(request.text)
        audio = sound.data if sound is not None else bytes(request.format.bytes_for_ms(lasts_ms))
        if name in self._more:
            audio += bytes(request.format.bytes_for_ms(_MORE_S * 1000))
        marks = _marks(self._marks.get(name, ())) if request.marks else SpeechMarks()
        return Speech(audio, request.format.duration_ms(len(audio)), marks)


def _marks(events: Sequence[Event]) -> SpeechMarks:
    words, visemes = [], []
    for event in events:
        body: Mapping[str, Any] = event.body
        if event.type == "response.audio_timestamp.delta":
            words.append(TimedWord(body["text"], body["audio_offset_ms"], body["audio_duration_ms"]))
        else:
            visemes.append(TimedViseme(body["audio_offset_ms"], body["viseme_id"]))
    return SpeechMarks(tuple(words), tuple(visemes))


def _at(value: Any, *path: str) -> Any:
    value = value.body if isinstance(value, Event) else value
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
