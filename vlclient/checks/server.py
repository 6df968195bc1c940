"""From what a person has chosen to the server that is checked."""

import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from vlclient.chat.options import DEFAULT_VOICE, ChatOptions, Counterpart
from vlclient.checks.pacing import LIVE_PER_MINUTE, Pace
from vlclient.checks.probe import Server
from vlclient.connecting import target_of
from vlclient.credentials import SCOPE, choose
from vlclient.endpoint import is_loopback, url
from vlclient.environment import read_settings
from vlclient.errors import ConfigurationError, CredentialError
from vlmock.protocol.voices import AZURE_REALTIME_NATIVE_VOICES, OPENAI_VOICES

__all__ = ["PATIENCE_S", "QUIET_HERE_S", "imagined", "pipeline_of", "server_of"]

PATIENCE_S: Final = 15.0
_QUIET_LIVE_S: Final = 1.5
QUIET_HERE_S: Final = 0.3
"""How long to watch that nothing comes: the latencies of behaviour 7.1, or those of this machine."""
_NOBODY: Final = "https://nobody.services.ai.azure.com"


def server_of(
    *,
    endpoint: str | None = None,
    api_key: str | None = None,
    model: str | None = None,
    api_version: str | None = None,
    profile: str | None = None,
    agent_name: str | None = None,
    project_name: str | None = None,
    agent_version: str | None = None,
    conversation_id: str | None = None,
    voice: str | None = None,
    pipeline: str | None = None,
    patience_s: float = PATIENCE_S,
) -> Server:
    """What is not given comes from the environment, as for ``vlclient chat``. ``pipeline``: the one that model and
    voice run in, where it is not given. Raises ConfigurationError, CredentialError."""
    settings = read_settings(os.environ, folder=Path.cwd())
    if not (endpoint or settings.endpoint):
        raise settings.missing("endpoint")
    options = ChatOptions(
        endpoint=endpoint,
        model=model,
        agent_name=agent_name,
        project_name=project_name,
        agent_version=agent_version,
        conversation_id=conversation_id,
    )
    who = Counterpart.of(options, settings)
    target = target_of(settings, endpoint, who.model, api_version, profile, who.agent, None, None)
    dialled = urlsplit(url(target))
    query = dict(parse_qsl(dialled.query))
    model = "" if who.is_agent else query.get("model", "")
    pipeline = pipeline or pipeline_of(f"{model} {query.get('profile', '')}", voice)
    live = not is_loopback(dialled.hostname or "")
    return Server(
        target=target,
        credential=choose(api_key=api_key, credential=None, settings=settings, scope=SCOPE, agent=who.is_agent),
        pipeline=pipeline,
        voice=_voice_of(pipeline, model, voice),
        model=model,
        api_version=query["api-version"],
        agent=who.is_agent,
        live=live,
        patience_s=patience_s,
        quiet_s=_QUIET_LIVE_S if live else QUIET_HERE_S,
        pace=Pace(LIVE_PER_MINUTE if live else None),
    )


def imagined(**who: Any) -> Server | None:
    """Of whom a dry run speaks: neither endpoint nor credential need be known. None: of any server. Raises
    ConfigurationError."""
    known = read_settings(os.environ, folder=Path.cwd()).endpoint
    if not known and all(value is None for name, value in who.items() if name != "patience_s"):
        return None
    asked = {**who, "endpoint": who.get("endpoint") or known or _NOBODY}
    try:
        return server_of(**asked)
    except CredentialError:
        return None if who.get("agent_name") else server_of(**{**asked, "api_key": "nobody is asked"})


def pipeline_of(model: str, voice: str | None = None) -> str:
    """The one that a model runs in with this voice; None is one of its own. Observed {FON}: behaviour, fact 1."""
    if "realtime" not in model or model.startswith("phi"):
        return "cascade"
    return "native" if voice is None or _hears_itself(voice) else "hybrid"


def _hears_itself(voice: str) -> bool:
    """Whether it is a voice of a realtime model's own."""
    return voice in OPENAI_VOICES or voice in AZURE_REALTIME_NATIVE_VOICES


def _voice_of(pipeline: str, model: str, name: str | None) -> Any:
    """As ``session.update`` takes it: that of this name, or one that keeps the model in this pipeline."""
    own = "ava" if model.startswith("azure-realtime") else "alloy"
    name = name or (own if pipeline == "native" else DEFAULT_VOICE)
    if _hears_itself(name) != (pipeline == "native"):
        raise ConfigurationError(f"the voice {name!r} is none of the pipeline {pipeline}: leave out one of the two")
    if name in OPENAI_VOICES:
        return name
    return {"type": "azure-realtime-native" if _hears_itself(name) else "azure-standard", "name": name}
