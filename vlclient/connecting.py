"""``connect``: from what people write to an open session."""

import asyncio
import os
import ssl as tls
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from vlclient.audio.ports import AudioSink
from vlclient.conduct import Conduct
from vlclient.credentials import SCOPE, ApiKey, Credential, choose
from vlclient.dialling import Socket, dial
from vlclient.endpoint import Agent, Target, url, uses_agent
from vlclient.environment import Settings, read_settings
from vlclient.errors import CredentialError
from vlclient.latency import Latency
from vlclient.line import Line
from vlclient.log import WireLog
from vlclient.reconnect import Reconnect
from vlclient.recorder import Recorder
from vlclient.session import Session

__all__ = ["connect", "target_of"]


class connect:
    """Open a session: ``async with connect("https://my-resource.services.ai.azure.com", model="gpt-4o") as session``.

    What is not given comes from the environment or a ``.env`` file: ``AZURE_VOICE_LIVE_ENDPOINT``,
    ``AZURE_VOICE_LIVE_API_KEY``, ``AZURE_VOICE_LIVE_API_VERSION``, ``VOICE_LIVE_MODEL``, or the vendor SDK's
    ``AZURE_VOICELIVE_…``; without any key, azure-identity's ``DefaultAzureCredential`` signs in.

    Entering raises ConfigurationError, CredentialError, CouldNotReach, Refused or NotAllowed, NoAnswer, and
    ServiceError where the service takes the connection and refuses the model or agent.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        model: str | None = None,
        api_key: str | None = None,
        credential: Any = None,
        scope: str = SCOPE,
        api_version: str | None = None,
        profile: str | None = None,
        agent: Agent | None = None,
        foundry_resource_override: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        ssl: tls.SSLContext | None = None,
        reconnect: Reconnect | bool = False,
        raise_errors: bool = False,
        open_timeout_s: float = 30.0,
        update_timeout_s: float = 10.0,
        max_message_bytes: int = 32 * 1024 * 1024,
        ping_interval_s: float | None = 20.0,
        playback: AudioSink | None = None,
        log: WireLog | None = None,
        record: Recorder | Path | str | None = None,
        latency: Latency | None = None,
    ) -> None:
        """``endpoint``: as in the portal, or any form of it. ``credential``: any of azure-identity, sync or async; it
        stays yours to close. ``agent``: answers in place of a model. ``profile``: for a model of your own. ``query``
        and ``headers``: more of them. ``reconnect``: True, or how patiently; off by default. ``raise_errors``: raise
        ``error`` events from the iteration. ``playback``: hears the assistant, and is silenced when the user speaks.
        ``log``, ``latency``: are told everything. ``record``: a new folder, or a ``.zip`` file, for a recording of it,
        or a ``Recorder``, which stays yours to close. ``ssl``, ``max_message_bytes``, ``ping_interval_s``: see
        ``dial``; a network that does not take an event for as long as the last is lost as well.
        """
        settings = read_settings(os.environ, folder=Path.cwd())
        target = target_of(settings, endpoint, model, api_version, profile, agent, foundry_resource_override, query)
        self._url = url(target)
        self._credential: Credential = choose(
            api_key=api_key, credential=credential, settings=settings, scope=scope, agent=uses_agent(target)
        )
        self._headers = dict(headers or {})
        self._dial_options: dict[str, Any] = {
            "open_timeout_s": open_timeout_s,
            "ssl": ssl,
            "max_message_bytes": max_message_bytes,
            "ping_interval_s": ping_interval_s,
        }
        self._record = record
        self._log = log
        self._own_recorder: Recorder | None = None
        self._stalled_after_s = ping_interval_s
        self._policy = Reconnect() if reconnect is True else reconnect or None
        self._timeouts = open_timeout_s, update_timeout_s
        self._conduct_options: dict[str, Any] = {
            "playback": playback,
            "log": log,
            "latency": latency,
        }
        self._raise_errors = raise_errors
        self._conduct: Conduct | None = None

    async def __aenter__(self) -> Session:
        if self._record is not None:
            self._dial_options["recorder"] = self._recorder(self._record)
        self._conduct = Conduct(self._line, **self._conduct_options)
        session = Session(
            self._conduct, raise_errors=self._raise_errors, update_timeout_s=self._timeouts[1]
        )  # first, so that it sees the first event
        try:
            await self._conduct.line.open()
        except BaseException:
            await self._end()
            raise
        return session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._conduct is not None
        try:
            await self._conduct.close()
        finally:
            await self._end()

    async def _end(self) -> None:
        try:
            await self._credential.close()
        finally:
            if self._own_recorder is not None:
                await asyncio.to_thread(self._own_recorder.close)

    def _recorder(self, record: Recorder | Path | str) -> Recorder:
        if isinstance(record, Recorder):
            return record
        self._own_recorder = Recorder(record)
        return self._own_recorder

    def _line(self, conduct: Conduct) -> Line:
        open_timeout_s, answer_timeout_s = self._timeouts
        return Line(
            self._dial,
            conduct,
            policy=self._policy,
            renewable=not isinstance(self._credential, ApiKey),
            open_timeout_s=open_timeout_s,
            answer_timeout_s=answer_timeout_s,
            stalled_after_s=self._stalled_after_s,
        )

    async def _dial(self, fresh_token: bool) -> Socket:
        timeout_s = self._timeouts[0]
        try:
            async with asyncio.timeout(timeout_s):
                headers = await self._credential.headers(fresh=fresh_token)
        except TimeoutError:
            raise CredentialError(f"no token came within {timeout_s:g} s; sign in anew, or use an API key") from None
        headers = {**self._headers, **headers}
        if self._log is not None:
            self._log.dialling(self._url, headers)
        return await dial(self._url, headers=headers, **self._dial_options)


def target_of(
    settings: Settings,
    endpoint: str | None,
    model: str | None,
    api_version: str | None,
    profile: str | None,
    agent: Agent | None,
    foundry_resource_override: str | None,
    query: Mapping[str, str] | None,
) -> Target:
    """What was passed, also in the endpoint's own query, and what the environment adds to it."""
    passed = {name for name, _ in parse_qsl((endpoint or "").partition("?")[2].partition("#")[0])}.union(query or ())
    endpoint = endpoint or settings.endpoint
    if endpoint is None:
        raise settings.missing("endpoint")
    if agent is None and model is None and not passed & {"model", "agent-name"}:
        model = settings.model
        agent = settings.agent if model is None else None
    if api_version is None and "api-version" not in passed:
        api_version = settings.api_version
    return Target(
        endpoint=endpoint,
        model=model,
        api_version=api_version,
        profile=profile,
        agent=agent,
        foundry_resource_override=foundry_resource_override or settings.foundry_resource_override,
        query=query or {},
    )
