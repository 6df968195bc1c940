"""What a right file becomes, where files are looked for, and scenarios that are written in Python."""

import io
import shutil
import wave
from pathlib import Path

import pytest

import vlmock
from vlmock.errors import ScenarioError
from vlmock.protocol.audio_format import output_format
from vlmock.protocol.items import FileSearchResult
from vlmock.protocol.wav import wav_header
from vlmock.scenario.loader import load_file, load_text
from vlmock.scenario.model import Entry, Scenario
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
    with pytest.raises(ScenarioError, match="cannot be read: it is a folder"):
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
    (tmp_path / "hello.wav").write_bytes(wav_header(output_format("pcm16"), 1, 2) + b"\0\0")
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
