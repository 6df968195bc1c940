"""The ways in which a server can be wrong, one class each: see ``wrong_server``."""

import base64
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from websockets.datastructures import Headers
from websockets.http11 import Response

from tests.checks.wrong_server import Event, Fault

__all__ = ["FAULTS"]

_OF_RESPONSES = ("response.audio.delta", "response.audio_transcript.delta", "response.text.delta")


class _Without(Fault):
    """Never sends events of some types."""

    types: tuple[str, ...] = ()

    def to_client(self, event: Event) -> Iterable[Event]:
        if event["type"] not in self.types:
            yield event


class _Twice(Fault):
    """Sends events of some types two times."""

    types: tuple[str, ...] = ()

    def to_client(self, event: Event) -> Iterable[Event]:
        yield event
        if event["type"] in self.types:
            yield {**event, "event_id": f"{event.get('event_id')}-again"}


class _Changed(Fault):
    """Changes events of some types."""

    types: tuple[str, ...] = ()

    def to_client(self, event: Event) -> Iterable[Event]:
        if event["type"] in self.types:
            event = deepcopy(event)
            self.change(event)
        yield event

    def change(self, event: Event) -> None:
        raise NotImplementedError


# ---- the session


class NoSessionCreated(_Without):
    types = ("session.created",)


class SessionCreatedLate(Fault):
    """Only when the client has spoken."""

    def __init__(self) -> None:
        self._kept: list[Event] = []

    def to_client(self, event: Event) -> Iterable[Event]:
        if event["type"] == "session.created":
            self._kept.append(event)
        else:
            yield event

    def late(self) -> Iterable[Event]:
        kept, self._kept = self._kept, []
        return kept


class SessionCreatedTwice(_Twice):
    types = ("session.created",)


class NoSessionUpdated(_Without):
    types = ("session.updated",)


class SessionUpdatedTwice(_Twice):
    types = ("session.updated",)


class SessionUpdatedWithoutId(_Changed):
    types = ("session.updated",)

    def change(self, event: Event) -> None:
        del event["session"]["id"]


class SettingsNotEchoed(Fault):
    """``session.updated`` says what was in force before."""

    def __init__(self) -> None:
        self._before: Any = None

    def to_client(self, event: Event) -> Iterable[Event]:
        if event["type"] == "session.created":
            self._before = event["session"]
        if event["type"] == "session.updated":
            event = {**event, "session": self._before}
        yield event


class SettingsOfAnotherSession(_Changed):
    types = ("session.updated",)

    def change(self, event: Event) -> None:
        event["session"] |= {"id": "sess_of_somebody_else", "instructions": "You sell insurance."}


class OneEventId(_Changed):
    """All events have the same one."""

    def to_client(self, event: Event) -> Iterable[Event]:
        yield {**event, "event_id": "event_1"}


class BinaryFrames(Fault):
    """Events come as bytes."""

    binary = True


# ---- refusals


class ErrorWithoutCode(_Changed):
    types = ("error",)

    def change(self, event: Event) -> None:
        event["error"].pop("code", None)


class ErrorNamesAnotherEvent(_Changed):
    types = ("error",)

    def change(self, event: Event) -> None:
        event["error"]["event_id"] = "of-another-event"


class NoErrors(_Without):
    """What is refused is refused in silence."""

    types = ("error",)


class RefusalsRedirect(Fault):
    """401 is answered by a redirect to where one could sign in."""

    def answer(self, refused: Response) -> Response:
        if refused.status_code != 401:
            return refused
        headers = Headers({"Location": "https://login.example.org/", "Content-Length": "0"})
        return Response(302, "Found", headers, b"")


# ---- what the user says


class NoCommitted(_Without):
    types = ("input_audio_buffer.committed",)


class NoTranscripts(_Without):
    types = ("conversation.item.input_audio_transcription.completed",)


class StartedAfterStopped(Fault):
    """The two come in the wrong order."""

    def __init__(self) -> None:
        self._started: Event | None = None

    def to_client(self, event: Event) -> Iterable[Event]:
        if event["type"] == "input_audio_buffer.speech_started":
            self._started = event
            return
        yield event
        if event["type"] == "input_audio_buffer.speech_stopped" and self._started is not None:
            yield self._started


class StartsFall(_Changed):
    """Each turn begins before the one before it."""

    types = ("input_audio_buffer.speech_started",)

    def __init__(self) -> None:
        self._turns = 0

    def change(self, event: Event) -> None:
        self._turns += 1
        event["audio_start_ms"] = max(0, event["audio_start_ms"] if self._turns == 1 else 20)


class ItemsTwice(_Twice):
    types = ("conversation.item.created",)


# ---- answers


class NoResponseDone(_Without):
    types = ("response.done",)


class DeltasAfterDone(Fault):
    """The last delta comes once more when all is over."""

    def __init__(self) -> None:
        self._last: Event | None = None

    def to_client(self, event: Event) -> Iterable[Event]:
        yield event
        if event["type"] in _OF_RESPONSES:
            self._last = event
        if event["type"] == "response.done" and self._last is not None:
            yield {**self._last, "event_id": f"{self._last.get('event_id')}-again"}


class DeltasOfAnotherResponse(_Changed):
    types = _OF_RESPONSES

    def change(self, event: Event) -> None:
        event["response_id"] = "resp_of_somebody_else"


class TranscriptDiffers(_Changed):
    types = ("response.audio_transcript.done", "response.text.done")

    def change(self, event: Event) -> None:
        member = "transcript" if "transcript" in event else "text"
        event[member] += " And so on."


class _ChangedSound(_Changed):
    types = ("response.audio.delta",)

    def change(self, event: Event) -> None:
        event["delta"] = base64.b64encode(self.changed(base64.b64decode(event["delta"]))).decode()

    def changed(self, sound: bytes) -> bytes:
        raise NotImplementedError


class OddBytes(_ChangedSound):
    """The first piece of every answer lacks its last byte."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def change(self, event: Event) -> None:
        if event["response_id"] not in self._seen:
            self._seen.add(event["response_id"])
            super().change(event)

    def changed(self, sound: bytes) -> bytes:
        return sound[:-1]


class TwiceAsLong(_ChangedSound):
    """Each sample comes two times: sound of 48 kHz where 24 kHz was promised."""

    def changed(self, sound: bytes) -> bytes:
        return b"".join(sound[at : at + 2] * 2 for at in range(0, len(sound), 2))


class UsageDoesNotAddUp(_Changed):
    types = ("response.done",)

    def change(self, event: Event) -> None:
        if event["response"].get("usage"):
            event["response"]["usage"]["total_tokens"] += 7


class StatusInProgress(_Changed):
    """``response.done`` says that it goes on."""

    types = ("response.done",)

    def change(self, event: Event) -> None:
        event["response"]["status"] = "in_progress"


# ---- calls


class AnotherCallIdWhenDone(_Changed):
    types = ("response.function_call_arguments.done",)

    def change(self, event: Event) -> None:
        event["call_id"] = "call_of_somebody_else"


class ArgumentsNoJson(_Changed):
    """Cut off before the last brace, wherever they stand."""

    types = ("response.function_call_arguments.done", "response.output_item.done", "response.done")

    def change(self, event: Event) -> None:
        for place in _places_of_arguments(event):
            if place.get("arguments"):
                place["arguments"] = place["arguments"][:-1]

    def to_client(self, event: Event) -> Iterable[Event]:
        if event["type"] == "response.function_call_arguments.delta" and event["delta"].endswith("}"):
            event = {**event, "delta": event["delta"][:-1]}
        yield from super().to_client(event)


def _places_of_arguments(event: Event) -> Iterator[Any]:
    yield event
    yield event.get("item", {})
    yield from event.get("response", {}).get("output", [])


# ---- ends


class CancelIgnored(Fault):
    def to_server(self, event: Event) -> Iterable[Event]:
        if event["type"] != "response.cancel":
            yield event


class CancelledIsCompleted(_Changed):
    types = ("response.done",)

    def change(self, event: Event) -> None:
        if event["response"]["status"] == "cancelled":
            event["response"] |= {"status": "completed", "status_details": None}


class GoodbyeIs1011(Fault):
    close_code = 1011


class NoTruncated(_Without):
    types = ("conversation.item.truncated",)


class NoDeleted(_Without):
    types = ("conversation.item.deleted",)


FAULTS: tuple[type[Fault], ...] = (
    NoSessionCreated,
    SessionCreatedLate,
    SessionCreatedTwice,
    NoSessionUpdated,
    SessionUpdatedTwice,
    SessionUpdatedWithoutId,
    SettingsNotEchoed,
    SettingsOfAnotherSession,
    OneEventId,
    BinaryFrames,
    ErrorWithoutCode,
    ErrorNamesAnotherEvent,
    NoErrors,
    RefusalsRedirect,
    NoCommitted,
    NoTranscripts,
    StartedAfterStopped,
    StartsFall,
    ItemsTwice,
    NoResponseDone,
    DeltasAfterDone,
    DeltasOfAnotherResponse,
    TranscriptDiffers,
    OddBytes,
    TwiceAsLong,
    UsageDoesNotAddUp,
    StatusInProgress,
    AnotherCallIdWhenDone,
    ArgumentsNoJson,
    CancelIgnored,
    CancelledIsCompleted,
    GoodbyeIs1011,
    NoTruncated,
    NoDeleted,
)
