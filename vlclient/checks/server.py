"""From what a person has chosen to the server that is checked."""

import os
from pathlib import Path
from typing import Any

from vlclient.chat.options import DEFAULT_MODEL, DEFAULT_VOICE
from vlclient.checks.probe import Server
from vlclient.credentials import SCOPE, choose
from vlclient.endpoint import DEFAULT_API_VERSION, Target, uses_agent
from vlclient.environment import read_settings

__all__ = ["pipeline_of", "server_of"]

_AZURE_VOICE = {"type": "azure-standard", "name": DEFAULT_VOICE}


def server_of(
    *,
    endpoint: str | None = None,
    api_key: str | None = None,
    model: str | None = None,
    api_version: str | None = None,
    pipeline: str | None = None,
) -> Server:
    """What is not given comes from the environment. Raises ConfigurationError, CredentialError."""
    settings = read_settings(os.environ, folder=Path.cwd())
    endpoint = endpoint or settings.endpoint
    if endpoint is None:
        raise settings.missing("endpoint")
    model = model or settings.model or DEFAULT_MODEL
    version = api_version or settings.api_version or DEFAULT_API_VERSION
    target = Target(endpoint=endpoint, model=model, api_version=version)
    pipeline = pipeline or pipeline_of(model)
    return Server(
        target=target,
        credential=choose(api_key=api_key, credential=None, settings=settings, scope=SCOPE, agent=uses_agent(target)),
        pipeline=pipeline,
        voice=_voice_of(pipeline, model),
        api_version=version,
    )


def pipeline_of(model: str) -> str:
    """The one that a model runs in with a voice of its own. Observed {FON}: behaviour, fact 1."""
    return "native" if "realtime" in model and not model.startswith("phi") else "cascade"


def _voice_of(pipeline: str, model: str) -> Any:
    """A voice that keeps the model in this pipeline: an Azure voice makes a realtime model a hybrid."""
    if pipeline != "native":
        return _AZURE_VOICE
    return {"type": "azure-realtime-native", "name": "ava"} if model.startswith("azure-realtime") else "alloy"
