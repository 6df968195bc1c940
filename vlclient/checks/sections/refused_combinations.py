"""4, continued: settings that do not go together, or that this kind of session cannot have."""

from typing import Final

from vlclient.checks.check import Section
from vlclient.checks.probe import Probe
from vlclient.checks.sections.refusals import refused_update, taken_update

_section = Section(4, "Refused updates")

_REALTIME: Final = ("hybrid", "native")
_AZURE_VOICES: Final = ("cascade", "hybrid")
_BAD_UPDATE: Final = "invalid_session_update_message"
_REPEATED: Final = "invalid_request_error"
_AZURE_SPEECH: Final = (
    "When using azure-speech as InputAudioTranscription, turn_detection must be of type AzureSemanticVAD or "
    "AzureMultilingualSemanticVAD."
)


@_section.check("4.30", pipelines=_REALTIME, since="2026-06-01-preview", proves=("refusals.invalid_voice_type",))
async def a_voice_of_another_kind_of_model_is_refused(probe: Probe) -> None:
    """A voice of the type ``azure-realtime-native`` is refused by other realtime models: code ``invalid_voice_type``,
    param ``session.voice``.

    False when: it is accepted, or code or param are others.
    Source: Observed {S09}, behaviour 2.3.
    """
    if probe.server.model.startswith("azure-realtime"):
        probe.inconclusive("it is a voice of this model")
    wire, _ = await probe.created()
    error = await refused_update(probe, {"voice": {"type": "azure-realtime-native", "name": "ava"}}, wire=wire)
    probe.refused(error, code="invalid_voice_type", param="session.voice")


@_section.check("4.31", pipelines=("cascade",))
async def text_models_have_no_openai_voice(probe: Probe) -> None:
    """A text model cannot speak with an OpenAI voice.

    False when: it is accepted; loosely, when the code is not ``invalid_voice_type``.
    Source: Assumed: the documentation ties these voices to the realtime models (schema A6).
    """
    wire, _ = await probe.created()
    error = await refused_update(probe, {"voice": {"type": "openai", "name": "alloy"}}, wire=wire)
    probe.refused(error, usual_code="invalid_voice_type", usual_param="session.voice")


@_section.check("4.32", pipelines=_REALTIME, proves=("refusals.azure_speech_needs_semantic_vad",))
async def azure_speech_wants_a_semantic_detector(probe: Probe) -> None:
    """Beside a realtime model ``azure-speech`` is refused with ``server_vad``: code ``invalid_request_error``, param
    ``session.turn_detection``.

    False when: code or param are others; loosely, when it is accepted, or the words are others.
    Source: Observed {FON}, behaviour 2.3; against it Observed {SDKT}, where it was accepted.
    """
    if probe.server.model.startswith("azure-realtime"):
        probe.inconclusive("nothing is known of this model's transcription")
    wire, _ = await probe.created()
    settings = {"input_audio_transcription": {"model": "azure-speech"}, "turn_detection": {"type": "server_vad"}}
    await wire.send({"type": "session.update", "session": settings})
    error = await probe.answer(wire, "session.updated")
    if error["type"] != "error":
        probe.loosely(False, "an error event", error["type"])
        return
    probe.refused(error, code="invalid_request_error", param="session.turn_detection", words=_AZURE_SPEECH)


@_section.check("4.33", pipelines=_REALTIME)
async def azure_speech_goes_with_a_semantic_detector(probe: Probe) -> None:
    """Beside a realtime model ``azure-speech`` is taken together with ``azure_semantic_vad``.

    False when: it is refused.
    Source: Observed {FON}, behaviour 2.3.
    """
    wire, _ = await probe.created()
    settings = {
        "input_audio_transcription": {"model": "azure-speech"},
        "turn_detection": {"type": "azure_semantic_vad"},
    }
    await wire.send({"type": "session.update", "session": settings})
    answer = await probe.answer(wire, "session.updated")
    probe.expect(answer["type"] == "session.updated", "session.updated", answer.get("error"))


@_section.check("4.34", pipelines=("cascade",), proves=("refusals.semantic_vad_in_cascade",))
async def text_models_have_no_openai_detector(probe: Probe) -> None:
    """``semantic_vad`` is refused where a text model answers: ``OpenAI Semantic VAD is not supported in cascaded
    pipeline``.

    False when: it is accepted; loosely, when the words are others.
    Source: Observed {FON}, behaviour 2.3.
    """
    wire, _ = await probe.created()
    error = await refused_update(probe, {"turn_detection": {"type": "semantic_vad"}}, wire=wire)
    words = "OpenAI Semantic VAD is not supported in cascaded pipeline"
    probe.refused(error, words=words, usual_code=_REPEATED, usual_param="session.turn_detection")


@_section.check("4.35", pipelines=_REALTIME, since="2025-10-01", proves=("refusals.eou_needs_cascade",))
async def realtime_models_judge_no_end_of_utterance(probe: Probe) -> None:
    """A model of the end of utterance that reads text is refused beside a realtime model.

    False when: it is accepted; loosely, when words, code or ``param`` are others.
    Source: Observed {IVW, EVAL}, behaviour 2.3 and schema B2.
    """
    wire, _ = await probe.created()
    detector = {"type": "azure_semantic_vad", "end_of_utterance_detection": {"model": "semantic_detection_v1"}}
    error = await refused_update(probe, {"turn_detection": detector}, wire=wire)
    words = "end_of_utterance_detection is only supported in cascaded pipeline"
    path = "session.turn_detection.end_of_utterance_detection"
    probe.refused(error, words=words, usual_code=_REPEATED, usual_param=path)


@_section.check("4.36", pipelines=_REALTIME)
async def realtime_models_have_no_english_detector(probe: Probe) -> None:
    """``azure_semantic_vad_en`` is refused where a realtime model answers.

    False when: it is accepted.
    Source: Observed {FON}, behaviour 2.3, the matrix.
    """
    wire, _ = await probe.created()
    await refused_update(probe, {"turn_detection": {"type": "azure_semantic_vad_en"}}, wire=wire)


@_section.check("4.37", proves=("refusals.ec_not_supported",))
async def nothing_can_echo_where_nothing_is_spoken(probe: Probe) -> None:
    """Echo cancellation in a session of text alone is refused with ``ec_not_supported``.

    False when: it is accepted, or the code is another.
    Source: Observed {FON}, behaviour 2.3.
    """
    wire, _ = await probe.created()
    settings = {"modalities": ["text"], "input_audio_echo_cancellation": {"type": "server_echo_cancellation"}}
    error = await refused_update(probe, settings, wire=wire)
    path = "session.input_audio_echo_cancellation"
    probe.refused(error, words="Echo cancellation is not supported", code="ec_not_supported", usual_param=path)


@_section.check("4.38", pipelines=_AZURE_VOICES, proves=("refusals.no_synthesizer",))
async def a_silent_session_takes_no_voice_later(probe: Probe) -> None:
    """A later update that names a voice in a session of text alone is refused: ``Text to speech synthesizer is not
    configured``.

    False when: it is accepted; loosely, when the words are others.
    Source: Observed {PIPE}, one source, behaviour 2.3.
    """
    wire, _ = await probe.created()
    await probe.updated(wire, {"modalities": ["text"]})
    error = await refused_update(probe, {"voice": probe.server.voice}, wire=wire)
    words = "Text to speech synthesizer is not configured"
    probe.refused(error, words=words, usual_code=_REPEATED, usual_param="session.voice")


@_section.check("4.39", pipelines=_AZURE_VOICES, connections=2, proves=("refusals.out_of_range",))
async def an_azure_voice_has_its_bounds(probe: Probe) -> None:
    """A voice with a ``temperature`` of more than 1, or a ``rate`` of more than 1.5, is refused.

    False when: one of them is accepted; loosely, when words, code or ``param`` are others.
    Source: Observed {S09}, one source, behaviour 2.3.
    """
    for member, value in (("temperature", 1.5), ("rate", "2.5")):
        wire, _ = await probe.created()
        voice = {"type": "azure-standard", "name": "en-US-Ava:DragonHDLatestNeural", member: value}
        error = await refused_update(probe, {"voice": voice}, wire=wire)
        path = f"session.voice.{member}"
        probe.refused(error, words=f"'{path}' should be between", usual_code=_BAD_UPDATE, usual_param=path)


@_section.check("4.40", agents=False)
async def a_session_has_a_highest_temperature(probe: Probe) -> None:
    """A ``temperature`` of 3 is refused.

    False when: it is accepted.
    Source: Documented {DOC}, schema D1: to 1.2, and the specification says to 1.
    """
    await refused_update(probe, {"temperature": 3.0})


@_section.check("4.41", connections=2)
async def an_answer_has_a_shortest_and_a_longest_limit(probe: Probe) -> None:
    """``max_response_output_tokens`` of 1 and of 4096 are taken; 0 and 100000 are refused.

    False when: what is within the limits is refused. That 0 or 100000 is accepted says nothing.
    Source: Documented {DOC}, schema D1: 1 to 4096, or ``inf``.
    """
    wire = await probe.session()
    for limit in (1, 4096):
        await taken_update(probe, wire, {"max_response_output_tokens": limit})
    await refused_update(probe, {"max_response_output_tokens": 0}, wire=wire, beyond_limit=True)
    await refused_update(probe, {"max_response_output_tokens": 100_000}, beyond_limit=True)


@_section.check("4.42", agents=False, proves=("refusals.malformed",))
async def every_branch_of_a_schema_says_its_type(probe: Probe) -> None:
    """A tool whose parameters have a branch of ``anyOf`` without a type is refused.

    False when: it is accepted; loosely, when words, code or ``param`` are others.
    Source: Observed {ILA}, one source, behaviour 2.3.
    """
    harbour = {"anyOf": [{"type": "string"}, {"description": "anything"}]}
    parameters = {"type": "object", "properties": {"harbour": harbour}}
    tool = {"type": "function", "name": "look_up_tide", "parameters": parameters}
    error = await refused_update(probe, {"tools": [tool]})
    path = "session.tools[0].parameters.properties.harbour.anyOf[1]"
    probe.refused(error, words="Value error, every branch", usual_code=_BAD_UPDATE, usual_param=path)


@_section.check("4.43", pipelines=("cascade",), since="2026-01-01-preview")
async def an_interim_response_is_not_hyphenated(probe: Probe) -> None:
    """The type ``static-interim-response``, as one page spells it, is refused.

    False when: it is accepted.
    Source: Observed {ILA, FON}, behaviour 2.3.
    """
    wire, _ = await probe.created()
    interim = {"type": "static-interim-response", "texts": ["One moment."]}
    await refused_update(probe, {"voice": probe.server.voice, "interim_response": interim}, wire=wire)


@_section.check("4.44", pipelines=_REALTIME, since="2026-01-01-preview")
async def realtime_models_fill_no_silence(probe: Probe) -> None:
    """``interim_response`` is refused where a realtime model answers.

    False when: it is accepted.
    Source: Documented {DOC}, schema A6.
    """
    await refused_update(probe, {"interim_response": {"type": "static_interim_response", "texts": ["One moment."]}})


@_section.check("4.45", pipelines=_REALTIME, connections=2)
async def whisper_has_a_language_and_no_phrases(probe: Probe) -> None:
    """``whisper-1`` with an empty ``language``, or with a ``phrase_list``, is refused.

    False when: one of them is accepted.
    Source: Observed {FON}, behaviour 2.3, and field reports, schema D7.
    """
    for wrong in ({"language": ""}, {"phrase_list": ["Dungeness"]}):
        await refused_update(probe, {"input_audio_transcription": {"model": "whisper-1", **wrong}})


@_section.check("4.46", pipelines=("cascade",))
async def text_models_have_no_openai_noise_reduction(probe: Probe) -> None:
    """``near_field`` is refused where a text model answers.

    False when: it is accepted.
    Source: Documented {DOC}, schema D3.
    """
    await refused_update(probe, {"input_audio_noise_reduction": {"type": "near_field"}})


@_section.check("4.47", pipelines=("cascade",))
async def text_models_do_not_answer_in_audio_alone(probe: Probe) -> None:
    """``modalities: ["audio"]`` is refused where a text model answers.

    False when: it is accepted.
    Source: Documented {DOC}, schema D1.
    """
    await refused_update(probe, {"modalities": ["audio"]})


@_section.check(
    "4.48",
    since="2026-06-01-preview",
    connections=2,
    proves=("refusals.ec_channels_require_client", "refusals.ec_reference_channels"),
)
async def an_echo_has_as_many_channels_as_its_reference(probe: Probe) -> None:
    """Two channels want the client's reference, and that wants two channels: ``invalid_ec_channels_requires_client``
    and ``invalid_ec_reference_channels``.

    False when: one of them is accepted; loosely, when the code is another.
    Source: Documented {DOC}, schema B2, D4.
    """
    wanted = {
        "invalid_ec_channels_requires_client": {"reference_source": "server", "channels": 2},
        "invalid_ec_reference_channels": {"reference_source": "client", "channels": 1},
    }
    for code, wrong in wanted.items():
        wire, _ = await probe.created()
        cancellation = {"type": "server_echo_cancellation", **wrong}
        error = await refused_update(probe, {"input_audio_echo_cancellation": cancellation}, wire=wire)
        probe.refused(error, usual_code=code, usual_param="session.input_audio_echo_cancellation.channels")


@_section.check("4.49", agents=False, connections=2)
async def a_tool_is_offered_once_and_chosen_among_those(probe: Probe) -> None:
    """Two functions of one name are refused, and so is a choice of a function that is not offered.

    False when: one of them is accepted.
    Source: Assumed: a call could not tell them apart, or could not be made.
    """
    tool = {"type": "function", "name": "look_up_tide", "parameters": {"type": "object", "properties": {}}}
    await refused_update(probe, {"tools": [tool, tool]})
    await refused_update(probe, {"tools": [tool], "tool_choice": {"type": "function", "name": "look_up_wind"}})


@_section.check("4.50", pipelines=_AZURE_VOICES)
async def a_custom_voice_has_an_endpoint(probe: Probe) -> None:
    """A voice of the type ``azure-custom`` without ``endpoint_id`` is refused.

    False when: it is accepted.
    Source: Documented {DOC}, schema D2.
    """
    wire, _ = await probe.created()
    await refused_update(probe, {"voice": {"type": "azure-custom", "name": "my-own-voice"}}, wire=wire)
