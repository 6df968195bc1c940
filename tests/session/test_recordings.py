"""The real service's own sessions, played again: what comes back is what the service said."""

from pathlib import Path

import pytest

from tests.recording.real import RECORDINGS, real_recording
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.differences.rules import KNOWN
from vlmock.rehearsal.playing import rehearse


def compared(shared: Path, name: str) -> Comparison:
    recording = real_recording(shared, name)
    return compare(recording, rehearse(recording), names=("service", "emulator"), allowances=KNOWN, clients=False)


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_emulator_says_what_the_service_said(shared: Path, name: str) -> None:
    """Observed {PAI}: five sessions with gpt-realtime, 2026-04-10. The same events in the same order, key for key, null
    for null, id for id, but for what ``rules.KNOWN`` and ``rules.BOUNDS`` give reasons for."""
    comparison = compared(shared, name)
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison])
    assert comparison.count(Grade.SAME) > comparison.count(Grade.LOOSER)


LOOSER = {
    "session.created.session.expires_at",
    "session.created.session.greeting",
    "session.created.session.handoff",
    "session.created.session.instructions",
    "session.created.session.output_audio_format",
    "session.updated.session.expires_at",
    "session.updated.session.greeting",
    "session.updated.session.handoff",
    "session.updated.session.instructions",
    "session.updated.session.modalities",
    "response.created.response.modalities",
    "response.done.response.modalities",
    "response.audio.delta.delta",
    "response.function_call_arguments.delta.deltas",
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_no_more_is_excused_than_has_to_be(shared: Path, name: str) -> None:
    """What is looser today, and how tokens are counted; a new excuse is to be made on purpose."""
    excused = {finding.path for finding in compared(shared, name).findings}
    assert {path for path in excused if not path.startswith("response.done.response.usage.")} <= LOOSER


def test_the_sound_of_that_voice_costs_what_the_service_counted(shared: Path) -> None:
    """Observed {PAI}: 3.056 s are 30 tokens of input, not 31."""
    counted = "response.done.response.usage.input_token_details.audio_tokens"
    assert counted not in {finding.path for finding in compared(shared, "test_audio_in_server_vad_turn").findings}


def test_one_real_voice_is_heard_where_the_service_heard_it(shared: Path) -> None:
    """Observed {PAI}: ``audio_start_ms`` 1456 and ``audio_end_ms`` 4512 for these very bytes; to the millisecond."""
    comparison = compared(shared, "test_audio_in_server_vad_turn")
    heard = [judged for judged in comparison.judged if judged.event.startswith("input_audio_buffer.speech_")]
    assert [judged.grade for judged in heard] == [Grade.SAME, Grade.SAME]
