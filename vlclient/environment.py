"""What the environment says: variables, and a ``.env`` file.

The names are those of the service's quickstarts (``AZURE_VOICE_LIVE_…``, ``VOICE_LIVE_MODEL``), of the vendor's SDK
(``AZURE_VOICELIVE_…``), and of its agent quickstart (``AGENT_NAME``, ``PROJECT_NAME``, ``VOICELIVE_ENDPOINT``). A
variable of the environment wins over one in the file, whatever its spelling; a value that is empty counts as not set.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from vlclient.endpoint import Agent
from vlclient.errors import ConfigurationError

__all__ = ["NAMES", "Settings", "read_settings"]

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "endpoint": ("AZURE_VOICE_LIVE_ENDPOINT", "AZURE_VOICELIVE_ENDPOINT", "VOICELIVE_ENDPOINT"),
    "api_key": ("AZURE_VOICE_LIVE_API_KEY", "AZURE_VOICELIVE_API_KEY"),
    "api_version": ("AZURE_VOICE_LIVE_API_VERSION", "AZURE_VOICELIVE_API_VERSION", "VOICELIVE_API_VERSION"),
    "model": ("VOICE_LIVE_MODEL", "AZURE_VOICE_LIVE_MODEL", "AZURE_VOICELIVE_MODEL"),
    "agent_name": ("AZURE_VOICE_LIVE_AGENT_NAME", "AZURE_VOICELIVE_AGENT_NAME", "AGENT_NAME"),
    "project_name": (
        "AZURE_VOICE_LIVE_PROJECT_NAME",
        "AZURE_VOICELIVE_PROJECT_NAME",
        "AGENT_PROJECT_NAME",
        "PROJECT_NAME",
    ),
    "agent_version": ("AGENT_VERSION",),
    "conversation_id": ("CONVERSATION_ID",),
    "authentication_identity_client_id": ("AGENT_AUTHENTICATION_IDENTITY_CLIENT_ID",),
    "foundry_resource_override": ("FOUNDRY_RESOURCE_OVERRIDE",),
}
"""For every setting the variables that may hold it, in the order in which they are asked."""

_IN_WORDS: Final = {
    "api_key": "API key",
    "api_version": "api-version",
    "agent_name": "agent",
    "project_name": "project",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. ``repr`` shows names and never the key."""

    endpoint: str | None = None
    api_key: str | None = None
    api_version: str | None = None
    model: str | None = None
    agent: Agent | None = None
    """Only where agent and project are both named. Their variables have everyday names: count on it only where the
    caller names neither a model nor an agent, and ``model`` is None."""
    foundry_resource_override: str | None = None
    origins: Mapping[str, str] = {}
    """Which variable gave which setting, for the texts of errors: ``{"model": "VOICE_LIVE_MODEL in /home/a/.env"}``."""
    unread: str | None = None
    """Why a ``.env`` file that is there was not read, or None."""

    def origin(self, setting: str) -> str:
        """Where a setting came from, in words."""
        return self.origins.get(setting, "nowhere")

    def missing(self, setting: str) -> ConfigurationError:
        """The error that says how to give a setting that nobody gave."""
        unread = f"; {self.unread}" if self.unread else ""
        return ConfigurationError(
            f"no {_IN_WORDS.get(setting, setting)} is given: pass one, or set {NAMES[setting][0]}{unread}"
        )

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{setting} from {origin}' for setting, origin in self.origins.items())})"

    def __rich_repr__(self) -> Any:
        """Without it rich would show every field."""
        yield from self.origins.items()


def read_settings(environ: Mapping[str, str], *, folder: Path | None = None) -> Settings:
    """Look into ``environ`` (usually ``os.environ``), then into the nearest ``.env``.

    ``folder``: where the file is looked for, there and then upwards; usually ``Path.cwd()``. None: no file is read.
    It is read with python-dotenv and changes nothing in ``os.environ``, so what azure-identity itself reads
    (``AZURE_TENANT_ID`` and the like) must be in the environment. Nothing is raised: a file that cannot be read is
    mentioned once something is missing.
    """
    path = _nearest(folder) if folder is not None else None
    in_file, unread = _read(path) if path is not None else ({}, None)
    found: dict[str, str] = {}
    origins: dict[str, str] = {}
    for setting, names in NAMES.items():
        for values, place in ((environ, ""), (in_file, f" in {path}")):
            name = next((name for name in names if (values.get(name) or "").strip()), None)
            if name is not None:
                found[setting] = (values[name] or "").strip()
                origins[setting] = name + place
                break
    return Settings(
        endpoint=found.get("endpoint"),
        api_key=found.get("api_key"),
        api_version=found.get("api_version"),
        model=found.get("model"),
        agent=_agent(found),
        foundry_resource_override=found.get("foundry_resource_override"),
        origins=origins,
        unread=unread,
    )


def _agent(found: Mapping[str, str]) -> Agent | None:
    if not ("agent_name" in found and "project_name" in found):
        return None
    return Agent(
        name=found["agent_name"],
        project_name=found["project_name"],
        version=found.get("agent_version"),
        conversation_id=found.get("conversation_id"),
        authentication_identity_client_id=found.get("authentication_identity_client_id"),
    )


def _nearest(folder: Path) -> Path | None:
    start = folder.absolute()
    for each in (start, *start.parents):
        with suppress(OSError):  # a folder that may not be looked into holds no file for us
            if (each / ".env").is_file():
                return each / ".env"
    return None


def _read(path: Path) -> tuple[Mapping[str, str | None], str | None]:
    try:
        from dotenv import dotenv_values
    except ImportError:
        return {}, f"{path} was not read, because python-dotenv is missing: pip install 'vlmock[client]'"
    try:
        return dotenv_values(path, encoding="utf-8-sig"), None  # Windows' editors begin a file with a byte order mark
    except UnicodeDecodeError:
        return {}, f"{path} was not read, because it is not UTF-8: save it as such"
    except OSError as error:
        return {}, f"{path} was not read: {error.strerror}"
