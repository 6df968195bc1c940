"""What a comparison looks like to a person and to a machine."""

import json
from xml.etree import ElementTree

import pytest

from tests.recording.conversations import a_long_one, made_of
from vlmock.protocol.recording.lines import Frame
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.connections import compare_all
from vlmock.recording.differences.finding import Comparison, Grade
from vlmock.recording.differences.reports.machine import as_json, as_junit
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.model import Recording

WHOLE = a_long_one()


def tampered() -> Recording:
    """One of each kind: an event is gone, one is new, one says something else, one has other numbers."""
    frames = [frame for frame in WHOLE.frames if (frame.event or {}).get("type") != "conversation.item.deleted"]
    changed = [changed_frame(frame) for frame in frames]
    changed.append(Frame(at=changed[-1].at, source="server", event={"type": "surprise", "event_id": "event_1\n<&\x01"}))
    return Recording(name="tampered", head=WHOLE.head, frames=changed, voices=WHOLE.voices)


def changed_frame(frame: Frame) -> Frame:
    event = frame.event or {}
    if event.get("type") == "session.created":
        event = {**event, "session": {**event["session"], "model": "another\x01model"}}
    elif event.get("type") == "input_audio_buffer.speech_started":
        event = {**event, "audio_start_ms": event["audio_start_ms"] + 32}
    return Frame(at=frame.at, source=frame.source, event=event)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(WHOLE, tampered(), names=("service", "emulator"), clients=False)


def test_a_person_reads_numbers_first_and_then_what_is_wrong(comparison: Comparison) -> None:
    """Each event with its grade and place, each member with both values; what is looser only with its reason."""
    text = as_text([comparison])
    first, *lines = text.splitlines()
    assert first.startswith("gpt-realtime: service and emulator: ")
    assert first.endswith(" same, 1 looser, 1 extra, 1 missing, 1 different")
    assert "  different  session.created  frame 1" in lines
    model = 'session.model: service "gpt-realtime-global-standard", emulator "another\\u0001model"'
    assert any(line.strip() == model for line in lines)
    assert any(line.startswith("  missing    conversation.item.deleted  frame ") for line in lines)
    assert any(line.startswith("  extra      surprise  emulator frame ") for line in lines)
    assert lines[-2] == "looser, and why:"
    assert lines[-1].endswith("(Observed {FON, PAI}): input_audio_buffer.speech_started.audio_start_ms")
    assert max(map(len, lines)) < 200


def test_all_shows_what_is_the_same_as_well(comparison: Comparison) -> None:
    """Every event has its line."""
    text = as_text([comparison], everything=True)
    assert sum(line.startswith("  same ") for line in text.splitlines()) == comparison.count(Grade.SAME)
    assert "  looser     input_audio_buffer.speech_started (input 4)" in text


def test_lines_are_those_of_the_file_where_there_is_one(comparison: Comparison) -> None:
    """An editor goes there: the head is the first line."""
    named = Comparison("x", "a", "b", their_file="events.jsonl", judged=comparison.judged)
    assert "session.created  events.jsonl:2" in as_text([named])


def test_errors_that_only_one_side_has_are_told_once_with_their_words() -> None:
    """A refusal again and again is one line with its number."""
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "No such thing."}}
    text = as_text([compare(made_of([]), made_of([("server", 0.0, error)] * 55), clients=False)])
    assert text.count("error") == 1
    assert "error ×55" in text
    assert "No such thing." in text


def test_the_json_is_what_it_is_documented_to_be(comparison: Comparison) -> None:
    """Programs read it: members stay, and so does the version with them."""
    told = json.loads(as_json([comparison]))
    (connection,) = told.pop("connections")
    assert told == {"version": 1, "grade": "missing"}
    findings = connection.pop("findings")
    assert connection == {
        "name": "gpt-realtime",
        "theirs": "service",
        "ours": "emulator",
        "their_break": None,
        "our_break": None,
        "grade": "missing",
        "events": {"same": comparison.count(Grade.SAME), "looser": 1, "extra": 1, "different": 1, "missing": 1},
    }
    by_grade = {finding["grade"]: finding for finding in findings}
    assert by_grade["different"] == {
        "grade": "different",
        "event": "session.created",
        "about": "",
        "source": "server",
        "path": "session.model",
        "what": "value",
        "theirs": "gpt-realtime-global-standard",
        "ours": "another\x01model",
        "reason": "",
        "their_frame": 1,
        "our_frame": 1,
    }
    assert by_grade["missing"]["our_frame"] is None
    assert "ours" not in by_grade["missing"]
    everything = json.loads(as_json([comparison], everything=True))["connections"][0]["findings"]
    assert sum(finding["grade"] == "same" for finding in everything) == comparison.count(Grade.SAME)


def test_junit_has_a_test_for_each_event(comparison: Comparison) -> None:
    """What is looser passes and says why; names are unique; letters that XML has not are replaced."""
    root = ElementTree.fromstring(as_junit([comparison]))
    (suite,) = root.findall("testsuite")
    cases = suite.findall("testcase")
    assert (root.tag, suite.get("tests"), suite.get("failures")) == ("testsuites", str(len(cases)), "3")
    assert len({case.get("name") for case in cases}) == len(cases) == len(comparison.judged)
    failures = {failure.get("type"): failure for case in cases for failure in case.findall("failure")}
    assert set(failures) == {"missing", "different", "extra"}
    assert "another\\u0001model" in (failures["different"].text or "")
    assert [case.get("name", "").split()[2] for case in cases if case.find("system-out") is not None] == [
        "input_audio_buffer.speech_started"
    ]


def test_connections_that_only_one_has_are_told() -> None:
    """A reconnect too few, or too many."""
    one, none = [made_of([], name="a")], list[Recording]()
    for theirs, ours, grade in ((one * 2, one, Grade.MISSING), (one, one * 2, Grade.EXTRA), (one, none, Grade.MISSING)):
        compared = compare_all(theirs, ours, names=("a", "b"))
        assert len(compared) == max(len(theirs), len(ours))
        assert compared[-1].grade is grade
        assert "(connection)" in as_text(compared)
