"""``voicelive.metrics`` over real sockets, with the vendor's SDK, and in pytest."""

import asyncio
import base64
from pathlib import Path

import msgspec
import pytest
from azure.ai.voicelive import models

import vlmock
from tests.metrics.timed import Timed
from tests.sdk.dialogue import Dialogue, calls, talking
from tests.sdk.sounds import encoded, own_words, pieces, quiet
from vlmock.errors import ServerError, UnknownFigure
from vlmock.metrics.recorded import measured
from vlmock.metrics.turn import Turn
from vlmock.recording.reading import read
from vlmock.server.journal import Facts, Journal
from vlmock.server.metrics import metrics_of

PACE = {"stop_detect": 50.0, "stt": 50.0, "llm_first": 100.0, "audio_speed": 4.0, "cancel": 100.0}
STORY = "Once upon a time there was a fox who could not sleep. " * 4
WEATHER = models.FunctionTool(name="weather", description="The weather.", parameters={"type": "object"})


async def speak_live(dialogue: Dialogue, *, after_ms: int = 1500) -> None:
    """As a microphone does."""
    loop = asyncio.get_running_loop()
    data, began = encoded(own_words(before_ms=300, after_ms=after_ms), "pcm16"), loop.time()
    for number, piece in enumerate(pieces(data, 4800), 1):
        await asyncio.sleep(max(0.0, began + number * 0.1 - loop.time()))
        await dialogue.connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())


async def test_a_conversation_with_the_sdk_is_measured(tmp_path: Path):
    """A typed turn, a spoken one that breaks into its sound, and the recording says the same as the journal."""
    with vlmock.serve(lambda turn: STORY if turn.number == 1 else "As you wish.", timing=PACE) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(
                turn_detection=models.ServerVad(silence_duration_ms=500, prefix_padding_ms=300),
                input_audio_format="pcm16",
            )
            await dialogue.type("Tell me a story.")
            await dialogue.connection.response.create()
            await dialogue.until("response.audio.delta")
            server.metrics.heard()
            speaking = asyncio.create_task(speak_live(dialogue))
            await dialogue.until("input_audio_buffer.speech_started")
            server.metrics.silent()
            await dialogue.answer()
            await dialogue.answer()
            await speaking
        server.journal.wait_for_close()
        metrics = server.metrics
        story, question = metrics.turns
        server.journal.save(tmp_path / "out")
    assert (story.kind, question.kind, question.measured_from) == ("typed", "spoken", "speech")
    assert story.heard_by == "told"
    assert story.first_audio_s is not None
    assert story.first_heard_s is not None
    assert 0.1 <= story.first_audio_s <= story.first_heard_s
    assert story.barge_in is not None
    assert story.barge_in.silent_s is not None
    assert story.barge_in.done_s is not None
    assert 0.1 <= story.barge_in.done_s < 2.0
    assert question.overlap_s
    assert question.first_audio_s is not None
    assert question.first_audio_s >= 0.7  # 500 ms of silence and the pace
    assert metrics.first_audio.count == 2
    assert measured(read(tmp_path / "out")).turns == [rounded(turn) for turn in metrics.turns]


def rounded(turn: Turn) -> Turn:
    """Times as they stand in a recording, a tenth of a millisecond at the finest, so sums are a little off."""
    told = {name: value for name, value in msgspec.structs.asdict(turn).items() if isinstance(value, float)}
    if turn.barge_in is not None:
        barge_in = {name: value for name, value in msgspec.structs.asdict(turn.barge_in).items() if value is not None}
        near = {name: pytest.approx(value, abs=0.002) for name, value in barge_in.items()}
        turn = msgspec.structs.replace(turn, barge_in=msgspec.structs.replace(turn.barge_in, **near))
    return msgspec.structs.replace(turn, **{name: pytest.approx(value, abs=0.002) for name, value in told.items()})


async def test_the_time_of_tools_is_the_clients():
    """With the fixture's own pace nothing else takes time, and the table says so."""
    with vlmock.serve(lambda turn: "Six." if turn.tool_outputs else [vlmock.Call("weather", "{}")]) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(tools=[WEATHER])
            response = await dialogue.ask("What is the weather in Beijing?")
            assert calls(response)
            await asyncio.sleep(0.2)
            await dialogue.return_outputs(response, {calls(response)[0].name: "{}"})
            await dialogue.ask()
        metrics = server.metrics
    assert 0.2 <= metrics.tools.max < 2.0
    assert metrics.first_audio.max >= 0.2
    assert "timing is instant" in str(metrics)


async def test_audio_as_fast_as_it_goes_is_no_live_speech():
    """Most tests send it so."""
    with vlmock.serve("weather", timing=PACE) as server:
        async with talking(server.url) as dialogue:
            await dialogue.speak(own_words(), piece_bytes=None)
            await dialogue.speak(quiet(500))
            await dialogue.answer()
        (turn,) = server.metrics.turns
        assert "instant" not in str(server.metrics)
    assert (turn.measured_from, turn.overlap_s) == ("speech_stopped", None)


async def test_connections_are_measured_one_by_one():
    """And what nobody can know is no success."""
    with vlmock.serve("weather", timing=PACE) as server:
        for _ in range(2):
            async with talking(server.url) as dialogue:
                await dialogue.ask("What is the weather in Beijing?")
        metrics = server.metrics
        assert [turn.connection for turn in metrics.turns] == [1, 2]
        with pytest.raises(UnknownFigure, match="it takes 20 turns, and"):
            assert metrics.response.p95 < 1.7


def full_journal(*, max_bytes: int) -> Journal:
    """A spoken turn of three live seconds, in as much room as there is."""
    journal, talk = Journal(max_bytes=max_bytes), Timed()
    part = journal.open_connection(Facts("/", "gpt-4.1", "2026-04-10", "", "", "key", 0.0), 0.0)
    talk.speaks(3.0)
    talk.stops(2.6, 2500)
    for at, _, event, sound_bytes in talk.happened:
        part.note("client" if sound_bytes else "server", event, at, sound_bytes * 4 // 3)
    return journal


def test_audio_that_the_journal_dropped_still_has_its_length():
    """Only its bytes are gone."""
    journal = full_journal(max_bytes=150_000)
    assert journal.lost.audio_bytes
    assert not journal.lost.events
    assert metrics_of(journal).turns == metrics_of(full_journal(max_bytes=10_000_000)).turns


def test_without_the_events_that_the_journal_dropped_audio_has_no_time():
    """The turn is measured from ``speech_stopped``, and the table says why."""
    journal = full_journal(max_bytes=30_000)
    assert journal.lost.events
    metrics = metrics_of(journal)
    assert metrics.turns[0].measured_from == "speech_stopped"
    assert "the journal has lost its first" in str(metrics)


def test_the_hooks_need_an_open_connection():
    """Nobody plays where nobody is."""
    with vlmock.serve("weather") as server:
        for hook in (server.metrics.heard, server.metrics.silent):
            with pytest.raises(ServerError, match="no connection open"):
                hook()


def test_a_failing_test_shows_the_table(pytester: pytest.Pytester):
    """Where the test asked for it; the assertion itself has the figures of its distribution."""
    pytester.makepyfile(
        """
        import json
        from websockets.sync.client import connect

        def test_budget(voicelive):
            voicelive.play(lambda turn: "Good morning.")
            target = "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
            with connect(voicelive.ws_url + target, additional_headers={"api-key": "any"}) as socket:
                item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
                socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
                socket.send(json.dumps({"type": "response.create"}))
                while json.loads(socket.recv())["type"] != "response.done":
                    pass
            assert voicelive.metrics.first_audio.max < -1

        def test_too_few(voicelive):
            assert voicelive.metrics.first_audio.p95 < 1.7

        def test_unasked(voicelive):
            assert False
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        ["*assert * < -1", "*first_audio in 1 of 1 turns: min *", "*vlmock, metrics*", "1 turn: 1 typed"]
    )
    result.stdout.fnmatch_lines(["*UnknownFigure: first_audio.p95 is unknown: there was no turn so far*"])
    assert result.stdout.str().count("vlmock, metrics") == 2
