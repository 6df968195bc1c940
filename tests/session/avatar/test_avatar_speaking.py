"""What an avatar says, where it is heard, and how it is silenced."""

from typing import Any

import pytest

from tests.session.avatar.offers import FILMED, LISA, configure, connect
from tests.session.conftest import MS_PER_CHARACTER, Dialogue, PlannedScript
from tests.session.sounds import voice
from vlmock.session.avatar.film import PIECE_SECONDS
from vlmock.session.readings import parse_readings
from vlmock.session.script import Say
from vlmock.session.timing import Timing

TEN = "Ten chars."
TEN_S = len(TEN) * MS_PER_CHARACTER / 1000
SPEAKING, IDLE = "session.avatar.switch_to_speaking", "session.avatar.switch_to_idle"
ANSWER = {"type": "response.create"}
CLEAR = {"type": "output_audio_buffer.clear"}


def connected(*replies: str, **how: Any) -> Dialogue:
    script = PlannedScript([[Say(reply)] for reply in replies])
    return Dialogue(script=script, **how).client(configure(LISA), connect()).wait(1).skip()


def filmed(*replies: str, **how: Any) -> Dialogue:
    script = PlannedScript([[Say(reply)] for reply in replies])
    return Dialogue(script=script, **how).client(configure(FILMED)).wait(0.01).skip()


def moments(talk: Dialogue, *kinds: str) -> list[tuple[str, float]]:
    """When these came, counted from the first of them."""
    found = [(event.type, at) for event, at in zip(talk.events, talk.times, strict=True) if event.type in kinds]
    return [(kind, round(at - found[0][1], 3)) for kind, at in found]


# ---- over WebRTC


def test_what_a_connected_avatar_says_is_not_sent_on_the_socket() -> None:
    """Observed {VIBE}: the transcript is, the audio is not; the rest of the response is as ever."""
    talk = connected(TEN)
    talk.client(ANSWER).server(
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio_transcript.delta",
        SPEAKING,
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    )
    assert "".join(delta.delta for delta in talk.all("response.audio_transcript.delta")) == TEN
    assert talk.last("response.done").response.usage.output_token_details.audio_tokens > 0


def test_it_speaks_as_long_as_its_words_last() -> None:
    """Observed {AI4IA}: the two marks bracket the speech, ``response.done`` comes before its end."""
    talk = connected(TEN).client(ANSWER).wait(60)
    assert moments(talk, SPEAKING, IDLE) == [(SPEAKING, 0.0), (IDLE, TEN_S)]
    response = talk.last("response.done").response
    assert {event.turn_id for event in talk.all(SPEAKING) + talk.all(IDLE)} == {response.id}


def test_two_replies_are_two_turns() -> None:
    """The second waits until the first has been spoken."""
    talk = connected(TEN, TEN * 2).client(ANSWER, ANSWER).wait(60)
    assert moments(talk, SPEAKING, IDLE) == [
        (SPEAKING, 0.0),
        (IDLE, TEN_S),
        (SPEAKING, TEN_S),
        (IDLE, pytest.approx(3 * TEN_S)),
    ]
    assert [event.turn_id for event in talk.all(SPEAKING)] == [event.response.id for event in talk.all("response.done")]


def test_before_it_is_connected_nobody_hears_it() -> None:
    """Observed {JOR, VIBE}: without a connection there is neither picture nor sound. Assumed: nor marks."""
    talk = Dialogue().client(configure(LISA)).skip().client(ANSWER).wait(60)
    assert "response.done" in talk.types
    assert not {SPEAKING, IDLE, "response.audio.delta"} & set(talk.types)


def test_audit_audio_comes_on_the_socket_as_well() -> None:
    """Documented: ``output_audit_audio``."""
    talk = Dialogue().client(configure(LISA | {"output_audit_audio": True}), connect(), ANSWER).wait(60)
    assert {SPEAKING, IDLE, "response.audio.delta"} <= set(talk.types)


def test_word_times_come_beside_the_avatar() -> None:
    """Assumed: they are about the same speech, wherever it is heard."""
    timed = {"type": "session.update", "session": {"output_audio_timestamp_types": ["word"]}}
    talk = connected("One two three.").client(timed, ANSWER)
    assert [event.text for event in talk.all("response.audio_timestamp.delta")] == ["One", "two", "three"]
    assert "response.audio.delta" not in talk.types


def test_an_older_version_has_no_marks() -> None:
    """Documented: schema C 6 and 7, since 2026-04-10."""
    talk = connected(TEN, api_version="2025-10-01").client(ANSWER).wait(60)
    assert not {SPEAKING, IDLE, "response.audio.delta"} & set(talk.types)


def test_sent_away_it_falls_silent_and_the_socket_has_the_sound_again() -> None:
    """Assumed."""
    talk = connected(TEN, TEN).client(ANSWER).skip().client(configure(None)).server(IDLE, "session.updated")
    talk.client(ANSWER)
    assert "response.audio.delta" in talk.types


@pytest.mark.parametrize("later_s", [0.0, 5.0])
def test_the_user_interrupts_it(later_s: float) -> None:
    """Assumed: at once, also where the response is done and only the avatar has not finished."""
    long = "A long story. " * 40
    talk = connected(long, timing=Timing("cascade")).client(ANSWER).wait(3 + later_s).skip()
    talk.speak(voice(400))
    assert talk.types.index("input_audio_buffer.speech_started") < talk.types.index(IDLE)
    assert moments(talk, "input_audio_buffer.speech_started", IDLE)[1][1] == 0
    talk.wait(1)
    assert talk.last("response.done").response.status == ("completed" if later_s else "cancelled")
    assert len(talk.all(IDLE)) == 1


def test_it_goes_on_where_the_session_does_not_let_itself_be_interrupted() -> None:
    """Documented {DOC}: ``interrupt_response`` false."""
    talk = connected("A long story. " * 40)
    vad = {"type": "server_vad", "interrupt_response": False, "create_response": False}
    talk.client({"type": "session.update", "session": {"turn_detection": vad}}, ANSWER).speak(voice(400))
    assert "input_audio_buffer.speech_started" in talk.types
    assert IDLE not in talk.types


def test_a_cancelled_response_silences_it() -> None:
    """Observed {AI4IA}: idle soon after ``response.cancel``."""
    talk = connected("A long story. " * 40, timing=Timing("cascade")).client(ANSWER).wait(2).skip()
    talk.client({"type": "response.cancel"})
    assert moments(talk, SPEAKING, IDLE)[-1][0] == IDLE
    assert talk.times[-1] == talk.now


def test_it_may_speak_for_ten_minutes() -> None:
    """Documented (behaviour 1.4): the limit. Assumed: an error says so, and the rest is not heard."""
    minute = "x" * (60_000 // MS_PER_CHARACTER)
    talk = connected(*[minute] * 11).client(*[ANSWER] * 11).wait(598).skip()
    talk.wait(5)
    assert talk.types[-2:] == [IDLE, "error"]
    assert talk.last("error").error.code == "avatar_speaking_timeout"


# ---- clearing


def test_the_buffer_is_cleared() -> None:
    """Documented (schema B 18). Observed {AI4IA}: idle, and a response that was being generated is cancelled."""
    talk = connected("A long story. " * 40, timing=Timing("cascade")).client(ANSWER).wait(2).skip()
    talk.client(CLEAR).server("output_audio_buffer.cleared", IDLE)
    talk.wait(1)
    assert talk.last("response.done").response.status == "cancelled"


def test_a_finished_response_stays_finished() -> None:
    """What it has still to say is gone; with nothing to say, only the answer comes."""
    talk = connected(TEN).client(ANSWER).skip()
    talk.client(CLEAR).server("output_audio_buffer.cleared", IDLE)
    talk.client(CLEAR).wait(60).server("output_audio_buffer.cleared")


def test_without_an_avatar_there_is_nothing_to_clear() -> None:
    """Documented {DOC}: with an avatar only. Assumed: refused."""
    talk = Dialogue().skip().client(CLEAR).server("error")
    assert talk.last("error").error.message.startswith("output_audio_buffer.clear is only supported")


# ---- over the WebSocket


def test_the_film_begins_with_the_update_and_goes_on_in_silence() -> None:
    """Observed {AI4IA}: from ``session.updated`` on, 25 pictures in a second, before any response."""
    talk = Dialogue().client(configure(FILMED)).wait(10 * PIECE_SECONDS + 0.01)
    assert talk.types[-12:] == ["session.updated"] + ["response.video.delta"] * 11
    deltas = talk.all("response.video.delta")
    assert {(delta.codec, delta.output_index) for delta in deltas} == {("h264", 0)}
    assert [delta.delta[4:8] for delta in deltas] == [b"ftyp"] + [b"moof"] * 10
    at = [time for event, time in zip(talk.events, talk.times, strict=True) if event.type == "response.video.delta"]
    assert [round(time - at[0], 3) for time in at] == [round(n * PIECE_SECONDS, 3) for n in range(11)]


def test_an_hour_that_passes_at_once_is_five_minutes_of_film() -> None:
    """The limit on silence bounds what a film sends while nobody speaks, however far a test sets the clock."""
    talk = filmed().wait(3600)
    assert len(talk.all("response.video.delta")) == 300 / PIECE_SECONDS
    assert (talk.types[-1], talk.last("error").error.code) == ("error", "avatar_idle_timeout")


def test_the_sound_is_in_the_film_and_nowhere_else() -> None:
    """Observed {JOR, AI4IA}: no ``response.audio.delta``; the film takes its time, and the marks go with it."""
    talk = filmed(TEN).client(ANSWER).wait(60)
    assert "response.audio.delta" not in talk.types
    marks = moments(talk, SPEAKING, IDLE)
    assert marks == [(SPEAKING, 0.0), (IDLE, TEN_S)]
    assert talk.types.index("response.done") < talk.types.index(SPEAKING)
    assert talk.types[talk.types.index(SPEAKING) + 1] == "response.video.delta"


def test_what_is_said_before_the_film_begins_is_in_the_film() -> None:
    """From the update on the socket has no sound; the film begins with ``session.updated``. Nothing gets lost."""
    talk = Dialogue(script=PlannedScript([[Say(TEN)]]), timing=Timing({"updated": 1000.0}))
    talk.hold_speech = True
    talk.client(ANSWER, configure(FILMED)).skip().release_speech().wait(60)
    assert "response.audio.delta" not in talk.types
    assert talk.types.index("response.done") < talk.types.index("session.updated") < talk.types.index(SPEAKING)
    assert moments(talk, SPEAKING, IDLE) == [(SPEAKING, 0.0), (IDLE, TEN_S)]
    pieces = [event.delta for event in talk.all("response.video.delta")]
    assert pieces[0][4:8] == b"ftyp"


def test_another_reading_has_the_sound_beside_the_film() -> None:
    """Observed {TAK}: PCM stays where it was. Assumed: the marks come all the same."""
    talk = filmed(TEN, readings=parse_readings({"avatar_sound": "audio"})).client(ANSWER).wait(60)
    assert "response.audio.delta" in talk.types
    assert moments(talk, SPEAKING, IDLE) == [(SPEAKING, 0.0), (IDLE, TEN_S)]


def test_barge_in_stops_the_film_from_speaking() -> None:
    """At once; the film goes on."""
    talk = filmed("A long story. " * 40).client(ANSWER).wait(2).skip()
    talk.speak(voice(400))
    assert moments(talk, "input_audio_buffer.speech_started", IDLE)[1][1] == 0
    talk.skip().wait(5)
    assert set(talk.types[-20:]) == {"response.video.delta"}


def test_deltas_are_small() -> None:
    """The SDK takes 4 MiB at most; observed {AI4IA}: 24,841 characters were the largest."""
    talk = filmed("x" * 100).client(ANSWER).wait(10)
    assert max(len(delta.delta) for delta in talk.all("response.video.delta")) < 32_000


def test_before_there_were_films_the_websocket_has_only_sound() -> None:
    """Documented: ``output_protocol`` since 2026-01-01-preview, ``response.video.delta`` since 2026-04-10. Assumed."""
    talk = filmed(TEN, api_version="2026-01-01-preview").client(ANSWER).wait(60)
    assert "response.audio.delta" in talk.types
    assert "response.video.delta" not in talk.types


def test_from_webrtc_to_the_websocket_and_back() -> None:
    """Assumed: another protocol is another avatar."""
    talk = connected().client(configure(FILMED)).wait(0.1).server("session.updated", "response.video.delta")
    talk.client(configure(LISA)).wait(10).server("session.updated")
    assert talk.last("session.updated").session.avatar.ice_servers
