"""Which formats the sound of a session has, as the service confirmed them."""

from typing import Any, NamedTuple

from vlmock.protocol.audio_format import AudioFormat, input_format, output_format
from vlmock.protocol.wire import JsonObject

__all__ = ["FormatsInForce", "SoundFormat"]

_DEFAULT_NAME = "pcm16"
_DEFAULT_RATE_HZ = 24000
_MOST_CHANNELS = 2
_HIGHEST_RATE_HZ = 768_000
"""A WAV file's header holds no more."""


class SoundFormat(NamedTuple):
    """How one stream is written, with all its channels."""

    format: AudioFormat
    channels: int = 1


class FormatsInForce:
    """Follows what a server says about its session. What is sent before it says anything has the defaults."""

    def __init__(self) -> None:
        self._session: JsonObject = {}
        self._client = self._confirmed()
        self._responses: dict[str, str] = {}
        """What single responses were asked to sound like, while they last."""

    def heard(self, event: JsonObject) -> None:
        """The server has sent this."""
        match event:
            case {"type": "session.created" | "session.updated", "session": dict(session)}:
                self._session = {**self._session, **session}
                self._client = self._confirmed()
            case {"type": "response.created", "response": {"id": str(id), "output_audio_format": str(name)}}:
                self._responses[id] = name
            case {"type": "response.done", "response": {"id": str(id)}}:
                self._responses.pop(id, None)

    def of_client(self) -> SoundFormat | None:
        """What the client sends; None where we do not know that format."""
        return self._client

    def _confirmed(self) -> SoundFormat | None:
        rate_hz = self._session.get("input_audio_sampling_rate") or _DEFAULT_RATE_HZ
        name = self._session.get("input_audio_format") or _DEFAULT_NAME
        try:
            format = input_format(name, rate_hz)
        except (TypeError, ValueError):
            return None
        if not isinstance(format.rate_hz, int) or format.rate_hz > _HIGHEST_RATE_HZ:
            return None
        return SoundFormat(format, self._channels() if format.encoding == "pcm16" else 1)

    def of_server(self, response_id: Any = None) -> SoundFormat | None:
        """What the server sends in a response; None where we do not know that format."""
        name = self._responses.get(response_id) if isinstance(response_id, str) else None
        try:
            return SoundFormat(output_format(name or self._session.get("output_audio_format") or _DEFAULT_NAME))
        except (TypeError, ValueError):
            return None

    def _channels(self) -> int:
        """Documented {DOC}: with the client's own echo reference, microphone and reference are interleaved."""
        cancellation = self._session.get("input_audio_echo_cancellation")
        channels = cancellation.get("channels") if isinstance(cancellation, dict) else None
        return channels if isinstance(channels, int) and 1 <= channels <= _MOST_CHANNELS else 1
