"""16: frames that are no events, events that are wrong, and what the client is told of them."""

from collections.abc import Mapping
from typing import Any, Final

from vlclient.checks.answers import ABSENT, message, talking, typed
from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Closed, Event, Wire

_section = Section(16, "Errors")

_RETRIEVE: Final = {"type": "conversation.item.retrieve", "item_id": ABSENT}
"""Wrong in a way that does no harm."""
_ENDS_OF_A_BINARY_FRAME: Final = (1003, 1007, 1008)
"""RFC 6455, section 7.4.1: data that cannot be accepted."""


async def _refused_frame(probe: Probe, wire: Wire, text: str) -> Event:
    """The ``error`` for a text frame that is no event; the session goes on."""
    await wire.send_text(text)
    error = await wire.next("error")
    await _goes_on(probe, wire)
    return error


async def _refused_event(probe: Probe, wire: Wire, event: Mapping[str, Any]) -> Event:
    """The ``error`` for a wrong event; the session goes on."""
    error = await probe.refusal(wire, event, accepted="conversation.item.retrieved")
    await _goes_on(probe, wire)
    return error


async def _goes_on(probe: Probe, wire: Wire) -> None:
    """Falsifies the requirement where the session does not take what is right."""
    await typed(probe, wire, "Good morning.")


def _coded(probe: Probe, error: Event, code: str, *, param: str | None = None) -> None:
    """No source has seen the code, so another one is no falsification."""
    probe.refused(error)
    details = error["error"]
    probe.loosely(details.get("code") == code, f"code {code}", details.get("code"))
    if param is not None:
        probe.loosely(details.get("param") == param, f"param {param}", details.get("param"))


@_section.check("16.01", proves=("error",))
async def an_error_names_the_event_that_it_is_about(probe: Probe) -> None:
    """The ``event_id`` inside an ``error`` is that of the client's event.

    False when: it is missing, or another.
    Source: Observed {FON, S14}, Documented {DOC}, behaviour 6.
    """
    wire = await talking(probe)
    await wire.send({**_RETRIEVE, "event_id": "event_of_the_client"})
    named = (await wire.next("error"))["error"]["event_id"]
    probe.expect(named == "event_of_the_client", "event_of_the_client", named)


@_section.check("16.02")
async def an_error_about_a_nameless_event_names_none(probe: Probe) -> None:
    """Where the client's event had no ``event_id``, that inside the ``error`` is null.

    False when: it names something; loosely, when it is missing.
    Source: Observed {FON}, behaviour 6.
    """
    wire = await talking(probe)
    await wire.send(_RETRIEVE)
    details = (await wire.next("error"))["error"]
    probe.expect(details.get("event_id") is None, "event_id null", details.get("event_id"))
    probe.loosely("event_id" in details, "event_id null", "none")


@_section.check("16.03")
async def every_event_of_the_service_has_a_name_of_its_own(probe: Probe) -> None:
    """Each event of the service has an ``event_id``, an ``error`` one of its own beside the client's; none comes twice.

    False when: one is missing, comes twice, or is the client's; loosely, when one does not begin with event_.
    Source: Observed {FON, PAI, S14}, behaviour 6.
    """
    wire, created = await probe.created()
    await wire.send({**_RETRIEVE, "event_id": "event_of_the_client"})
    events = [created, await wire.next("error")]
    for text in ("One.", "Two."):
        events.append(await typed(probe, wire, text))
    ids = [event["event_id"] for event in events]
    probe.expect(len({*ids, "event_of_the_client"}) == len(ids) + 1, "ids of their own", ids)
    probe.loosely(all(str(name).startswith("event_") for name in ids), "ids that begin with event_", ids)


@_section.check("16.04", proves=("refusals.unknown_type",))
async def an_unknown_type_is_refused(probe: Probe) -> None:
    """An event of a type that there is not, or that only the service has, is refused at its ``type``.

    False when: there is no ``error``; loosely, when code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await talking(probe)
    for type in ("response.unheard_of", "session.created"):
        _coded(probe, await _refused_event(probe, wire, {"type": type}), "invalid_value", param="type")


@_section.check("16.05", proves=("refusals.missing_type",))
async def an_event_must_say_its_type(probe: Probe) -> None:
    """An event without a ``type`` is refused.

    False when: there is no ``error``; loosely, when code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await talking(probe)
    _coded(probe, await _refused_event(probe, wire, {}), "invalid_event", param="type")


@_section.check("16.06", proves=("refusals.invalid_json",))
async def what_is_no_json_is_refused(probe: Probe) -> None:
    """A text frame that is no JSON, or half of it, is answered with an ``error``.

    False when: there is none; loosely, when the code is another.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await talking(probe)
    for text in ("Good morning!", '{"type": "response.cancel"'):
        _coded(probe, await _refused_frame(probe, wire, text), "invalid_json")


@_section.check("16.07")
async def an_empty_frame_is_refused(probe: Probe) -> None:
    """A text frame with nothing in it is no JSON either.

    False when: there is no ``error``; loosely, when the code is another.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await talking(probe)
    _coded(probe, await _refused_frame(probe, wire, ""), "invalid_json")


@_section.check("16.08", proves=("refusals.not_an_object",))
async def what_is_no_object_is_refused(probe: Probe) -> None:
    """JSON that is no object is no event: a list, a text, a number, null.

    False when: there is no ``error``.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await talking(probe)
    for text in ("[1]", '"response.cancel"', "17", "null"):
        probe.refused(await _refused_frame(probe, wire, text))


@_section.check("16.09", proves=("refusals.unexpected_member",))
async def an_unknown_member_of_an_event_is_refused(probe: Probe) -> None:
    """A member that an event does not have is refused: ``'x' unexpected (extra fields not permitted)``.

    False when: the event is obeyed; loosely, when words or ``param`` are others.
    Source: Assumed beside session and response; Observed {VIBE, GOV} inside them, behaviour, fact 5.
    """
    wire = await talking(probe)
    error = await _refused_event(probe, wire, {**_RETRIEVE, "unheard_of": 1})
    probe.refused(error, words="'unheard_of' unexpected (extra fields not permitted)")
    probe.loosely(error["error"].get("param") == "unheard_of", "param unheard_of", error["error"].get("param"))


@_section.check("16.10", proves=("refusals.wrong_type",))
async def a_value_of_the_wrong_kind_is_refused(probe: Probe) -> None:
    """A member of the wrong JSON type is refused, with its path in ``param``.

    False when: there is no ``error``; loosely, when code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await talking(probe)
    part = {"type": "input_text", "text": 17}
    wrong: dict[str, dict[str, Any]] = {
        "item_id": {"type": "conversation.item.retrieve", "item_id": 17},
        "item": {"type": "conversation.item.create", "item": "Good morning."},
        "item.content[0].text": {
            "type": "conversation.item.create",
            "item": {**message(""), "content": [part]},
        },
        "audio_end_ms": {
            "type": "conversation.item.truncate",
            "item_id": ABSENT,
            "content_index": 0,
            "audio_end_ms": "soon",
        },
    }
    for param, event in wrong.items():
        _coded(probe, await _refused_event(probe, wire, event), "invalid_type", param=param)


@_section.check("16.11", proves=("refusals.missing_member",))
async def a_member_that_has_to_be_there_is_missed(probe: Probe) -> None:
    """An event without a member that it needs is refused, with that in ``param``.

    False when: there is no ``error``; loosely, when code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await talking(probe)
    wrong: dict[str, dict[str, Any]] = {
        "item_id": {"type": "conversation.item.retrieve"},
        "item.content": {"type": "conversation.item.create", "item": {"type": "message", "role": "user"}},
        "audio_end_ms": {"type": "conversation.item.truncate", "item_id": ABSENT, "content_index": 0},
    }
    for param, event in wrong.items():
        _coded(probe, await _refused_event(probe, wire, event), "missing_required_parameter", param=param)


@_section.check("16.12")
async def each_mistake_is_told_once_and_in_order(probe: Probe) -> None:
    """Several wrong events, sent without waiting, get one ``error`` each, in their order; what is right between them is
    done.

    False when: one gets none or several, or what is right is not done; loosely, when the order is another.
    Source: Observed {VIBE}, Documented {DOC}, behaviour 6: an error is about one event.
    """
    wire = await talking(probe)
    ids = [f"wrong-{number}" for number in range(4)]
    for event_id in ids:
        await wire.send({**_RETRIEVE, "event_id": event_id})
        await wire.send({"type": "conversation.item.create", "item": message("Go on.", id=f"item_{event_id}")})
    last = f"item_{ids[-1]}"
    events = await wire.until("conversation.item.created", where=lambda event: event["item"]["id"] == last)
    events += await wire.for_a_while()
    named = [event["error"].get("event_id") for event in events if event["type"] == "error"]
    probe.expect(sorted(map(str, named)) == sorted(ids), "one error for each", named)
    probe.loosely(named == ids, ", ".join(ids), named)
    made = [event["item"]["id"] for event in events if event["type"] == "conversation.item.created"]
    probe.expect(made == [f"item_{event_id}" for event_id in ids], "four items", made)


@_section.check("16.13", responses=1)
async def an_error_does_not_end_what_is_going_on(probe: Probe) -> None:
    """A wrong event while a response is active is refused, and the response is completed.

    False when: it is not completed, or there is no ``error``.
    Source: Observed {VIBE}, Documented {DOC}, behaviour 6.
    """
    wire = await talking(probe)
    await typed(probe, wire, "Say hello.")
    await wire.send({"type": "response.create"})
    await wire.next("response.created")
    await wire.send({**_RETRIEVE, "event_id": "asked"})
    events = await wire.until("response.done")
    events += await wire.for_a_while()
    named = [event["error"].get("event_id") for event in events if event["type"] == "error"]
    probe.expect(named == ["asked"], "an error about asked", named)
    (done,) = [event["response"] for event in events if event["type"] == "response.done"]
    probe.went_well(done)
    probe.expect(done["status"] == "completed", "status completed", done["status"])


@_section.check("16.14")
async def an_event_in_a_binary_frame_is_answered(probe: Probe) -> None:
    """An event in a binary frame is taken like one in a text frame, refused, or the connection is closed for it.

    False when: nothing happens, or it is closed with a code that does not say so.
    Source: Assumed, behaviour 1.3: no binary frame was ever seen.
    """
    wire = await talking(probe)
    try:
        await wire.send_bytes(b'{"type": "conversation.item.retrieve", "item_id": "item_that_never_was"}')
        await wire.next("error")
    except Closed as closed:
        probe.expect(closed.code in _ENDS_OF_A_BINARY_FRAME, "close 1003, 1007 or 1008", f"close {closed.code}")
        return
    await _goes_on(probe, wire)


@_section.check("16.15")
async def the_other_dialect_has_other_events(probe: Probe) -> None:
    """Requests in the shape of OpenAI's newer dialect are refused, and not half obeyed.

    False when: a response begins.
    Source: Observed {IVW, FON} of sessions, {GOV} of unknown members of a response, behaviour, fact 6 and 4.8.
    """
    wire = await talking(probe)
    asked = {"type": "response.create", "response": {"output_modalities": ["text"]}}
    error = await probe.refusal(wire, asked, accepted="response.created")
    probe.refused(error, words="unexpected (extra fields not permitted)")
    await _goes_on(probe, wire)


@_section.check("16.16")
async def a_refused_item_leaves_nothing_behind(probe: Probe) -> None:
    """An item with one wrong member does not join the conversation.

    False when: it can be retrieved, or its name is taken.
    Source: Assumed of wrong members; Documented {DOC} of wrong places, behaviour 5 and 6.
    """
    wire = await talking(probe)
    event = {"type": "conversation.item.create", "item": message("Ahoy.", id="item_refused", unheard_of=1)}
    await probe.refusal(wire, event, accepted="conversation.item.created")
    retrieve = {"type": "conversation.item.retrieve", "item_id": "item_refused"}
    await probe.refusal(wire, retrieve, accepted="conversation.item.retrieved", event_id="again")
    right = {"type": "conversation.item.create", "item": message("Ahoy.", id="item_refused")}
    await wire.send(right)
    answer = await probe.answer(wire, "conversation.item.created")
    probe.expect(answer["type"] != "error", "conversation.item.created", answer.get("error"))
