"""6: turns that the service finds in what it hears."""

from typing import Any, Final

from vlclient.checks import speech
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.turns import (
    PADDING_MS,
    SILENCE_MS,
    TAIL_S,
    Turn,
    append,
    detecting,
    heard,
    item_of,
    request,
    say,
    types,
)
from vlclient.checks.wire import Wire

_section = Section(6, "Spoken turns")

_QUESTION_S: Final = speech.WEATHER_S + TAIL_S
_REALTIME: Final = ("hybrid", "native")
_ONSET_MS: Final = 250
"""How far two detectors may be apart about where words begin: a soft first sound may be part of them or not."""
_STEP_MS: Final = 16
_SAME_MS: Final = 64
_STARTED: Final = "input_audio_buffer.speech_started"
_CREATED: Final = "response.created"


async def _said(probe: Probe, *, lead_s: float = 0.0, **detection: Any) -> tuple[Wire, Turn]:
    """A session in which one question was said, and the turn that it was."""
    wire = await probe.session(detecting(**detection))
    await say(wire, lead_s=lead_s)
    return wire, await heard(probe, wire)


def _near(probe: Probe, what: str, got: Any, wanted: float, tolerance: float) -> None:
    close = isinstance(got, int | float) and abs(got - wanted) <= tolerance
    probe.expect(close, f"{what} {wanted:.0f} ± {tolerance:.0f}", got)


@_section.check(
    "6.01",
    audio_s=_QUESTION_S,
    proves=("input_audio_buffer.append", _STARTED, "input_audio_buffer.speech_stopped"),
)
async def a_turn_has_a_beginning_an_end_and_a_commit(probe: Probe) -> None:
    """A spoken question is announced by ``speech_started``, then ``speech_stopped``, then ``committed``.

    False when: one is missing or comes twice, or the order is another.
    Source: Observed {FON, PAI, NB04, SEED}, behaviour 3.3.
    """
    wire, turn = await _said(probe)
    events = [*turn.events, *await item_of(wire, turn.item_id), *await wire.for_a_while()]
    came = [kind for kind in types(events) if kind.startswith("input_audio_buffer.")]
    wanted = [_STARTED, "input_audio_buffer.speech_stopped", "input_audio_buffer.committed"]
    probe.expect(came == wanted, ", ".join(wanted), ", ".join(came))


@_section.check("6.02", audio_s=_QUESTION_S)
async def a_turn_has_one_name_from_the_start(probe: Probe) -> None:
    """``speech_started`` already names the user item that will be committed and announced.

    False when: start, end, commit or the announced item say another id.
    Source: Observed {FON, PAI, SDKT}, behaviour 3.2.
    """
    wire, turn = await _said(probe)
    ids = [turn.started["item_id"], turn.stopped["item_id"], turn.item_id]
    probe.require(len(set(ids)) == 1 and isinstance(ids[0], str) and bool(ids[0]), "one item id", ids)
    await item_of(wire, turn.item_id)


@_section.check("6.03", audio_s=_QUESTION_S)
async def times_of_a_turn_lie_in_what_was_sent(probe: Probe) -> None:
    """A turn ends after it begins, and no later than the sound that was sent; times are whole milliseconds.

    False when: they do not; loosely, when they are no multiples of 16.
    Source: Observed {FON, PAI}, behaviour 3.2.
    """
    _, turn = await _said(probe)
    start, end = turn.start_ms, turn.end_ms
    probe.require(isinstance(start, int) and isinstance(end, int), "whole milliseconds", (start, end))
    probe.expect(0 <= start < end, "an end after the beginning", (start, end))
    probe.expect(end <= _QUESTION_S * 1000, f"an end before {_QUESTION_S * 1000:.0f}", end)
    probe.loosely(not start % _STEP_MS and not end % _STEP_MS, "multiples of 16", (start, end))


@_section.check("6.04", audio_s=_QUESTION_S)
async def no_turn_begins_before_the_stream(probe: Probe) -> None:
    """Speech in the first moments of a stream begins at 0, although the padding would lie before that.

    False when: ``audio_start_ms`` is anything else.
    Source: Observed {SDKT, FON}, behaviour 3.2.
    """
    _, turn = await _said(probe, prefix_padding_ms=600)
    probe.expect(turn.start_ms == 0, "audio_start_ms 0", turn.start_ms)


@_section.check("6.05", audio_s=_QUESTION_S + 2)
async def a_turn_begins_before_its_first_word(probe: Probe) -> None:
    """``audio_start_ms`` lies ``prefix_padding_ms`` before the speech.

    False when: it is more than 250 ms from there.
    Source: Observed {SDKT, FON}, behaviour 3.2.
    """
    _, turn = await _said(probe, lead_s=2.0, prefix_padding_ms=800)
    _near(probe, "audio_start_ms", turn.start_ms, 2000 - 800, _ONSET_MS)


@_section.check("6.06", audio_s=_QUESTION_S)
async def a_turn_ends_with_the_silence_that_ended_it(probe: Probe) -> None:
    """``audio_end_ms`` includes the silence by which the end was known.

    False when: it is not 0 to 350 ms later than the last word and ``silence_duration_ms``.
    Source: Observed {SDKT, PAI}, Documented {DOC}, behaviour 3.2.
    """
    _, turn = await _said(probe)
    last_word = speech.WEATHER_S * 1000
    _near(probe, "audio_end_ms", turn.end_ms, last_word + SILENCE_MS + 125, 225)


@_section.check("6.07", audio_s=2 * _QUESTION_S + 0.5)
async def times_count_sound_and_not_the_clock(probe: Probe) -> None:
    """A client that sends nothing for a while loses no time: the next turn's times count what was appended.

    False when: the second turn is more than 250 ms from where its sound stands in the stream.
    Source: Observed {FON, PAI}, behaviour 3.2.
    """
    wire, _ = await _said(probe)
    await wire.for_a_while(1.5)
    await say(wire, lead_s=0.5)
    turn = await heard(probe, wire)
    _near(probe, "audio_start_ms", turn.start_ms, _QUESTION_S * 1000 + 500 - PADDING_MS, _ONSET_MS)


@_section.check("6.08", connections=2, audio_s=2 * _QUESTION_S)
async def how_sound_is_cut_does_not_matter(probe: Probe) -> None:
    """The same sound in one append or in pieces of 20 ms is the same turn.

    False when: beginning or end differ by more than 64 ms.
    Source: Observed {SEED, SDKT}, behaviour 3.1: a whole file in one event is taken as well.
    """
    audio = speech.weather() + speech.silence(TAIL_S)
    turns = []
    for block_s in (0.02, 60):
        wire = await probe.session(detecting())
        await append(wire, audio, block_s=block_s)
        turns.append(await heard(probe, wire))
        await wire.close()
    pieces, whole = turns
    _near(probe, "audio_start_ms", whole.start_ms, pieces.start_ms, _SAME_MS)
    _near(probe, "audio_end_ms", whole.end_ms, pieces.end_ms, _SAME_MS)


@_section.check("6.09", audio_s=speech.WEATHER_S)
async def speech_is_announced_while_it_lasts(probe: Probe) -> None:
    """``speech_started`` does not wait for the end of the speech, so that a client can fall silent at once.

    False when: it does not come before the silence does, or an end comes.
    Source: Observed {FON, NB04}, behaviour 3.2 and 3.5.
    """
    wire = await probe.session(detecting())
    await append(wire, speech.weather())
    await wire.next(_STARTED)
    came = types(await wire.for_a_while())
    probe.expect(not came, "silence while the speech goes on", came)


@_section.check("6.10", audio_s=_QUESTION_S, proves=("conversation.item.created",))
async def a_turn_becomes_an_item(probe: Probe) -> None:
    """A turn is a message of the user's with one part ``input_audio``.

    False when: role, type or part are others.
    Source: Observed {FON, PAI, NB04}, behaviour 3.3.
    """
    wire, turn = await _said(probe)
    item = (await item_of(wire, turn.item_id))[-1]["item"]
    said = (item.get("type"), item.get("role"), [part.get("type") for part in item["content"]])
    probe.expect(said == ("message", "user", ["input_audio"]), "a message of the user's, input_audio", said)


@_section.check("6.11", audio_s=_QUESTION_S, pipelines=("cascade",))
async def a_cascade_announces_the_item_with_its_transcript(probe: Probe) -> None:
    """A text model's user item comes after its transcript, which it has in it, and is complete.

    False when: the item comes first, or says another transcript; loosely, when its status is another.
    Source: Observed {FON, NB04}, behaviour, fact 1 and 3.3.
    """
    wire, turn = await _said(probe)
    events = await item_of(wire, turn.item_id)
    completed = [event for event in events if event["type"].endswith("input_audio_transcription.completed")]
    probe.require(bool(completed), "the transcript before the item", ", ".join(types(events)))
    item = events[-1]["item"]
    written = item["content"][0].get("transcript")
    probe.expect(written == completed[0]["transcript"], f"transcript {completed[0]['transcript']!r}", written)
    probe.loosely(item.get("status") == "completed", "status completed", item.get("status"))


@_section.check("6.12", audio_s=_QUESTION_S, pipelines=_REALTIME)
async def a_realtime_model_announces_the_item_at_once(probe: Probe) -> None:
    """A realtime model's user item does not wait for a transcript, and has none.

    False when: it says one.
    Source: Observed {FON, PAI}, behaviour, fact 1 and 3.3.
    """
    wire, turn = await _said(probe)
    item = (await item_of(wire, turn.item_id))[-1]["item"]
    written = item["content"][0].get("transcript")
    probe.expect(written is None, "transcript null", written)


@_section.check("6.13", audio_s=_QUESTION_S, responses=1)
async def a_turn_is_answered_unasked(probe: Probe) -> None:
    """With ``create_response`` a response begins after the turn's item, without ``response.create``.

    False when: none begins, or before the item.
    Source: Observed {FON, PAI, NB04}, behaviour 3.3.
    """
    wire, turn = await _said(probe, create_response=True)
    events = await wire.until(_CREATED)
    ids = [event["item"].get("id") for event in events if event["type"] == "conversation.item.created"]
    probe.expect(turn.item_id in ids, "the item before response.created", ", ".join(types(events)))
    await wire.send({"type": "response.cancel"})


@_section.check("6.14", audio_s=_QUESTION_S)
async def a_turn_is_not_answered_where_nobody_wants_it(probe: Probe) -> None:
    """Without ``create_response`` a turn becomes an item, and no response begins.

    False when: one begins.
    Source: Observed {VIBE, DAN}, behaviour 3.3.
    """
    wire, turn = await _said(probe, create_response=False)
    await item_of(wire, turn.item_id)
    came = types(await wire.for_a_while())
    probe.expect(_CREATED not in came, "no response.created", came)


@_section.check("6.15", audio_s=_QUESTION_S, responses=1)
async def such_a_turn_is_answered_when_asked(probe: Probe) -> None:
    """After a turn without ``create_response`` the client's ``response.create`` begins a response.

    False when: it is refused, or nothing begins.
    Source: Observed {VIBE, DAN}, behaviour 3.3.
    """
    wire, turn = await _said(probe, create_response=False)
    await item_of(wire, turn.item_id)
    await request(wire)
    answer = await probe.answer(wire, _CREATED)
    probe.require(answer["type"] == _CREATED, _CREATED, answer.get("error"))
    await wire.send({"type": "response.cancel"})


@_section.check("6.16", audio_s=2 * _QUESTION_S, responses=1)
async def whether_turns_are_answered_can_change(probe: Probe) -> None:
    """``create_response`` may be switched on in the middle of a session.

    False when: the update is refused, or the next turn is not answered.
    Source: Observed {VIBE, DAN}, behaviour 3.3.
    """
    wire, turn = await _said(probe, create_response=False)
    await item_of(wire, turn.item_id)
    await probe.updated(wire, detecting(create_response=True))
    await say(wire, speech.london())
    await wire.next(_CREATED)
    await wire.send({"type": "response.cancel"})


@_section.check("6.17", audio_s=2 * _QUESTION_S)
async def each_turn_names_the_one_before(probe: Probe) -> None:
    """``committed`` names the item that stands before the new one: none for the first, then the turn before.

    False when: it names another.
    Source: Observed {FON, PAI}, behaviour, fact 1 and 3.3.
    """
    wire, first = await _said(probe)
    await item_of(wire, first.item_id)
    await say(wire, speech.london())
    second = await heard(probe, wire)
    probe.expect(second.item_id != first.item_id, "an item of its own", second.item_id)
    before = first.committed.get("previous_item_id")
    probe.expect(not before, "previous_item_id null", before)
    probe.loosely(before is None, "previous_item_id null", before)
    named = second.committed.get("previous_item_id")
    probe.expect(named == first.item_id, f"previous_item_id {first.item_id}", named)


@_section.check("6.18", connections=2, audio_s=2 * (speech.WEATHER_S + speech.LONDON_S + 1.0 + 2.5))
async def how_long_a_pause_may_be_is_the_clients_choice(probe: Probe) -> None:
    """A pause of a second ends a turn where ``silence_duration_ms`` is 300, and does not where it is 1800.

    False when: with 300 the first turn ends after the pause, or with 1800 before the second question is over.
    Source: Documented {DOC}, schema D5; Observed {FON}, behaviour 3.2.
    """
    audio = speech.weather() + speech.silence(1.0) + speech.london() + speech.silence(2.5)
    ends: list[Any] = []
    for silence_ms in (300, 1800):
        wire = await probe.session(detecting(silence_duration_ms=silence_ms))
        await append(wire, audio)
        ends.append((await heard(probe, wire)).end_ms)
        await wire.close()
    first_ms, both_ms = (1000 * seconds for seconds in (speech.WEATHER_S, speech.WEATHER_S + 1.0 + speech.LONDON_S))
    probe.expect(first_ms <= ends[0] < first_ms + 1000, f"an end in the pause, {first_ms:.0f} ms and later", ends[0])
    probe.expect(ends[1] >= both_ms, f"an end after {both_ms:.0f} ms", ends[1])


@_section.check("6.19", audio_s=_QUESTION_S + TAIL_S)
async def a_semantic_detector_finds_the_turn_as_well(probe: Probe) -> None:
    """``azure_semantic_vad_multilingual`` makes the same events as ``server_vad``.

    False when: one is missing, or they name several items.
    Source: Observed {FON}, behaviour 2.3 and 3.2.
    """
    settings = detecting(type="azure_semantic_vad_multilingual")
    wire = await probe.session(settings)
    await append(wire, speech.weather() + speech.silence(2 * TAIL_S))
    turn = await heard(probe, wire)
    probe.expect(turn.started["item_id"] == turn.item_id, f"item {turn.item_id}", turn.started["item_id"])
    await item_of(wire, turn.item_id)
