"""3, continued: settings that came with a certain api-version, or that only some sessions can have."""

from typing import Final

from vlclient.checks.check import Section
from vlclient.checks.probe import Probe

_section = Section(3, "Updates")

_AZURE_VOICES: Final = ("cascade", "hybrid")


@_section.check("3.31", since="2026-01-01-preview", agents=False, proves=("session.reasoning_effort",))
async def a_model_may_think_less(probe: Probe) -> None:
    """``reasoning_effort`` comes back as sent, where the model reasons.

    False when: it comes back otherwise; a model that does not reason may refuse it.
    Source: Documented {DOC}, schema D1.
    """
    wire, _ = await probe.created()
    session = await probe.updated(wire, {"reasoning_effort": "low"})
    probe.expect(session["reasoning_effort"] == "low", "low", session["reasoning_effort"])


@_section.check("3.32", since="2026-04-10", proves=("session.include",))
async def more_can_be_asked_for(probe: Probe) -> None:
    """``include`` comes back as sent.

    False when: it comes back otherwise.
    Source: Documented {DOC}, schema D1.
    """
    wire, _ = await probe.created()
    wanted = ["item.input_audio_transcription.phrases"]
    session = await probe.updated(wire, {"include": wanted})
    probe.expect(session["include"] == wanted, str(wanted), session["include"])


@_section.check("3.33", since="2026-04-10", proves=("session.metadata",))
async def a_session_may_be_labelled(probe: Probe) -> None:
    """``metadata`` come back as sent.

    False when: they come back otherwise; loosely, when they do not come back.
    Source: Documented {DOC}, schema D1, A7.
    """
    wire, _ = await probe.created()
    session = await probe.updated(wire, {"metadata": {"harbour": "Dover"}})
    got = session.get("metadata")
    probe.expect(got in (None, {"harbour": "Dover"}), "the metadata", got)
    probe.loosely(got is not None, "the metadata", got)


@_section.check(
    "3.34",
    pipelines=("cascade",),
    since="2026-01-01-preview",
    proves=("session.interim_response.latency_threshold_ms",),
)
async def the_wait_for_an_answer_can_be_filled(probe: Probe) -> None:
    """``interim_response`` comes back as sent, where a text model answers with an Azure voice.

    False when: type, texts or threshold are others.
    Source: Observed {ILA, BANK, NETT}, behaviour 4.6.
    """
    sent = {
        "type": "static_interim_response",
        "triggers": ["latency"],
        "latency_threshold_ms": 3000,
        "texts": ["One moment."],
    }
    wire, _ = await probe.created()
    session = await probe.updated(wire, {"voice": probe.server.voice, "interim_response": sent})
    for member, value in sent.items():
        got = session["interim_response"][member]
        probe.expect(got == value, f"{member} {value}", got)


@_section.check("3.35", pipelines=_AZURE_VOICES, proves=("session.output_audio_timestamp_types",))
async def times_of_words_can_be_asked_for(probe: Probe) -> None:
    """``output_audio_timestamp_types: ["word"]`` comes back as sent, where an Azure voice speaks.

    False when: it comes back otherwise.
    Source: Observed {SDKT, NETT}, behaviour 4.11.
    """
    wire, _ = await probe.created()
    session = await probe.updated(wire, {"voice": probe.server.voice, "output_audio_timestamp_types": ["word"]})
    got = session["output_audio_timestamp_types"]
    probe.expect(got == ["word"], "word", got)


@_section.check("3.36", pipelines=_AZURE_VOICES, proves=("session.animation.outputs",))
async def visemes_can_be_asked_for(probe: Probe) -> None:
    """``animation`` with ``viseme_id`` comes back as sent, where an Azure voice speaks.

    False when: the outputs are others.
    Source: Observed {SDKT, NETT}, behaviour 4.11.
    """
    wire, _ = await probe.created()
    session = await probe.updated(wire, {"voice": probe.server.voice, "animation": {"outputs": ["viseme_id"]}})
    got = session["animation"]["outputs"]
    probe.expect(got == ["viseme_id"], "viseme_id", got)


@_section.check("3.37", since="2026-06-01-preview", agents=False, proves=("session.parallel_tool_calls",))
async def calls_can_be_kept_apart(probe: Probe) -> None:
    """``parallel_tool_calls: false`` is taken.

    False when: it comes back as true; loosely, when it does not come back.
    Source: Documented {DOC}, schema D1.
    """
    wire, _ = await probe.created()
    got = (await probe.updated(wire, {"parallel_tool_calls": False})).get("parallel_tool_calls")
    probe.expect(got in (None, False), "false", got)
    probe.loosely(got is False, "false", got)


@_section.check("3.38", since="2026-07-15", proves=("session.expires_at",))
async def a_session_cannot_be_made_longer(probe: Probe) -> None:
    """``expires_at`` in an update is ignored: the service sets it.

    False when: it changes; loosely, when the update is refused.
    Source: Documented {DOC}, schema D13.
    """
    wire, created = await probe.created()
    ends = created["session"]["expires_at"]
    await wire.send({"type": "session.update", "session": {"expires_at": 2_000_000_000}})
    answer = await probe.answer(wire, "session.updated")
    if answer["type"] == "error":
        probe.loosely(False, "session.updated", answer["error"].get("message"))
    else:
        probe.expect(answer["session"]["expires_at"] == ends, str(ends), answer["session"]["expires_at"])


@_section.check("3.39", agents=False)
async def to_name_the_same_model_does_no_harm(probe: Probe) -> None:
    """``session.model`` in an update is taken when it is the model that answers already.

    False when: another comes back; loosely, when it is refused.
    Source: Assumed: {PIPE} was refused, and does not say whether with another model, behaviour 2.3.
    """
    wire, created = await probe.created()
    model = created["session"]["model"]
    await wire.send({"type": "session.update", "session": {"model": model}})
    answer = await probe.answer(wire, "session.updated")
    if answer["type"] == "error":
        probe.loosely(False, "session.updated", answer["error"].get("message"))
    else:
        probe.expect(answer["session"]["model"] == model, model, answer["session"]["model"])


@_section.check("3.40", pipelines=("cascade",), proves=("session.input_audio_transcription.phrase_list",))
async def rare_words_can_be_announced(probe: Probe) -> None:
    """A ``phrase_list`` is taken beside ``azure-speech``, and comes back.

    False when: it comes back otherwise.
    Source: Documented {DOC}, schema D7; Observed {FON}: the member comes back.
    """
    wire, _ = await probe.created()
    sent = {"model": "azure-speech", "phrase_list": ["Dungeness", "Fastnet"]}
    got = (await probe.updated(wire, {"input_audio_transcription": sent}))["input_audio_transcription"]
    probe.expect(got["phrase_list"] == sent["phrase_list"], str(sent["phrase_list"]), got["phrase_list"])


@_section.check("3.41", agents=False, proves=("readings.later_settings",))
async def settings_of_later_versions_stay_unknown_to_older_ones(probe: Probe) -> None:
    """A session of api-version 2025-10-01 does not know ``reasoning_effort``, which came in 2026.

    False when: it is accepted; loosely, when the words are others.
    Source: Assumed: schema A5 and D1 say since when it is there; against it Observed {SDKT, FON} of other settings.
    """
    wire, _ = await probe.created(replaced={"api-version": "2025-10-01"})
    event = {"type": "session.update", "session": {"reasoning_effort": "low"}}
    error = await probe.refusal(wire, event, accepted="session.updated")
    probe.refused(error, words="'session.reasoning_effort' unexpected")
