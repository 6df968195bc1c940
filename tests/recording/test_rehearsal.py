"""A recorded client is played to the emulator: what it says is what the recorded service said."""

from typing import Any

import msgspec
import pytest

from tests.recording.conversations import WEATHER, RecordedDialogue, a_long_one, made_of
from tests.session.conftest import PlannedScript
from tests.session.sounds import utterance, voice
from vlmock.errors import RecordingError
from vlmock.protocol.recording.lines import Head
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.model import Recording
from vlmock.rehearsal.playing import rehearse
from vlmock.rehearsal.request import admitted_to
from vlmock.server.handshake import CredentialKind
from vlmock.session.conversation.agents import Agent
from vlmock.session.script import Call, Fail, Incomplete, Say
from vlmock.session.script import Close as CloseStep
from vlmock.session.timing import Timing

AUDIO = {"modalities": ["text", "audio"]}
A_LONG_STORY = "Once upon a time there was a very long story, and nobody ever heard the end of it. " * 4


def rehearsed(recording: Recording, **options: Any) -> Comparison:
    ours = rehearse(recording, **options)
    return compare(recording, ours, names=("service", "emulator"), clients=False)


def untimed(recording: Recording) -> Recording:
    """As somebody wrote it down who had no clock."""
    frames = [msgspec.structs.replace(frame, at=0.0) for frame in recording.frames]
    head = msgspec.structs.replace(recording.head, timed=False, started="")
    return msgspec.structs.replace(recording, head=head, frames=frames, ended_at=0.0)


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4.1"])
def test_a_conversation_with_the_emulator_is_the_same_again(model: str) -> None:
    """Typed and spoken turns, a call, a refusal, ids that the client was told and used: all of it the same."""
    comparison = rehearsed(a_long_one(model))
    assert comparison.grade is Grade.SAME, as_text([comparison], everything=True)


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4.1"])
def test_a_conversation_without_times_is_played_by_what_answers_what(model: str) -> None:
    """The next event of the client comes when what came before it in the recording has come."""
    comparison = rehearsed(untimed(a_long_one(model)))
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison], everything=True)
    assert {finding.path.split(".")[-1] for finding in comparison.findings} <= {"expires_at"}


def test_what_the_emulator_said_is_a_recording() -> None:
    """With sound in voices, so that it can be compared again and written down."""
    once = rehearse(a_long_one())
    assert len(once.voices) == 1
    assert sum(map(len, once.voices.values())) > 48_000
    assert compare(a_long_one(), once, clients=False).grade is Grade.SAME


def talkative(model: str, *, timing: str = "pipeline") -> RecordedDialogue:
    script = PlannedScript([[Say(A_LONG_STORY)], [Say("As you wish.")]], heard=["Stop!"])
    dialogue = RecordedDialogue(model=model, script=script, timing=Timing(timing))
    dialogue.client({"type": "session.update", "session": AUDIO}).wait(1)
    dialogue.client({"type": "response.create"}).wait(2 if model == "gpt-realtime" else 1)
    return dialogue


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4.1"])
@pytest.mark.parametrize("timed", [True, False])
def test_a_response_that_was_cancelled_is_cancelled_again(model: str, timed: bool) -> None:
    """It is still going on when the client has enough."""
    recording = talkative(model).client({"type": "response.cancel"}).wait(5).recording()
    assert any(status(frame.event) == "cancelled" for frame in recording.frames)
    comparison = rehearsed(recording if timed else untimed(recording))
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison], everything=True)


def status(event: Any) -> Any:
    return event["response"]["status"] if event and event["type"] == "response.done" else None


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4.1"])
def test_a_barge_in_cuts_off_what_it_cut_off(model: str) -> None:
    """The user speaks while the answer is being said."""
    dialogue = talkative(model)
    dialogue.speak(utterance(), piece_bytes=4800, real_time=True)
    recording = dialogue.wait(20).recording()
    statuses = [each for each in map(status, (frame.event for frame in recording.frames)) if each]
    assert statuses == ["cancelled", "completed"]
    comparison = rehearsed(recording)
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison], everything=True)


ENDINGS = {
    "failed": [Say("Well."), Fail("The model is tired.", code="tired")],
    "incomplete": [Say("Well."), Incomplete()],
    "closed": [Say("Goodbye."), CloseStep(1001, "bye")],
    "called": [Call("weather", "{}"), Call("weather", '{"city":"Bern"}')],
    "silent": [],
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("modalities", [["text"], ["text", "audio"]])
def test_a_response_ends_as_it_ended(ending: str, modalities: list[str]) -> None:
    """Failed, incomplete, with calls, or with the connection."""
    dialogue = RecordedDialogue(script=PlannedScript([ENDINGS[ending]]))
    dialogue.client({"type": "session.update", "session": {"modalities": modalities, "tools": [WEATHER]}})
    recording = dialogue.client({"type": "response.create"}).wait(5).recording()
    if dialogue.closed is not None:
        end = msgspec.structs.replace(recording.end, code=dialogue.closed.code, reason=dialogue.closed.reason)
        recording = msgspec.structs.replace(recording, end=end, ended_by="server")
    comparison = rehearsed(recording)
    assert comparison.grade is Grade.SAME, as_text([comparison], everything=True)
    assert comparison.judged[-1].event == "(close)"


def test_a_recording_that_breaks_off_in_an_answer_is_not_told_what_might_have_come() -> None:
    """The emulator does not go on where the recording ended."""
    recording = talkative("gpt-realtime").recording()
    assert recording.frames[-1].event is not None
    assert recording.frames[-1].event["type"].endswith(".delta")
    comparison = rehearsed(recording)
    assert comparison.count(Grade.EXTRA) == comparison.count(Grade.MISSING) == 0, as_text([comparison])


def test_a_client_that_sends_what_is_no_event_is_refused_again() -> None:
    """Text that is no JSON, and an event that there is not."""
    dialogue = RecordedDialogue()
    dialogue.client({"type": "no.such.event"}, {"type": "response.create", "surprise": 1})
    comparison = rehearsed(dialogue.recording())
    assert comparison.grade is Grade.SAME
    assert [judged.event for judged in comparison.judged].count("error") == 2


def test_another_model_shows_what_it_would_say() -> None:
    """``model`` and ``api_version`` are dialled in place of those that the recording names."""
    comparison = rehearsed(a_long_one("gpt-realtime"), model="gpt-4.1")
    models = [finding for finding in comparison.findings if finding.path == "session.created.session.model"]
    assert models[0].difference.ours == "gpt-4.1-2025-04-14"


def test_a_model_that_nobody_wrote_down_is_known_by_the_session() -> None:
    """Recordings of other programs have no address."""
    recording = a_long_one("gpt-realtime")
    nameless = msgspec.structs.replace(recording, head=Head(made_by="somebody", started=recording.head.started))
    assert rehearsed(nameless).grade is Grade.SAME


def test_an_agents_recording_is_played_to_an_agent() -> None:
    """With the token that agents take, wherever the recorder kept it."""
    dialogue = RecordedDialogue(agent=Agent("helper", "project"), script=PlannedScript([[Say("At your service.")]]))
    recording = dialogue.client({"type": "response.create"}).wait(1).recording()
    url = "wss://x/voice-live/realtime?api-version=2026-04-10&agent-name=helper&agent-project-name=project"
    head = msgspec.structs.replace(recording.head, url=url)
    comparison = rehearsed(msgspec.structs.replace(recording, head=head))
    assert comparison.grade is Grade.SAME, as_text([comparison], everything=True)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"status": 401}, "refused this connection with HTTP 401"),
        ({"url": "wss://x/voice-live/realtime?api-version=1999-01-01&model=gpt-4.1"}, "no api-version '1999-01-01'"),
        ({"url": ""}, "say it with --model"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_sentence(head: dict[str, Any], words: str) -> None:
    """No session was opened, or the emulator would open none."""
    recording = made_of([], head=Head(made_by="tests", **head))
    with pytest.raises(RecordingError, match=words):
        rehearse(recording)


def test_fillers_that_the_service_did_not_hear_are_not_heard_again() -> None:
    """The recording says where speech began; what came before it was an "umm" to a session that removes them."""
    dialogue = RecordedDialogue(script=PlannedScript([[Say("Yes?")]], heard=["Hello."]))
    detection = {"type": "azure_semantic_vad", "remove_filler_words": True}
    dialogue.client({"type": "session.update", "session": {"turn_detection": detection}}).wait(1)
    dialogue.script.expectations.extend([filler(), filler(heard=True)])
    for _ in range(2):
        dialogue.speak(utterance(), piece_bytes=960, real_time=True)
    recording = dialogue.wait(3).recording()
    assert dialogue.script.skipped_fillers == 1
    comparison = rehearsed(recording)
    assert comparison.grade is Grade.SAME, as_text([comparison], everything=True)


def filler(*, heard: bool = False) -> Any:
    from vlmock.session.script import Expectation

    return Expectation(filler=not heard, text="Hello." if heard else "Umm")


def test_a_recorder_that_cut_the_clients_voice_is_told_how_to_mend_that() -> None:
    """What is left of the sound would be heard as silence."""
    recording = made_of([("client", 0.0, {"type": "input_audio_buffer.append", "audio": "AAAA"})])
    cut = [msgspec.structs.replace(recording.frames[0], event={"type": "input_audio_buffer.append", "audio": "AAAA"})]
    with pytest.raises(RecordingError, match="--client-audio"):
        rehearse(msgspec.structs.replace(recording, frames=cut))


def test_speech_is_heard_where_it_was_heard() -> None:
    """The client's sound is given at its recorded times."""
    spoken = RecordedDialogue(script=PlannedScript([[Say("Hm.")]], heard=["Ah."]))
    spoken.wait(2).speak(bytes(48_000) + voice(1000) + bytes(96_000), piece_bytes=960, real_time=True)
    recording = spoken.wait(2).recording()
    ours = rehearse(recording)
    for kind in ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "response.created"):
        times = [
            [round(frame.at, 3) for frame in each.frames if frame.event and frame.event["type"] == kind]
            for each in (recording, ours)
        ]
        assert times[0] == times[1] != []


@pytest.mark.parametrize("headers", [[("Authorization", "***")], []], ids=["header", "query"])
def test_a_recorded_token_lets_the_client_in(headers: list[tuple[str, str]]) -> None:
    """All of it is veiled, its first word as well; that somebody had one is what counts."""
    query = "" if headers else "&Authorization=***"
    url = f"wss://r.services.ai.azure.com/voice-live/realtime?api-version=2026-04-10&model=gpt-4o{query}"
    head = Head(made_by="a test", url=url, request_headers=headers)
    assert admitted_to(Recording(name="a", head=head, frames=[])).credential is CredentialKind.TOKEN
