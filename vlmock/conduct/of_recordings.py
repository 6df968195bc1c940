"""How the client of a recording behaved: the same judge, the same rules. What a recording lacks is not judged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from vlmock.conduct.codes import BINARY_MESSAGE, LOST_SOUND
from vlmock.conduct.facts import Ending, Facts, Turnaway, facts_of
from vlmock.conduct.judge import Judge
from vlmock.conduct.rule import Finding
from vlmock.protocol.codec import decode_client
from vlmock.protocol.openai_beta import decode_beta
from vlmock.protocol.recording.lines import Frame, Head
from vlmock.recording.model import Recording
from vlmock.session.effects import Remark

__all__ = ["judge_recordings"]

_SWITCHING_PROTOCOLS: Final = 101
_VOICE_LIVE: Final = "/voice-live/realtime"


def judge_recordings(recordings: Sequence[Recording]) -> tuple[list[Finding], list[str]]:
    """The findings about all of them, taken for the connections of one client, in order; and in words what could not
    be judged.

    Raises RecordingError when a recording's sound cannot be read.
    """
    judge, findings, unjudged = Judge(), [], []
    lines: dict[int, list[int]] = {}
    """Of each connection, for each entry."""
    for number, recording in enumerate(recordings, 1):
        head = recording.head
        if head.status != _SWITCHING_PROTOCOLS:
            findings += judge.turned_away(Turnaway(status=head.status, at=_opened(head), message=head.body))
            continue
        lost = _lost(recording)
        if lost - {LOST_SOUND}:
            unjudged.append(f"{recording.name} is not judged: some of its events were lost before it was written")
            continue
        facts = _facts(head, audible=not (head.audio_cut or lost))
        findings += judge.opened(number, facts, place=recording.name)
        decode = decode_client if facts.dialect == "voice-live" else decode_beta
        lines[number] = [recording.line(-1)]
        for place, frame in enumerate(recording.frames):
            for source, event in _said(recording, frame, decode):
                lines[number].append(recording.line(place))
                findings += judge.heard(number, source, event, frame.at)
        if recording.end is not None:
            end = recording.end
            findings += judge.ended(number, Ending(end.code, end.reason, recording.ended_by, recording.ended_at))
    return [_with_its_line(finding, lines.get(finding.connection, [])) for finding in findings], unjudged


def _with_its_line(finding: Finding, lines: Sequence[int]) -> Finding:
    line = lines[finding.entry] if finding.entry < len(lines) else 0
    return msgspec.structs.replace(finding, line=line)


def _lost(recording: Recording) -> set[object]:
    """What is missing of it, by its codes."""
    remarks = (frame.event for frame in recording.frames if frame.source == "vlmock" and frame.event is not None)
    return {remark.get("code") for remark in remarks if remark.get("type") == "(lost)"}


def _said(recording: Recording, frame: Frame, decode: Any) -> Sequence[tuple[str, Any]]:
    """What the judge is told of a frame."""
    if frame.source == "vlmock":
        return [("vlmock", _remark(frame))] if frame.event is not None else []
    if frame.source == "server":
        return [("server", recording.whole(frame))] if frame.event is not None else []
    if frame.event is not None:
        return [("client", decode(msgspec.json.encode(recording.whole(frame))))]
    if frame.binary is not None:
        noted = Remark("noted", f"a binary message of {len(frame.binary)} bytes", code=BINARY_MESSAGE)
        return [("vlmock", noted), ("client", decode(frame.binary))]
    return [("client", decode((frame.text or "").encode()))]


def _remark(frame: Frame) -> Remark:
    event = frame.event or {}
    kind: Any = str(event.get("type", "")).strip("()")
    return Remark(kind, str(event.get("message", "")), code=event.get("code"), param=event.get("param"))


def _facts(head: Head, *, audible: bool) -> Facts:
    headers = {name.lower(): value for name, value in head.request_headers}
    path = urlsplit(head.url).path
    known = {"api-key": "key", "authorization": "token"}
    return facts_of(
        head.url,
        credential=next((kind for name, kind in known.items() if name in headers), ""),
        user_agent=headers.get("user-agent", ""),
        dialect="voice-live" if not path or path.rstrip("/").endswith(_VOICE_LIVE) else "openai-beta",
        opened=_opened(head),
        timed=head.timed,
        audible=audible,
        recorded=True,
    )


def _opened(head: Head) -> float:
    return datetime.fromisoformat(head.started).timestamp() if head.started else 0.0
