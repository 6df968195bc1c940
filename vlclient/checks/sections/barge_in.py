"""10: what happens when the user speaks while the assistant does."""

from typing import Any, Final

from vlclient.checks import speech
from vlclient.checks.answers import message
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.turns import TAIL_S, append, detecting, heard, request, say, types
from vlclient.checks.wire import Event, Wire

_section = Section(10, "Barge-in")

_QUESTION_S: Final = speech.WEATHER_S + TAIL_S
_STARTED: Final = "input_audio_buffer.speech_started"
_CREATED: Final = "response.created"
_DONE: Final = "response.done"
_DELTA: Final = "response.audio.delta"
_TRUNCATED: Final = "conversation.item.truncated"
_HARBOUR: Final = (
    "The lighthouse keeper counts the boats in the harbour every day at noon, and writes them in a book. "
    "The fishermen wave to him, the gulls cry, and the tide goes out as slowly as it came in the morning. "
)
_LONG: Final = f"Say all of this word for word, and nothing else: {_HARBOUR * 6}"
"""More than a minute and a half of speech, so that it is still being made when somebody interrupts."""
_A_MINUTE: Final = f"Say all of this word for word, and nothing else: {_HARBOUR * 4}"
"""Where nothing ends it before its time."""
_SHORT: Final = f"Say this word for word, and nothing else: {_HARBOUR}"
"""Some twelve seconds of speech, which are made in one or two."""


async def _speaking(probe: Probe, text: str = _LONG, **detection: Any) -> tuple[Wire, Event]:
    """A session in which the assistant has begun to speak, and the ``response.created`` of it."""
    wire = await probe.session(detecting(**detection))
    await request(wire, text)
    created = await probe.answer(wire, _CREATED)
    probe.require(created["type"] == _CREATED, _CREATED, created.get("error"))
    event = (await wire.until_any(_DELTA, _DONE))[-1]
    if event["type"] == _DONE:
        probe.went_well(event["response"])
        probe.inconclusive(f"nothing was spoken: {event['response'].get('status')}")
    return wire, created


async def _done(probe: Probe, wire: Wire, created: Event) -> list[Event]:
    """All up to the end of the response, which comes last."""
    events = await wire.until(_DONE, where=lambda event: bool(event["response"]["id"] == created["response"]["id"]))
    probe.went_well(events[-1]["response"])
    return events


async def _interrupted(probe: Probe, text: str = _LONG, **detection: Any) -> tuple[Wire, list[Event]]:
    """The same, spoken into: all events up to its ``response.done``, which comes last."""
    wire, created = await _speaking(probe, text, **detection)
    await say(wire)
    events = await _done(probe, wire, created)
    if _STARTED not in types(events):
        probe.inconclusive("the response had been made before the speech was heard")
    return wire, events


async def _cut_off(probe: Probe) -> tuple[Wire, list[Event]]:
    """The same, for what is said of a response that was ended by that; whether it is stands elsewhere."""
    wire, events = await _interrupted(probe)
    status = events[-1]["response"]["status"]
    if status != "cancelled":
        probe.inconclusive(f"the response was not cancelled, but {status}")
    return wire, events


async def _finished(probe: Probe, **detection: Any) -> tuple[Wire, list[Event]]:
    """A session in which the assistant's sound has all been sent, long before anybody can have heard it."""
    wire, created = await _speaking(probe, _SHORT, **detection)
    return wire, await _done(probe, wire, created)


@_section.check("10.01", audio_s=_QUESTION_S, responses=1)
async def speech_ends_a_response(probe: Probe) -> None:
    """With ``interrupt_response`` speech ends a response that is being made: its status is ``cancelled``.

    False when: the response ends otherwise.
    Source: Observed {NB04, FON}, behaviour 3.5.
    """
    _, events = await _interrupted(probe)
    status = events[-1]["response"]["status"]
    probe.expect(status == "cancelled", "status cancelled", status)


@_section.check("10.02", audio_s=_QUESTION_S, responses=1)
async def a_response_says_why_it_was_cancelled(probe: Probe) -> None:
    """``status_details`` of an interrupted response says ``turn_detected``.

    False when: the reason is another; loosely, when its type is not ``cancelled``.
    Source: Observed {FON}, Assumed {OAI} of the object, behaviour 3.5 and 4.9.
    """
    _, events = await _interrupted(probe)
    details = events[-1]["response"].get("status_details")
    probe.require(isinstance(details, dict), "an object", details)
    probe.expect(details.get("reason") == "turn_detected", "reason turn_detected", details.get("reason"))
    probe.loosely(details.get("type") == "cancelled", "type cancelled", details.get("type"))


@_section.check("10.03", audio_s=_QUESTION_S, responses=1)
async def what_was_begun_is_closed_first(probe: Probe) -> None:
    """Before its ``response.done`` an interrupted response ends its sound, transcript, part and item.

    False when: one of the four is missing; loosely, when the item is not ``incomplete``.
    Source: Observed {NB04}, behaviour 3.5; Assumed {OAI} of the item's status.
    """
    _, events = await _cut_off(probe)
    came = types(events)
    for kind in ("audio.done", "audio_transcript.done", "content_part.done", "output_item.done"):
        probe.expect(f"response.{kind}" in came, f"response.{kind}", ", ".join(came[-8:]))
    for event in events:
        if event["type"] == "response.output_item.done":
            status = event["item"].get("status")
            probe.loosely(status == "incomplete", "an item that is incomplete", status)


@_section.check("10.04", audio_s=_QUESTION_S, responses=1)
async def nothing_more_comes_of_it(probe: Probe) -> None:
    """After the ``response.done`` of an interrupted response no further sound or text of it comes.

    False when: a delta comes that names it.
    Source: Observed {NB04, PIPE}, behaviour 3.5.
    """
    wire, events = await _cut_off(probe)
    ended = events[-1]["response"]["id"]
    late = [event["type"] for event in await wire.for_a_while() if event.get("response_id") == ended]
    probe.expect(not late, "nothing more of it", late)


@_section.check("10.05", audio_s=_QUESTION_S, responses=2)
async def whoever_interrupts_is_answered(probe: Probe) -> None:
    """The turn that interrupted gets a response of its own, which begins after the interrupted one is done.

    False when: none begins, or before that.
    Source: Observed {NB04}, behaviour 3.5.
    """
    wire, _ = await _speaking(probe, create_response=True)
    await say(wire)
    came = types(await wire.until(_CREATED))
    probe.expect(_DONE in came, f"{_DONE} before the next {_CREATED}", ", ".join(came[-8:]))
    await wire.send({"type": "response.cancel"})


@_section.check("10.06", audio_s=_QUESTION_S, responses=1)
async def nobody_interrupts_where_it_is_not_wanted(probe: Probe) -> None:
    """Without ``interrupt_response`` speech is announced, and the response goes on to its end.

    False when: the response is cancelled.
    Source: Observed {VIBE}, Documented {DOC}, behaviour 3.3; schema D5.
    """
    _, events = await _interrupted(probe, _A_MINUTE, interrupt_response=False)
    status = events[-1]["response"]["status"]
    probe.expect(status in ("completed", "incomplete"), "status completed", status)


@_section.check("10.07", audio_s=_QUESTION_S, responses=1)
async def to_cancel_what_was_interrupted_does_no_harm(probe: Probe) -> None:
    """A client's ``response.cancel`` comes too late after an interruption: ``response_cancel_not_active``.

    False when: it is answered otherwise, or the connection ends.
    Source: Observed {PIPE, SDKPR}, behaviour, fact 3 and 3.5.
    """
    wire, _ = await _cut_off(probe)
    await wire.send({"type": "response.cancel"})
    probe.refused(await wire.next("error"), code="response_cancel_not_active")
    await probe.updated(wire, {})


@_section.check("10.08", audio_s=_QUESTION_S, responses=1)
async def speech_while_it_is_played_is_the_clients_business(probe: Probe) -> None:
    """When all of a response was sent and is still being played, speech is announced, and nothing else happens to it.

    False when: it is not announced, or something of a response comes.
    Source: Observed {VIBE, FON}, behaviour, fact 3 and 3.5.
    """
    wire, _ = await _finished(probe)
    await say(wire)
    turn = await heard(probe, wire)
    events = [*turn.events, *await wire.for_a_while()]
    of_responses = [kind for kind in types(events) if kind.startswith("response.") or kind == _TRUNCATED]
    probe.expect(not of_responses, "nothing of a response", of_responses)


@_section.check("10.09", audio_s=_QUESTION_S, responses=1, proves=(_TRUNCATED,))
async def the_service_truncates_what_was_not_heard(probe: Probe) -> None:
    """With ``auto_truncate`` speech during the playback truncates the assistant's item, at most at its length.

    False when: ``conversation.item.truncated`` does not come, or names another item or a time before its start.
    Source: Documented {DOC}, Observed {BANK}, behaviour 3.5.
    """
    wire, events = await _finished(probe, auto_truncate=True)
    spoken = next(event["item_id"] for event in reversed(events) if event.get("item_id"))
    await append(wire, speech.weather() + speech.silence(TAIL_S))
    truncated = await wire.next(_TRUNCATED)
    probe.expect(truncated["item_id"] == spoken, f"item {spoken}", truncated["item_id"])
    heard_ms = truncated["audio_end_ms"]
    probe.expect(isinstance(heard_ms, int) and heard_ms >= 0, "audio_end_ms of 0 or more", heard_ms)


@_section.check("10.10", responses=1)
async def typing_interrupts_nobody(probe: Probe) -> None:
    """An item that is typed while the assistant speaks leaves the response as it is.

    False when: the response is cancelled, or the item refused.
    Source: Observed {PIPE, SDKPR}, behaviour 3.5.
    """
    wire, created = await _speaking(probe, _SHORT)
    await wire.send({"type": "conversation.item.create", "item": message("Never mind.")})
    events = await _done(probe, wire, created)
    probe.expect("error" not in types(events), "no error", "error")
    status = events[-1]["response"]["status"]
    probe.expect(status == "completed", "status completed", status)
    if not probe.findings and "conversation.item.created" not in types(events):
        probe.inconclusive("the response had been made before the item was there")


@_section.check("10.11", audio_s=2 * _QUESTION_S, responses=1)
async def silence_interrupts_nobody(probe: Probe) -> None:
    """A microphone that is open while the assistant speaks does no harm as long as nobody speaks.

    False when: speech is announced, or the response is cancelled.
    Source: Observed {FON, NB04}, behaviour 3.5: speech alone interrupts.
    """
    wire, created = await _speaking(probe, _SHORT)
    await append(wire, speech.silence(2 * _QUESTION_S))
    await wire.send({"type": "session.update", "session": {}})
    events = await _done(probe, wire, created)
    probe.expect(_STARTED not in types(events), "no speech_started", _STARTED)
    status = events[-1]["response"]["status"]
    probe.expect(status == "completed", "status completed", status)
    if not probe.findings and "session.updated" not in types(events):  # which is sent when the silence has been taken
        probe.inconclusive("the response had been made before the silence was heard")
