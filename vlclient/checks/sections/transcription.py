"""8: what is written down of what the user said."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vlclient.checks import speech
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.turns import BY_HAND, TAIL_S, append, commit, detecting, heard, item_of, say, types
from vlclient.checks.wire import Event, Wire

_section = Section(8, "Transcription")

_QUESTION_S: Final = speech.WEATHER_S + TAIL_S
_REALTIME: Final = ("hybrid", "native")
_KIND: Final = "conversation.item.input_audio_transcription."
_DELTA: Final = _KIND + "delta"
_COMPLETED: Final = _KIND + "completed"
_FAILED: Final = _KIND + "failed"


def _written_by(model: str, **more: Any) -> dict[str, Any]:
    return {"input_audio_transcription": {"model": model, **more}}


def _written_down(probe: Probe) -> Mapping[str, Any]:
    """Settings by which speech is transcribed: a cascade always does."""
    return {} if probe.pipeline == "cascade" else _written_by("whisper-1")


async def _transcript(probe: Probe, wire: Wire, item_id: Any = None) -> list[Event]:
    """All that comes up to the transcript of this item (None: of any). One that fails says nothing: the model may not
    be in this region."""
    events: list[Event] = []
    while True:
        events += await wire.until_any(_COMPLETED, _FAILED)
        last = events[-1]
        if last["type"] == _FAILED:
            probe.inconclusive(f"the transcription failed: {last['error'].get('message')}")
        if item_id in (None, last.get("item_id")):
            return events


async def _of_a_turn(probe: Probe, settings: Mapping[str, Any], **detection: Any) -> list[Event]:
    """Say a question; all events from its commit to its transcript."""
    wire = await probe.session({**detecting(**detection), **settings})
    await append(wire, speech.weather() + speech.silence(2 * TAIL_S))
    turn = await heard(probe, wire)
    return await _transcript(probe, wire, turn.item_id)


async def _included(probe: Probe, model: str, what: str) -> list[Event]:
    """What stands beside the transcript of a question where the session includes it."""
    settings = {"include": [f"item.input_audio_transcription.{what}"], **_written_by(model)}
    completed = (await _of_a_turn(probe, settings))[-1]
    if not completed["transcript"]:
        probe.inconclusive("the transcript is empty")
    found: list[Event] | None = completed.get(what)
    probe.require(isinstance(found, list) and bool(found), what, found)
    return found or []


def _deltas(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event["type"] == _DELTA]


@_section.check("8.01", audio_s=_QUESTION_S + TAIL_S, proves=(_COMPLETED,))
async def a_transcript_names_what_it_is_of(probe: Probe) -> None:
    """A spoken turn is followed by its transcript, which names item and part.

    False when: none comes, it has no text, or the part is not 0; loosely, when the text is empty.
    Source: Observed {FON, PAI, NB04}, behaviour 3.3.
    """
    completed = (await _of_a_turn(probe, _written_down(probe)))[-1]
    written = completed["transcript"]
    probe.expect(isinstance(written, str), "a transcript", written)
    probe.loosely(bool(written), "some words", written)
    probe.expect(completed.get("content_index") == 0, "content_index 0", completed.get("content_index"))


@_section.check("8.02", audio_s=_QUESTION_S + TAIL_S, pipelines=("cascade",))
async def a_cascade_writes_down_all_at_once(probe: Probe) -> None:
    """A text model's transcript comes without pieces before it.

    False when: there is a delta.
    Source: Observed {FON, PAI}, behaviour 3.3.
    """
    deltas = _deltas(await _of_a_turn(probe, {}))
    probe.expect(not deltas, "no delta", len(deltas))


@_section.check("8.03", audio_s=_QUESTION_S + TAIL_S, pipelines=_REALTIME, proves=(_DELTA,))
async def whisper_says_it_twice(probe: Probe) -> None:
    """Beside a realtime model ``whisper-1`` gives its text as a delta, then once more complete.

    False when: the pieces together are not the transcript; loosely, when it is not one piece.
    Source: Observed {PAI}, behaviour 3.3.
    """
    events = await _of_a_turn(probe, _written_by("whisper-1"))
    _adds_up(probe, events)
    probe.loosely(len(_deltas(events)) == 1, "one delta", len(_deltas(events)))


@_section.check("8.04", audio_s=_QUESTION_S + TAIL_S, pipelines=_REALTIME)
async def other_models_say_it_in_pieces(probe: Probe) -> None:
    """The pieces that ``gpt-4o-transcribe`` gives beside a realtime model are its transcript.

    False when: they are not; loosely, when there are none.
    Source: Assumed {OAI}, behaviour 3.3; Documented {DOC} of the model.
    """
    events = await _of_a_turn(probe, _written_by("gpt-4o-transcribe"))
    probe.loosely(bool(_deltas(events)), "deltas", "none")
    if _deltas(events):
        _adds_up(probe, events)


@_section.check("8.05", audio_s=_QUESTION_S, pipelines=_REALTIME)
async def nothing_is_written_down_unasked(probe: Probe) -> None:
    """A realtime model hears sound: without ``input_audio_transcription`` there is no transcript.

    False when: one comes.
    Source: Observed {PAI, FON}, behaviour, fact 1.
    """
    wire = await probe.session({**detecting(), "input_audio_transcription": None})
    await say(wire)
    turn = await heard(probe, wire)
    events = [*await item_of(wire, turn.item_id), *await wire.for_a_while()]
    written = [kind for kind in types(events) if kind.startswith(_KIND)]
    probe.expect(not written, "no transcript", written)


@_section.check("8.06", audio_s=_QUESTION_S + TAIL_S, pipelines=_REALTIME)
async def azure_speech_writes_down_for_realtime_models_too(probe: Probe) -> None:
    """With a semantic detector ``azure-speech`` transcribes beside a realtime model, without pieces.

    False when: no transcript comes; loosely, when there are deltas.
    Source: Observed {FON}, behaviour 2.3 and 3.3.
    """
    events = await _of_a_turn(probe, _written_by("azure-speech"), type="azure_semantic_vad_multilingual")
    probe.loosely(not _deltas(events), "no delta", len(_deltas(events)))


@_section.check("8.07", audio_s=2 * _QUESTION_S)
async def each_turn_has_its_own_transcript(probe: Probe) -> None:
    """Of two turns each has one transcript with text, which names that turn's item.

    False when: one has two, or one that names another item.
    Source: Observed {FON}, behaviour 3.3: further ones are empty.
    """
    wire = await probe.session({**detecting(), **_written_down(probe)})
    events: list[Event] = []
    ids = []
    for words in (speech.weather(), speech.london()):
        await say(wire, words)
        turn = await heard(probe, wire)
        ids.append(turn.item_id)
        events += [*turn.events, *await _transcript(probe, wire, turn.item_id)]
        if not events[-1]["transcript"]:
            probe.inconclusive("a transcript is empty")
    events += await wire.for_a_while()
    named = [event["item_id"] for event in events if event["type"] == _COMPLETED and event["transcript"]]
    probe.expect(named == ids, f"transcripts of {', '.join(map(str, ids))}", named)


@_section.check("8.08", audio_s=speech.WEATHER_S)
async def what_is_committed_by_hand_is_written_down(probe: Probe) -> None:
    """A turn that the client commits is transcribed like one that was detected.

    False when: no transcript names its item.
    Source: Observed {FON, NETT}, behaviour 3.4.
    """
    wire = await probe.session({**BY_HAND, **_written_down(probe)})
    await append(wire, speech.weather())
    await commit(wire)
    events = await _transcript(probe, wire)
    named = [event.get("item_id") for event in events if event["type"] == "input_audio_buffer.committed"]
    if not named:
        named = [(await wire.next("input_audio_buffer.committed"))["item_id"]]
    probe.expect(events[-1]["item_id"] == named[0], f"item {named[0]}", events[-1]["item_id"])


@_section.check("8.09", audio_s=_QUESTION_S + TAIL_S, pipelines=("cascade",), since="2026-04-10")
async def when_words_were_said_can_be_had(probe: Probe) -> None:
    """A session that includes ``item.input_audio_transcription.phrases`` gets them with the transcript.

    False when: the transcript has text and no phrases, or one lacks its text or its time.
    Source: Documented {SDK}, schema C 12 and F.
    """
    for phrase in await _included(probe, "azure-speech", "phrases"):
        probe.expect(isinstance(phrase["text"], str), "text", phrase["text"])
        times = phrase["offset_milliseconds"], phrase["duration_milliseconds"]
        probe.expect(all(isinstance(time, int) for time in times), "whole milliseconds", times)


@_section.check("8.10", audio_s=_QUESTION_S + TAIL_S, pipelines=_REALTIME, since="2026-04-10")
async def how_sure_it_is_can_be_had(probe: Probe) -> None:
    """A session that includes ``item.input_audio_transcription.logprobs`` gets them from ``gpt-4o-transcribe``.

    False when: the transcript has text and no probabilities, or one is more than certain.
    Source: Documented {SDK}, schema C 12 and F.
    """
    for token in await _included(probe, "gpt-4o-transcribe", "logprobs"):
        probe.expect(isinstance(token["token"], str), "a token", token["token"])
        probe.expect(token["logprob"] <= 0, "a logarithm of 0 or less", token["logprob"])


def _adds_up(probe: Probe, events: Sequence[Event]) -> None:
    whole = "".join(event["delta"] for event in _deltas(events))
    probe.expect(whole == events[-1]["transcript"], f"deltas of {events[-1]['transcript']!r}", whole)
    ids = {event["item_id"] for event in _deltas(events)}
    probe.expect(ids == {events[-1]["item_id"]}, f"item {events[-1]['item_id']}", sorted(ids))
