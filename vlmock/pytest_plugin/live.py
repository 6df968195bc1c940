"""The live service, as the environment names it, behind a recorder."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vlmock.errors import ServerError

if TYPE_CHECKING:
    from vlmock.pytest_plugin.network import Wall
    from vlmock.recorder.recorder import Recorder
    from vlmock.server.journal import Journal

__all__ = ["credential_in", "endpoint_in", "start_recording"]

_ENDPOINT: Final = ("AZURE_VOICE_LIVE_ENDPOINT", "AZURE_VOICELIVE_ENDPOINT", "VOICELIVE_ENDPOINT")
_KEY: Final = ("AZURE_VOICE_LIVE_API_KEY", "AZURE_VOICELIVE_API_KEY")
"""Of the service's quickstarts, and of the vendor's SDK."""
_WHERE_TOKENS_COME_FROM: Final = ("login.microsoftonline.com", "169.254.169.254")


def endpoint_in(environment: Mapping[str, str]) -> str | None:
    """The service's endpoint; None where nobody says."""
    return _first(_ENDPOINT, environment)


def credential_in(environment: Mapping[str, str]) -> str:
    """What the service is shown, in words: the key that the environment has, or what there is without one."""
    for name in _KEY:
        if environment.get(name, "").strip():
            return f"the key in {name}"
    return f"no key, because there is none in {_KEY[0]}: a token, or over plain http the test's own credential"


def start_recording(
    folder: Path,
    journal: "Journal",
    environment: Mapping[str, str],
    *,
    redact: Iterable[str],
    redact_audio: bool,
    wall: "Wall | None",
    **address: Any,
) -> "Recorder":
    """A recorder in front of the service that the environment names, with the key in it; without one it signs in with
    azure-identity. No token goes out without TLS: there the client's own credential is passed on.

    ``address``: host, port and tls, as of ``vlmock.serve``. ``wall``: what stands around the test; a hole is made for
    the service. Raises ServerError, RecordingError.
    """
    from vlmock.recorder.recorder import record
    from vlmock.recorder.upstream import upstream_at

    endpoint = endpoint_in(environment)
    if endpoint is None:
        raise ServerError(
            f"no service is named to record from: set {_ENDPOINT[0]} to its endpoint, and {_KEY[0]} to a key, or sign "
            "in with 'az login'"
        )
    upstream = upstream_at(endpoint)
    key = _first(_KEY, environment)
    signing_in = key is None and upstream.secure
    if wall is not None:
        for host in (upstream.host, *(_WHERE_TOKENS_COME_FROM if signing_in else ())):
            wall.allow(host)
    return record(
        endpoint,
        folder,
        api_key=key,
        entra=signing_in,
        redact=redact,
        redact_audio=redact_audio,
        journal=journal,
        **address,
    )


def _first(names: Iterable[str], environment: Mapping[str, str]) -> str | None:
    return next((value for name in names if (value := environment.get(name, "").strip())), None)
