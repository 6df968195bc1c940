"""What was said so far and how the session is set up, so that a new connection can take up where the old one ended.

Observed, behaviour.md 1.4: no history survives a reconnect. So it is written down here from the events that go by, and
``replay`` gives it back as items: what was spoken as its transcript, and of what the assistant said only what the user
can have heard.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from vlclient.remembered import Call, Message, Output, Piece, Remembered, Word, remembered
from vlmock.protocol.audio_format import OUTPUT_FORMATS
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDelete,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemTruncate,
    ConversationItemTruncated,
)
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferCommitted, InputTextDelta
from vlmock.protocol.items import (
    FileSearchCallItem,
    FoundryAgentCallItem,
    McpCallItem,
    RequestItem,
    ResponseItem,
    WebSearchCallItem,
)
from vlmock.protocol.output import (
    ResponseAudioDelta,
    ResponseAudioTimestampDelta,
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseTextDelta,
    ResponseTextDone,
)
from vlmock.protocol.response import ResponseCreated, ResponseOutputItemDone
from vlmock.protocol.session import RequestSession, SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import UNSET, ClientEvent, UnsetType, given

__all__ = ["Memory"]

_EPHEMERAL = "interim_"
"""Observed {BANK, NETT}, behaviour.md 4.6: the ids of interim responses begin so, and the service forgets them too."""

_CALLS_OF_THE_SERVICE = McpCallItem | FoundryAgentCallItem | WebSearchCallItem | FileSearchCallItem
"""Documented, schema E1: no client may create these."""


class _Entry(msgspec.Struct, eq=False):
    """An item of the conversation."""

    id: str | None
    """None while a client event leaves the choice to the service."""
    said: Remembered
    confirmed: bool
    """The service has it in this session."""
    event_id: str | None = None
    """Of the event that creates it, which an ``error`` would name."""

    def request(self) -> RequestItem | None:
        return self.said.request(self.id or UNSET)


class Memory:
    """The conversation and the configuration of a session, across connections. Tell it every event, sent and received.

    Bounded: beyond ``most_items``, or beyond ``most_characters`` of text, the oldest is forgotten, system messages last
    of all. The order is that in which items came or were placed by the client. Their ``previous_item_id`` does not
    count: Observed {FON}, it skips the assistant's items on some pipelines.
    """

    def __init__(self, *, most_items: int = 200, most_characters: int = 100_000) -> None:
        self._most_items = most_items
        self._most_characters = most_characters
        self._entries: list[_Entry] = []
        self._by_id: dict[str, _Entry] = {}
        self._updates: list[SessionUpdate] = []
        """Sent and not answered yet, oldest first."""
        self._settings: RequestSession | None = None
        self._session_format = self._format = OUTPUT_FORMATS["pcm16"]
        self._calls_of_the_service = 0
        self._named = 0
        self.forgotten = 0
        """How many items were too many to be remembered."""

    @property
    def configuration(self) -> SessionUpdate | None:
        """One update that says what all accepted ones said; None when none was.

        Documented {DOC}, behaviour.md 2.2: the service merges at the top level and replaces the objects inside.
        """
        return None if self._settings is None else SessionUpdate(session=self._settings)

    def replay(self) -> list[ConversationItemCreate]:
        """The conversation as items to be created one after the other, oldest first.

        They keep their ids, so that what a program knows by id stays known (Observed {PAI}: the service takes the ids
        that a client chooses). Calls go together with their outputs or not at all.
        """
        return [ConversationItemCreate(item=item) for _, item in self._replayable()]

    def disconnected(self) -> tuple[str, ...]:
        """The connection is lost: forget what no new session can be told, and say in words what that was.

        Call it before ``replay`` and ``configuration`` are used for the new one.
        """
        replayable = self._replayable()
        kept = {id(entry) for entry, _ in replayable}
        lost = self._in_words([entry.said for entry in self._entries if id(entry) not in kept])
        self._updates.clear()
        self._entries.clear()
        self._by_id.clear()
        self._calls_of_the_service = 0
        for entry, item in replayable:
            if entry.id is None:
                self._named += 1
                entry.id = f"replayed_{self._named}"
            if (said := remembered(item)) is not None:  # as it will be told
                self._insert(_Entry(entry.id, said, confirmed=False), len(self._entries))
        return lost

    def heard(self, item_id: str, content_index: int, heard_ms: int) -> None:
        """The user heard only so much of a part: no more is replayed. A truncation that is sent says the same."""
        if (piece := self._piece(item_id, content_index)) is not None:
            piece.heard_ms = heard_ms

    def sent(self, event: ClientEvent) -> None:
        """An event of the client goes out."""
        self._take(event)

    def receive(self, event: AnyServerEvent | UnknownServerEvent) -> None:
        """An event of the service has come."""
        self._take(event)

    def _take(self, event: Any) -> None:
        if (duty := _DUTIES.get(type(event))) is not None:
            duty(self, event)

    # ---- telling it again

    def _replayable(self) -> list[tuple[_Entry, RequestItem]]:
        outputs: dict[str, _Entry] = {}
        calls = set()
        for entry in self._entries:
            if isinstance(entry.said, Output):
                outputs.setdefault(entry.said.call_id, entry)
            elif isinstance(entry.said, Call) and entry.said.complete:
                calls.add(entry.said.call_id)
        told = []
        for entry in self._entries:
            said = entry.said
            if isinstance(said, Call) and not (said.complete and said.call_id in outputs):
                continue  # Assumed: a new session would wait for the answer for ever
            if isinstance(said, Output) and not (said.call_id in calls and outputs[said.call_id] is entry):
                continue  # behaviour.md 8.2, L05: without its call, or given twice, it is refused
            if (item := entry.request()) is not None:
                told.append((entry, item))
        return told

    def _in_words(self, gone: list[Remembered]) -> tuple[str, ...]:
        spoken = sum(isinstance(said, Message) and said.role == "user" for said in gone)
        calls = sum(isinstance(said, Call) for said in gone)
        counts = (
            (self.forgotten, "item", "from the beginning of the conversation"),
            (spoken, "spoken turn", "without a transcript"),
            (calls, "tool call", "without an answer"),
            (self._calls_of_the_service, "call", "that the service made itself"),
            (len(self._updates), "change", "of settings without a confirmation"),
        )
        return tuple(f"{count} {what}{'s' if count > 1 else ''} {which}" for count, what, which in counts if count)

    # ---- the items

    def _piece(self, item_id: str, content_index: int) -> Piece | None:
        entry = self._by_id.get(item_id)
        return entry.said.piece(content_index) if entry is not None and isinstance(entry.said, Message) else None

    def _insert(self, entry: _Entry, place: int) -> None:
        self._entries.insert(place, entry)
        if entry.id is not None:
            self._by_id[entry.id] = entry
        while self._is_too_much() and (oldest := self._oldest_but(entry)) is not None:
            self._drop(oldest)
            self.forgotten += 1

    def _is_too_much(self) -> bool:
        if len(self._entries) > self._most_items:
            return True
        return sum(entry.said.characters() for entry in self._entries) > self._most_characters

    def _oldest_but(self, newest: _Entry) -> _Entry | None:
        others = [entry for entry in self._entries if entry is not newest]
        is_system = [isinstance(entry.said, Message) and entry.said.role == "system" for entry in others]
        ordinary = [entry for entry, system in zip(others, is_system, strict=True) if not system]
        return next(iter(ordinary or others), None)

    def _drop(self, entry: _Entry) -> None:
        self._entries.remove(entry)
        if entry.id is not None:
            self._by_id.pop(entry.id, None)

    def _place_after(self, item_id: str | UnsetType | None) -> int:
        """Documented {DOC}: ``root`` inserts first, an id behind that item, nothing at the end."""
        if item_id == "root":
            return 0
        before = self._by_id.get(given(item_id, ""))
        return len(self._entries) if before is None else self._entries.index(before) + 1

    def _awaiting(self, item: ResponseItem) -> _Entry | None:
        """The oldest item without an id that this may be. Observed {PAI}: they are echoed in the order of requests."""
        said = remembered(item)
        return next((entry for entry in self._entries if entry.id is None and entry.said == said), None)

    # ---- what is done about each event

    def _on_item_create(self, event: ConversationItemCreate) -> None:
        item_id, event_id = given(event.item.id, "") or None, given(event.event_id, "") or None
        known = self._by_id.get(item_id) if item_id else None
        if known is not None:
            if not known.confirmed:  # replayed
                known.event_id = event_id
        elif (said := remembered(event.item)) is not None:
            self._insert(_Entry(item_id, said, False, event_id), self._place_after(event.previous_item_id))

    def _on_item_created(self, event: ConversationItemCreated | ConversationItemDone) -> None:
        item = event.item
        if isinstance(item, UnsetType) or item.id.startswith(_EPHEMERAL):
            return
        entry = self._by_id.get(item.id)
        if entry is None and (entry := self._awaiting(item)) is not None:
            entry.id = item.id
            self._by_id[item.id] = entry
        if entry is not None:
            entry.confirmed = True
            entry.said.update(item)
        elif (said := remembered(item)) is not None:
            self._insert(_Entry(item.id, said, confirmed=True), len(self._entries))
        elif isinstance(item, _CALLS_OF_THE_SERVICE):
            self._calls_of_the_service += 1

    def _on_committed(self, event: InputAudioBufferCommitted) -> None:
        """The place of a spoken turn. Observed {FON}: its item may follow its transcript only."""
        if event.item_id not in self._by_id:
            self._insert(_Entry(event.item_id, Message("user"), confirmed=True), len(self._entries))

    def _on_transcribed(self, event: ConversationItemInputAudioTranscriptionCompleted) -> None:
        """Observed {PIPE, FON}: for an item that has its transcript an empty one may follow."""
        if event.transcript and (piece := self._piece(event.item_id, event.content_index)) is not None:
            piece.text = event.transcript

    def _on_typed(self, event: InputTextDelta) -> None:
        if event.id not in self._by_id:
            self._insert(_Entry(event.id, Message("user"), confirmed=False), len(self._entries))
        if (piece := self._piece(event.id, given(event.content_index, 0))) is not None:
            piece.text += event.delta

    def _on_delta(self, event: ResponseTextDelta | ResponseAudioTranscriptDelta) -> None:
        if (piece := self._piece(event.item_id, event.content_index)) is not None:
            piece.text += event.delta

    def _on_text_done(self, event: ResponseTextDone | ResponseAudioTranscriptDone) -> None:
        if (piece := self._piece(event.item_id, event.content_index)) is not None:
            piece.text = event.text if isinstance(event, ResponseTextDone) else event.transcript

    def _on_audio(self, event: ResponseAudioDelta) -> None:
        if (piece := self._piece(event.item_id, event.content_index)) is not None:
            piece.audio_ms += self._format.duration_ms(len(event.delta))

    def _on_word(self, event: ResponseAudioTimestampDelta) -> None:
        if (piece := self._piece(event.item_id, event.content_index)) is not None:
            piece.words.append(Word(event.text, event.audio_offset_ms + event.audio_duration_ms))

    def _on_arguments(self, event: ResponseFunctionCallArgumentsDone) -> None:
        entry = self._by_id.get(event.item_id)
        if entry is not None and isinstance(entry.said, Call):
            entry.said.arguments, entry.said.complete = event.arguments, True

    def _on_output_item_done(self, event: ResponseOutputItemDone) -> None:
        if isinstance(event.item, UnsetType) or (entry := self._by_id.get(event.item.id)) is None:
            return
        entry.said.update(event.item)
        if isinstance(entry.said, Message) and getattr(event.item, "status", "") == "completed":
            for piece in entry.said.pieces.values():
                piece.complete = True

    def _on_truncate(self, event: ConversationItemTruncate) -> None:
        self.heard(event.item_id, event.content_index, event.audio_end_ms)

    def _on_truncated(self, event: ConversationItemTruncated) -> None:
        """By the service's own reckoning (``auto_truncate``), unless the client has said what was heard."""
        if (piece := self._piece(event.item_id, event.content_index)) is not None and piece.heard_ms is None:
            piece.heard_ms = event.audio_end_ms

    def _on_delete(self, event: ConversationItemDelete | ConversationItemDeleted) -> None:
        """Also when it is only asked for: what somebody wants forgotten is not told again."""
        if (entry := self._by_id.get(event.item_id)) is not None:
            self._drop(entry)

    def _on_response_created(self, event: ResponseCreated) -> None:
        name = given(event.response.output_audio_format, "")
        self._format = OUTPUT_FORMATS.get(name, self._session_format)

    # ---- the configuration

    def _on_session_update(self, event: SessionUpdate) -> None:
        self._updates.append(event)

    def _on_session(self, event: SessionCreated | SessionUpdated) -> None:
        name = given(event.session.output_audio_format, "pcm16")
        self._session_format = self._format = OUTPUT_FORMATS.get(name, self._session_format)
        if isinstance(event, SessionUpdated) and self._updates:
            self._settings = _merged(self._settings or RequestSession(), self._updates.pop(0).session)

    def _on_error(self, event: ErrorEvent) -> None:
        """What was refused never happened. Observed {FON}: an error names the event at fault, or the member alone; then
        the oldest update is meant, for they are answered in order."""
        culprit = given(event.error.event_id, "")
        unnamed = not culprit and given(event.error.param, "").startswith("session")
        for update in self._updates:
            if unnamed or (culprit and given(update.event_id, "") == culprit):
                self._updates.remove(update)
                return
        for entry in self._entries:
            if culprit and entry.event_id == culprit and not entry.confirmed:
                self._drop(entry)
                return


def _merged(settings: RequestSession, update: RequestSession) -> RequestSession:
    changes = {name: value for name in update.__struct_fields__ if (value := getattr(update, name)) is not UNSET}
    return msgspec.structs.replace(settings, **changes)


_DUTIES: dict[type, Callable[[Memory, Any], None]] = {
    ConversationItemCreate: Memory._on_item_create,
    ConversationItemDelete: Memory._on_delete,
    ConversationItemTruncate: Memory._on_truncate,
    InputTextDelta: Memory._on_typed,
    SessionUpdate: Memory._on_session_update,
    ConversationItemCreated: Memory._on_item_created,
    ConversationItemDone: Memory._on_item_created,
    ConversationItemDeleted: Memory._on_delete,
    ConversationItemTruncated: Memory._on_truncated,
    ConversationItemInputAudioTranscriptionCompleted: Memory._on_transcribed,
    InputAudioBufferCommitted: Memory._on_committed,
    ResponseCreated: Memory._on_response_created,
    ResponseOutputItemDone: Memory._on_output_item_done,
    ResponseTextDelta: Memory._on_delta,
    ResponseTextDone: Memory._on_text_done,
    ResponseAudioTranscriptDelta: Memory._on_delta,
    ResponseAudioTranscriptDone: Memory._on_text_done,
    ResponseAudioDelta: Memory._on_audio,
    ResponseAudioTimestampDelta: Memory._on_word,
    ResponseFunctionCallArgumentsDone: Memory._on_arguments,
    SessionCreated: Memory._on_session,
    SessionUpdated: Memory._on_session,
    ErrorEvent: Memory._on_error,
}
