"""2: what a session is before the client has said anything.

An agent may have settings of its own (observed in field reports, schema D13), so most of this is not about agents.
"""

import time
from typing import Final

from vlclient.checks.check import Section
from vlclient.checks.probe import HttpAnswer, Probe
from vlclient.checks.wire import Event

_section = Section(2, "Session defaults")

_REALTIME: Final = ("hybrid", "native")
"""A realtime model is the same at connect, whatever voice it is given later."""
_NULLS_OF_A_VOICE: Final = ("temperature", "custom_lexicon_url", "prefer_locales", "locale", "style", "pitch", "rate")
_CLOCKS_DIFFER_S: Final = 120.0
_SHORTEST_S: Final = 600.0


async def _at_connect(probe: Probe) -> Event:
    _, created = await probe.created()
    session: Event = created["session"]
    return session


@_section.check("2.01", connections=2, proves=("session.created",))
async def a_session_has_an_id_of_its_own(probe: Probe) -> None:
    """``session.created`` names the session ``sess_…``; two sessions have two names.

    False when: the id is missing, begins otherwise, or comes twice.
    Source: Observed {PAI, FON}, behaviour 2.1.
    """
    ids = []
    for _ in range(2):
        wire, created = await probe.created()
        ids.append(created["session"]["id"])
        probe.expect(str(ids[-1]).startswith("sess_"), "an id that begins with sess_", ids[-1])
        await wire.close()
    probe.expect(ids[0] != ids[1], "two ids", ids)


@_section.check("2.02")
async def every_event_has_an_id(probe: Probe) -> None:
    """Each event of the service has an ``event_id`` of its own, ``event_…``.

    False when: one is missing, or comes twice; loosely, when it begins otherwise.
    Source: Observed {PAI, FON}, behaviour 2.1.
    """
    wire, created = await probe.created()
    await wire.send({"type": "session.update", "session": {}})
    ids = [created["event_id"], (await wire.receive(wanted="an answer"))["event_id"]]
    probe.expect(all(isinstance(one, str) and one for one in ids) and len(set(ids)) == 2, "two ids", ids)
    probe.loosely(all(str(one).startswith("event_") for one in ids), "ids that begin with event_", ids)


@_section.check("2.03")
async def a_session_says_that_it_is_one(probe: Probe) -> None:
    """``session.object`` is ``realtime.session``.

    False when: it is something else; loosely, when it is missing.
    Source: Observed {FON, PAI}, behaviour 2.1; Documented {DOC}.
    """
    said = (await _at_connect(probe)).get("object")
    probe.expect(said in (None, "realtime.session"), "realtime.session", said)
    probe.loosely(said is not None, "realtime.session", said)


@_section.check("2.04", agents=False)
async def the_model_is_named_as_it_was_resolved(probe: Probe) -> None:
    """``session.model`` is the model with its version: ``gpt-4.1-mini-2025-04-14`` for ``gpt-4.1-mini``.

    False when: none is named; loosely, when the name does not begin with what was asked for.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    model = (await _at_connect(probe)).get("model")
    probe.expect(isinstance(model, str) and bool(model), "the name of a model", model)
    asked = probe.server.model
    probe.loosely(str(model).startswith(asked), f"a name that begins with {asked}", model)


@_section.check("2.05", pipelines=("cascade",), agents=False)
async def a_text_model_answers_in_text_and_audio(probe: Probe) -> None:
    """With a text model ``modalities`` are text and audio, in any order.

    False when: audio is missing; loosely, when they are others beside it.
    Source: Observed {FON}, behaviour 2.1.
    """
    modalities = (await _at_connect(probe))["modalities"]
    probe.expect("audio" in modalities, "audio", modalities)
    probe.loosely(set(modalities) == {"text", "audio"}, "text and audio", modalities)


@_section.check("2.06", pipelines=_REALTIME)
async def a_realtime_model_answers_in_audio(probe: Probe) -> None:
    """With a realtime model ``modalities`` are audio alone.

    False when: audio is missing; loosely, when there are others beside it.
    Source: Observed {PAI, FON}, behaviour 2.1.
    """
    modalities = (await _at_connect(probe))["modalities"]
    probe.expect("audio" in modalities, "audio", modalities)
    probe.loosely(set(modalities) == {"audio"}, "audio alone", modalities)


@_section.check("2.07", agents=False)
async def there_are_instructions_by_default(probe: Probe) -> None:
    """The service has instructions of its own for a client that gives none.

    False when: ``instructions`` are empty or missing.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    instructions = (await _at_connect(probe)).get("instructions")
    probe.expect(isinstance(instructions, str) and bool(instructions.strip()), "some text", instructions)


@_section.check("2.08", pipelines=("cascade",), agents=False)
async def a_text_model_has_an_azure_voice(probe: Probe) -> None:
    """With a text model the voice is one of Azure's standard voices.

    False when: it has another type, or no name; loosely, when it is not ``en-US-AvaNeural``.
    Source: Observed {FON}, behaviour 2.1.
    """
    voice = (await _at_connect(probe))["voice"]
    probe.expect(voice["type"] == "azure-standard", "type azure-standard", voice["type"])
    probe.loosely(voice["name"] == "en-US-AvaNeural", "en-US-AvaNeural", voice["name"])


@_section.check("2.09", pipelines=("cascade",), agents=False)
async def what_a_voice_is_not_told_is_null(probe: Probe) -> None:
    """The members of the Azure voice that nobody has set are there, and null.

    False when: one of them has a value; loosely, when one is missing.
    Source: Observed {FON}, behaviour 2.1.
    """
    voice = (await _at_connect(probe))["voice"]
    for member in _NULLS_OF_A_VOICE:
        probe.expect(voice.get(member) is None, f"voice.{member} null", voice.get(member))
        probe.loosely(member in voice, f"a member voice.{member}", list(voice))


@_section.check("2.10", pipelines=_REALTIME)
async def a_realtime_model_has_a_voice_of_its_own(probe: Probe) -> None:
    """With a realtime model the voice is one of the model's own: ``openai``, or ``azure-realtime-native``.

    False when: it has another type, or no name; loosely, when it is neither alloy, marin nor ava.
    Source: Observed {PAI, FON}, behaviour 2.1; Documented {DOC} for azure-realtime.
    """
    voice = (await _at_connect(probe))["voice"]
    own = "azure-realtime-native" if probe.server.model.startswith("azure-realtime") else "openai"
    probe.expect(voice["type"] == own, f"type {own}", voice["type"])
    probe.loosely(voice["name"] in ("alloy", "marin", "ava"), "alloy, marin or ava", voice["name"])


@_section.check("2.11", agents=False)
async def sound_is_pcm16_at_24_khz(probe: Probe) -> None:
    """Sound goes in and comes out as ``pcm16``, in with 24000 Hz.

    False when: it is another format or rate; loosely, when the output's is null, as it was in July 2026.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    session = await _at_connect(probe)
    output = session.get("output_audio_format")
    probe.expect(session["input_audio_format"] == "pcm16", "input pcm16", session["input_audio_format"])
    probe.expect(session["input_audio_sampling_rate"] == 24_000, "24000 Hz", session["input_audio_sampling_rate"])
    probe.expect(output in ("pcm16", None), "output pcm16", output)
    probe.loosely(output is not None, "output pcm16", output)


@_section.check("2.12", pipelines=("cascade",), agents=False)
async def a_text_model_has_a_transcription(probe: Probe) -> None:
    """With a text model ``azure-speech`` transcribes the user without being asked: the transcript is the input.

    False when: there is none, or another; loosely, when a member that nobody has set is not null.
    Source: Observed {FON}, behaviour, fact 1 and 2.1.
    """
    transcription = (await _at_connect(probe))["input_audio_transcription"]
    probe.require(bool(transcription), "a transcription", transcription)
    probe.expect(transcription["model"] == "azure-speech", "azure-speech", transcription["model"])
    rest = {name: value for name, value in transcription.items() if name != "model"}
    probe.loosely(not any(rest.values()), "null for what nobody has set", rest)


@_section.check("2.13", pipelines=_REALTIME)
async def a_realtime_model_has_no_transcription(probe: Probe) -> None:
    """With a realtime model nothing is transcribed until it is asked for.

    False when: ``input_audio_transcription`` is not null.
    Source: Observed {PAI, FON}, behaviour, fact 1 and 2.1.
    """
    transcription = (await _at_connect(probe)).get("input_audio_transcription")
    probe.expect(transcription is None, "null", transcription)


@_section.check("2.14", agents=False)
async def sound_is_taken_as_it_comes(probe: Probe) -> None:
    """Noise reduction and echo cancellation are off.

    False when: one of them is not null.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    session = await _at_connect(probe)
    for member in ("input_audio_noise_reduction", "input_audio_echo_cancellation"):
        probe.expect(session.get(member) is None, f"{member} null", session.get(member))


@_section.check("2.15", agents=False)
async def turns_are_detected_by_level(probe: Probe) -> None:
    """``turn_detection`` is ``server_vad``, which creates responses and lets itself be interrupted.

    False when: it is null or another type, or one of the two is switched off.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    detection = (await _at_connect(probe))["turn_detection"]
    probe.require(bool(detection), "a detector", detection)
    probe.expect(detection["type"] == "server_vad", "server_vad", detection["type"])
    for member in ("create_response", "interrupt_response"):
        probe.expect(detection[member] is True, f"{member} true", detection[member])


@_section.check("2.16", agents=False)
async def the_detector_has_its_own_numbers_at_connect(probe: Probe) -> None:
    """At connect a turn begins 300 ms before it is noticed, ends after 200 ms of silence (500 with newer models), and
    the threshold is 0.5.

    False when: one of them is no number; loosely, when it is another number.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    detection = (await _at_connect(probe))["turn_detection"]
    wanted = {"threshold": (0.5,), "prefix_padding_ms": (300,), "silence_duration_ms": (200, 500)}
    for member, numbers in wanted.items():
        number = detection[member]
        probe.expect(isinstance(number, int | float), f"a number for {member}", number)
        probe.loosely(number in numbers, f"{member} {' or '.join(map(str, numbers))}", number)


@_section.check("2.17", agents=False)
async def nothing_is_truncated_or_waited_for_unasked(probe: Probe) -> None:
    """``auto_truncate`` is off, and neither an idle time nor a model of the end of utterance is set.

    False when: one of them has a value.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    detection = (await _at_connect(probe))["turn_detection"]
    for member in ("auto_truncate", "idle_timeout_ms", "end_of_utterance_detection"):
        probe.expect(not detection.get(member), f"no {member}", detection.get(member))


@_section.check("2.18", agents=False)
async def there_are_no_tools(probe: Probe) -> None:
    """No tools are offered, and ``tool_choice`` is ``auto``.

    False when: there are some, or another choice.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    session = await _at_connect(probe)
    probe.expect(session["tools"] == [], "no tools", session["tools"])
    probe.expect(session["tool_choice"] == "auto", "auto", session["tool_choice"])


@_section.check("2.19", pipelines=("cascade",), agents=False)
async def a_text_model_has_a_temperature(probe: Probe) -> None:
    """With a text model ``temperature`` is 0.8.

    False when: there is none; loosely, when it is another.
    Source: Observed {FON}, behaviour, fact 1.
    """
    temperature = (await _at_connect(probe)).get("temperature")
    probe.expect(isinstance(temperature, int | float), "a number", temperature)
    probe.loosely(temperature == 0.8, "0.8", temperature)


@_section.check("2.20", pipelines=_REALTIME)
async def a_realtime_model_has_no_temperature(probe: Probe) -> None:
    """With a realtime model the session has no ``temperature``.

    False when: there is a number; loosely, when it is null.
    Source: Observed {PAI}, behaviour, fact 1 and 2.1.
    """
    session = await _at_connect(probe)
    probe.expect(session.get("temperature") is None, "no temperature", session.get("temperature"))
    probe.loosely("temperature" not in session, "no member temperature", "null")


@_section.check("2.21", agents=False)
async def answers_may_be_as_long_as_they_are(probe: Probe) -> None:
    """``max_response_output_tokens`` is ``inf``.

    False when: it is something else.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    limit = (await _at_connect(probe)).get("max_response_output_tokens")
    probe.expect(limit == "inf", "inf", limit)


@_section.check("2.22", since="2025-10-01")
async def a_session_says_when_it_ends(probe: Probe) -> None:
    """``expires_at`` is two hours after the connection with a text model, one hour with a realtime model, and null
    with an agent.

    False when: it is missing or within ten minutes; loosely, when it is another time.
    Source: Observed {FON, PAI} and {TAK}, behaviour 1.4 and 2.1.
    """
    ends = (await _at_connect(probe))["expires_at"]
    if probe.server.agent:
        probe.loosely(ends is None, "null", ends)
        return
    probe.require(isinstance(ends, int), "a time in seconds", ends)
    left_s = ends - time.time()
    usual_s = 7200.0 if probe.pipeline == "cascade" else 3600.0
    probe.expect(left_s > _SHORTEST_S, "a time more than ten minutes away", f"{left_s:.0f} s")
    probe.loosely(abs(left_s - usual_s) < _CLOCKS_DIFFER_S, f"about {usual_s:.0f} s", f"{left_s:.0f} s")


@_section.check("2.23", agents=False)
async def what_is_off_is_null(probe: Probe) -> None:
    """Neither animation, avatar nor times of words are on; the members are there, and null.

    False when: one of them has a value; loosely, when one is missing.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    session = await _at_connect(probe)
    for member in ("animation", "avatar", "output_audio_timestamp_types"):
        probe.expect(session.get(member) is None, f"{member} null", session.get(member))
        probe.loosely(member in session, f"a member {member}", list(session))


@_section.check("2.24", connections=2)
async def everybody_gets_the_same(probe: Probe) -> None:
    """Two connections begin with the same settings, but for the id and the end, an agent's thread, and the order of
    ``modalities``.

    False when: another setting differs.
    Source: Observed {FON}, behaviour 2.1.
    """
    sessions = [await _at_connect(probe) for _ in range(2)]
    for name in sorted(set(sessions[0]) | set(sessions[1])):
        if name not in ("id", "expires_at", "agent"):
            one, other = (_in_order(session.get(name)) for session in sessions)
            probe.expect(one == other, f"{name} as in the first session: {one}", other)


@_section.check("2.25", connections=2, agents=False)
async def older_api_versions_are_served(probe: Probe) -> None:
    """The versions 2025-10-01 and 2026-04-10, which are no previews, are served beside the newest.

    False when: no session is created, and no error says that the model came later; loosely, when one of them is refused
    at the upgrade with HTTP 400 or 404.
    Source: Documented {DOC}, schema A5; Observed {FON, PAI}.
    """
    for version in ("2025-10-01", "2026-04-10"):
        answer = await probe.dial(replaced={"api-version": version})
        if isinstance(answer, HttpAnswer):
            probe.expect(answer.status in (400, 404), "a connection", f"HTTP {answer.status}")
            probe.loosely(False, f"a connection with {version}", f"HTTP {answer.status}")
        else:
            first = await probe.answer(answer, "session.created")
            if first["type"] == "error":
                probe.inconclusive(f"in {version} there is no such session: {first['error'].get('message')}")


def _in_order(value: object) -> object:
    """Observed {FON}: the order of modalities flips between sessions."""
    return sorted(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value
