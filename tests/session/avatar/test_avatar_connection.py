"""An offer, an answer, and who gets none."""

import base64
from typing import Any

import pytest

from tests.session.avatar.offers import EXHAUSTED, FILMED, LISA, answered, configure, connect, offer
from tests.session.conftest import MS_PER_CHARACTER, Dialogue, PlannedScript
from vlmock.session.avatar.pool import AvatarPool
from vlmock.session.readings import parse_readings
from vlmock.session.script import Say
from vlmock.session.timing import Timing


def with_avatar(**how: Any) -> Dialogue:
    return Dialogue(**how).client(configure(LISA)).skip()


def refusal(talk: Dialogue) -> tuple[str, str]:
    talk.server("error")
    error = talk.last("error").error
    return error.code, error.message


def test_an_offer_is_answered() -> None:
    """Observed {S03, TAK}: base64 of JSON both ways. Observed {VIBE}: after about 300 ms."""
    talk = with_avatar(timing=Timing("cascade")).wait(0.1).skip()
    talk.client(connect(offer("application", ("video", "recvonly")))).wait(0.29).server()
    talk.wait(0.02).server("session.avatar.connecting")
    sdp = answered(talk.last("session.avatar.connecting").server_sdp)
    assert [line.split()[0] for line in sdp.splitlines() if line.startswith("m=")] == ["m=application", "m=video"]


@pytest.mark.parametrize(
    ("client_sdp", "what"),
    [
        ("x", "it is not base64 of JSON"),
        ("", "it is not base64 of JSON"),
        (base64.b64encode(b"v=0").decode(), "it is not base64 of JSON"),
        (base64.b64encode(b'{"type": "offer"}').decode(), "it is not base64 of JSON"),
        (base64.b64encode(b"\xff").decode(), "it is not base64 of JSON"),
        (offer(), "it is not base64 of JSON"),
        (connect(kind="answer")["client_sdp"], "its type is not offer"),
        (connect("nonsense")["client_sdp"], "its sdp is no session description"),
        (connect(offer(("audio", "recvonly")))["client_sdp"], "it has no m=video"),
    ],
)
def test_what_is_no_offer_is_refused_and_costs_nothing(client_sdp: str, what: str) -> None:
    """Observed {VIBE}: no ``m=video``. Assumed: the rest. The words never hold what was sent."""
    talk = with_avatar()
    for _ in range(3):
        talk.client({"type": "session.avatar.connect", "client_sdp": client_sdp, "event_id": "mine"})
    error = talk.last("error").error
    assert (error.code, error.param, error.event_id) == ("invalid_value", "client_sdp", "mine")
    assert error.message.startswith(f"Invalid 'client_sdp': {what}. Expected base64 of the JSON ")
    talk.skip().client(connect()).server("session.avatar.connecting")


def test_without_an_avatar_there_is_nothing_to_connect_to() -> None:
    """Assumed."""
    code, message = refusal(Dialogue().skip().client(connect()))
    assert (code, message[:28]) == ("invalid_request_error", "Avatar is not configured. Se")


def test_an_avatar_over_the_websocket_is_not_connected() -> None:
    """Assumed."""
    _, message = refusal(Dialogue(api_version="2026-01-01-preview").client(configure(FILMED)).skip().client(connect()))
    assert message == "session.avatar.connect is only supported when output_protocol is 'webrtc'."


def test_a_second_offer_is_refused_while_the_first_connection_lives() -> None:
    """Observed {VIBE}."""
    talk = with_avatar(timing=Timing("cascade")).wait(0.1).skip()
    talk.client(connect(), connect())
    assert refusal(talk) == ("invalid_request_error", "WebRTC connection is in connected state")
    talk.wait(1).server("session.avatar.connecting")


def test_sent_away_it_can_be_connected_again() -> None:
    """Assumed: null ends the connection, and it counts no less for that."""
    talk = with_avatar().client(connect(), configure(None)).skip()
    assert refusal(talk.client(connect()))[1].startswith("Avatar is not configured")
    talk.client(configure(LISA)).skip().client(connect()).server("session.avatar.connecting")


# ---- what sessions share


@pytest.mark.parametrize(("rate", "allowed"), [("two", 2), ("three", 3)])
def test_so_many_a_minute_and_no_more(rate: str, allowed: int) -> None:
    """Documented {DOC}: two; observed {VIBE}: the words, and the number counts down. Three, counted later {VIBE}. Each
    session of a server counts, and so do those that are over."""
    avatars = AvatarPool()
    readings = parse_readings({"avatar_rate": rate})
    for number in range(allowed):
        talk = with_avatar(avatars=avatars, readings=readings).wait(number)
        talk.client(connect()).server("session.avatar.connecting")
        talk.session.close()
    talk = with_avatar(avatars=avatars, readings=readings).wait(17)
    limited = "rate_limit_exceeded"
    assert refusal(talk.client(connect())) == (limited, "Avatar request was rate-limited. Retry after 43.0s.")
    assert refusal(talk.wait(36.5).client(connect())) == (limited, "Avatar request was rate-limited. Retry after 7.0s.")
    talk.wait(7).client(connect()).server("session.avatar.connecting")


def test_so_many_at_once_and_no_more() -> None:
    """Observed {VIBE}: five; whoever leaves makes room."""
    avatars = AvatarPool()
    talks = []
    for number in range(5):
        talks.append(with_avatar(avatars=avatars).wait(number * 31))
        talks[-1].client(connect()).server("session.avatar.connecting")
    sixth = with_avatar(avatars=avatars).wait(5 * 31)
    assert refusal(sixth.client(connect())) == ("avatar_service_resource_exhausted", EXHAUSTED)
    talks[2].session.close()
    sixth.client(connect()).server("session.avatar.connecting")


def test_over_the_websocket_an_avatar_counts_from_the_update_on() -> None:
    """Assumed. Refused, the update changes nothing."""
    avatars = AvatarPool()
    for _ in range(2):
        Dialogue(avatars=avatars).client(configure(FILMED))
    talk = Dialogue(avatars=avatars).skip().client(configure(FILMED))
    assert refusal(talk)[0] == "rate_limit_exceeded"
    assert talk.client({"type": "session.update", "session": {}}).last("session.updated").session.avatar is None


@pytest.mark.parametrize(
    ("trouble", "code"),
    [("capacity_exceeded", "avatar_capacity_exceeded"), ("resource_exhausted", "avatar_service_resource_exhausted")],
)
def test_a_scenario_may_have_no_avatars(trouble: str, code: str) -> None:
    """Observed {JOR}: both words."""
    talk = with_avatar(avatar_trouble=trouble)
    assert refusal(talk.client(connect()))[0] == code
    assert refusal(talk.client(configure(FILMED)))[0] == code


# ---- how long


def test_an_idle_avatar_is_disconnected_after_five_minutes() -> None:
    """Documented (behaviour 1.4): the limit. Assumed: an error says so; a new offer is answered."""
    talk = with_avatar().wait(100).client(connect()).wait(299.9).skip()
    talk.wait(0.2)
    assert refusal(talk)[0] == "avatar_idle_timeout"
    talk.wait(3600).server()
    talk.client(connect()).server("session.avatar.connecting")


def test_the_five_minutes_begin_when_it_falls_silent() -> None:
    """Not when it was connected, and not at the end of the ten that it might have spoken."""
    script = PlannedScript([[Say("x" * (100_000 // MS_PER_CHARACTER))]])
    talk = with_avatar(script=script).client(connect()).wait(290).client({"type": "response.create"})
    talk.wait(100 + 299.9).skip()
    assert refusal(talk.wait(0.2))[0] == "avatar_idle_timeout"


def test_a_film_ends_after_five_minutes_without_a_word() -> None:
    """The same over the WebSocket; another update brings it back, from its beginning."""
    talk = Dialogue().client(configure(FILMED)).wait(299.9).skip()
    talk.wait(1).server("error")
    talk.wait(60).server()
    talk.client(configure(FILMED)).wait(0.1).server("session.updated", "response.video.delta")
    assert talk.last("response.video.delta").delta[4:8] == b"ftyp"
