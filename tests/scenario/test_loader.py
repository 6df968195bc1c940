"""A wrong file is refused before anything starts, with its place and what to do about it."""

import io
import shutil
import wave
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vlmock
from vlmock.errors import ScenarioError
from vlmock.protocol.items import FileSearchResult
from vlmock.scenario.keys import RULE, SCENARIO
from vlmock.scenario.library import library_folder
from vlmock.scenario.loader import load_file, load_text
from vlmock.scenario.model import STEP_KINDS, Entry, Scenario
from vlmock.session.script import (
    Call,
    Close,
    Emit,
    Error,
    Fail,
    FileSearch,
    FoundryAgentCall,
    Invocation,
    McpCall,
    Say,
    Step,
    Wait,
    WebSearch,
)
from vlmock.session.timing import SEGMENTS

CONDITIONS = list(RULE.keys)[: list(RULE.keys).index("transcript")]


def wav(samples: bytes) -> bytes:
    """A file of 24 kHz mono PCM16."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(samples)
    return content.getvalue()


def steps_of(entry: Entry | None) -> list[Step]:
    """What the entry answers when there is nothing to fill in."""
    assert entry is not None
    return [step.fill_in({}) for step in entry.reply or ()]


WRONG: dict[str, tuple[str, str]] = {
    # what is no key
    "unknown key": (
        "turns:\n  - user: Hi\n    replies: Hello.\n",
        "f.yaml:3: unknown key 'replies' (did you mean 'reply'?)",
    ),
    "unknown key at the top": (
        "turn:\n  - user: Hi\n    reply: Hello.\n",
        "f.yaml:1: unknown key 'turn' (did you mean 'turns'?)",
    ),
    "unknown key that resembles nothing": (
        "otherwise:\n  reply: Hello.\n  zzz: 1\n",
        "f.yaml:3: unknown key 'zzz'; there are reply, interim",
    ),
    "a key of older YAML's booleans": (
        "otherwise:\n  on: start\n  reply: Hello.\n",
        "f.yaml:2: unknown key 'on'; there are reply, interim",
    ),
    "optional on a rule": (
        "rules:\n  - user: Hi\n    optional: true\n    reply: Hello.\n",
        f"f.yaml:3: unknown key 'optional'; there are {', '.join(RULE.keys)}",
    ),
    "duplicate key": (
        "turns:\n  - user: Hi\n    user: Ho\n    reply: Hello.\n",
        "f.yaml:3: key 'user' stands here twice (first in line 2)",
    ),
    # what is not YAML, or too much of it
    "tab": ("turns:\n\t- user: Hi\n", "f.yaml:2: a tab in the indentation: YAML wants spaces"),
    "colon in text": (
        "turns:\n  - user: Hi: you\n",
        "f.yaml:2: not valid YAML: mapping values are not allowed in this context "
        "(text that contains ': ' needs quotes)",
    ),
    "control character": (
        "turns:\n  - user: \x07\n",
        "f.yaml:2: not valid YAML: unacceptable character #x0007: control characters are not allowed",
    ),
    "undefined alias": ("turns: *all\n", "f.yaml:1: the alias *all is not defined above"),
    "alias within itself": ("turns: &all [*all]\n", "f.yaml:1: the alias *all contains itself"),
    "alias bomb": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{chr(ord(n) - 1)}'] * 10)}]\n" for n in "bcdefghi"),
        "f.yaml:5: more than 100000 values",
    ),
    "too deep": ("a: " + "[" * 200_000, "f.yaml:1: nested more than 50 deep"),
    "a tag": (
        "turns: !!python/object:os.system x\n",
        "f.yaml:1: the tag 'tag:yaml.org,2002:python/object:os.system' has no place in a scenario",
    ),
    "two documents": (
        "rules: []\n---\nrules: []\n",
        "f.yaml:2: a second document begins here; a file holds one scenario",
    ),
    "a key that is a list": ("[a]: b\n", "f.yaml:1: a key must be text, got a list"),
    # what is empty, or of the wrong shape
    "empty": ("", "f.yaml: the file is empty: a scenario has 'turns', 'rules' or 'otherwise'"),
    "only comments": ("# nothing\n", "f.yaml: the file is empty: a scenario has 'turns', 'rules' or 'otherwise'"),
    "a list at the top": (
        "- user: Hi\n",
        f"f.yaml:1: scenario: expected a mapping with {', '.join(SCENARIO.keys)}, got a list",
    ),
    "answers nothing": ("description: Hi\n", "f.yaml:1: answers nothing: give it 'turns', 'rules' or 'otherwise'"),
    "no turns": ("turns: []\n", "f.yaml:1: turns: the list is empty"),
    "turns without dashes": (
        "turns:\n  user: Hi\n  reply: Hello.\n",
        "f.yaml:2: turns: expected a list, got a mapping (begin each entry with '- ')",
    ),
    "number for text": (
        "turns:\n  - user: 42\n    reply: Hello.\n",
        'f.yaml:2: user: expected text, got the number 42 (put it in quotes: "42")',
    ),
    "boolean for text": (
        "turns:\n  - user: Hi\n    reply:\n      - say: true\n",
        'f.yaml:4: say: expected text, got the boolean true (put it in quotes: "true")',
    ),
    "nothing for text": ("turns:\n  - user:\n    reply: Hello.\n", "f.yaml:2: user: expected text, got nothing"),
    "blank text": ("turns:\n  - user: ' '\n    reply: Hello.\n", "f.yaml:2: user: the text is empty"),
    "yes for a boolean": (
        "turns:\n  - user: Hi\n    optional: yes\n    reply: Hello.\n",
        "f.yaml:3: optional: expected true or false, got the text 'yes' (write true)",
    ),
    "yes in JSON": (
        "otherwise:\n  reply:\n    - call: f\n      arguments:\n        sure: yes\n",
        'f.yaml:5: arguments.sure: yes may be read as text or as a boolean: write "yes" or true',
    ),
    "octal in JSON": (
        "otherwise:\n  reply:\n    - call: f\n      arguments: {zip: 01234}\n",
        'f.yaml:4: arguments.zip: 01234 may be read as a number in several ways: write "01234"',
    ),
    "fraction for a count": (
        "rules:\n  - user: Hi\n    times: 1.5\n    reply: Hello.\n",
        "f.yaml:3: times: expected a whole number from 1 up, got the number 1.5",
    ),
    "zero times": (
        "rules:\n  - user: Hi\n    times: 0\n    reply: Hello.\n",
        "f.yaml:3: times: expected a whole number from 1 up, got the number 0",
    ),
    # turns and rules
    "no reply": ("turns:\n  - user: Hi\n", "f.yaml:2: missing key 'reply': what is said or called in answer"),
    "no condition": (
        "rules:\n  - reply: Hello.\n",
        f"f.yaml:2: says nothing about when: give it one of {', '.join(CONDITIONS)}",
    ),
    "empty reply": (
        "turns:\n  - user: Hi\n    reply: []\n",
        "f.yaml:3: reply: an empty reply; to answer without a word write '- wait: 0'",
    ),
    "reply without dashes": (
        "turns:\n  - user: Hi\n    reply:\n      say: Hello.\n",
        "f.yaml:4: reply: expected text or a list of steps, got a mapping (begin each step with '- ')",
    ),
    "otherwise without reply": (
        "otherwise: {}\n",
        "f.yaml:1: missing key 'reply': What is said or called in answer, in this order.",
    ),
    "transcript without user": (
        "rules:\n  - tool: f\n    transcript: Hi\n    reply: Hello.\n",
        "f.yaml:3: 'transcript' needs 'user' or 'clip': only what is said can be heard",
    ),
    "start and user": (
        "turns:\n  - start: true\n    user: Hi\n    reply: Hello.\n",
        "f.yaml:2: 'start' means that nothing came: leave out 'user', 'clip', 'tool', 'mcp' and 'output'",
    ),
    "idle with words": (
        "rules:\n  - idle: true\n    user: Hi\n    reply: Hello.\n",
        "f.yaml:2: 'idle' means that nothing came: leave out 'user', 'clip', 'tool', 'mcp' and 'output'",
    ),
    "bad regex": (
        "rules:\n  - user: /a(/\n    reply: Hello.\n",
        "f.yaml:2: wrong regular expression /a(/: missing ), unterminated subpattern at position 1",
    ),
    "regex with a number too large": (
        "rules:\n  - user: /a{99999999999}/\n    reply: Hello.\n",
        "f.yaml:2: wrong regular expression /a{99999999999}/: the repetition number is too large",
    ),
    "regex that Python doubts": (
        "rules:\n  - user: /[[a]/\n    reply: Hello.\n",
        "f.yaml:2: wrong regular expression /[[a]/: Possible nested set at position 1",
    ),
    "bad regex flag": (
        "rules:\n  - user: /a/gi\n    reply: Hello.\n",
        "f.yaml:2: unknown flag 'g' after /a/; there are i, s, m, x",
    ),
    "bad text mapping": (
        "rules:\n  - user: {like: a}\n    reply: Hello.\n",
        "f.yaml:2: user: a mapping here is {contains: words} or {matches: regular expression}",
    ),
    "tools_offered with a number": (
        "rules:\n  - tools_offered: [a, 3]\n    reply: Hello.\n",
        'f.yaml:2: tools_offered[1]: expected text, got the number 3 (put it in quotes: "3")',
    ),
    # steps
    "unknown step": (
        "otherwise:\n  reply:\n    - sya: Hello.\n",
        "f.yaml:3: unknown step 'sya' (did you mean 'say'?)",
    ),
    "unknown step that resembles nothing": (
        "otherwise:\n  reply:\n    - 42: Hello.\n",
        f"f.yaml:3: unknown step '42'; there are {', '.join(STEP_KINDS)}",
    ),
    "two steps in one": (
        "otherwise:\n  reply:\n    - say: Hello.\n      call: f\n",
        "f.yaml:4: a step does one thing: 'say' and 'call' are two steps, each with its '- '",
    ),
    "arguments without call": (
        "otherwise:\n  reply:\n    - arguments: {}\n",
        "f.yaml:3: 'arguments' needs 'call' in the same step",
    ),
    "argument for arguments": (
        "otherwise:\n  reply:\n    - call: f\n      argument: {}\n",
        "f.yaml:4: unknown key 'argument' (did you mean 'arguments'?)",
    ),
    "arguments that are a list": (
        "otherwise:\n  reply:\n    - call: f\n      arguments: [1]\n",
        "f.yaml:4: arguments: expected a mapping, or JSON as text, got a list",
    ),
    "a step that is a number": (
        "otherwise:\n  reply:\n    - 42\n",
        f"f.yaml:3: reply[0]: expected a step ({', '.join(STEP_KINDS)}), got the number 42",
    ),
    "wait that is no duration": (
        "otherwise:\n  reply:\n    - wait: a while\n",
        "f.yaml:3: wait: expected a duration like 1.5 (seconds), 200ms or 2s, got the text 'a while'",
    ),
    "wait in milliseconds": (
        "otherwise:\n  reply:\n    - wait: 5000\n",
        "f.yaml:3: wait: expected at most an hour, got the number 5000 (for milliseconds write 5000ms)",
    ),
    "emit without type": (
        "otherwise:\n  reply:\n    - emit: {delta: a}\n",
        "f.yaml:3: emit: an event needs a 'type', which is text",
    ),
    "error without message": (
        "otherwise:\n  reply:\n    - error: {code: a}\n",
        "f.yaml:3: missing key 'message': What went wrong, for people.",
    ),
    "close with a code of nobody": (
        "otherwise:\n  reply:\n    - close: 1006\n",
        "f.yaml:3: close: 1006 may not be sent; there are 1000 to 1003, 1007 to 1014, 3000 to 4999",
    ),
    "close with a long reason": (
        f"otherwise:\n  reply:\n    - close: {{reason: {'é' * 62}}}\n",
        "f.yaml:3: close: the reason is longer than 123 bytes, more than a close frame holds",
    ),
    "steps after the end": (
        "otherwise:\n  reply:\n    - close: 1000\n    - say: Hello.\n",
        "f.yaml:4: never reached: nothing comes after 'close'",
    ),
    "missing clip": (
        "rules:\n  - user: Hi\n    clip: no.wav\n    reply: x\n",
        "f.yaml:3: clip: there is no file no.wav",
    ),
    "missing clips": (
        "rules:\n  - clip:\n      - no.wav\n      - nor/this.wav\n    reply: x\n",
        "f.yaml:3: clip: there is no file no.wav\nf.yaml:4: clip: there is no file nor/this.wav",
    ),
    "no clip": ("rules:\n  - clip: []\n    reply: x\n", "f.yaml:2: clip: the list is empty"),
    "a clip that is a number": (
        "rules:\n  - clip: 7\n    reply: x\n",
        'f.yaml:2: clip: expected text, got the number 7 (put it in quotes: "7")',
    ),
    "an unknown recognition": (
        "recognition: sphinx\notherwise:\n  reply: x\n",
        "f.yaml:1: recognition: expected one of scripted, pocketsphinx, got the text 'sphinx' "
        "(did you mean 'pocketsphinx'?)",
    ),
    "missing audio": (
        "otherwise:\n  reply:\n    - say: Hello.\n      audio: no/such.wav\n",
        "f.yaml:3: audio: there is no file no/such.wav",
    ),
    "a transcript that says nothing": (
        "turns:\n  - user: Hi\n    transcript: {}\n    reply: Hello.\n",
        "f.yaml:3: transcript: an empty mapping; leave it out, or give it 'text' or 'fails'",
    ),
    "a reason without a failure": (
        "turns:\n  - user: Hi\n    transcript: {code: a}\n    reply: Hello.\n",
        "f.yaml:3: 'code' needs 'fails': it says why the transcription failed",
    ),
    "more than sure": (
        "turns:\n  - user: Hi\n    transcript: {confidence: 41}\n    reply: Hello.\n",
        "f.yaml:3: confidence: expected a number from 0 to 1, got the number 41",
    ),
    "no reply although it is understood": (
        "turns:\n  - user: Hi\n    transcript: {confidence: 0.5}\n",
        "f.yaml:2: missing key 'reply': what is said or called in answer",
    ),
    "a warning without message": (
        "otherwise:\n  reply:\n    - warn: {code: a}\n",
        "f.yaml:3: missing key 'message': What is odd, for people.",
    ),
    # templates
    "bad template": (
        "otherwise:\n  reply: 'It is {{ output'\n",
        "f.yaml:2: template 'It is {{ output': unexpected end of template, expected 'end of print statement'.",
    ),
    "unknown variable": (
        "otherwise:\n  reply: It is {{ outptu.weather }}.\n",
        "f.yaml:2: template 'It is {{ outptu.weather }}.': unknown variable 'outptu' (did you mean 'output'?)",
    ),
    # expect
    "unknown client event": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: conversation.item.trunkate\n",
        "f.yaml:3: no event 'conversation.item.trunkate' that the client sends "
        "(did you mean 'conversation.item.truncate'?)",
    ),
    "the wrong side": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.done\n",
        "f.yaml:3: no event 'response.done' that the client sends; the server sends it",
    ),
    "unknown event to count from": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.create\n    after: respose.done\n",
        "f.yaml:3: no event 'respose.done' that anyone sends (did you mean 'response.done'?)",
    ),
    "neither side": (
        "otherwise: {reply: Hi}\nexpect:\n  - within: 2s\n",
        "f.yaml:3: needs 'client' or 'server', and not both: who sends the event",
    ),
    "absent and counted": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.create\n    absent: true\n    count: 1\n",
        "f.yaml:5: 'absent' and 'count' contradict each other: keep one",
    ),
    "more than fewer": (
        "otherwise: {reply: Hi}\nexpect:\n  - client: response.create\n    at_least: 3\n    at_most: 2\n",
        "f.yaml:5: at_most 2 is less than at_least 3",
    ),
    # settings
    "unknown profile": (
        "timing: quick\notherwise: {reply: Hi}\n",
        "f.yaml:1: timing: expected one of instant, cascade, hybrid, native, agent, pipeline, got the text 'quick'",
    ),
    "unknown segment": (
        "timing: {llm: 20}\notherwise: {reply: Hi}\n",
        f"f.yaml:1: unknown key 'llm'; there are {', '.join(SEGMENTS)}",
    ),
    # the service's own tools
    "an MCP call without its server": (
        "otherwise:\n  reply:\n    - mcp: search\n",
        "f.yaml:3: mcp: expected server/tool, like docs/search, got 'search'",
    ),
    "a condition without its server": (
        "turns:\n  - mcp: [docs/a, /b]\n    reply: Hello.\n",
        "f.yaml:2: mcp[1]: expected server/tool, like docs/search, got '/b'",
    ),
    "a tool that its server has not": (
        "mcp_servers: {docs: {tools: [search]}}\notherwise:\n  reply:\n    - mcp: docs/serach\n",
        "f.yaml:4: docs/serach: mcp_servers lists no such tool of 'docs' (did you mean 'search'?)",
    ),
    "an outcome of a tool that its server has not": (
        "mcp_servers: {docs: {tools: [search]}}\nturns:\n  - mcp: docs/xyz\n    reply: Hello.\n",
        "f.yaml:3: docs/xyz: mcp_servers lists no such tool of 'docs'; it has search",
    ),
    "a call to a server that is unreachable": (
        "mcp_servers: {docs: {unreachable: true}}\notherwise:\n  reply:\n    - mcp: docs/search\n",
        "f.yaml:4: docs/search: mcp_servers says that 'docs' is unreachable, so nothing on it can be called",
    ),
    "an MCP server of which nothing is said": (
        "mcp_servers:\n  docs: {takes: 1}\notherwise: {reply: Hi}\n",
        "f.yaml:2: an MCP server has 'tools', or is 'unreachable: true'",
    ),
    "an unreachable server with tools": (
        "mcp_servers:\n  docs: {unreachable: true, tools: [a]}\notherwise: {reply: Hi}\n",
        "f.yaml:2: an MCP server has 'tools', or is 'unreachable: true'",
    ),
    "two tools of one name": (
        "mcp_servers:\n  docs:\n    tools: [a, {name: a}]\notherwise: {reply: Hi}\n",
        "f.yaml:3: there are two tools with the name 'a'",
    ),
    "a call to a server of nearly that name": (
        "mcp_servers: {docs: {tools: [search]}}\notherwise:\n  reply:\n    - mcp: dosc/search\n",
        "f.yaml:4: dosc/search: mcp_servers has no 'dosc' (did you mean 'docs'?)",
    ),
    "an outcome on a server of nearly that name": (
        "mcp_servers: {docs: {tools: [search]}}\nturns:\n  - mcp: doc/search\n    reply: Hello.\n",
        "f.yaml:3: doc/search: mcp_servers has no 'doc' (did you mean 'docs'?)",
    ),
    "a call that succeeds and fails": (
        "otherwise:\n  reply:\n    - mcp: docs/search\n      output: {a: 1}\n      error: Gone.\n",
        "f.yaml:5: 'error' stands in place of an 'output': leave one of them out",
    ),
    "an agent that the scenario does not believe in": (
        "otherwise:\n  reply:\n    - Wait.\n    - foundry_agent: travel\n",
        "f.yaml:4: 'foundry_agent' needs 'readings: {foundry_agent: true}' in the scenario",
    ),
    "an agent that answers and fails": (
        "otherwise:\n  reply:\n    - foundry_agent: travel\n      error: Gone.\n      output: Yes.\n",
        "f.yaml:4: 'error' stands in place of an 'output': leave one of them out",
    ),
    "a condition on a setting that no session has": (
        "turns:\n  - user: Hi\n    session:\n      turn_detektion: {type: server_vad}\n    reply: Hello.\n",
        "f.yaml:4: session: there is no setting 'turn_detektion' (did you mean 'turn_detection'?)",
    ),
    "a condition on settings inside of what they are in": (
        "rules:\n  - session: {session: {model: gpt-4o}}\n    reply: Hello.\n",
        "f.yaml:2: session: there is no setting 'session'; session.updated shows those that there are",
    ),
    "a tool without a name": (
        "mcp_servers:\n  docs:\n    tools:\n      - output: 1\notherwise: {reply: Hi}\n",
        "f.yaml:4: missing key 'name': Its name.",
    ),
    "servers in a list": (
        "mcp_servers: [docs]\notherwise: {reply: Hi}\n",
        "f.yaml:1: mcp_servers: expected a mapping from server_label to server, got a list",
    ),
    "a score that is no number": (
        "otherwise:\n  reply:\n    - file_search: x\n      results: [{score: high}]\n",
        "f.yaml:4: score: expected a number, got the text 'high'",
    ),
    "a companion of another step": (
        "otherwise:\n  reply:\n    - results: []\n",
        "f.yaml:3: 'results' needs 'file_search' in the same step",
    ),
    "unknown engine": (
        "speech: flight\notherwise: {reply: Hi}\n",
        "f.yaml:1: speech: expected one of builtin, flite, espeak-ng, got the text 'flight' (did you mean 'flite'?)",
    ),
}


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.replace(" ", "-"))
def test_a_wrong_file_is_refused_with_its_place_and_a_remedy(case: str) -> None:
    text, message = WRONG[case]
    with pytest.raises(ScenarioError) as refused:
        load_text(text, file="f.yaml")
    assert str(refused.value) == message


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    text = "turns:\n  - user: Hi\n    reply:\n      - sya: Hello.\n      - wait: soon\n"
    text += "  - usr: Ho\n    reply: Ha.\nseed: -1\n"
    with pytest.raises(ScenarioError) as refused:
        load_text(text, file="f.yaml")
    assert [line.split(" ")[0] for line in str(refused.value).splitlines()] == [
        "f.yaml:4:",
        "f.yaml:5:",
        "f.yaml:6:",
        "f.yaml:8:",
    ]
    assert (refused.value.file, refused.value.line) == ("f.yaml", 4)


@pytest.mark.parametrize("text", ["a: {[[:", "a: 'b", "%YAML 9", "- a\nb: 1", "a: @b", "\ufffe", "a: !<", "&a", "*"])
def test_broken_yaml_is_a_scenario_error_and_nothing_else(text: str) -> None:
    with pytest.raises(ScenarioError):
        load_text(text, file="f.yaml")


SUPPORT_CALL = (library_folder() / "support_call.yaml").read_text(encoding="utf-8")
WORDS = [
    "user",
    "reply",
    "{{ output }}",
    "/a(/",
    "/a/",
    "null",
    "&a ",
    "*a",
    "!!int ",
    "- ",
    "\t",
    ": ",
    "[",
    "}",
    "'",
    "1e999",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SUPPORT_CALL)), st.integers(0, 12), st.sampled_from(WORDS)), max_size=4))
def test_a_damaged_file_is_a_scenario_or_a_scenario_error(damages: list[tuple[int, int, str]]) -> None:
    """Whatever stands in it, nothing else is raised."""
    text = SUPPORT_CALL
    for at, length, word in damages:
        text = text[:at] + word + text[at + length :]
    with suppress(ScenarioError):
        load_text(text)


PARTS = st.sampled_from(
    ["turns", "rules", "otherwise", "expect", "timing", "user", "tool", "output", "reply", "say", "call"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PARTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(PARTS, JSON, max_size=5))
def test_any_python_data_is_a_scenario_or_a_scenario_error(data: dict[str, Any]) -> None:
    with suppress(ScenarioError):
        Scenario.from_mapping(data)


# ---- files


def test_a_file_is_named_as_an_editor_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to where one stands, when it lies below."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "wrong.yaml").write_text("turns: 1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError, match=r"^tests/wrong\.yaml:1: turns: expected a list"):
        load_file(tmp_path / "tests" / "wrong.yaml")
    monkeypatch.chdir(tmp_path / "tests")
    with pytest.raises(ScenarioError, match=r"^wrong\.yaml:1: "):
        load_file(Path("wrong.yaml"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a" * (1024 * 1024 + 1), "larger than 1024 KiB: this is no scenario"),
        (b"turns:\n  - user: \xff\n", "wrong.yaml:2: not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_text_or_too_much_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as refused:
        load_file(path)
    assert str(refused.value).endswith(message)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: no such file"):
        load_file(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="cannot be read: Is a directory"):
        load_file(tmp_path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfotherwise:\r\n  reply: Hello.\r\n")
    assert load_file(path).otherwise is not None


def test_a_clip_is_found_beside_the_scenario(tmp_path: Path) -> None:
    """And known by its sound."""
    path = tmp_path / "calls" / "hello.yaml"
    path.parent.mkdir()
    path.write_text("rules:\n  - clip: ../hello.wav\n    reply: Hi.\n")
    shutil.copy(Path(vlmock.__file__).parent / "demo" / "what_is_the_weather.wav", tmp_path / "hello.wav")
    scenario = load_file(path)
    assert [clip.resolve() for clip in scenario.clips] == [tmp_path / "hello.wav"]
    assert scenario.rules[0].heard_as == "(hello.wav)"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no sound", "cannot use the sound file {path}: it is no WAV file, it begins with b'no s'"),
        (wav(b""), "cannot use the sound file {path}: it holds no samples"),
        (wav(bytes(48_000)), "{path} cannot be used: nothing is to be heard in it"),
    ],
)
def test_a_clip_that_cannot_be_known_is_refused_with_its_place(content: bytes, reason: str, tmp_path: Path) -> None:
    """When the scenario is read, not when somebody speaks."""
    path = tmp_path / "hello.wav"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as refused:
        load_text("rules:\n  - user: Hi\n    clip: hello.wav\n    reply: Hi.\n", file="f.yaml", folder=tmp_path)
    assert str(refused.value) == f"f.yaml:3: clip: {reason.format(path=path)}"


def test_audio_is_found_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "hello.wav").write_bytes(b"RIFF")
    path = tmp_path / "sound.yaml"
    path.write_text("otherwise:\n  reply:\n    - say: Hello.\n      audio: hello.wav\n")
    scenario = load_file(path)
    assert steps_of(scenario.otherwise) == [Say("Hello.", audio=str(tmp_path / "hello.wav"))]
    assert scenario.name == "sound"
    assert scenario.source == path


# ---- what a right file becomes


def test_plain_words_are_read_as_yaml_1_2_reads_them() -> None:
    """``yes`` is text where text is wanted, and 12:30 is no number of minutes."""
    text = "turns:\n  - user: yes\n    reply: off\n"
    text += "  - user: 12:30\n    reply:\n      - emit: {type: a, at: 12:30, n: 1e3}\n"
    first, second = load_text(text).turns
    assert (first.heard_as, second.heard_as) == ("yes", "12:30")
    assert steps_of(first) == [Say("off")]
    assert steps_of(second) == [Emit({"type": "a", "at": "12:30", "n": 1000.0})]


def test_every_kind_of_step_becomes_what_the_session_plays() -> None:
    text = """
otherwise:
  reply:
    - Hello.
    - say: Hello again.
    - call: f
    - call: g
      arguments: {a: 1, b: [x, null, true], c: "ü"}
      call_id: call_1
    - call: h
      arguments: '{"broken":'
    - wait: 1.5
    - wait: 200ms
    - wait: 2 min
    - emit: {type: warning, warning: {message: Hm}}
    - error: Oh.
    - error: {message: Oh., code: c, type: t, param: p}
    - fail: {message: No., code: c}
"""
    assert steps_of(load_text(text).otherwise) == [
        Say("Hello."),
        Say("Hello again."),
        Call("f", "{}"),
        Call("g", '{"a":1,"b":["x",null,true],"c":"ü"}', "call_1"),
        Call("h", '{"broken":'),
        Wait(1.5),
        Wait(0.2),
        Wait(120.0),
        Emit({"type": "warning", "warning": {"message": "Hm"}}),
        Error("Oh."),
        Error("Oh.", code="c", type="t", param="p"),
        Fail("No.", code="c"),
    ]


def test_what_the_service_does_itself_is_a_step_as_well() -> None:
    text = """
readings: {foundry_agent: true}
mcp_servers:
  docs:
    tools:
      - fetch
      - name: search
        output: {hits: 0}
otherwise:
  reply:
    - mcp: docs/search
      arguments: {q: x}
      output: {hits: [1]}
      takes: 300ms
    - mcp: docs/search
    - mcp: docs/fetch
    - mcp: docs/fetch
      output: plain
    - mcp: other/anything/at/all
      error: Gone.
    - mcp: other/x
      error: {type: http_error, code: 503}
    - web_search: maps
    - web_search: maps
      fails: true
      takes: 1
    - file_search: hours
    - file_search: [hours, days]
      results:
        - {file_id: f, filename: a.md, score: 1, text: Nine., attributes: {page: 2}}
    - foundry_agent: travel
      arguments: {where: Rome}
      output: Yes.
    - invocation: {type: thinking}
    - say: Nine.
      annotations: [{type: url_citation, url: "https://x"}, 2]
"""
    found = FileSearchResult(file_id="f", filename="a.md", score=1.0, text="Nine.", attributes={"page": 2})
    assert steps_of(load_text(text).otherwise) == [
        McpCall("docs", "search", '{"q":"x"}', '{"hits":[1]}', seconds=0.3),
        McpCall("docs", "search", output='{"hits":0}'),
        McpCall("docs", "fetch"),
        McpCall("docs", "fetch", output="plain"),
        McpCall("other", "anything/at/all", error="Gone."),
        McpCall("other", "x", error={"type": "http_error", "code": 503}),
        WebSearch("maps"),
        WebSearch("maps", fails=True, seconds=1.0),
        FileSearch(("hours",)),
        FileSearch(("hours", "days"), (found,)),
        FoundryAgentCall("travel", '{"where":"Rome"}', "Yes."),
        Invocation({"type": "thinking"}),
        Say("Nine.", annotations=[{"type": "url_citation", "url": "https://x"}, 2]),
    ]


@pytest.mark.parametrize(
    ("written", "step"),
    [("close: 4000", Close(4000)), ("close: {reason: Bye}", Close(1000, "Bye")), ("fail: No.", Fail("No."))],
)
def test_a_reply_may_end_the_response_or_the_connection(written: str, step: object) -> None:
    assert steps_of(load_text(f"otherwise:\n  reply:\n    - {written}\n").otherwise) == [step]


def test_aliases_may_repeat_a_reply() -> None:
    scenario = load_text("turns:\n  - user: A\n    reply: &r [Yes.]\n  - user: B\n    reply: *r\n")
    assert [steps_of(entry) for entry in scenario.turns] == [[Say("Yes.")]] * 2


def test_timing_is_a_profile_or_figures_in_milliseconds() -> None:
    from vlmock.session.timing import LogNormal, Uniform

    assert load_text("timing: cascade\notherwise: {reply: Hi}\n").timing == "cascade"
    text = "timing: {stt: 120, cancel: [40, 180], llm_first: {median: 230, p90: 360}}\notherwise: {reply: Hi}\n"
    assert load_text(text).timing == {"stt": 120.0, "cancel": Uniform(40, 180), "llm_first": LogNormal(230, 360)}


# ---- scenarios in Python


def test_a_scenario_built_in_python_is_the_one_in_the_file() -> None:
    import re

    from msgspec.structs import replace

    built = Scenario.build(
        description="A.",
        seed=3,
        turns=[{"user": "Hi", "reply": "Hello."}],
        rules=[{"user": re.compile("a.b", re.IGNORECASE), "reply": ["One.", {"wait": 0.1}]}],
        otherwise={"reply": "What?"},
        expect=[{"client": "response.create", "within": 2}],
    )
    text = """description: A.
seed: 3
turns: [{user: Hi, reply: Hello.}]
rules: [{user: /a.b/i, reply: [One., {wait: 0.1}]}]
otherwise: {reply: What?}
expect: [{client: response.create, within: 2}]
"""
    loaded = load_text(text)
    for mine, theirs in zip((*built.turns, *built.rules), (*loaded.turns, *loaded.rules), strict=True):
        assert replace(mine, place=theirs.place, reply=None) == replace(theirs, reply=None)
        assert steps_of(mine) == steps_of(theirs)
    assert built.expect[0].within_s == loaded.expect[0].within_s == 2.0
    assert (built.description, built.seed) == (loaded.description, loaded.seed)


def test_what_is_wrong_in_python_is_named_by_the_way_to_it() -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario.build(turns=[{"user": "Hi", "reply": ["Hello.", {"sya": "Ha."}]}])
    assert str(refused.value) == "turns[0].reply[1]: unknown step 'sya' (did you mean 'say'?)"
    with pytest.raises(
        ScenarioError, match=r"^turns\[0\]\.user: expected text, numbers, lists and mappings, got a set$"
    ):
        Scenario.build(turns=[{"user": {"Hi"}, "reply": "Hello."}])
    with pytest.raises(ScenarioError, match=r"^chat: answers nothing: give it 'turns', 'rules' or 'otherwise'$"):
        Scenario.from_mapping({}, name="chat")
