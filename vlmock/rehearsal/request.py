"""How a recorded client dialled the service, as the emulator's front door is to see it."""

from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from vlmock.errors import RecordingError, did_you_mean
from vlmock.protocol.session import API_VERSIONS
from vlmock.recording.model import Recording
from vlmock.recording.opened import refusal
from vlmock.server.dialects import REALTIME_PATH, dialled
from vlmock.server.handshake import SCENARIO_HEADER, Admitted, Policy, Refused, admit
from vlmock.session.models import KNOWN, resolved

__all__ = ["admitted_to"]

_USUAL_VERSION: Final = "2026-04-10"
"""Where the recording does not say and nobody else does."""
_ASKS_FOR_BETA: Final = ("openai-beta", "realtime=v1")
_TOKEN: Final = "Bearer ***"
_CREDENTIALS: Final = ("api-key", "authorization")


def admitted_to(recording: Recording, *, model: str | None = None, api_version: str | None = None) -> Admitted:
    """What the front door makes of it. ``model`` and ``api_version``: in place of what the recording says.

    Raises RecordingError where the emulator would not let that client in, and says why.
    """
    if told := refusal(recording):
        raise RecordingError(f"{told}, so there is nothing to compare; record a session that was opened")
    address = urlsplit(recording.head.url)
    known = dialled(address.path.rstrip("/"))
    query = {name.lower(): value for name, value in parse_qsl(address.query) if name.lower() != "scenario"}
    if model is not None or not recording.head.url:
        query = {name: value for name, value in query.items() if "agent" not in name}
        query["model"] = model or _model_of(recording)
    if api_version is not None or not recording.head.url:
        query["api-version"] = _dated(api_version or _USUAL_VERSION)
    headers = [
        (name, _TOKEN if name.lower() == "authorization" else value)  # all of it was a secret, its first word as well
        for name, value in recording.head.request_headers
        if name.lower() != SCENARIO_HEADER
    ]
    if "authorization" in query:
        query["authorization"] = _TOKEN
    shown = {name.lower() for name, _ in headers} | set(query)
    if not shown & set(_CREDENTIALS):
        # Nobody wrote down which. An agent takes only tokens, a model takes both.
        headers.append(("authorization", _TOKEN))
    if not recording.head.request_headers:
        headers.append(_ASKS_FOR_BETA)  # behind OpenAI's address nothing else is spoken here, and it was spoken
    path = known.path if known is not None else REALTIME_PATH
    outcome = admit(f"{path}?{urlencode(query)}", headers, policy=Policy())
    if isinstance(outcome, Refused):
        raise RecordingError(
            f"{recording.name}: the emulator refuses this connection with HTTP {outcome.status}, and the service did "
            f"not: {outcome.message}"
        )
    return outcome


def _dated(version: str) -> str:
    if version not in API_VERSIONS:
        raise RecordingError(f"there is no api-version {version!r}{did_you_mean(version, API_VERSIONS)}")
    return version


def _model_of(recording: Recording) -> str:
    """By what ``session.created`` calls it. Raises RecordingError where there is no such event."""
    created = next((frame.event for frame in recording.frames if _type(frame.event) == "session.created"), None)
    session = created.get("session") if created else None
    name = session.get("model") if isinstance(session, dict) else None
    if not isinstance(name, str):
        raise RecordingError(f"{recording.name}: nothing in it says which model was dialled; say it with --model")
    return next((model for model in KNOWN if resolved(model) == name), name)


def _type(event: Any) -> Any:
    return event.get("type") if isinstance(event, dict) else None
