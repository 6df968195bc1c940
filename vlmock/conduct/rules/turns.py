"""VL3xx: who speaks when: silence, truncation, cancelling, hanging up."""

from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import CROSSING_S, Case
from vlmock.conduct.codes import PLAYING, SILENT, STILL_PLAYING
from vlmock.conduct.facts import Ending, Moment, Refusal
from vlmock.conduct.rule import Seen, Severity, family, refused, rule
from vlmock.protocol.codec import InvalidEvent
from vlmock.protocol.conversation import ConversationItemTruncate
from vlmock.protocol.input_audio import InputAudioBufferSpeechStarted
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.response import ResponseCancel
from vlmock.protocol.wire import given
from vlmock.session.effects import Remark

__all__ = ["RULES"]

_FLUSH_S: Final = 0.3
"""Assumed: a loudspeaker's buffer, and the way to it."""
_REFLEX_S: Final = 1.0
"""A cancel so soon after speech began answers it."""
_GOING_GOING_S: Final = 0.5
_LIVE: Final = 0.05


@rule(
    "VL301",
    "fall-silent",
    Severity.ERROR,
    on=(Remark, InputAudioBufferSpeechStarted, ResponseAudioDelta, Moment, Ending),
    timed=True,
    requirement="Stop and empty the playback as soon as input_audio_buffer.speech_started comes, also when no response "
    "is active, unless interrupt_response is off.",
    explanation="The service generates speech much faster than it plays, so that most interruptions come when it has "
    "sent everything: only the client can stop it, and talks over the user otherwise.",
    remedy="on speech_started stop the player and drop its queue, and drop later deltas of the interrupted response",
    source="Observed {VIBE, FON, FLOW}. Behaviour facts 2 and 3, 8.1 (2), 8.2 (L13).",
)
def fall_silent(case: Case, event: object) -> Iterator[str]:
    if isinstance(event, InputAudioBufferSpeechStarted):
        case.interrupted_at = case.at if case.plays and _is_to_stop(case) else None
    elif isinstance(event, ResponseAudioDelta) and not case.plays:
        case.interrupted_at = None
    elif isinstance(event, Moment | Ending) and case.plays:
        yield from _talked_over(case)
    elif isinstance(event, Remark):
        yield from _says_the_test(case, event)


def _is_to_stop(case: Case) -> bool:
    """Who speaks interrupts; also where nobody has told how turns are detected."""
    return case.configured.detection is None or case.configured.interrupts


def _says_the_test(case: Case, remark: Remark) -> Iterator[str]:
    match remark.code:
        case code if code == PLAYING:
            case.plays = True
        case code if code == SILENT:
            if case.plays:
                yield from _talked_over(case)
            case.plays, case.interrupted_at = False, None
        case code if code == STILL_PLAYING:
            spoke_at = case.heard.spoke_at
            if spoke_at is not None and case.answers.sounded_at < spoke_at and _is_to_stop(case):
                case.interrupted_at = spoke_at
                yield from _talked_over(case)


def _talked_over(case: Case) -> Iterator[str]:
    since, case.interrupted_at = case.interrupted_at, None
    if since is not None and case.at - since > _FLUSH_S:
        yield f"the client played on for {case.at - since:.1f} s after speech_started"


@rule(
    "VL302",
    "truncate-what-was-sent",
    Severity.ERROR,
    on=ConversationItemTruncate,
    audible=True,
    requirement="Truncate an item at a point that lies within its audio.",
    explanation="It is refused, and the assistant goes on believing that everything was heard.",
    remedy="send the smaller of what was played and what was received, of this item alone",
    source="Assumed {OAI}: refused. Behaviour 5, 8.1 (3), 8.2 (L07).",
)
def truncate_what_was_sent(case: Case, event: ConversationItemTruncate) -> Iterator[str]:
    item = case.answers.spoken.get(event.item_id)
    if item is not None and not item.truncated and event.audio_end_ms > item.duration_ms + 1:
        yield f"audio_end_ms {event.audio_end_ms}, but {item.duration_ms:.0f} ms of {event.item_id} were sent"


@rule(
    "VL303",
    "truncate-what-was-heard",
    Severity.ERROR,
    on=ConversationItemTruncate,
    timed=True,
    audible=True,
    requirement="Truncate an item at what was played of it, not at what was received.",
    explanation="Speech comes many times faster than it plays: a client that counts what it received tells the "
    "assistant that the user heard what nobody has heard.",
    remedy="count the samples that the device has taken, less its latency",
    source="Observed {FON, NB04}: 3 to 400 times faster. Behaviour fact 2, 8.1 (3), 8.2 (L07).",
)
def truncate_what_was_heard(case: Case, event: ConversationItemTruncate) -> Iterator[str]:
    item = case.answers.spoken.get(event.item_id)
    if item is None or item.truncated or event.audio_end_ms > item.duration_ms + 1:
        return
    most_ms = (case.at - item.began_at + CROSSING_S) * 1000
    if event.audio_end_ms > most_ms:
        since_ms = (case.at - item.began_at) * 1000
        yield f"audio_end_ms {event.audio_end_ms}, {since_ms:.0f} ms after the first sound of {event.item_id} was sent"


@rule(
    "VL304",
    "truncate-once",
    Severity.ERROR,
    on=ConversationItemTruncate,
    requirement="Do not truncate an item that is truncated already.",
    explanation="It is refused with item_already_truncated.",
    remedy="remember truncated items, also those that conversation.item.truncated reports unasked",
    source="Observed {BANK}. Behaviour 3.5, 5, 8.2 (L07).",
)
def truncate_once(case: Case, event: ConversationItemTruncate) -> Iterator[str]:
    item = case.answers.spoken.get(event.item_id)
    if item is not None and item.truncated and not (item.truncated == "server" and case.is_crossing(item.truncated_at)):
        by = "the service" if item.truncated == "server" else "the client"
        yield f"{event.item_id} was truncated by {by} before"


@rule(
    "VL305",
    "let-the-service-truncate",
    Severity.WARNING,
    on=ConversationItemTruncate,
    requirement="Do not truncate where auto_truncate is on.",
    explanation="Both cut the same item, and whoever comes second is refused or cuts too much.",
    remedy="leave auto_truncate off, or leave truncation to the service",
    source="Observed {BANK}, Documented {DOC}. Behaviour 3.5, 8.1 (3).",
)
def let_the_service_truncate(case: Case, event: ConversationItemTruncate) -> Iterator[str]:
    item = case.answers.spoken.get(event.item_id)
    if case.configured.truncates and (item is None or not item.truncated):
        yield "conversation.item.truncate although turn_detection.auto_truncate is on"


@rule(
    "VL306",
    "say-which-part",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Truncate with content_index.",
    explanation="It is required: without it the truncation is refused.",
    remedy='send "content_index": 0',
    source="Documented: schema B 12. Behaviour 8.2 (L07).",
)
def say_which_part(case: Case, event: InvalidEvent) -> Iterator[str]:
    missing = event.kind == "missing_member" and event.path == "content_index"
    if missing and event.event_type == "conversation.item.truncate":
        yield "conversation.item.truncate has no content_index"


@rule(
    "VL307",
    "truncate-speech",
    Severity.ERROR,
    on=Refusal,
    requirement="Truncate only messages that the assistant has spoken.",
    explanation="Text, items of the user and items that are not there are refused.",
    remedy="take item_id from response.audio.delta",
    source="Assumed {OAI}: the words. Behaviour 5.",
)
def truncate_speech(case: Case, event: Refusal) -> Iterator[Seen]:
    if not isinstance(event.culprit, ConversationItemTruncate) or event.judged:
        return
    unknown = event.code == "item_truncate_invalid_item_id"
    if unknown or event.details.message.startswith("Only model output audio") or event.param == "content_index":
        yield refused("a truncation was refused", event)


@rule(
    "VL308",
    "cancel-what-runs",
    Severity.WARNING,
    on=ResponseCancel,
    requirement="Cancel only a response that is active.",
    explanation="Anything else is refused with response_cancel_not_active; a client that takes that for a failure ends "
    "a good conversation.",
    remedy="remember response.created and response.done, and cancel between the two",
    source="Observed {VIBE, FLOW}. Behaviour fact 3, 8.1 (6), 8.2 (L06).",
)
def cancel_what_runs(case: Case, event: ResponseCancel) -> Iterator[str]:
    answers, named = case.answers, given(event.response_id, "")
    if _answers_speech(case) or answers.requested or case.is_crossing(answers.last_done_at):
        return
    if answers.active is None:
        yield "response.cancel with no active response"
    elif named not in ("", answers.active.id):
        yield f"response.cancel of {named}, but {answers.active.id} is active"


def _answers_speech(case: Case) -> bool:
    """The client cancels because the user has begun to speak, and the service does so by itself."""
    spoke_at = case.heard.spoke_at
    soon = spoke_at is not None and case.facts.timed and case.at - spoke_at <= _REFLEX_S
    return soon and case.configured.interrupts


@rule(
    "VL309",
    "let-the-service-interrupt",
    Severity.ADVICE,
    on=ResponseCancel,
    once=True,
    timed=True,
    requirement="Do not cancel on speech_started where interrupt_response is on.",
    explanation="The service has cancelled already, or there is nothing to cancel: an error comes each time, which "
    "does no harm where response_cancel_not_active is passed over, and which others show to the user.",
    remedy="only stop the playback; cancel for buttons and typed input",
    source="Observed {SDKPR}: removed from the vendor's own samples. Behaviour 3.5, 8.2 (L06).",
)
def let_the_service_interrupt(case: Case, event: ResponseCancel) -> Iterator[str]:
    if _answers_speech(case):
        assert case.heard.spoke_at is not None
        yield f"response.cancel {case.at - case.heard.spoke_at:.2f} s after speech_started, which cancels by itself"


@rule(
    "VL310",
    "hang-up-after-playback",
    Severity.ADVICE,
    on=Ending,
    timed=True,
    audible=True,
    requirement="Hang up when the last answer has been played, not when response.done has come.",
    explanation="response.done comes seconds before the speech is over: the user hears half a goodbye.",
    remedy="wait until the player has nothing left, then close",
    source="Observed {FON, NB04, VIBE}. Behaviour fact 2, 8.1 (11).",
)
def hang_up_after_playback(case: Case, event: Ending) -> Iterator[str]:
    """Of those that stream live sound only: a script may leave when it has read enough."""
    ratio, left_s = case.heard.pace.ratio, case.answers.sounds_until - event.at
    live = ratio is not None and abs(ratio - 1) <= _LIVE
    if live and left_s > _GOING_GOING_S and event.is_goodbye:
        yield f"the client hung up {left_s:.1f} s before the last answer can have been heard"


RULES: Final = family(globals())
