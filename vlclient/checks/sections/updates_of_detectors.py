"""3, continued: how turns are detected."""

from typing import Final

from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.sections.updates import in_force
from vlmock.protocol.versions import reached

_section = Section(3, "Updates")

_REALTIME: Final = ("hybrid", "native")


@_section.check("3.06")
async def a_detector_is_replaced_as_a_whole(probe: Probe) -> None:
    """Of ``turn_detection`` nothing is kept: what an update leaves out goes back to a default.

    False when: a number of the update before is still there.
    Source: Observed {PAI}, behaviour 2.2.
    """
    detector = {"type": "server_vad", "threshold": 0.7, "silence_duration_ms": 777, "prefix_padding_ms": 222}
    wire = await probe.session({"turn_detection": detector})
    after = (await probe.updated(wire, {"turn_detection": {"type": "server_vad"}}))["turn_detection"]
    for member in ("threshold", "silence_duration_ms", "prefix_padding_ms"):
        probe.expect(after[member] != detector[member], f"a default for {member}", after[member])


@_section.check("3.07")
async def an_update_has_defaults_of_its_own(probe: Probe) -> None:
    """A detector that is sent with nothing but its type ends a turn after 500 ms of silence, and begins it 400 ms early
    (300 ms before 2026-04-10), whatever the session had at connect.

    False when: one of them is no number; loosely, when it is another number.
    Source: Observed {PAI}, behaviour 2.2; Documented {DOC}, schema D5.
    """
    detection = (await in_force(probe, {"turn_detection": {"type": "server_vad"}}))["turn_detection"]
    padding = 400 if reached(probe.server.api_version, "2026-04-10") else 300
    for member, usual in {"silence_duration_ms": 500, "prefix_padding_ms": padding, "threshold": 0.5}.items():
        probe.expect(isinstance(detection[member], int | float), f"a number for {member}", detection[member])
        probe.loosely(detection[member] == usual, f"{member} {usual}", detection[member])


@_section.check("3.08")
async def the_numbers_of_a_detector_are_taken(probe: Probe) -> None:
    """Threshold, padding and silence come back as they were sent.

    False when: one of them is another.
    Source: Observed {FON, PAI}, behaviour 2.2.
    """
    sent = {"threshold": 0.6, "prefix_padding_ms": 240, "silence_duration_ms": 640}
    detection = (await in_force(probe, {"turn_detection": {"type": "server_vad", **sent}}))["turn_detection"]
    for member, number in sent.items():
        probe.expect(detection[member] == number, f"{member} {number}", detection[member])


@_section.check("3.09", proves=("session.turn_detection",))
async def detection_can_be_switched_off(probe: Probe) -> None:
    """``turn_detection: null`` is honoured, and comes back as an explicit null.

    False when: there is a detector, or no member.
    Source: Observed {FON, SDKT, NETT}, behaviour 2.2.
    """
    session = await in_force(probe, {"turn_detection": None})
    probe.expect(session["turn_detection"] is None, "null", session["turn_detection"])


@_section.check("3.10")
async def detection_can_be_switched_on_again(probe: Probe) -> None:
    """A session without turn detection takes a detector later.

    False when: that is refused.
    Source: Assumed: null is no type, so nothing is changed that is fixed (behaviour, fact 7).
    """
    wire = await probe.session({"turn_detection": None})
    await wire.send({"type": "session.update", "session": {"turn_detection": {"type": "server_vad"}}})
    answer = await probe.answer(wire, "session.updated")
    probe.require(answer["type"] == "session.updated", "session.updated", answer.get("error"))
    probe.expect(bool(answer["session"]["turn_detection"]), "a detector", answer["session"]["turn_detection"])


@_section.check("3.11")
async def responses_and_interruptions_can_be_switched_later(probe: Probe) -> None:
    """``create_response`` and ``interrupt_response`` may change in the middle of a session, each by itself.

    False when: one does not come back as sent.
    Source: Observed {VIBE, DAN}, behaviour 3.3.
    """
    wire = await probe.session({"turn_detection": {"type": "server_vad"}})
    for created, interrupts in ((False, True), (True, False)):
        sent = {"type": "server_vad", "create_response": created, "interrupt_response": interrupts}
        detection = (await probe.updated(wire, {"turn_detection": sent}))["turn_detection"]
        got = detection["create_response"], detection["interrupt_response"]
        probe.expect(got == (created, interrupts), f"{created} and {interrupts}", got)


@_section.check("3.12", proves=("session.turn_detection.remove_filler_words",))
async def the_semantic_detector_is_offered(probe: Probe) -> None:
    """``azure_semantic_vad`` is taken in the first update in place of the detector at connect, and comes back with
    members that were not sent.

    False when: another type comes back; loosely, when ``remove_filler_words`` is not false or a member is missing.
    Source: Observed {FON}, behaviour, fact 7 and 2.2.
    """
    detection = (await in_force(probe, {"turn_detection": {"type": "azure_semantic_vad"}}))["turn_detection"]
    probe.expect(detection["type"] == "azure_semantic_vad", "azure_semantic_vad", detection["type"])
    fillers = detection.get("remove_filler_words")
    probe.loosely(fillers is False, "remove_filler_words false", fillers)
    missing = [name for name in ("neg_threshold", "window_size", "languages") if name not in detection]
    probe.loosely(not missing, "null for what was not sent", f"without {', '.join(missing)}")


@_section.check("3.13")
async def the_multilingual_detector_is_offered(probe: Probe) -> None:
    """``azure_semantic_vad_multilingual`` is taken with its languages, whatever the model.

    False when: another type comes back; loosely, when the languages are others.
    Source: Observed {FON}, behaviour 2.3, the matrix.
    """
    sent = {"type": "azure_semantic_vad_multilingual", "languages": ["en", "de"]}
    detection = (await in_force(probe, {"turn_detection": sent}))["turn_detection"]
    probe.expect(detection["type"] == sent["type"], str(sent["type"]), detection["type"])
    probe.loosely(detection.get("languages") == ["en", "de"], "en, de", detection.get("languages"))


@_section.check("3.14", pipelines=("cascade",))
async def the_english_detector_is_offered_to_text_models(probe: Probe) -> None:
    """``azure_semantic_vad_en`` is taken where a text model answers.

    False when: another type comes back.
    Source: Observed {FON}, behaviour 2.3, the matrix.
    """
    detection = (await in_force(probe, {"turn_detection": {"type": "azure_semantic_vad_en"}}))["turn_detection"]
    probe.expect(detection["type"] == "azure_semantic_vad_en", "azure_semantic_vad_en", detection["type"])


@_section.check("3.15", pipelines=_REALTIME, proves=("session.turn_detection.eagerness",))
async def openai_s_detector_is_offered_to_realtime_models(probe: Probe) -> None:
    """``semantic_vad`` with an ``eagerness`` is taken where a realtime model answers.

    False when: another type comes back; loosely, when the eagerness is another.
    Source: Observed {FON}, behaviour 2.3, the matrix; Documented {DOC}, schema D5.
    """
    sent = {"type": "semantic_vad", "eagerness": "low"}
    detection = (await in_force(probe, {"turn_detection": sent}))["turn_detection"]
    probe.expect(detection["type"] == "semantic_vad", "semantic_vad", detection["type"])
    probe.loosely(detection.get("eagerness") == "low", "eagerness low", detection.get("eagerness"))


@_section.check("3.16", pipelines=("cascade",), since="2025-10-01", connections=3)
async def the_end_of_utterance_is_judged_by_three_models(probe: Probe) -> None:
    """All three models of the end of utterance are taken where a text model answers.

    False when: another model comes back; loosely, when ``timeout_ms`` is another.
    Source: Observed {JAVAT}, behaviour 2.3; Documented {DOC}, schema D6.
    """
    for suffix in ("", "_en", "_multilingual"):
        sent = {"model": f"semantic_detection_v1{suffix}", "timeout_ms": 800}
        detector = {"type": "azure_semantic_vad", "end_of_utterance_detection": sent}
        got = (await in_force(probe, {"turn_detection": detector}))["turn_detection"]["end_of_utterance_detection"]
        probe.require(bool(got), "the model of the end of utterance", got)
        probe.expect(got["model"] == sent["model"], str(sent["model"]), got["model"])
        probe.loosely(got.get("timeout_ms") == 800, "timeout_ms 800", got.get("timeout_ms"))
