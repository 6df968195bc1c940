"""A user's project: vlmock is installed there, and an agent of the user's is to be tested."""

import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

# An inner run in the same process forgets what it imported: what it needs is imported before, and once only.
import azure.ai.voicelive.aio
import jinja2.sandbox
import pytest
import soxr
import yaml

import vlmock
import vlmock.pytest_plugin.again
import vlmock.pytest_plugin.network
import vlmock.pytest_plugin.recorded
import vlmock.recorder.recorder
import vlmock.scenario.builtin_voice
import vlmock.scenario.loader
import vlmock.scenario.templates
from tests.plugin.recording_project import KEY, answer
from vlmock.server.mock_server import MockServer

__all__ = ["azure", "jinja2", "soxr", "vlmock", "yaml"]

ROOT = Path(__file__).resolve().parents[2]

AGENT = '''
"""Types what it is told to, carries out every call, and gives back what it heard."""

import json

from azure.ai.voicelive import models
from azure.ai.voicelive.aio import connect
from azure.core.credentials import AzureKeyCredential

WEATHER = {"weather": "sunny", "temp_c": 21}


async def run(*, endpoint, api_key, texts=("What is the weather in Beijing?",), output=WEATHER):
    heard = []
    credential = AzureKeyCredential(api_key)
    async with connect(endpoint=endpoint, credential=credential, model="gpt-4.1") as connection:
        for text in texts:
            part = models.InputTextContentPart(text=text)
            await connection.conversation.item.create(item=models.UserMessageItem(content=[part]))
            await connection.response.create()
            while calls := await listen(connection, heard):
                for call in calls:
                    item = models.FunctionCallOutputItem(call_id=call.call_id, output=json.dumps(output))
                    await connection.conversation.item.create(item=item)
                await connection.response.create()
    return heard


async def listen(connection, heard):
    async for event in connection:
        if event.type == "response.audio_transcript.done":
            heard.append(event.transcript)
        if event.type == "response.done":
            return [item for item in event.response.output or () if item.type == "function_call"]
    raise EOFError("the server hung up")
'''

BLOCKING_AGENT = '''
"""The same without asyncio, for one question; runs as a script, too."""

import json
import sys

from websockets.sync.client import connect


def ask(url, text):
    address = f"{url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1".replace("http", "ws", 1)
    with connect(address, additional_headers={"api-key": "any"}) as socket:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
        socket.send(json.dumps({"type": "response.create"}))
        words = None
        for frame in socket:
            event = json.loads(frame)
            if event["type"] == "response.audio_transcript.done":
                words = event["transcript"]
            if event["type"] == "response.done":
                return words


if __name__ == "__main__":
    print(ask(*sys.argv[1:]))
'''


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """With two agents. The plugin is found as in an installed package: by the entry point that pyproject.toml names."""
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = pytester.mkdir("site") / "vlmock-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {metadata['name']}\nVersion: 0\n")
    points = metadata["entry-points"]["pytest11"].items()
    (installed / "entry_points.txt").write_text("\n".join(["[pytest11]", *(f"{name} = {at}" for name, at in points)]))
    for folder in (ROOT, installed.parent):
        monkeypatch.syspath_prepend(folder)
    paths = [str(installed.parent), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"
    )
    pytester.makepyfile(my_agent=AGENT, blocking_agent=BLOCKING_AGENT)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return pytester


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    """The live service, as the environment names it; it says again what it is told."""
    with vlmock.serve(answer, api_key=KEY) as server:
        monkeypatch.setenv("AZURE_VOICE_LIVE_ENDPOINT", server.url)
        monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", KEY)
        yield server
