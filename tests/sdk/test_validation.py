"""What is refused, over a real socket: strict with hints, lenient with remarks, and how a session that is never
configured ends."""

import pytest
from azure.ai.voicelive import models
from azure.ai.voicelive.aio import ConnectionClosed

import vlmock
from tests.sdk.dialogue import talking, transcript
from vlmock.server.journal_entry import Entry

MISSPELT = {"type": "session.update", "session": {"modality": ["text"]}}
MISSPELT_IN_WORDS = "'session.modality' unexpected (extra fields not permitted)"


async def test_the_log_of_a_strict_server_says_what_may_have_been_meant():
    """The client gets the service's words alone; the line after them is for whoever reads the log."""
    log: list[Entry] = []
    with vlmock.serve(log=log.append) as server:
        async with talking(server.url) as dialogue:
            dialogue.tolerated.add("invalid_session_update_message")
            await dialogue.connection.send(MISSPELT)
            error = (await dialogue.until("error")).error
            await dialogue.until_nothing_is_left()
        (remark,) = server.journal.remarks()
    assert error.message == MISSPELT_IN_WORDS
    assert remark.message == "did you mean 'session.modalities'?"
    lines = [entry.line().split(maxsplit=2)[2] for entry in log]
    refused = next(place for place, line in enumerate(lines) if line.startswith("← error"))
    assert lines[refused - 1].startswith('→ (invalid) kind="unknown_member" path="session.modality"')
    assert lines[refused + 1].startswith("! (hint) message=\"did you mean 'session.modalities'?\"")


async def test_a_lenient_server_obeys_and_remarks_on_what_it_let_through():
    """What the service would have refused is in the journal, and the conversation goes on."""
    with vlmock.serve(lenient=True) as server:
        async with talking(server.url, model="gpt-realtime") as dialogue:
            await dialogue.connection.send(MISSPELT)
            await dialogue.until("session.updated")
            session = await dialogue.configure(
                input_audio_transcription=models.AudioInputTranscriptionOptions(model="azure-speech"),
                turn_detection=models.ServerVad(),
            )
            assert session.input_audio_transcription.model == "azure-speech"
            assert transcript(await dialogue.ask("Hello."))
        assert [(remark.kind, remark.param) for remark in server.journal.remarks()] == [
            ("overlooked", "session.modality"),
            ("overlooked", "session.turn_detection"),
        ]
        assert server.problems() == []


async def test_the_sdk_sees_a_session_end_that_was_never_configured():
    """Observed in field reports (schema B2): the fifth refused update, an error of its own, and close 1008."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            for _ in range(5):
                await dialogue.connection.send(MISSPELT)
            codes = [(await dialogue.until("error")).error.code for _ in range(6)]
            with pytest.raises(ConnectionClosed):
                await dialogue.receive()
        ended = server.journal.wait_for_close()
    assert codes == ["invalid_session_update_message"] * 5 + ["max_config_attempts_exceeded"]
    assert (ended.code, ended.reason) == (1008, "Session configuration failed after 5 attempts.")
