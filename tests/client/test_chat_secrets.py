"""Nothing that is a secret is shown: neither the run's own credential, nor what looks like one, nor what the user
names with ``--redact``."""

import json

import msgspec
import pytest

import vlmock
from tests.client import service_says as says
from tests.client.chat_program import KEY, Done, chatting, spoken
from tests.client.test_chat_narration import Story
from vlclient.chat.narration import Narration
from vlmock.protocol.items import FunctionCallOutputItem
from vlmock.protocol.recording.redaction import Redaction

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ2b2ljZSJ9.c2lnbmF0dXJl"
OF_A_TOOL = "hunter2hunter2"

SCENARIO = f"""
turns:
  - user: Weather for 4711, please.
    reply:
      - emit:
          type: error
          error: {{type: invalid_request_error, code: odd, message: "{KEY} of customer 4711 is odd", param: "{KEY}"}}
      - emit: {{type: warning, warning: {{message: "{TOKEN} of 4711"}}}}
      - say: Customer 4711, your key is {KEY}.
      - call: get_weather
        arguments: {{location: "4711", api_key: {OF_A_TOOL}}}
  - tool: get_weather
    reply:
      - say: Goodbye, 4711.
      - close: {{code: 1011, reason: "{KEY} of 4711"}}
"""
TOOLS = f'''
def get_weather(location: str, api_key: str) -> dict:
    """Look up the weather."""
    raise ValueError("no weather for {KEY} of 4711")
'''


@pytest.fixture(scope="module", params=[(), ("--debug",)], ids=["", "debug"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A conversation in which everybody says what nobody should see."""
    folder = tmp_path_factory.mktemp("chat")
    (folder / "loose.yaml").write_text(SCENARIO, encoding="utf-8")
    with vlmock.serve(folder / "loose.yaml") as server:
        arguments = spoken(server.url, folder)
        (folder / "tools.py").write_text(TOOLS, encoding="utf-8")
        redaction = ["--redact", r"\b4711\b", "--log", folder / "log.txt"]
        with chatting(folder, *arguments, *redaction, *request.param) as running:
            return running.done()


def test_all_of_it_was_told(done: Done) -> None:
    """Otherwise nothing would be proved."""
    assert done.lines("error")[0].endswith("*** of customer *** is odd (at ***)")
    assert "Customer ***, your key is ***." in done.lines("assistant")
    assert any(line.startswith("get_weather(") for line in done.lines("tool"))
    assert "1011" in done.err


@pytest.mark.parametrize("secret", [KEY, TOKEN, OF_A_TOOL, "4711"], ids=["key", "token", "a tool's key", "pattern"])
def test_no_secret_is_shown(done: Done, secret: str) -> None:
    """On standard output and error, also in the traceback that was asked for."""
    assert secret not in done.out
    assert secret not in done.err


def test_a_secret_is_not_known_by_half_of_it() -> None:
    """Long arguments and outputs are cut, and what stands at the cut is taken out before."""
    story = Story()
    story.narration = Narration(story.display, story.transcripts, story.latency, veil=Redaction(["secret-[0-9]+"]).text)
    text = json.dumps({"text": "x" * 175, "then": "secret-123456789012345678901234567890"})
    story.hears(
        says.call_added(),
        msgspec.structs.replace(says.arguments_done(), arguments=text),
        says.item_created(FunctionCallOutputItem(id="o1", call_id="c1", output=text)),
    )
    told = str(story.display.lines)
    assert told.count("weather") == 2
    assert "secret-" not in told
