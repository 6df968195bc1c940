"""14: responses that the client ends."""

from collections.abc import Mapping
from typing import Any, Final

from vlclient.checks.answers import LONG, TEXT, ask, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Event, Wire

_section = Section(14, "Cancel")

_CANCEL: Final = {"type": "response.cancel"}
_LONG_IN_WRITING: Final = f"Write these numbers in words, all of them: {' '.join(map(str, range(1, 301)))}."
"""What is only written is written fast."""
_NOT_ACTIVE: Final = "response_cancel_not_active"
_WORDS_OF_REFUSAL: Final = "no active response"


async def _begun(probe: Probe, response: Mapping[str, Any] | None = None, *, question: str = LONG) -> tuple[Wire, str]:
    """A session with a long response that has begun, and the id of that."""
    wire = await talking(probe)
    await typed(probe, wire, question)
    await wire.send({"type": "response.create", **({} if response is None else {"response": response})})
    created = await probe.answer(wire, "response.created")
    probe.require(created["type"] != "error", "response.created", created.get("error"))
    return wire, created["response"]["id"]


async def _end_of(probe: Probe, wire: Wire, response_id: str) -> list[Event]:
    """Everything up to the end of the response, which was cancelled. One that was over by then says nothing."""
    events = await wire.until("response.done", where=lambda event: event["response"]["id"] == response_id)
    done = events[-1]["response"]
    probe.went_well(done)
    if done["status"] == "completed" and (_errors(events) or not await _stays_silent(wire, events)):
        probe.inconclusive("the response was over before it could be cancelled")
    probe.require(done["status"] == "cancelled", "status cancelled", done["status"])
    return events


async def _stays_silent(wire: Wire, events: list[Event]) -> bool:
    """Whether the cancel is not refused; what comes is added."""
    later = await wire.for_a_while()
    events[:-1] = [*events[:-1], *later]
    return not _errors(later)


def _errors(events: list[Event]) -> list[Event]:
    return [event for event in events if event["type"] == "error"]


@_section.check("14.01", responses=1, proves=("response.cancel", "response.done"))
async def a_cancelled_response_is_done(probe: Probe) -> None:
    """``response.cancel`` ends the active response: ``response.done``, cancelled, and no other event says so.

    False when: the status is another, or a ``response.cancelled`` comes; loosely, when the type of its details is not
    cancelled, or the reason not client_cancelled.
    Source: Observed {VIBE, SDKT}, behaviour 4.9; Assumed {OAI}: the details.
    """
    wire, response_id = await _begun(probe)
    await wire.send(_CANCEL)
    events = await _end_of(probe, wire, response_id)
    details = events[-1]["response"].get("status_details") or {}
    probe.loosely(details.get("type") == "cancelled", "type cancelled", details.get("type"))
    probe.loosely(details.get("reason") == "client_cancelled", "reason client_cancelled", details.get("reason"))
    strange = [event["type"] for event in events if event["type"] == "response.cancelled"]
    probe.expect(not strange, "no response.cancelled", strange)


@_section.check("14.02", responses=1)
async def what_is_open_is_closed(probe: Probe) -> None:
    """Where a response is cancelled while it speaks, sound, words, part and item are ended before the response.

    False when: one of these ends is missing or comes twice; loosely, when ``response.done`` does
    not have the item, incomplete.
    Source: Observed {NB04}, Assumed {OAI}, behaviour 4.9.
    """
    wire, response_id = await _begun(probe)
    first = await wire.next("response.audio_transcript.delta")
    await wire.send(_CANCEL)
    events = await _end_of(probe, wire, response_id)
    ends = ("audio", "audio_transcript", "content_part", "output_item")
    _each_ends_once(probe, events, first["item_id"], [f"response.{name}.done" for name in ends])


@_section.check("14.03", responses=1)
async def what_is_open_in_writing_is_closed(probe: Probe) -> None:
    """Where a response is cancelled while it writes, text, part and item are ended before the response.

    False when: one of these ends is missing or comes twice; loosely, when ``response.done`` does
    not have the item, incomplete.
    Source: Assumed {OAI}, behaviour 4.9; Observed {NB04} of what is spoken.
    """
    wire, response_id = await _begun(probe, TEXT, question=_LONG_IN_WRITING)
    first = await wire.next("response.text.delta")
    await wire.send(_CANCEL)
    events = await _end_of(probe, wire, response_id)
    _each_ends_once(
        probe,
        events,
        first["item_id"],
        ["response.text.done", "response.content_part.done", "response.output_item.done"],
    )


@_section.check("14.04", responses=1)
async def nothing_more_is_said_of_what_was_cancelled(probe: Probe) -> None:
    """After the ``response.done`` of a cancelled response nothing of it comes any more.

    False when: an event comes that names it.
    Source: Observed {VIBE, SDKT}, behaviour 4.9.
    """
    wire, response_id = await _begun(probe)
    await wire.next("response.audio_transcript.delta")
    await wire.send(_CANCEL)
    await _end_of(probe, wire, response_id)
    later = [event["type"] for event in await wire.for_a_while() if event.get("response_id") == response_id]
    probe.expect(not later, "nothing", later)


@_section.check("14.05", proves=("refusals.no_active_response",))
async def there_must_be_something_to_cancel(probe: Probe) -> None:
    """A cancel while no response is active is refused, with the code response_cancel_not_active.

    False when: it is not refused, or the code is another.
    Source: Observed {VIBE, FON, FLOW}, behaviour, fact 3 and 6.
    """
    wire = await talking(probe)
    error = await probe.refusal(wire, _CANCEL, accepted="response.done")
    probe.refused(error, code=_NOT_ACTIVE, words=_WORDS_OF_REFUSAL)


@_section.check("14.06", responses=1)
async def a_response_that_is_over_cannot_be_cancelled(probe: Probe) -> None:
    """A cancel after ``response.done`` is refused like one before any response, while the sound may still be playing.

    False when: it is not refused, or the code is another.
    Source: Observed {VIBE, FON}, behaviour, fact 3 and 6.
    """
    wire = await talking(probe)
    await typed(probe, wire, "Say hello.")
    await ask(probe, wire)
    error = await probe.refusal(wire, _CANCEL, accepted="response.done")
    probe.refused(error, code=_NOT_ACTIVE, words=_WORDS_OF_REFUSAL)


@_section.check("14.07", responses=2)
async def after_a_cancel_the_next_response_is_as_usual(probe: Probe) -> None:
    """A response that is asked for after a cancelled one has ended is completed.

    False when: it is refused, or not completed.
    Source: Observed {VIBE, NB04}, behaviour 3.5.
    """
    wire, response_id = await _begun(probe)
    await wire.send(_CANCEL)
    await _end_of(probe, wire, response_id)
    await typed(probe, wire, "Stop counting. Say hello.")
    after = await ask(probe, wire, TEXT)
    probe.expect(after.id != response_id, "an id of its own", after.id)


@_section.check("14.08", responses=1)
async def a_response_may_be_cancelled_by_its_name(probe: Probe) -> None:
    """``response_id`` may say which response is meant.

    False when: the active one is named and not cancelled.
    Source: Documented {DOC}, schema B.
    """
    wire, response_id = await _begun(probe)
    await wire.send({**_CANCEL, "response_id": response_id})
    await _end_of(probe, wire, response_id)


@_section.check("14.09", responses=1)
async def a_response_is_not_cancelled_by_the_name_of_another(probe: Probe) -> None:
    """A cancel that names a response that never was is refused, and the active one goes on.

    False when: the active one is cancelled, or the client hears of nothing; loosely, when the code is another.
    Source: Assumed: no source says what becomes of it; Documented {DOC} of the member, schema B.
    """
    wire, response_id = await _begun(probe)
    await wire.send({**_CANCEL, "response_id": "resp_that_never_was", "event_id": "asked"})
    events = await wire.until("response.done", where=lambda event: event["response"]["id"] == response_id)
    probe.went_well(events[-1]["response"])
    status = events[-1]["response"]["status"]
    probe.expect(status == "completed", "status completed", status)
    errors = _errors(events)
    probe.require(bool(errors), "an error event", "none")
    code = errors[0]["error"].get("code")
    probe.loosely(code == _NOT_ACTIVE, f"code {_NOT_ACTIVE}", code)


@_section.check("14.10", responses=1)
async def a_second_cancel_changes_nothing(probe: Probe) -> None:
    """Of two cancels the first ends the response, once, and the second finds none to end.

    False when: the response ends twice, or not cancelled; loosely, when the second is not refused, or otherwise.
    Source: Observed {VIBE, FON}, behaviour, fact 3; Assumed while the response is being ended.
    """
    wire, response_id = await _begun(probe)
    await wire.send({**_CANCEL, "event_id": "first"})
    await wire.send({**_CANCEL, "event_id": "second"})
    events = await _end_of(probe, wire, response_id)
    events += await wire.for_a_while()
    ends = [event["response"]["status"] for event in events if event["type"] == "response.done"]
    probe.expect(ends == ["cancelled"], "one end, cancelled", ends)
    refused = [(error["error"].get("event_id"), error["error"].get("code")) for error in _errors(events)]
    probe.loosely(refused == [("second", _NOT_ACTIVE)], f"{_NOT_ACTIVE} for the second", refused)


@_section.check("14.11", responses=1)
async def what_was_cancelled_at_once_has_cost_nothing(probe: Probe) -> None:
    """A response that is cancelled before it said anything ends with a usage that adds up: zeros.

    False when: the sum is another; loosely, when it is null or not zero.
    Source: Assumed {OAI}, behaviour 4.10.
    """
    wire, response_id = await _begun(probe)
    await wire.send(_CANCEL)
    done = (await _end_of(probe, wire, response_id))[-1]["response"]
    usage = done.get("usage")
    if usage is None:
        probe.loosely(False, "a usage of zeros", "null")
        return
    total = usage["input_tokens"] + usage["output_tokens"]
    probe.expect(usage["total_tokens"] == total, f"total_tokens {total}", usage["total_tokens"])
    probe.loosely(total == 0 or bool(done["output"]), "0 tokens", total)


def _each_ends_once(probe: Probe, events: list[Event], item_id: str, ends: list[str]) -> None:
    """The ends of one item's parts, before that of the response, which comes last."""
    came = []
    for event in events:
        about = event.get("item_id") or (event.get("item") or {}).get("id")
        if about == item_id and event["type"] in ends:
            came.append(event["type"])
    probe.expect(sorted(came) == sorted(ends), ", ".join(ends), came)
    probe.loosely(came == ends, f"the order {', '.join(ends)}", came)
    said = {item["id"]: item.get("status") for item in events[-1]["response"]["output"]}
    probe.loosely(said.get(item_id) == "incomplete", f"item {item_id}, incomplete, in response.done", said)
