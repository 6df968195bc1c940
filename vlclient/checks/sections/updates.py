"""3: what ``session.update`` changes, and how it is answered."""

import re
from collections.abc import Mapping
from typing import Any, Final

from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.wire import Event

__all__ = ["in_force"]

_section = Section(3, "Updates")

_REALTIME: Final = ("hybrid", "native")
_AZURE_VOICES: Final = ("cascade", "hybrid")
_TOOL: Final = {
    "type": "function",
    "name": "look_up_tide",
    "description": "When the water is high.",
    "parameters": {"type": "object", "properties": {"harbour": {"type": "string"}}},
}


async def in_force(probe: Probe, settings: Mapping[str, Any]) -> Event:
    """What a first update with these settings, and a voice of the pipeline, leads to."""
    wire, _ = await probe.created()
    return await probe.updated(wire, {"voice": probe.server.voice, **settings})


@_section.check("3.01", proves=("session.update", "session.updated"))
async def an_update_is_answered_with_all_settings(probe: Probe) -> None:
    """``session.updated`` has the whole session, whatever was sent: the same id and end, and what was not sent.

    False when: the id or the end is another, or a member of ``session.created`` is missing.
    Source: Observed {FON, PAI}, behaviour 2.2.
    """
    wire, created = await probe.created()
    after = await probe.updated(wire, {"voice": probe.server.voice})
    before = created["session"]
    for member in ("id", "expires_at"):
        probe.expect(after.get(member) == before.get(member), f"{member} {before.get(member)}", after.get(member))
    missing = sorted(set(before) - set(after) - {"temperature"})
    probe.expect(not missing, "every member of session.created", f"without {', '.join(missing)}")


@_section.check("3.02")
async def an_update_of_nothing_is_answered(probe: Probe) -> None:
    """An update without any setting is accepted, and changes nothing.

    False when: it is refused, or a setting changes.
    Source: Documented {DOC}, behaviour 2.2: what is not sent stays as it is.
    """
    wire = await probe.session()
    before, after = await probe.updated(wire, {}), await probe.updated(wire, {})
    changed = [name for name in before if before[name] != after.get(name) and name != "modalities"]
    probe.expect(not changed, "the same settings", changed)


@_section.check("3.03", agents=False, proves=("session.instructions",))
async def instructions_are_taken(probe: Probe) -> None:
    """``instructions`` come back as they were sent.

    False when: they are others.
    Source: Observed {PAI, FON}, behaviour 2.2.
    """
    text = "Speak of lighthouses only.\nÄrger, 灯台, 🗼."
    session = await in_force(probe, {"instructions": text})
    probe.expect(session["instructions"] == text, text, session["instructions"])


@_section.check("3.04", agents=False)
async def empty_instructions_keep_the_default(probe: Probe) -> None:
    """Empty ``instructions`` leave the service's own in place.

    False when: no text comes back; loosely, when it is empty.
    Source: Observed {PAI, FON}, behaviour 2.2; against it Documented {DOC}, schema B 1: they are cleared.
    """
    instructions = (await in_force(probe, {"instructions": ""}))["instructions"]
    probe.expect(isinstance(instructions, str), "a text", instructions)
    probe.loosely(bool(instructions), "the default text", instructions)


@_section.check("3.05", agents=False, proves=("readings.update",))
async def what_is_not_sent_stays(probe: Probe) -> None:
    """An update of one setting leaves another that was set before.

    False when: it goes back to the default.
    Source: Documented {DOC, OAI}, against {FON}, behaviour 2.2.
    """
    wire = await probe.session({"instructions": "Speak of lighthouses only."})
    after = await probe.updated(wire, {"tool_choice": "none"})
    probe.expect("lighthouses" in str(after["instructions"]), "the instructions of before", after["instructions"])


@_section.check("3.17", proves=("session.input_audio_transcription",))
async def a_transcription_comes_back_whole(probe: Probe) -> None:
    """``input_audio_transcription`` comes back with all five members, null where they were not sent.

    False when: model or language are others; loosely, when a member is missing.
    Source: Observed {PAI, FON}, behaviour 2.2.
    """
    model, language = ("azure-speech", "en-US") if probe.pipeline == "cascade" else ("whisper-1", "en")
    session = await in_force(probe, {"input_audio_transcription": {"model": model, "language": language}})
    got = session["input_audio_transcription"]
    probe.require(bool(got), "a transcription", got)
    probe.expect((got["model"], got["language"]) == (model, language), f"{model}, {language}", got)
    missing = {"prompt", "custom_speech", "phrase_list"} - set(got)
    probe.loosely(not missing, "all five members", f"without {', '.join(sorted(missing))}")


@_section.check("3.18", pipelines=_REALTIME)
async def a_transcription_can_be_switched_off(probe: Probe) -> None:
    """With a realtime model ``input_audio_transcription: null`` ends transcription.

    False when: it does not come back as null.
    Source: Documented {DOC}, schema D1; Observed {PAI}: null is what it is at connect.
    """
    wire = await probe.session({"input_audio_transcription": {"model": "whisper-1"}})
    after = await probe.updated(wire, {"input_audio_transcription": None})
    probe.expect(after["input_audio_transcription"] is None, "null", after["input_audio_transcription"])


@_section.check("3.19", agents=False, proves=("session.tools", "session.tools.parameters"))
async def tools_come_back_as_sent(probe: Probe) -> None:
    """A function is offered as it was sent: type, name, description, parameters.

    False when: one of them is another, or the tool is not alone.
    Source: Observed {PAI, FON}, behaviour 2.2.
    """
    tools = (await in_force(probe, {"tools": [_TOOL]}))["tools"]
    probe.require(len(tools) == 1, "one tool", tools)
    for member, value in _TOOL.items():
        probe.expect(tools[0].get(member) == value, f"{member} {value}", tools[0].get(member))


@_section.check("3.20", agents=False)
async def tools_are_replaced_as_a_whole(probe: Probe) -> None:
    """An update with an empty list of tools takes all of them away.

    False when: one is left.
    Source: Documented {DOC}, behaviour 2.2: what is sent replaces what was.
    """
    wire = await probe.session({"tools": [_TOOL]})
    after = await probe.updated(wire, {"tools": []})
    probe.expect(after["tools"] == [], "no tools", after["tools"])


@_section.check("3.21", agents=False, proves=("session.tool_choice",))
async def a_tool_can_be_chosen(probe: Probe) -> None:
    """``tool_choice`` is ``auto``, ``none``, ``required``, or names a function.

    False when: one of them does not come back as sent.
    Source: Documented {DOC}, schema D11; Observed {NETT}.
    """
    wire = await probe.session({"tools": [_TOOL]})
    for choice in ("none", "required", "auto"):
        after = await probe.updated(wire, {"tool_choice": choice})
        probe.expect(after["tool_choice"] == choice, choice, after["tool_choice"])
    named = {"type": "function", "name": _TOOL["name"]}
    after = await probe.updated(wire, {"tool_choice": named})
    probe.expect(after["tool_choice"] == named, str(named), after["tool_choice"])


@_section.check("3.22", pipelines=("native",), proves=("session.voice",))
async def a_voice_may_be_a_name_alone(probe: Probe) -> None:
    """A bare name of an OpenAI voice is taken, and comes back as an object.

    False when: it is refused, or comes back otherwise.
    Source: Observed {IVW, SKILL}, behaviour 2.2.
    """
    if probe.server.model.startswith("azure-realtime"):
        probe.inconclusive("azure-realtime has no OpenAI voices")
    wire, _ = await probe.created()
    voice = (await probe.updated(wire, {"voice": "echo"}))["voice"]
    probe.expect(voice == {"type": "openai", "name": "echo"}, "the object of echo", voice)


@_section.check("3.23", pipelines=_AZURE_VOICES, proves=("session.voice.rate", "session.voice.style"))
async def an_azure_voice_comes_back_whole(probe: Probe) -> None:
    """An Azure voice comes back as sent, with null for what was not sent.

    False when: type, name or rate are others; loosely, when a member is missing.
    Source: Observed {FON}, behaviour 2.1; Documented {DOC}, schema D2.
    """
    sent = {"type": "azure-standard", "name": "en-US-AvaNeural", "rate": "1.2"}
    wire, _ = await probe.created()
    voice = (await probe.updated(wire, {"voice": sent}))["voice"]
    for member, value in sent.items():
        probe.expect(voice.get(member) == value, f"{member} {value}", voice.get(member))
    missing = {"temperature", "style", "pitch", "volume", "locale"} - set(voice)
    probe.loosely(not missing, "null for what was not sent", f"without {', '.join(sorted(missing))}")


@_section.check("3.24", proves=("session.modalities",))
async def a_session_may_be_silent(probe: Probe) -> None:
    """``modalities: ["text"]`` makes a session that answers in text alone.

    False when: another list comes back.
    Source: Documented {DOC}, schema D1; Observed {PIPE}.
    """
    wire, _ = await probe.created()
    session = await probe.updated(wire, {"modalities": ["text"]})
    probe.expect(session["modalities"] == ["text"], "text", session["modalities"])


@_section.check("3.25", pipelines=("cascade",), agents=False, proves=("session.temperature",))
async def a_temperature_is_taken(probe: Probe) -> None:
    """With a text model ``temperature`` comes back as sent.

    False when: it is another.
    Source: Documented {DOC}, schema D1: 0.6 to 1.2, and the specification says 0 to 1.
    """
    session = await in_force(probe, {"temperature": 0.65})
    probe.expect(abs(session["temperature"] - 0.65) < 0.001, "0.65", session["temperature"])


@_section.check("3.26", proves=("session.max_response_output_tokens",))
async def answers_can_be_kept_short(probe: Probe) -> None:
    """``max_response_output_tokens`` is taken as a number and as ``inf``.

    False when: one of them does not come back as sent.
    Source: Documented {DOC}, schema D1.
    """
    wire = await probe.session()
    for limit in (200, "inf"):
        after = await probe.updated(wire, {"max_response_output_tokens": limit})
        probe.expect(after["max_response_output_tokens"] == limit, str(limit), after["max_response_output_tokens"])


@_section.check("3.27", proves=("session.input_audio_noise_reduction",))
async def noise_can_be_suppressed(probe: Probe) -> None:
    """``azure_deep_noise_suppression`` is taken with any model, and null switches it off.

    False when: one of them does not come back as sent.
    Source: Documented {DOC}, schema D3; Observed {FON}.
    """
    deep = {"type": "azure_deep_noise_suppression"}
    wire = await probe.session({"input_audio_noise_reduction": deep})
    seen = (await probe.updated(wire, {}))["input_audio_noise_reduction"]
    probe.expect((seen or {}).get("type") == deep["type"], deep["type"], seen)
    after = (await probe.updated(wire, {"input_audio_noise_reduction": None})).get("input_audio_noise_reduction")
    probe.expect(after is None, "null", after)


@_section.check("3.28", proves=("session.input_audio_echo_cancellation",))
async def echo_can_be_cancelled(probe: Probe) -> None:
    """``server_echo_cancellation`` is taken where answers are spoken.

    False when: another type comes back.
    Source: Documented {DOC}, schema D4; Observed {FON}.
    """
    session = await in_force(probe, {"input_audio_echo_cancellation": {"type": "server_echo_cancellation"}})
    got = session["input_audio_echo_cancellation"]
    probe.expect((got or {}).get("type") == "server_echo_cancellation", "server_echo_cancellation", got)


@_section.check("3.29")
async def an_event_needs_no_id(probe: Probe) -> None:
    """A client's ``event_id`` may be absent, empty or null, and is never that of the answer.

    False when: one of these updates is refused, or answered with the client's id.
    Source: Observed {SEED} and {FON, PAI}, behaviour 2.2.
    """
    wire = await probe.session()
    for own in ({}, {"event_id": ""}, {"event_id": None}, {"event_id": "mine"}):
        await wire.send({"type": "session.update", "session": {}, **own})
        answer = await probe.answer(wire, "session.updated")
        probe.require(answer["type"] == "session.updated", f"session.updated for {own}", answer.get("error"))
        probe.expect(bool(answer["event_id"]) and answer["event_id"] != "mine", "an id of its own", answer["event_id"])


@_section.check("3.30", agents=False)
async def updates_are_answered_in_their_order(probe: Probe) -> None:
    """Several updates at once are answered one by one, in the order in which they were sent.

    False when: an answer is missing, doubled, or shows a later update.
    Source: Observed {PAI, FON}, behaviour 2.2; Assumed of more than two.
    """
    wire = await probe.session()
    texts = [f"Speak of lighthouse {number} only." for number in range(1, 5)]
    for text in texts:
        await wire.send({"type": "session.update", "session": {"instructions": text}})
    got = [(await wire.next("session.updated"))["session"]["instructions"] for _ in texts]
    probe.expect(got == texts, "the instructions in order", [re.sub(r"\D", "", text) or text for text in got])
    more = [event["type"] for event in await wire.for_a_while()]
    probe.expect(not more, "no further answer", more)
