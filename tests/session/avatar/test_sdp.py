"""An answer that any WebRTC stack takes."""

import re

import pytest

from tests.session.avatar.offers import offer
from vlmock.session.avatar.sdp import OfferError, answer, parse_offer


def answer_to(text: str, seed: str = "1") -> str:
    return answer(parse_offer(text), seed=seed)


def lines_of(sdp: str, start: str) -> list[str]:
    return [line for line in sdp.split("\r\n") if line.startswith(start)]


@pytest.mark.parametrize(
    ("offered", "answered"),
    [("recvonly", "sendonly"), ("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("inactive", "inactive")],
)
def test_directions_are_mirrored(offered: str, answered: str) -> None:
    """RFC 3264, 6.1. Observed {VIBE}: an inactive video works."""
    sdp = answer_to(offer(("video", offered)))
    assert lines_of(sdp, f"a={answered}") == [f"a={answered}"]
    assert bool(lines_of(sdp, "a=msid:")) is answered.startswith("send")


def test_each_line_is_answered_in_its_place() -> None:
    """RFC 8829, 5.3.1: as many m= lines, in the same order, with the same mids, in one bundle."""
    sdp = answer_to(offer(("audio", "sendrecv"), ("video", "recvonly"), "application"))
    assert [line.split()[0] for line in lines_of(sdp, "m=")] == ["m=audio", "m=video", "m=application"]
    assert lines_of(sdp, "a=mid:") == ["a=mid:0", "a=mid:1", "a=mid:2"]
    assert lines_of(sdp, "a=group:") == ["a=group:BUNDLE 0 1 2"]
    assert sdp.endswith("\r\n")


def test_h264_comes_before_vp8_and_opus_is_the_sound() -> None:
    """Documented (schema D8): H.264; the mode that browsers use, with what sends it again."""
    sdp = answer_to(offer())
    assert lines_of(sdp, "m=") == ["m=video 9 UDP/TLS/RTP/SAVPF 108 109", "m=audio 9 UDP/TLS/RTP/SAVPF 111"]
    assert lines_of(sdp, "a=rtpmap:") == [
        "a=rtpmap:108 H264/90000",
        "a=rtpmap:109 rtx/90000",
        "a=rtpmap:111 opus/48000/2",
    ]
    assert lines_of(sdp, "a=rtcp-fb:") == ["a=rtcp-fb:108 nack", "a=rtcp-fb:108 nack pli", "a=rtcp-fb:111 transport-cc"]


def test_vp8_will_do() -> None:
    """Where there is no H.264."""
    sdp = answer_to(offer().replace("H264", "H266"))
    assert lines_of(sdp, "m=video") == ["m=video 9 UDP/TLS/RTP/SAVPF 96 97"]


def test_a_line_without_a_codec_of_ours_keeps_its_place_and_leaves_the_bundle() -> None:
    """RFC 3264, 6: its port is 0."""
    sdp = answer_to(offer().replace("opus", "speex").replace("PCMU", "PCMX").replace(" 0\r\n", "\r\n"))
    assert lines_of(sdp, "m=audio") == ["m=audio 0 UDP/TLS/RTP/SAVPF 111 63"]
    assert lines_of(sdp, "a=group:") == ["a=group:BUNDLE 0"]
    assert lines_of(sdp, "a=mid:") == ["a=mid:0", "a=mid:1"]


@pytest.mark.parametrize(
    ("offered", "answered"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")]
)
def test_one_end_opens_the_connection(offered: str, answered: str) -> None:
    """RFC 8842, 5.3."""
    assert set(lines_of(answer_to(offer(setup=offered)), "a=setup:")) == {f"a=setup:{answered}"}


def test_what_is_made_up_is_well_formed_and_the_same_for_the_same_seed() -> None:
    """RFC 8839, 5.4: 4 and 22 characters at least; RFC 8122: a digest of SHA-256."""
    sdp = answer_to(offer())
    assert all(re.fullmatch(r"a=ice-ufrag:\w{8}", line) for line in lines_of(sdp, "a=ice-ufrag"))
    assert all(re.fullmatch(r"a=ice-pwd:\w{24}", line) for line in lines_of(sdp, "a=ice-pwd"))
    prints = lines_of(sdp, "a=fingerprint:")
    assert all(re.fullmatch(r"a=fingerprint:sha-256 [0-9A-F]{2}(:[0-9A-F]{2}){31}", line) for line in prints)
    assert sdp == answer_to(offer())
    assert sdp != answer_to(offer(), seed="2")


def test_the_transport_may_be_named_for_all_lines_at_once() -> None:
    """RFC 8866: what stands before the first m= line holds for all of them."""
    transport = "a=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\na=fingerprint:sha-256 AA\na=recvonly\n"
    text = f"v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n{transport}m=video 9 RTP/SAVPF 96\na=rtpmap:96 VP8/90000\n"
    sdp = answer_to(text)
    assert lines_of(sdp, "m=") == ["m=video 9 RTP/SAVPF 96"]
    assert lines_of(sdp, "a=sendonly") == ["a=sendonly"]
    assert lines_of(sdp, "a=group:") == lines_of(sdp, "a=mid:") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "its sdp is no session description"),
        ("hello", "its sdp is no session description"),
        ("v=0\r\nhello\r\n", "its sdp is no session description"),
        (offer(("audio", "recvonly")), "it has no m=video"),
        (offer().replace("m=video 9", "m=video 0"), "it has no m=video"),
        (offer().replace("m=video 9", "m=video"), "one of its m= lines cannot be read"),
        (offer().replace("a=ice-pwd:mNKakaVYPwiXGOXSLBUN8Y0I\r\n", ""), "its m=video has no ice-pwd"),
        (offer().replace("a=fingerprint", "a=finger"), "its m=video has no fingerprint"),
    ],
)
def test_what_is_no_offer_is_refused(text: str, why: str) -> None:
    """In a few words, which never hold what was sent."""
    with pytest.raises(OfferError, match=f"^{why}$"):
        parse_offer(text)


async def test_a_webrtc_stack_takes_the_answer() -> None:
    """Judged by aiortc: the offer is its own, and ``setRemoteDescription`` raises what it does not like."""
    aiortc = pytest.importorskip("aiortc", reason="aiortc brings 70 MB along: pip install 'vlmock[judges]'")
    for direction in ("recvonly", "sendrecv", "inactive"):
        peer = aiortc.RTCPeerConnection()
        try:
            peer.addTransceiver("video", direction=direction)
            peer.addTransceiver("audio", direction="recvonly")
            peer.createDataChannel("events")
            await peer.setLocalDescription(await peer.createOffer())
            sdp = answer_to(peer.localDescription.sdp)
            await peer.setRemoteDescription(aiortc.RTCSessionDescription(sdp, "answer"))
            assert peer.signalingState == "stable"
            assert [each.currentDirection for each in peer.getTransceivers()] == [direction, "recvonly"]
        finally:
            await peer.close()
