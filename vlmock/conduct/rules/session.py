"""VL1xx: how a session is set up, and what may not change in it."""

from collections.abc import Iterator
from typing import Any, Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Refusal
from vlmock.conduct.knowledge.configured import members_of
from vlmock.conduct.rule import Seen, Severity, family, refused, rule
from vlmock.conduct.rules.input_audio import APPENDS, Append
from vlmock.protocol.input_audio import EchoCancellation, InputAudioBufferCommit
from vlmock.protocol.response import ResponseCreate, ResponseCreateParams
from vlmock.protocol.session import SessionUpdate
from vlmock.protocol.turn_detection import NoTurnDetection, VadSettings
from vlmock.protocol.wire import JsonObject, UnsetType, given

__all__ = ["RULES", "dropped_settings"]

_REACTION_S: Final = 0.5
"""Assumed: so long a client needs to notice an error."""


def dropped_settings(earlier: JsonObject, later: JsonObject, default: JsonObject) -> list[str]:
    """What was set once to something else than its default, and is not sent any more."""
    return sorted(
        name
        for name, value in earlier.items()
        if name not in later and value is not None and value != default.get(name)
    )


@rule(
    "VL101",
    "wait-for-session-updated",
    Severity.ERROR,
    on=(*APPENDS, SessionUpdate),
    once=True,
    voice_live_only=True,
    requirement="Append no audio before the first session.updated.",
    explanation="What comes earlier is heard with the defaults of the service: another rate, another detector, no echo "
    "cancellation; and some builds refuse it.",
    remedy="start the microphone when session.updated has come",
    source="Observed {FON}: what comes before the first valid update is refused. Behaviour 8.1 (1), 8.2 (L03).",
)
def wait_for_session_updated(case: Case, event: Append | SessionUpdate) -> Iterator[str]:
    configured = case.configured
    if configured.accepted:
        return
    if isinstance(event, SessionUpdate):
        if not configured.updates and case.heard.appends:
            yield f"{case.heard.appends} appends had come before the first session.update"
    elif configured.pending:
        yield "audio was appended while session.update had no answer"


@rule(
    "VL102",
    "greet-after-session-updated",
    Severity.WARNING,
    on=ResponseCreate,
    once=True,
    voice_live_only=True,
    requirement="Ask for no response before the first session.updated.",
    explanation="When the update is refused, the assistant greets with the default voice and instructions, and then is "
    "deaf.",
    remedy="wait for session.updated, at most some seconds, and fail loudly when it does not come",
    source="Observed {IVW}: one bad voice name made an agent that greets and does not hear. Behaviour 8.1 (1).",
)
def greet_after_session_updated(case: Case, event: ResponseCreate) -> Iterator[str]:
    if case.configured.pending and not case.configured.accepted:
        yield "response.create was sent while session.update had no answer"


@rule(
    "VL103",
    "mind-a-refused-configuration",
    Severity.ERROR,
    on=(*APPENDS, ResponseCreate),
    once=True,
    timed=True,
    requirement="Do not go on when the session's configuration was refused.",
    explanation="A refused update changes nothing, not even what was right in it: the session stays open with the "
    "defaults of the service, or deaf.",
    remedy="when an error answers session.update, mend the update or end the conversation, and tell somebody",
    source="Observed {IVW, OAI}: a rejected update changes nothing. Behaviour fact 8, 8.1 (1), 8.2 (L14).",
)
def mind_a_refused_configuration(case: Case, event: Append | ResponseCreate) -> Iterator[str]:
    configured = case.configured
    if configured.refused and not configured.accepted and not configured.pending:
        since = case.at - configured.refused_at
        if since > _REACTION_S:
            yield f"{event.type} came {since:.1f} s after session.update was refused, with no other update between"


@rule(
    "VL104",
    "send-all-settings-again",
    Severity.ADVICE,
    on=SessionUpdate,
    voice_live_only=True,
    requirement="Repeat in each session.update what an earlier one has set.",
    explanation="Sources disagree whether an update is merged with the settings in force or replaces them: where it "
    "replaces them, what is left out falls back to its default.",
    remedy="keep the whole session object and send it as a whole",
    source="Documented {DOC} both ways; Observed {FON}: one harness saw a raw update replace the session. "
    "Behaviour 2.2, 8.2 (L08).",
)
def send_all_settings_again(case: Case, event: SessionUpdate) -> Iterator[str]:
    configured = case.configured
    if configured.updates:
        dropped = dropped_settings(configured.asked, members_of(event.session), members_of(configured.at_connect))
        if dropped:
            yield f"session.update leaves out {', '.join(dropped)}, which was set before"


_REPLACED: Final = ("turn_detection", "input_audio_transcription")


@rule(
    "VL105",
    "send-whole-objects",
    Severity.WARNING,
    on=SessionUpdate,
    voice_live_only=True,
    requirement="Send an object inside the session with all its members.",
    explanation="Such an object is replaced: what is left out gets the default of the service, not its earlier value.",
    remedy="send turn_detection and input_audio_transcription whole each time",
    source="Observed {PAI}: members that were not sent came back as defaults. Behaviour 2.2, 8.2 (L08).",
)
def send_whole_objects(case: Case, event: SessionUpdate) -> Iterator[str]:
    sent = members_of(event.session)
    defaults = members_of(case.configured.at_connect)
    for name in _REPLACED:
        before, now = case.configured.asked.get(name), sent.get(name)
        if isinstance(before, dict) and isinstance(now, dict):
            default = defaults.get(name)
            dropped = dropped_settings(before, now, default if isinstance(default, dict) else {})
            if dropped:
                yield f"session.{name} leaves out {', '.join(dropped)}, which was set before"


@rule(
    "VL106",
    "keep-the-detector",
    Severity.ERROR,
    on=SessionUpdate,
    requirement="Do not change the type of turn_detection after the first session.update.",
    explanation="The type is frozen then: the whole update is refused.",
    remedy="choose the detector in the first session.update; for another one open a new session",
    source="Observed {IVW, FON, NETT}. Behaviour fact 7, 2.3, 8.2 (L09).",
)
def keep_the_detector(case: Case, event: SessionUpdate) -> Iterator[str]:
    before, after = case.configured.detection, event.session.turn_detection
    if case.configured.accepted and before is not None and isinstance(after, VadSettings) and after.type != before.type:
        yield f"turn_detection was to change from {before.type} to {after.type}"


@rule(
    "VL107",
    "keep-the-voice",
    Severity.ERROR,
    on=SessionUpdate,
    requirement="Do not change the voice once the assistant has spoken, or an avatar is shown.",
    explanation="The whole update is refused.",
    remedy="choose the voice in the first session.update; for one answer put it into response.create",
    source="Assumed {OAI}: after audio. Observed {VIBE}: with an avatar. Behaviour 2.3, 8.2 (L09).",
)
def keep_the_voice(case: Case, event: SessionUpdate) -> Iterator[str]:
    now, voice = case.configured.now, event.session.voice
    if isinstance(voice, UnsetType | None) or isinstance(now.voice, UnsetType | None):
        return
    current = members_of(now.voice)
    asked: JsonObject = {"name": voice} if isinstance(voice, str) else members_of(voice)
    changed = any(current.get(name) != value for name, value in asked.items())
    if changed and (case.answers.spoken or given(now.avatar, None) is not None):
        why = "after the assistant had spoken" if case.answers.spoken else "while an avatar is configured"
        yield f"session.voice was to change {why}"


@rule(
    "VL108",
    "keep-the-model",
    Severity.ERROR,
    on=SessionUpdate,
    requirement="Choose the model in the URL and not in session.update.",
    explanation="The URL decides, and the whole update is refused.",
    remedy="leave session.model out; dial again for another model",
    source="Observed {PIPE}. Behaviour 2.3, 8.2 (L09).",
)
def keep_the_model(case: Case, event: SessionUpdate) -> Iterator[str]:
    model = given(event.session.model, "")
    if model and not case.facts.agent and model not in (case.facts.model, given(case.configured.now.model, "")):
        yield f"session.model is {model}, but {case.facts.model} was dialled"


@rule(
    "VL109",
    "keep-the-rate",
    Severity.ERROR,
    on=SessionUpdate,
    requirement="Do not change the sampling rate of the input, or the echo reference, after the first session.update.",
    explanation="Both are fixed once configured: the whole update is refused.",
    remedy="choose them in the first session.update, and resample when the device changes",
    source="Documented {DOC}. Behaviour 2.3, 8.2 (L09).",
)
def keep_the_rate(case: Case, event: SessionUpdate) -> Iterator[str]:
    now = case.configured.now
    if not case.configured.accepted:
        return
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("input_audio_sampling_rate", now.input_audio_sampling_rate, event.session.input_audio_sampling_rate),
        (
            "input_audio_echo_cancellation.reference_source",
            _reference(now.input_audio_echo_cancellation),
            _reference(event.session.input_audio_echo_cancellation),
        ),
    )
    for name, before, after in pairs:
        if given(before, None) and given(after, None) and before != after:
            yield f"session.{name} was to change from {before} to {after}"


def _reference(cancellation: EchoCancellation | UnsetType | None) -> str:
    return given(cancellation.reference_source, "server") if isinstance(cancellation, EchoCancellation) else ""


@rule(
    "VL110",
    "say-null-for-manual-turns",
    Severity.WARNING,
    on=InputAudioBufferCommit,
    once=True,
    requirement="Send turn_detection: null where the client itself ends the turns.",
    explanation="A member that is left out keeps its default, and that is a detector: it ends turns and answers them "
    "besides, so that what is committed is empty, short, or answered twice.",
    remedy='send "turn_detection": null (serialisers that leave out nulls must be told to keep this one)',
    source="Observed {SDK, EVAL}: SDKs before 1.2.0b3 dropped the null. Behaviour 2.2, 8.2 (L18).",
)
def say_null_for_manual_turns(case: Case, event: InputAudioBufferCommit) -> Iterator[str]:
    configured = case.configured
    if configured.detection is not None and not configured.says_who_ends_turns:
        yield f"input_audio_buffer.commit, but no update said turn_detection: {configured.detection.type} is in force"


@rule(
    "VL111",
    "let-the-agent-be",
    Severity.ERROR,
    on=(SessionUpdate, ResponseCreate),
    requirement="Give an agent no instructions, model or tools of your own.",
    explanation="The agent brings them along: the update, or the request, is refused.",
    remedy="configure them in the agent, and leave them out here",
    source="Observed {VIBE, JOR}: instructions. Documented {DOC}: model and tools. Behaviour 2.3, 4.8.",
)
def let_the_agent_be(case: Case, event: SessionUpdate | ResponseCreate) -> Iterator[str]:
    if not case.facts.agent:
        return
    if isinstance(event, SessionUpdate):
        session = event.session
        named = {"instructions": session.instructions, "model": session.model, "tools": session.tools}
        sent = [f"session.{name}" for name, value in named.items() if given(value, None)]
    else:
        instructions = given(given(event.response, ResponseCreateParams()).instructions, "")
        sent = ["response.instructions"] if instructions else []
    if sent:
        yield f"{' and '.join(sent)} in the session of an agent"


@rule(
    "VL112",
    "mend-before-sending-again",
    Severity.ERROR,
    on=Refusal,
    requirement="Do not send a second session.update that is refused.",
    explanation="A session that is never configured is closed: with 1011 after the second refused update, or with 1008 "
    "after the fifth.",
    remedy="read error.message and error.param, and mend the update; do not retry as it is",
    source="Observed {IVW}: 1011. Observed {TROUB}: 1008. Behaviour fact 8, 1.5.",
)
def mend_before_sending_again(case: Case, event: Refusal) -> Iterator[Seen]:
    if isinstance(event.culprit, SessionUpdate) and case.configured.refused and not case.configured.accepted:
        yield refused("session.update was refused again", event)


@rule(
    "VL113",
    "say-null-not-none",
    Severity.WARNING,
    on=SessionUpdate,
    requirement="Say null, and not an object of type none, for manual turns.",
    explanation="The type none is of the first preview; later api-versions do not know it.",
    remedy='send "turn_detection": null',
    source="Documented: schema D5; the type is in no contract since 2025-10-01. Behaviour 8.2 (L18).",
)
def say_null_not_none(case: Case, event: SessionUpdate) -> Iterator[str]:
    if isinstance(event.session.turn_detection, NoTurnDetection) and case.facts.api_version > "2025-05-01-preview":
        yield 'turn_detection is {"type": "none"}'


RULES: Final = family(globals())
