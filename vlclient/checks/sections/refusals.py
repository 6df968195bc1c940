"""4: updates that are refused, and what a refusal is."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Closed, Event, Silence, Wire

__all__ = ["refused_update", "taken_update"]

_section = Section(4, "Refused updates")

_AZURE_VOICES: Final = ("cascade", "hybrid")
_EXTRA: Final = "unexpected (extra fields not permitted)"
_BAD_UPDATE: Final = "invalid_session_update_message"
"""Observed (schema B2): the code of an update that has the wrong shape."""
_REPEATED: Final = "invalid_request_error"
"""Observed {FON}: a code may repeat the type."""
_MOST_ATTEMPTS: Final = 5
_MOST_LABELS: Final = {f"key-{number}": "x" * 512 for number in range(16)}


async def refused_update(
    probe: Probe, settings: Mapping[str, Any], *, wire: Wire | None = None, beyond_limit: bool = False
) -> Event:
    """The error for an update; in a session that has a voice already, unless a connection is given."""
    wire = wire or await probe.session()
    update = {"type": "session.update", "session": settings}
    return await probe.refusal(wire, update, accepted="session.updated", beyond_limit=beyond_limit)


async def taken_update(probe: Probe, wire: Wire, settings: Mapping[str, Any]) -> None:
    """An update that is within the limits, and so must not be refused."""
    await wire.send({"type": "session.update", "session": settings})
    answer = await probe.answer(wire, "session.updated")
    probe.require(answer["type"] != "error", "session.updated", answer.get("error"))


@_section.check("4.01", proves=("refusals.unexpected_member",))
async def an_unknown_setting_is_refused(probe: Probe) -> None:
    """A member that no session has is refused: ``'session.x' unexpected (extra fields not permitted)``.

    False when: it is accepted; loosely, when words or ``param`` are others.
    Source: Observed {VIBE, IVW, GOV}, behaviour, fact 5 and 2.3.
    """
    error = await refused_update(probe, {"unheard_of": 1})
    probe.refused(
        error, words=f"'session.unheard_of' {_EXTRA}", usual_code=_BAD_UPDATE, usual_param="session.unheard_of"
    )


@_section.check("4.02")
async def an_unknown_setting_inside_another_is_refused(probe: Probe) -> None:
    """A member that no detector has is refused with its whole path.

    False when: it is accepted; loosely, when the words are others.
    Source: Assumed of members inside others; Observed {VIBE, IVW} of a session's own, behaviour 2.3.
    """
    detector = {"type": "server_vad", "unheard_of": 1}
    error = await refused_update(probe, {"turn_detection": detector})
    probe.refused(error, words=f"unheard_of' {_EXTRA}")


@_section.check("4.03")
async def the_other_dialect_is_refused(probe: Probe) -> None:
    """A session as OpenAI's newer dialect has it is refused at the member ``type``.

    False when: it is accepted; loosely, when the words are others.
    Source: Observed {IVW, FON}, behaviour, fact 6 and 2.3.
    """
    error = await refused_update(probe, {"type": "realtime", "output_modalities": ["audio"]})
    probe.refused(error, words=_EXTRA)


@_section.check("4.04")
async def a_refusal_is_whole(probe: Probe) -> None:
    """An ``error`` says type, message, and the client's event; what it cannot say is null and not missing.

    False when: message or type are missing; loosely, when ``code``, ``param`` or ``event_id`` are missing.
    Source: Observed {FON, S14}, behaviour 6.
    """
    details = (await refused_update(probe, {"unheard_of": 1}))["error"]
    probe.expect(details["type"] == "invalid_request_error", "type invalid_request_error", details["type"])
    probe.expect(bool(details["message"]), "a message", details["message"])
    missing = [name for name in ("code", "param", "event_id") if name not in details]
    probe.loosely(not missing, "code, param and event_id", f"without {', '.join(missing)}")


@_section.check("4.05", agents=False)
async def nothing_of_a_refused_update_holds(probe: Probe) -> None:
    """An update with one wrong member changes nothing, not even by the members that are right.

    False when: one of these is in force afterwards.
    Source: Observed {IVW, OAI}, behaviour 2.2.
    """
    wire = await probe.session()
    await refused_update(probe, {"instructions": "Speak of lighthouses only.", "unheard_of": 1}, wire=wire)
    after = await probe.updated(wire, {"tool_choice": "none"})
    probe.expect("lighthouses" not in str(after["instructions"]), "the instructions of before", after["instructions"])


@_section.check("4.06")
async def a_refused_update_is_answered_once(probe: Probe) -> None:
    """After the ``error`` nothing follows, and above all no ``session.updated``.

    False when: another event comes.
    Source: Observed {IVW, FON}, behaviour 2.2 and 12 D.
    """
    wire = await probe.session()
    await refused_update(probe, {"unheard_of": 1}, wire=wire)
    came = [event["type"] for event in await wire.for_a_while()]
    probe.expect(not came, "silence", came)


@_section.check("4.07", proves=("readings.rejected_first_update",))
async def a_refused_first_update_leaves_the_session_open(probe: Probe) -> None:
    """After a refused first update the next one is accepted.

    False when: the connection is closed, or a right update is refused.
    Source: Observed {IVW}, behaviour, fact 8.
    """
    wire, _ = await probe.created()
    await refused_update(probe, {"unheard_of": 1}, wire=wire)
    await wire.send({"type": "session.update", "session": {"voice": probe.server.voice}})
    answer = await probe.answer(wire, "session.updated")
    probe.expect(answer["type"] == "session.updated", "session.updated", answer.get("error"))


@_section.check("4.08", proves=("readings.bad_updates", "refusals.configuration_failed"))
async def the_fifth_bad_update_ends_a_session(probe: Probe) -> None:
    """A session that gets no update through ends: after five, ``max_config_attempts_exceeded`` and close 1008.

    False when: it is still open after ten; loosely, when it ends with another code or after another number.
    Source: Observed {TROUB} and field reports, schema B2; against it {IVW}: close 1011 after the second.
    """
    wire, _ = await probe.created()
    codes: list[str | None] = []
    try:
        for number in range(1, 11):
            error = await refused_update(probe, {"unheard_of": 1}, wire=wire)
            codes.append(error["error"].get("code"))
            if number == _MOST_ATTEMPTS:
                with suppress(Silence):
                    codes.append((await wire.next("error", seconds=probe.server.quiet_s))["error"].get("code"))
        probe.require(False, "the end of the session", "an open connection after ten bad updates")
    except Closed as ended:
        probe.loosely(ended.code == 1008, "close 1008", f"close {ended.code}")
    wanted = "max_config_attempts_exceeded"
    last = len(codes) in (_MOST_ATTEMPTS, _MOST_ATTEMPTS + 1) and codes[-1] == wanted
    probe.loosely(last, f"{wanted} after five", codes)


@_section.check("4.09", proves=("refusals.wrong_enum",))
async def a_value_out_of_a_list_is_refused(probe: Probe) -> None:
    """A format that does not exist is refused: ``'session.input_audio_format' should be 'pcm16', … got 'mp3'``.

    False when: it is accepted; loosely, when the words are others.
    Source: Assumed of a format; Observed {IVW} of a voice, behaviour 2.3.
    """
    error = await refused_update(probe, {"input_audio_format": "mp3"})
    probe.refused(
        error,
        words="'session.input_audio_format' should be 'pcm16'",
        usual_code=_BAD_UPDATE,
        usual_param="session.input_audio_format",
    )


@_section.check("4.10", pipelines=("hybrid", "native"))
async def a_voice_that_nobody_has_is_refused(probe: Probe) -> None:
    """A bare name that is no OpenAI voice is refused: ``'session.voice' should be 'alloy', … got 'onyx'``.

    False when: it is accepted; loosely, when the words are others.
    Source: Observed {IVW}, behaviour 2.3.
    """
    wire, _ = await probe.created()
    error = await refused_update(probe, {"voice": "onyx"}, wire=wire)
    probe.refused(error, words="'session.voice' should be ")


@_section.check("4.11")
async def a_detector_that_does_not_exist_is_refused(probe: Probe) -> None:
    """A type of turn detection that does not exist is refused.

    False when: it is accepted.
    Source: Observed {IVW}, behaviour 2.3: values out of a list are refused.
    """
    wire, _ = await probe.created()
    await refused_update(probe, {"turn_detection": {"type": "clairvoyance"}}, wire=wire)


@_section.check("4.12")
async def an_object_must_say_its_type(probe: Probe) -> None:
    """A noise reduction without ``type`` is refused with ``invalid_session_update_message``.

    False when: it is accepted; loosely, when code or words are others.
    Source: Observed (field reports), schema B2 and D3.
    """
    error = await refused_update(probe, {"input_audio_noise_reduction": {}})
    path = "session.input_audio_noise_reduction.type"
    probe.refused(error, words=f"'{path}'", usual_code=_BAD_UPDATE, usual_param=path)


@_section.check("4.13", agents=False, proves=("refusals.wrong_type",))
async def a_value_of_the_wrong_type_is_refused(probe: Probe) -> None:
    """A number where a text belongs is refused, with the path as ``param``.

    False when: it is accepted; loosely, when code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 6.
    """
    error = await refused_update(probe, {"instructions": 5})
    words = "Invalid type for 'session.instructions': expected "
    probe.refused(error, words=words, usual_code="invalid_type", usual_param="session.instructions")


@_section.check("4.14", proves=("refusals.missing_member",))
async def an_update_must_have_a_session(probe: Probe) -> None:
    """A ``session.update`` without ``session`` is refused, with that name as ``param``.

    False when: it is accepted; loosely, when code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 6.
    """
    wire = await probe.session()
    error = await probe.refusal(wire, {"type": "session.update"}, accepted="session.updated")
    words = "Missing required parameter: 'session'"
    probe.refused(error, words=words, usual_code="missing_required_parameter", usual_param="session")


@_section.check("4.15", agents=False, proves=("refusals.model_fixed", "session.model"))
async def the_model_cannot_be_changed(probe: Probe) -> None:
    """Another model in an update is refused: the address decides it.

    False when: it is accepted; loosely, when words, code or ``param`` are others.
    Source: Observed {PIPE}, behaviour 2.3.
    """
    error = await refused_update(probe, {"model": "gpt-4.1-nano"})
    words = "Cannot update the model of a session"
    probe.refused(error, words=words, usual_code=_BAD_UPDATE, usual_param="session.model")


@_section.check("4.16", proves=("refusals.turn_detection_type_changed",))
async def the_kind_of_detector_stays(probe: Probe) -> None:
    """After the first update another type of turn detection is refused: ``Cannot change turn detection type during
    session (from server_vad to azure_semantic_vad)``.

    False when: it is accepted; loosely, when words, code or ``param`` are others.
    Source: Observed {IVW, FON, NETT}, behaviour, fact 7 and 2.3.
    """
    wire = await probe.session({"turn_detection": {"type": "server_vad"}})
    error = await refused_update(probe, {"turn_detection": {"type": "azure_semantic_vad"}}, wire=wire)
    words = "Cannot change turn detection type during session (from server_vad to azure_semantic_vad)"
    probe.refused(error, words=words, usual_code=_REPEATED, usual_param="session.turn_detection")


@_section.check("4.17", proves=("refusals.sampling_rate_changed",))
async def the_sampling_rate_stays(probe: Probe) -> None:
    """After the first update another ``input_audio_sampling_rate`` is refused.

    False when: it is in force; loosely, when it is passed over in silence, or words, code or ``param`` are others.
    Source: Documented {DOC}, behaviour 2.3: it is fixed; Assumed of the answer.
    """
    wire = await probe.session({"input_audio_sampling_rate": 24_000})
    await wire.send({"type": "session.update", "session": {"input_audio_sampling_rate": 16_000}})
    error = await probe.answer(wire, "session.updated")
    if error["type"] != "error":
        rate = error["session"]["input_audio_sampling_rate"]
        probe.require(rate == 24_000, "24000 Hz", rate)
        probe.loosely(False, "an error event", error["type"])
        return
    words = "Cannot change input audio sampling rate during session"
    probe.refused(error, words=words, usual_code=_REPEATED, usual_param="session.input_audio_sampling_rate")


@_section.check(
    "4.18",
    pipelines=_AZURE_VOICES,
    since="2026-01-01-preview",
    responses=1,
    proves=("refusals.cannot_update_voice",),
)
async def the_voice_stays_once_it_was_heard(probe: Probe) -> None:
    """After the assistant has spoken another voice is refused with ``cannot_update_voice``.

    False when: it is accepted; loosely, when words, code or ``param`` are others.
    Source: Assumed {OAI}, behaviour 2.3.
    """
    wire = await probe.session({"max_response_output_tokens": 60})
    part = {"type": "text", "text": "The lamp is lit."}
    said = {"role": "assistant", "type": "message", "content": [part]}
    await wire.send({"type": "response.create", "response": {"pre_generated_assistant_message": said}})
    if (await probe.answer(wire, "response.audio.delta"))["type"] == "error":
        probe.inconclusive("nothing was spoken")
    await wire.next("response.done")
    error = await refused_update(probe, {"voice": {"type": "azure-standard", "name": "en-US-AndrewNeural"}}, wire=wire)
    words = "Cannot update a conversation's voice if assistant audio is present."
    probe.refused(error, words=words, usual_code="cannot_update_voice", usual_param="session.voice")


@_section.check("4.19", since="2026-04-10", connections=2)
async def labels_have_their_limits(probe: Probe) -> None:
    """16 pairs of ``metadata`` with values of 512 characters are taken; a pair or a character more is refused.

    False when: what is within the limits is refused. That more is accepted says nothing.
    Source: Documented {DOC}, schema A7.
    """
    wire = await probe.session()
    await taken_update(probe, wire, {"metadata": _MOST_LABELS})
    await refused_update(probe, {"metadata": {**_MOST_LABELS, "key-16": "x"}}, wire=wire, beyond_limit=True)
    await refused_update(probe, {"metadata": {"long": "x" * 513}}, beyond_limit=True)
