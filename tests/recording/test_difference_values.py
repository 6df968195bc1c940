"""What counts as the same, as looser and as different inside an event."""

from typing import Any

import pytest

from tests.recording.conversations import STARTED, made_of
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Finding, Grade
from vlmock.recording.differences.rules import Allowance, parse_allowance
from vlmock.recording.model import Recording


def server(*events: JsonObject, started: str = STARTED) -> Recording:
    head = Head(made_by="tests", started=started)
    return made_of([("server", float(place), event) for place, event in enumerate(events)], head=head)


def compared(their: JsonObject, our: JsonObject, *allowances: Allowance) -> Comparison:
    return compare(server(their), server(our), allowances=allowances, clients=False)


def found(their: JsonObject, our: JsonObject, *allowances: Allowance) -> Finding:
    (finding,) = compared(their, our, *allowances).findings
    return finding


def event(kind: str = "session.updated", **members: Any) -> JsonObject:
    return {"type": kind, "event_id": "event_6UkYip0C2Yhq5gLxloq8cl", **members}


MEMBERS = [
    ({}, {}, Grade.SAME, ""),
    ({"turns": 1}, {}, Grade.MISSING, "member"),
    ({}, {"turns": 1}, Grade.EXTRA, "member"),
    ({"turns": 1}, {"turns": 2}, Grade.DIFFERENT, "number"),
    ({"turns": 1}, {"turns": "1"}, Grade.DIFFERENT, "type"),
    ({"turns": 1}, {"turns": True}, Grade.DIFFERENT, "type"),
    ({"turns": 1}, {"turns": 1.0}, Grade.SAME, ""),
    ({"turns": None}, {"turns": 1}, Grade.DIFFERENT, "null"),
    ({"turns": 1}, {"turns": None}, Grade.DIFFERENT, "null"),
    ({"on": True}, {"on": False}, Grade.DIFFERENT, "value"),
    ({"status": "completed"}, {"status": "cancelled"}, Grade.DIFFERENT, "value"),
    ({"modalities": ["text", "audio"]}, {"modalities": ["audio", "text"]}, Grade.LOOSER, "value"),
    ({"languages": ["de", "en"]}, {"languages": ["de"]}, Grade.DIFFERENT, "length"),
    ({"transcript": "Hello, you!"}, {"transcript": "hello you"}, Grade.LOOSER, "text"),
    ({"transcript": "Hello"}, {"transcript": "Goodbye"}, Grade.DIFFERENT, "text"),
    ({"credential": "***"}, {"credential": "a-secret"}, Grade.LOOSER, "text"),
    ({"turns": "***"}, {"turns": 1}, Grade.LOOSER, "value"),
    ({"turns": None}, {"turns": "***"}, Grade.DIFFERENT, "null"),
    ({"transcript": "I am ***."}, {"transcript": "I am Bob."}, Grade.LOOSER, "text"),
    ({"transcript": "I am ***."}, {"transcript": "i am Bob"}, Grade.LOOSER, "text"),
    ({"transcript": "*** and ***"}, {"transcript": "I and You and I"}, Grade.LOOSER, "text"),
    ({"transcript": "*** and *** or ***"}, {"transcript": "I or You and I"}, Grade.DIFFERENT, "text"),
    ({"transcript": "ab***ba"}, {"transcript": "aba"}, Grade.DIFFERENT, "text"),
    ({"url": "https://x/?key=***"}, {"url": "https://x/?key=abc"}, Grade.LOOSER, "text"),
    ({"url": "https://x/?key=***"}, {"url": "https://y/?key=abc"}, Grade.DIFFERENT, "text"),
    ({"arguments": '{"pin": "***"}'}, {"arguments": '{"pin":"1234"}'}, Grade.LOOSER, "text"),
    ({"transcript": "I am ***."}, {"transcript": "You are Bob."}, Grade.DIFFERENT, "text"),
    ({"arguments": '{"a": 1}'}, {"arguments": '{"a":1}'}, Grade.LOOSER, "text"),
    ({"arguments": '{"a": 1}'}, {"arguments": '{"a":2}'}, Grade.DIFFERENT, "text"),
    ({"usage": {"total_tokens": 100}}, {"usage": {"total_tokens": 300}}, Grade.LOOSER, "number"),
    ({"usage": {"total_tokens": 100}}, {"usage": {"total_tokens": 9000}}, Grade.DIFFERENT, "number"),
    ({"audio_end_ms": 4512}, {"audio_end_ms": 4576}, Grade.LOOSER, "number"),
    ({"audio_end_ms": 4512}, {"audio_end_ms": 4577}, Grade.DIFFERENT, "number"),
    ({"expires_at": 1_790_000_000}, {"expires_at": 1_790_000_060}, Grade.LOOSER, "number"),
    ({"expires_at": 1_790_000_000}, {"expires_at": 1_790_003_600}, Grade.DIFFERENT, "number"),
    ({"item_id": "item_E4BAsP00UV55RqqV8zSub"}, {"item_id": "item_mUDS8H4z5fdsK34Q5dVtjC"}, Grade.SAME, ""),
    ({"item_id": "item_E4BAsP00UV55RqqV8zSub"}, {"item_id": "msg_mUDS8H4z5fdsK34Q5dVtjC"}, Grade.DIFFERENT, "id"),
    ({"item_id": "item_E4BAsP00UV55RqqV8zSub"}, {"item_id": "item_mUDS-H4z5fdsK34Q5dVtjC"}, Grade.DIFFERENT, "id"),
    ({"call_id": "call_E4BAsP00UV55RqqV"}, {"call_id": "call_E4BAsP00UV55RqqVE4BAs"}, Grade.LOOSER, "id"),
    ({"item_id": "item_E4BAsP00UV55RqqV8zSub"}, {"item_id": None}, Grade.DIFFERENT, "null"),
    ({"item_id": "3f2a8c1e-1111-4222-8333-444455556666"}, {"item_id": "item_E4BAsP00UV55R"}, Grade.DIFFERENT, "id"),
    ({"tools": [{"parameters": {"id": "a_1"}}]}, {"tools": [{"parameters": {"id": "b_1"}}]}, Grade.DIFFERENT, "value"),
]


@pytest.mark.parametrize(("their", "our", "grade", "what"), MEMBERS)
def test_a_member_is_graded(their: JsonObject, our: JsonObject, grade: Grade, what: str) -> None:
    """By presence, type, null and value; numbers within bounds, ids by their shape, texts by their words."""
    findings = compared(event(**their), event(**our)).findings
    assert [(each.grade, each.difference.what) for each in findings] == ([] if grade is Grade.SAME else [(grade, what)])


def test_a_secret_that_was_replaced_is_as_good_in_deltas_as_in_what_they_add_up_to() -> None:
    """Whatever the pieces were in which it came."""
    kind, at = "response.text", {"response_id": "resp_1", "item_id": "item_1"}
    veiled, plain = ({"type": f"{kind}.done", **at, "text": text} for text in ("I am ***.", "I am Bob."))
    pieces = (["I am ***", "."], ["I am", " B", "ob."])
    runs = [[{"type": f"{kind}.delta", **at, "delta": piece} for piece in each] for each in pieces]
    for one, other in (([*runs[0], veiled], [*runs[1], plain]), ([*runs[1], veiled], [*runs[0], plain])):
        findings = compare(server(*one), server(*other), clients=False).findings
        assert [each.grade for each in findings] == [Grade.LOOSER] * 2
        assert {each.difference.reason for each in findings} == {"a secret was replaced before it was recorded"}


def test_whatever_is_looser_has_a_reason() -> None:
    """A person reads why it is not worse."""
    for their, our, grade, _ in MEMBERS:
        if grade is Grade.LOOSER:
            assert found(event(**their), event(**our)).difference.reason


def test_an_event_with_a_member_too_few_is_there_but_different() -> None:
    """Missing is an event as a whole; the finding about the member says what it is."""
    comparison = compared(event(turns=1), event())
    assert comparison.grade is Grade.DIFFERENT
    assert comparison.findings[0].grade is Grade.MISSING


def test_the_same_id_is_in_the_same_places() -> None:
    """Whatever it is called: one that stands for two things, or two for one, is a wrong link."""
    first, second = "item_E4BAsP00UV55RqqV8zSub", "item_F4BAsP00UV55RqqV8zSub"
    said = [{"type": "input_audio_buffer.speech_started", "item_id": first}] * 2
    said += [{"type": "input_audio_buffer.speech_stopped", "item_id": first}]
    theirs, ours = [*said, event(item_id=first)], [*said, event(item_id=second)]
    findings = compare(server(*theirs), server(*ours), clients=False).findings
    assert [(each.grade, each.difference.what, each.event) for each in findings] == [
        (Grade.DIFFERENT, "link", "session.updated")
    ]


def test_when_a_session_ends_counts_from_when_it_began() -> None:
    """Two sessions of an hour each, a day apart."""
    theirs = server(event(expires_at=3600), started="1970-01-01T00:00:00+00:00")
    ours = server(event(expires_at=90_000), started="1970-01-02T00:00:00+00:00")
    assert compare(theirs, ours, clients=False).grade is Grade.SAME
    nobody_knows = server(event(expires_at=90_000), started="")
    assert compare(theirs, nobody_knows, clients=False).grade is Grade.LOOSER


@pytest.mark.parametrize(
    "path",
    [
        "session.updated.session.greeting",
        "session.updated",
        "session.*.session.greeting",
        "session",
        "*.greeting",
        "session.updated.session.greeting.words",
    ],
)
def test_what_the_user_allows_is_looser(path: str) -> None:
    """A member, all below it, and ``*``; with the user's own reason."""
    their, our = event(session={"greeting": {"words": ["a"]}}), event(session={"greeting": {"words": ["b"]}})
    finding = found(their, our, parse_allowance(f"{path}=since August"))
    assert (finding.grade, finding.difference.reason) == (Grade.LOOSER, "since August")


@pytest.mark.parametrize("path", ["session.updated.session.greet", "session.created", "updated", "greeting"])
def test_an_allowance_for_something_else_changes_nothing(path: str) -> None:
    """Names are whole names, from the event's type on."""
    their, our = event(session={"greeting": "a"}), event(session={"greeting": "b"})
    assert found(their, our, parse_allowance(path)).grade is Grade.DIFFERENT


def test_an_allowance_may_be_for_a_whole_event() -> None:
    """One that is missing counts as looser then."""
    allowed = compare(server(event("rate_limits.updated")), server(), allowances=[Allowance("rate_limits.updated")])
    assert allowed.judged[0].grade is Grade.LOOSER


def test_secrets_and_sound_are_in_no_report() -> None:
    """A base64 text is told by its length, a token is ``***``."""
    their, our = event(text="A" * 400), event(text="Bearer abcdefghijklmnopqrstuvwxyz0123456789")
    difference = found(their, our).difference
    assert "AAAA" not in str(difference.theirs)
    assert "abcdefghij" not in str(difference.ours)


def test_ids_in_texts_are_which_they_are() -> None:
    """A refusal says which answer is active: another id of the same answer is no difference, another answer is."""
    created = [event("response.created", response={"id": f"resp_{name * 9}"}) for name in "abxy"]
    refusals = [event("error", error={"message": f"resp_{name * 9} is active"}) for name in "axy"]
    theirs = server(*created[:2], refusals[0])
    for refusal, grade in ((refusals[1], Grade.SAME), (refusals[2], Grade.DIFFERENT)):
        assert compare(theirs, server(*created[2:], refusal), clients=False).grade is grade
        assert compare(server(*created[2:], refusal), theirs, clients=False).grade is grade
