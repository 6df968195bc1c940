"""VL2xx: the sound that a client sends."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Refusal
from vlmock.conduct.notes import LATE
from vlmock.conduct.rule import Seen, Severity, family, refused, rule
from vlmock.protocol.codec import InvalidEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferCommit, InputAudioTurnAppend
from vlmock.protocol.response import ResponseCreate, ResponseCreateParams
from vlmock.protocol.wire import given

__all__ = ["APPENDS", "RULES", "Append"]

Append: TypeAlias = InputAudioBufferAppend | InputAudioTurnAppend
APPENDS: Final = (InputAudioBufferAppend, InputAudioTurnAppend)
"""Sound for the buffer, or for a turn whose borders the client draws."""

_MOST_BYTES: Final = 15 * 1024 * 1024
_SILENT_MS: Final = 10_000
_RATES_HZ: Final = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_NEAR: Final = 0.03
"""So far, as a share, a stream's speed may be from that of a wrong rate to be taken for it."""
_STALL_S: Final = 1.0
_JITTER_S: Final = 0.1
_OFTEN: Final = 3
_LEAST_MS: Final = 100
_CONTAINERS: Final = (
    (b"RIFF", "a WAV file"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC file"),
    (b"ID3", "an MP3 file"),
    (b"\x1a\x45\xdf\xa3", "a WebM or Matroska file"),
    (b"FORM", "an AIFF file"),
)


@rule(
    "VL201",
    "whole-samples",
    Severity.ERROR,
    on=APPENDS,
    once=True,
    audible=True,
    requirement="Append whole samples: an even number of bytes of PCM16, whole pairs of two channels.",
    explanation="An odd piece is refused, or shifts every sample after it by a byte, which is noise.",
    remedy="keep an odd trailing byte and put it before the next piece",
    source="Observed {ODD}: refused. Behaviour 3.1, 8.1 (8), 8.2 (L10).",
)
def whole_samples(case: Case, event: Append) -> Iterator[str]:
    size, format = len(event.audio) + case.lost_bytes, case.configured.input
    frame = format.bytes_per_sample * case.configured.input_channels
    if size % frame:
        yield f"{size} bytes, not a multiple of {frame}"


@rule(
    "VL202",
    "real-base64",
    Severity.ERROR,
    on=InvalidEvent,
    once=True,
    requirement="Send audio as plain base64 with its padding.",
    explanation="Anything else is refused, and the words in it are lost.",
    remedy="encode with the standard alphabet (+ and /, = at the end), without line breaks and without a data: prefix",
    source="Assumed {OAI}: refused. Behaviour 3.1, 8.2 (L10).",
)
def real_base64(case: Case, event: InvalidEvent) -> Iterator[str]:
    if event.kind == "invalid_base64":
        yield f"{event.path} of {event.event_type} is no base64"


@rule(
    "VL203",
    "no-empty-append",
    Severity.ERROR,
    on=APPENDS,
    once=True,
    audible=True,
    requirement="Append no empty audio.",
    explanation="It is refused, each time with an error that hides others.",
    remedy="send nothing when the microphone has nothing",
    source="Assumed {OAI}: refused. Behaviour 3.1, 8.2 (L10).",
)
def no_empty_append(case: Case, event: Append) -> Iterator[str]:
    if not event.audio and not case.lost_bytes:
        yield "audio is empty"


@rule(
    "VL204",
    "no-dead-microphone",
    Severity.WARNING,
    on=InputAudioBufferAppend,
    once=True,
    audible=True,
    requirement="Notice a microphone that gives nothing but digital silence.",
    explanation="A muted device, or one that the program may not use, gives zeros: no turn ever begins, and nobody is "
    "told why.",
    remedy="look at the level of the first seconds, and say so when all samples are zero",
    source="Assumed: no source; a real microphone always has noise. Behaviour 8.2 (L10).",
)
def no_dead_microphone(case: Case, event: InputAudioBufferAppend) -> Iterator[str]:
    if case.heard.all_silent and case.heard.total_ms >= _SILENT_MS:
        yield f"all {case.heard.total_ms / 1000:.0f} s of audio so far are digital silence"


@rule(
    "VL205",
    "resample-do-not-relabel",
    Severity.WARNING,
    on=InputAudioBufferAppend,
    once=True,
    timed=True,
    audible=True,
    requirement="Send sound at the rate that the session was told.",
    explanation="Nothing is refused: voices sound too high or too low, and the transcripts are useless.",
    remedy="set input_audio_sampling_rate to the device's rate before the start, or resample",
    source="Observed {VIBE}. Behaviour 3.1, 8.1 (9), 8.2 (L10).",
)
def resample_do_not_relabel(case: Case, event: InputAudioBufferAppend) -> Iterator[str]:
    ratio, told_hz = case.heard.pace.ratio, case.configured.input.rate_hz
    if ratio is None or abs(ratio - 1) <= _NEAR:
        return
    likely_hz = min(_RATES_HZ, key=lambda rate_hz: abs(rate_hz / told_hz - ratio))
    if likely_hz != told_hz and abs(likely_hz / told_hz / ratio - 1) <= _NEAR:
        yield f"each second brings {ratio:.2f} s of sound at {told_hz} Hz: it looks like sound at {likely_hz} Hz"


@rule(
    "VL206",
    "at-most-15-mib",
    Severity.ERROR,
    on=APPENDS,
    requirement="Append at most 15 MiB in one event.",
    explanation="It is refused as a whole.",
    remedy="send pieces of 20 to 100 ms",
    source="Documented {DOC}: the limit. Behaviour 1.3, 8.2 (L11).",
)
def at_most_15_mib(case: Case, event: Append) -> Iterator[str]:
    size = len(event.audio) + case.lost_bytes
    if size > _MOST_BYTES:
        yield f"{size / 1024 / 1024:.1f} MiB in one append"


@rule(
    "VL207",
    "keep-sound-coming",
    Severity.WARNING,
    on=InputAudioBufferAppend,
    once=True,
    timed=True,
    requirement="Send sound without a pause while a spoken turn is open, silence included.",
    explanation="The detector counts milliseconds of appended audio, not of the clock: without the silence after it a "
    "turn does not end, and the user waits.",
    remedy="send silence while the user is silent; do not gate the microphone",
    source="Observed {FON, PAI}: times count appended audio. Behaviour 3.2, 8.2 (L11).",
)
def keep_sound_coming(case: Case, event: InputAudioBufferAppend) -> Iterator[str]:
    last_at, in_a_turn = case.heard.pace.last_at, case.heard.speaking and not case.configured.by_hand
    if in_a_turn and last_at is not None and case.at - last_at > _STALL_S:
        yield f"nothing was appended for {case.at - last_at:.1f} s in the middle of a turn"


@rule(
    "VL208",
    "even-pace",
    Severity.ADVICE,
    on=InputAudioBufferAppend,
    once=True,
    timed=True,
    audible=True,
    requirement="Send live sound evenly, no piece more than 100 ms late.",
    explanation="What comes late is heard late: turns begin and end later, and every answer with them.",
    remedy="send from a thread or task of its own that nothing else can hold up",
    source="Assumed: behaviour 8.2 (L11) has the figure; typical is 20 to 100 ms {SEED, SDKT}.",
)
def even_pace(case: Case, event: InputAudioBufferAppend) -> Iterator[str]:
    pace = case.heard.pace
    if pace.ratio is None or abs(pace.ratio - 1) > _NEAR or pace.last_at is None:
        return
    piece_s = case.configured.input.duration_ms(len(event.audio) + case.lost_bytes) / 1000
    late_s = pace.lateness_s(case.at)
    if _JITTER_S + piece_s < late_s <= _STALL_S:
        case.notes[LATE] += 1
        if case.notes[LATE] >= _OFTEN:
            yield f"{_OFTEN} appends came more than 100 ms late, the last one {late_s * 1000:.0f} ms"


@rule(
    "VL209",
    "commit-100-ms",
    Severity.ERROR,
    on=Refusal,
    requirement="Commit at least 100 ms of audio.",
    explanation="Less is refused, no item is made, and a response that is asked for next answers something else.",
    remedy="count what was appended since the last commit, and clear instead when it is too little",
    source="Observed {STTX}. Behaviour 3.1, 8.2 (L12).",
)
def commit_100_ms(case: Case, event: Refusal) -> Iterator[Seen]:
    if event.code == "input_audio_buffer_commit_empty" and not event.judged:
        yield refused("a commit was refused", event)


@rule(
    "VL210",
    "no-commit-beside-the-detector",
    Severity.WARNING,
    on=InputAudioBufferCommit,
    once=True,
    requirement="Do not commit while the service ends the turns.",
    explanation="Two cut the same sound into turns: words are split, commits are empty, and turns are answered twice.",
    remedy="either turn_detection: null and commits, or a detector and none",
    source="Assumed: no source has tried it. Behaviour 8.2 (L12).",
)
def no_commit_beside_the_detector(case: Case, event: InputAudioBufferCommit) -> Iterator[str]:
    detection = case.configured.coming_detection
    if detection is not None and case.configured.says_who_ends_turns:
        yield f"input_audio_buffer.commit while turn_detection is {detection.type}"


@rule(
    "VL211",
    "commit-before-asking",
    Severity.WARNING,
    on=ResponseCreate,
    audible=True,
    requirement="Commit what was appended before asking for a response to it.",
    explanation="The response answers the conversation, and what is not committed is not in it.",
    remedy="send input_audio_buffer.commit, then response.create",
    source="Documented {DOC}, Observed {SDKT}: a commit starts no response, and a response commits nothing. "
    "Behaviour 3.4.",
)
def commit_before_asking(case: Case, event: ResponseCreate) -> Iterator[str]:
    params = given(event.response, ResponseCreateParams())
    elsewhere = (params.pre_generated_assistant_message, params.input_items, params.append_input_items)
    aside = any(given(what, None) for what in elsewhere)
    if case.configured.by_hand and case.heard.uncommitted_ms >= _LEAST_MS and not aside and not case.answers.fresh:
        yield f"response.create with {case.heard.uncommitted_ms:.0f} ms of audio that were not committed"


@rule(
    "VL212",
    "samples-not-files",
    Severity.ERROR,
    on=APPENDS,
    once=True,
    audible=True,
    requirement="Send bare samples in the session's format, no file and no other codec.",
    explanation="The service does not look: headers and compressed bytes are heard as noise.",
    remedy="decode the file and send its samples; skip the 44 bytes of a WAV header",
    source="Observed {SDKT}: MP3 bytes were taken as PCM. Behaviour 3.1, 8.2 (L10).",
)
def samples_not_files(case: Case, event: Append) -> Iterator[str]:
    if not case.heard.appends:
        for beginning, what in _CONTAINERS:
            if event.audio.startswith(beginning):
                yield f"the sound begins like {what}"


RULES: Final = family(globals())
