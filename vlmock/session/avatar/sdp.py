"""The offer of a client that wants to see the avatar, and an answer that any WebRTC stack takes.

Nothing is connected by it: the one candidate of the answer is a port of the client's own machine that nobody listens
on. But it is an answer to this very offer: line for line, with codecs, directions and roles that follow from it
(RFC 8829, RFC 3264, RFC 8843).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

__all__ = ["Offer", "OfferError", "answer", "parse_offer"]

_MIRRORED: Final = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_WANTED: Final = {"video": ("H264", "VP8"), "audio": ("opus", "PCMU", "PCMA")}
"""What is chosen where it was offered, best first. Documented (schema D8): H.264."""
_STATIC: Final = {"0": "PCMU/8000", "8": "PCMA/8000"}
_EXTENSION_MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
_MEDIA_LINE: Final = re.compile(r"(audio|video|application|text|message) (\d+)(?:/\d+)? (\S+) (.+)")
_LONGEST: Final = 256 * 1024


class OfferError(Exception):
    """What is wrong with an offer, in a few words."""


class Media(msgspec.Struct, frozen=True):
    """One ``m=`` line and what belongs to it."""

    kind: str
    wanted: bool
    """False for a line that only keeps its place: its port is 0, and no other line's transport carries it."""
    protocol: str
    formats: tuple[str, ...]
    attributes: tuple[str, ...]
    """Without ``a=``, those of the whole session included where it has none of its own."""

    def all(self, name: str) -> Iterator[str]:
        """The values of every attribute of that name."""
        prefix = f"{name}:"
        return (attribute[len(prefix) :] for attribute in self.attributes if attribute.startswith(prefix))

    def get(self, name: str) -> str | None:
        return next(self.all(name), None)

    def by_format(self, name: str) -> dict[str, list[str]]:
        """``rtpmap``, ``fmtp`` and ``rtcp-fb`` lines by the payload type that they begin with."""
        found: dict[str, list[str]] = {}
        for value in self.all(name):
            format_, _, rest = value.partition(" ")
            found.setdefault(format_, []).append(rest)
        return found

    @property
    def direction(self) -> str:
        return next((attribute for attribute in self.attributes if attribute in _MIRRORED), "sendrecv")


class Offer(msgspec.Struct, frozen=True):
    """What a client can take."""

    media: tuple[Media, ...]
    bundled: frozenset[str]
    """The ``mid`` of each line that may share one transport."""


def parse_offer(text: str) -> Offer:
    """The offer in an SDP text. Raises OfferError: it is none, or nothing can come of it.

    Observed {VIBE}: an offer without ``m=video`` is rejected; one whose video is ``inactive`` is not.
    """
    lines = [line for line in text[:_LONGEST].replace("\r\n", "\n").split("\n") if line]
    if not lines or lines[0] != "v=0" or any(len(line) < 2 or line[1] != "=" for line in lines):
        raise OfferError("its sdp is no session description")
    whole, *parts = _parted(lines)
    session_wide = tuple(line[2:] for line in whole if line.startswith("a="))
    media = tuple(_media(part, session_wide) for part in parts)
    if not any(each.kind == "video" and each.wanted for each in media):
        raise OfferError("it has no m=video")
    for each in media:
        for needed in ("ice-ufrag", "ice-pwd", "fingerprint"):
            if each.wanted and "bundle-only" not in each.attributes and each.get(needed) is None:
                raise OfferError(f"its m={each.kind} has no {needed}")
    groups = (value.split() for value in session_wide if value.startswith("group:BUNDLE "))
    return Offer(media, frozenset(mid for group in groups for mid in group[1:]))


def answer(offer: Offer, *, seed: str) -> str:
    """An answer to it. ``seed``: whatever is made up follows from it, so it is the same for the same seed."""
    accepted = [_accepted(media) for media in offer.media]
    number = int(_made_up(seed, "session")[:15], 16)
    lines = ["v=0", f"o=- {number} 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    kept = (media.get("mid") for media, formats in zip(offer.media, accepted, strict=True) if formats)
    if bundle := [mid for mid in kept if mid in offer.bundled]:
        lines.append(f"a=group:BUNDLE {' '.join(bundle)}")
    lines.append("a=msid-semantic: WMS avatar")
    for media, formats in zip(offer.media, accepted, strict=True):
        lines += _line(media, formats, seed) if formats else _rejected(media)
    return "\r\n".join([*lines, ""])


# ---- reading


def _parted(lines: Sequence[str]) -> list[list[str]]:
    """What holds for all, then each ``m=`` line with its own."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            parts.append([])
        parts[-1].append(line)
    return parts


def _media(lines: Sequence[str], session_wide: Sequence[str]) -> Media:
    found = _MEDIA_LINE.fullmatch(lines[0][2:])
    if found is None:
        raise OfferError("one of its m= lines cannot be read")
    own = tuple(line[2:] for line in lines[1:] if line.startswith("a="))
    named = {attribute.partition(":")[0] for attribute in own}
    inherited = (attribute for attribute in session_wide if attribute.partition(":")[0] not in named)
    if named & _MIRRORED.keys():
        inherited = (attribute for attribute in inherited if attribute not in _MIRRORED)
    wanted = found[2] != "0" or "bundle-only" in own
    return Media(found[1], wanted, found[3], tuple(found[4].split()), (*own, *inherited))


# ---- choosing


def _accepted(media: Media) -> tuple[str, ...]:
    """The formats that the answer keeps; none rejects the line."""
    if not media.wanted:
        return ()
    if media.kind == "application":
        return media.formats if media.formats == ("webrtc-datachannel",) else ()
    return next((kept for codec in _WANTED.get(media.kind, ()) if (kept := _with_codec(media, codec))), ())


def _with_codec(media: Media, codec: str) -> tuple[str, ...]:
    """The first payload type of this codec, if there is one, and the one that sends it again."""
    maps = {**{format_: [name] for format_, name in _STATIC.items()}, **media.by_format("rtpmap")}
    parameters = media.by_format("fmtp")

    def offered(wanted: Callable[[str, str], bool]) -> str | None:
        return next(
            (
                format_
                for format_ in media.formats
                if format_ in maps and wanted(maps[format_][0].partition("/")[0], " ".join(parameters.get(format_, [])))
            ),
            None,
        )

    chosen = offered(lambda name, how: name.lower() == codec.lower() and "packetization-mode=1" in how)
    chosen = chosen or offered(lambda name, _: name.lower() == codec.lower())
    if chosen is None:
        return ()
    again = offered(lambda name, how: name.lower() == "rtx" and how == f"apt={chosen}")
    return (chosen, again) if again else (chosen,)


# ---- writing


def _line(media: Media, formats: Sequence[str], seed: str) -> Iterator[str]:
    yield f"m={media.kind} 9 {media.protocol} {' '.join(formats)}"
    yield "c=IN IP4 0.0.0.0"
    if media.kind != "application":
        yield "a=rtcp:9 IN IP4 0.0.0.0"
    yield "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"
    yield "a=end-of-candidates"
    yield f"a=ice-ufrag:{_made_up(seed, 'ufrag')[:8]}"
    yield f"a=ice-pwd:{_made_up(seed, 'password')[:24]}"
    yield f"a=fingerprint:sha-256 {sha256(f'{seed} certificate'.encode()).digest().hex(':').upper()}"
    yield f"a=setup:{'active' if media.get('setup') == 'passive' else 'passive'}"
    if (mid := media.get("mid")) is not None:
        yield f"a=mid:{mid}"
    yield from _channel(media) if media.kind == "application" else _stream(media, formats, seed)


def _channel(media: Media) -> Iterator[str]:
    yield f"a=sctp-port:{media.get('sctp-port') or 5000}"
    yield "a=max-message-size:262144"


def _stream(media: Media, formats: Sequence[str], seed: str) -> Iterator[str]:
    direction = _MIRRORED[media.direction]
    yield from (f"a=extmap:{value}" for value in media.all("extmap") if value.endswith(f" {_EXTENSION_MID}"))
    yield f"a={direction}"
    if direction.startswith("send"):
        yield f"a=msid:avatar avatar-{media.kind}-{media.get('mid') or 0}"
    yield from (f"a={name}" for name in ("rtcp-mux", "rtcp-rsize") if name in media.attributes)
    for format_ in formats:
        for name in ("rtpmap", "rtcp-fb", "fmtp"):
            yield from (f"a={name}:{format_} {value}" for value in media.by_format(name).get(format_, []))
    if direction.startswith("send"):
        source = int(_made_up(seed, f"source {media.kind} {media.get('mid')}")[:7], 16) + 1
        yield f"a=ssrc:{source} cname:avatar"


def _rejected(media: Media) -> Iterator[str]:
    yield f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}"
    yield "c=IN IP4 0.0.0.0"
    if (mid := media.get("mid")) is not None:
        yield f"a=mid:{mid}"
    yield "a=inactive"


def _made_up(seed: str, purpose: str) -> str:
    """Hexadecimal digits that look like chance."""
    return sha256(f"{seed} {purpose}".encode()).hexdigest()
