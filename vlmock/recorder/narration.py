"""What a recorder says about its connections, a line each, for people. What is not recorded is not said either."""

import msgspec

from vlmock.protocol.recording.redaction import Redaction
from vlmock.protocol.shown import facts, on_one_line
from vlmock.recorder.frames import Goodbye, Message, Said
from vlmock.recorder.minutes import Recorded

__all__ = ["begun", "ended", "event_line"]

_ARROWS = {"client": "→", "server": "←"}
_LONGEST_TEXT = 100
"""Of each text in an event, in characters."""


def begun(recorded: Recorded) -> str:
    """A client was let in: ``#1 opened: /voice-live/realtime?model=gpt-realtime``. One that was not is told of once,
    when it is over."""
    return f"#{recorded.number} opened: {on_one_line(recorded.path)}"


def ended(recorded: Recorded, redaction: Redaction) -> str:
    """``#1 ended by the client with 1000, 214 frames in 12.3 s: out/connection-1``."""
    if recorded.status != 101:
        return f"#{recorded.number} refused with {recorded.status}: {on_one_line(recorded.path)}: {recorded.folder}"
    if recorded.ended_by:
        reason = f" ({on_one_line(redaction.text(recorded.reason))})" if recorded.reason else ""
        how = f"ended by the {recorded.ended_by} with {recorded.code}{reason}"
    else:
        how = "broken off, because the recorder stops"
    frames = f"{recorded.frames} frame{'' if recorded.frames == 1 else 's'}"
    return f"#{recorded.number} {how}, {frames} in {recorded.seconds:.1f} s: {recorded.folder}"


def event_line(recorded: Recorded, side: str, said: Said, redaction: Redaction) -> str:
    """As a server's log has it: ``#1    0.512 → response.create``; audio as its length, secrets as ``***``."""
    start = f"#{recorded.number} {recorded.seconds:8.3f} {_ARROWS[side]}"
    match said:
        case Goodbye(code, reason):
            return on_one_line(f"{start} (close) {code} {redaction.text(reason)}".rstrip())
        case Message(data):
            try:
                event = msgspec.json.decode(data)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                event = None
            if not isinstance(event, dict):
                return f"{start} ({'text' if said.is_text else 'binary'}, {len(data)} bytes)"
            told = facts(event, longest_text=_LONGEST_TEXT, without=("type", "event_id"), redaction=redaction)
            wire_type = redaction.text(str(event.get("type", "")))
            return f"{start} {on_one_line(wire_type)} {told}".rstrip()
    return f"{start} (unreadable) {said.why}"
