"""What a browser offers, put together from what Chromium 140 wrote, and avatars to connect to."""

import base64
import json
from typing import Any

LISA = {"character": "lisa", "style": "casual-sitting", "customized": False}
FILMED = LISA | {"output_protocol": "websocket"}

EXHAUSTED = (
    "Service capacity exceeded: too many concurrent avatar rendering requests. The system has reached its maximum "
    "processing capacity. Please reduce request rate or wait for current requests to complete before retrying."
)

_TRANSPORT = """\
c=IN IP4 0.0.0.0
a=ice-ufrag:ZTG7
a=ice-pwd:mNKakaVYPwiXGOXSLBUN8Y0I
a=ice-options:trickle
a=fingerprint:sha-256 E2:DE:71:5E:19:DD:C3:8B:4B:38:F3:69:C1:8D:B9:F6:9F:F3:E5:77:D9:23:68:F9:CF:98:26:27:39:F5:A6:2D
a=setup:{setup}
a=mid:{mid}
"""
_MEDIA = {
    "audio": """\
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0
{transport}a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a={direction}
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:0 PCMU/8000
""",
    "video": """\
m=video 9 UDP/TLS/RTP/SAVPF 96 97 104 107 108 109
{transport}a=extmap:13 urn:3gpp:video-orientation
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a={direction}
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:104 H264/90000
a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
a=rtpmap:107 rtx/90000
a=fmtp:107 apt=104
a=rtpmap:108 H264/90000
a=rtcp-fb:108 nack
a=rtcp-fb:108 nack pli
a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:109 rtx/90000
a=fmtp:109 apt=108
""",
    "application": """\
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
{transport}a=sctp-port:5000
a=max-message-size:262144
""",
}


def offer(*media: tuple[str, str] | str, setup: str = "actpass") -> str:
    """An offer with these lines: ``("video", "recvonly")``, ``"application"``; by default it only receives."""
    lines = [each if isinstance(each, tuple) else (each, "") for each in media or RECEIVED]
    mids = " ".join(map(str, range(len(lines))))
    text = f"v=0\no=- 3315351091436015504 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE {mids}\na=msid-semantic: WMS\n"
    for mid, (kind, direction) in enumerate(lines):
        text += _MEDIA[kind].format(transport=_TRANSPORT.format(mid=mid, setup=setup), direction=direction)
    return text.replace("\n", "\r\n")


RECEIVED = (("video", "recvonly"), ("audio", "recvonly"))


def connect(sdp: str | None = None, kind: str = "offer") -> dict[str, Any]:
    """``session.avatar.connect`` with an offer."""
    description = json.dumps({"type": kind, "sdp": offer() if sdp is None else sdp})
    return {"type": "session.avatar.connect", "client_sdp": base64.b64encode(description.encode()).decode()}


def answered(server_sdp: str) -> str:
    """The SDP in an answer."""
    description = json.loads(base64.b64decode(server_sdp, validate=True))
    assert description.keys() == {"type", "sdp"}
    assert description["type"] == "answer"
    return str(description["sdp"])


def configure(avatar: dict[str, Any] | None, **session: Any) -> dict[str, Any]:
    """``session.update`` with an avatar."""
    return {"type": "session.update", "session": {"avatar": avatar, **session}}
