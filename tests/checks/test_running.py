"""One check and its verdict, against servers that say what a test wants."""

import json
from typing import Any

import msgspec
import pytest

from tests.checks.conftest import CREATED, checked, checking, saying, verdict_of
from tests.client.fake_service import Caller, Conversation, refusing, serving, silent
from vlclient.checks.pacing import Pace
from vlclient.checks.probe import HttpAnswer, Probe
from vlclient.checks.running import run, try_check, why_skipped
from vlclient.checks.verdicts import Verdict
from vlclient.errors import ConfigurationError

A_KEY = "a-key-of-the-tests"


async def _created(probe: Probe) -> None:
    await probe.created()


# ---- what came of it


async def test_a_server_that_answers_nothing_any_more_is_not_asked_for_ever() -> None:
    """Each check would wait as long as its patience is; what was not tried says why."""

    async def greeted_only(probe: Probe) -> None:
        wire, _ = await probe.created()
        await probe.answer(wire, "session.updated")

    async def told(probe: Probe) -> None:
        await probe.created()

    async with serving(*[saying(CREATED)] * 25) as service:
        outcomes = await run([checking(greeted_only)] * 25, checked(service.url, patience_s=0.02))
    verdicts = [outcome.verdict for outcome in outcomes]
    assert verdicts == [Verdict.FAILED] * 10 + [Verdict.SKIPPED] * 15
    assert outcomes[-1].reason == "the server has answered nothing in the last 10 checks"
    mixed = [checking(told), *[checking(greeted_only)] * 4] * 4
    async with serving(*[saying(CREATED)] * len(mixed)) as service:
        outcomes = await run(mixed, checked(service.url, patience_s=0.02))
    assert Verdict.SKIPPED not in {outcome.verdict for outcome in outcomes}


async def test_a_requirement_that_is_met_is_passed() -> None:
    """With the frames that show it, first of all where it was dialled."""
    outcome = await verdict_of(_created, saying(CREATED))
    assert (outcome.verdict, outcome.findings, outcome.reason) == (Verdict.PASSED, (), "")
    assert [frame.source for frame in outcome.frames] == ["note", "server"]
    assert str(outcome.frames[0].body).startswith("GET ws://127.0.0.1:")


async def test_all_that_is_not_as_expected_is_found() -> None:
    """A check goes on after its first finding."""

    async def body(probe: Probe) -> None:
        await probe.created()
        probe.expect(True, "this", "this")
        probe.expect(False, "one", 1)
        probe.loosely(False, "a detail", "another")
        probe.expect(False, "two", "zwei")

    outcome = await verdict_of(body, saying(CREATED))
    assert outcome.verdict is Verdict.FAILED
    assert [str(finding) for finding in outcome.findings] == [
        "expected one, got 1 (frame 2)",
        "expected two, got zwei (frame 2)",
    ]


async def test_what_no_client_would_mind_is_passed_loosely() -> None:
    """And told."""

    async def body(probe: Probe) -> None:
        probe.loosely(False, "these words", "others")

    outcome = await verdict_of(body, silent)
    assert (outcome.verdict, len(outcome.findings)) == (Verdict.LOOSELY, 1)


async def test_what_is_required_ends_the_check() -> None:
    """Nothing behind it is looked at."""

    async def body(probe: Probe) -> None:
        probe.require(False, "a beginning", "nothing")
        raise AssertionError("it went on")

    outcome = await verdict_of(body, silent)
    assert (outcome.verdict, [finding.expected for finding in outcome.findings]) == (Verdict.FAILED, ["a beginning"])


WRONG_ENDS = {
    "closes": (saying(), "an open connection", "close 1011 (broken)"),
    "says nothing": (saying(), "session.created within 0.2 s", "nothing"),
    "says something else": (saying('{"type":"hello"}'), "session.created within 0.2 s", "hello"),
    "sends no JSON": (saying("<html>"), "session.created within 0.2 s", "(no event: <html>)"),
    "sends a long text": (
        saying(f"no JSON with {A_KEY} {'and more ' * 20}"),
        "session.created within 0.2 s",
        "(no event: no JSON with *** and more and more and more and more and mor…)",
    ),
    "sends a list": (saying("[1]"), "session.created within 0.2 s", "(no event: [1])"),
    "sends no type": (saying('{"hello": 1}'), "a member 'type'", "only hello"),
    "sends a binary frame": (
        saying(CREATED.encode()),
        "session.created within 0.2 s",
        f"(no event: <{len(CREATED)} bytes in a binary frame>)",
    ),
}


@pytest.mark.parametrize("way", WRONG_ENDS)
async def test_a_server_that_does_not_go_on_has_failed(way: str) -> None:
    """It is said what was waited for, and what came in its place."""
    conversation, expected, got = WRONG_ENDS[way]

    async def closing(caller: Caller) -> None:
        await caller.connection.close(1011, "broken")

    chosen = closing if way == "closes" else conversation
    outcome = await verdict_of(_created, chosen, patience_s=5.0 if way == "closes" else 0.2)
    (finding,) = outcome.findings
    assert (outcome.verdict, finding.expected, finding.got) == (Verdict.FAILED, expected, got)


async def test_a_frame_that_ends_the_connection_is_no_riddle() -> None:
    """Whoever goes on sending is told how it ended, even where most of the frame was still to be sent."""

    async def body(probe: Probe) -> None:
        wire = await probe.connect()
        await wire.send({"type": "input_audio_buffer.append", "audio": "A" * 2**24})
        await wire.send({"type": "input_audio_buffer.clear"})

    (finding,) = (await verdict_of(body, silent)).findings
    assert (finding.expected, finding.got[:10]) == ("an open connection", "close 1009")


async def test_a_member_that_is_missing_is_a_finding() -> None:
    """Wherever a check reads it, however deep."""

    async def body(probe: Probe) -> None:
        _, created = await probe.created()
        assert created["session"]["voice"]["name"]

    outcome = await verdict_of(body, saying(CREATED))
    (finding,) = outcome.findings
    assert (outcome.verdict, finding.expected, finding.got) == (Verdict.FAILED, "a member 'voice'", "only id")


async def test_a_shape_that_nobody_knows_is_a_finding_too() -> None:
    """A list where an object belongs does not end the run; it is said where the check fell over it."""

    async def body(probe: Probe) -> None:
        _, created = await probe.created()
        created["session"].get("id")

    outcome = await verdict_of(body, saying('{"type":"session.created","session":[]}'))
    (finding,) = outcome.findings
    assert (outcome.verdict, finding.expected) == (Verdict.FAILED, "an answer of the known shape")
    assert finding.got.startswith("AttributeError at test_running.py:")


async def test_settings_that_are_refused_are_not_offered() -> None:
    """In the service's own words."""

    async def refusing_updates(caller: Caller) -> None:
        await caller.connection.send(CREATED)
        await caller.hear("session.update")
        await caller.connection.send('{"type":"error","error":{"message":"not in this region"}}')

    async def body(probe: Probe) -> None:
        await probe.session()

    outcome = await verdict_of(body, refusing_updates)
    assert outcome.verdict is Verdict.NOT_OFFERED
    assert "not in this region" in outcome.reason


async def test_what_cannot_be_tried_is_inconclusive() -> None:
    """With the reason: the check's own, or why nobody could be reached."""

    async def unlucky(probe: Probe) -> None:
        probe.inconclusive("the model said something else")

    assert (await verdict_of(unlucky, silent)).reason == "the model said something else"
    outcome = await try_check(checking(_created), checked("http://127.0.0.1:9"))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "nobody listens there" in outcome.reason


async def test_an_answer_of_another_kind_is_a_finding() -> None:
    """Where a connection is wanted, HTTP with its body; where an answer is, what it says."""
    outcome = await verdict_of(_created, silent, door=refusing(503))
    assert outcome.findings[0].got.startswith("HTTP 503")

    async def asks(probe: Probe) -> None:
        answer = await probe.dial()
        assert isinstance(answer, HttpAnswer)
        probe.expect(answer.headers.get("location") == "http://elsewhere", "the address", answer.headers)

    outcome = await verdict_of(asks, silent, door=refusing(302, Location="http://elsewhere"))
    assert outcome.verdict is Verdict.PASSED
    assert "HTTP 302 Location: http://elsewhere" in str(outcome.frames[1].body)


# ---- refusals


def refused_with(error: dict[str, Any], event_id: str | None = "asked") -> Conversation:
    """Every update is answered so."""

    async def conversation(caller: Caller) -> None:
        await caller.connection.send(CREATED)
        await caller.hear("session.update")
        await caller.connection.send(json.dumps({"type": "error", "error": {**error, "event_id": event_id}}))
        await caller.connection.wait_closed()

    return conversation


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ({"code": "a", "param": "b", "message": "so it is"}, Verdict.PASSED),
        ({"code": "x", "param": "b", "message": "so it is"}, Verdict.FAILED),
        ({"code": "a", "param": "x", "message": "so it is"}, Verdict.LOOSELY),
        ({"code": "a", "param": "b", "message": "otherwise"}, Verdict.LOOSELY),
        ({"code": "a", "param": "b", "message": ""}, Verdict.FAILED),
        ({"code": "a", "param": "b"}, Verdict.FAILED),
    ],
    ids=["all", "code", "usual param", "words", "no words", "no message"],
)
async def test_a_refusal_is_looked_at_in_all_its_parts(error: dict[str, Any], verdict: Verdict) -> None:
    """What clients match on makes a failure, the rest is met loosely."""

    async def body(probe: Probe) -> None:
        wire, _ = await probe.created()
        refusal = await probe.refusal(wire, {"type": "session.update", "session": {}}, accepted="session.updated")
        probe.refused(refusal, words="so it is", code="a", usual_param="b")

    assert (await verdict_of(body, refused_with(error))).verdict is verdict


async def test_a_refusal_names_the_event_that_it_refuses() -> None:
    """Its id or null, and no other."""

    async def body(probe: Probe) -> None:
        wire, _ = await probe.created()
        await probe.refusal(wire, {"type": "session.update", "session": {}}, accepted="session.updated")

    assert (await verdict_of(body, refused_with({}, None))).verdict is Verdict.PASSED
    assert (await verdict_of(body, refused_with({}, "somebody's"))).verdict is Verdict.LOOSELY


async def test_what_should_be_refused_and_is_accepted_has_failed() -> None:
    """At the event that accepts it."""

    async def accepting(caller: Caller) -> None:
        await caller.connection.send(CREATED)
        await caller.hear("session.update")
        await caller.connection.send('{"type":"session.updated","session":{}}')

    async def body(probe: Probe) -> None:
        wire, _ = await probe.created()
        await probe.refusal(wire, {"type": "session.update", "session": {}}, accepted="session.updated")

    outcome = await verdict_of(body, accepting)
    assert [finding.got for finding in outcome.findings] == ["session.updated: it was accepted"]


# ---- what is not tried, and what waits


@pytest.mark.parametrize(
    ("changes", "server", "words"),
    [
        ({"pipelines": ("native",)}, {}, "it is about native, and this is cascade"),
        ({"since": "2026-07-15"}, {"api_version": "2026-04-10"}, "api-version 2026-07-15"),
        ({"since": "2026-04-10"}, {"api_version": "2026-04-10"}, ""),
        ({"agents": False}, {"agent": True}, "an agent answers"),
        ({}, {"agent": True}, ""),
    ],
)
async def test_what_does_not_apply_is_skipped_with_a_reason(
    changes: dict[str, Any], server: dict[str, Any], words: str
) -> None:
    """Nobody is dialled for it."""
    asked = msgspec.structs.replace(checked("http://127.0.0.1:9"), **server)
    check = checking(_created, **changes)
    assert words in why_skipped(check, asked)
    if words:
        assert (await try_check(check, asked)).verdict is Verdict.SKIPPED


async def test_a_server_that_has_enough_for_now_is_asked_again() -> None:
    """HTTP 429 is the limit's and not the check's; it is waited for as long as it says."""
    outcome = await verdict_of(_created, saying(CREATED), door=refusing(429, Retry_After="0.01"))
    assert outcome.verdict is Verdict.PASSED
    assert "HTTP 429 Retry-After: 0.01" in str(outcome.frames[1].body)


async def test_connections_are_opened_at_the_pace_of_the_run() -> None:
    """Whichever check opens them, and what that takes is not counted against it."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    clock = [100.0]
    async with serving(silent) as service:
        pace = Pace(2, clock=lambda: clock[0], sleep=sleep)
        server = msgspec.structs.replace(checked(service.url), pace=pace)
        outcomes = await run([checking(_created)] * 3, server)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.PASSED] * 3
    assert waited == [60.0]


async def test_several_are_tried_at_once_and_told_as_they_end() -> None:
    """The list is in the order that was asked for."""
    told: list[str] = []

    async def slow(probe: Probe) -> None:
        wire, _ = await probe.created()
        await wire.for_a_while(0.2)

    async def quick(probe: Probe) -> None:
        await probe.created()

    checks = [checking(slow, number="1.01"), checking(quick, number="1.02")]
    async with serving(silent) as service:
        outcomes = await run(
            checks, checked(service.url), jobs=2, told=lambda outcome: told.append(outcome.check.number)
        )
    assert [outcome.check.number for outcome in outcomes] == ["1.01", "1.02"]
    assert told == ["1.02", "1.01"]


# ---- secrets


async def test_no_secret_is_in_what_came_of_it() -> None:
    """Not in notes, findings, reasons and frames, even where the server repeats the key."""

    async def repeating(caller: Caller) -> None:
        await caller.connection.send(json.dumps({"type": "session.created", "told": f"your key is {A_KEY}"}))
        await caller.connection.wait_closed()

    async def body(probe: Probe) -> None:
        wire, created = await probe.created(replaced={"api-key": A_KEY})
        probe.expect(False, "no key", created)
        await wire.send({"type": "hello", "said": A_KEY})
        await wire.send_text(f"no JSON with {A_KEY}")
        raise ConfigurationError(A_KEY)

    outcome = await verdict_of(body, repeating)
    assert len(outcome.frames) == 4
    assert A_KEY not in repr(outcome)
    assert "***" in str(outcome.findings[0])


async def test_sound_is_shown_by_its_length() -> None:
    """Nobody reads base64."""
    delta = '{"type":"response.audio.delta","delta":"' + "AAAA" * 320 + '"}'

    async def body(probe: Probe) -> None:
        wire = await probe.connect()
        await wire.next("response.audio.delta")
        await wire.send({"type": "input_audio_buffer.append", "audio": "AAAA"})
        await wire.send({"type": "input_audio_buffer.append", "audio": "no base64"})

    outcome = await verdict_of(body, saying(delta))
    bodies: list[Any] = [frame.body for frame in outcome.frames if frame.source != "note"]
    assert [body.get("delta") or body.get("audio") for body in bodies] == ["<960 bytes>", "<3 bytes>", "no base64"]


async def test_long_frames_are_kept_short() -> None:
    """What is 20 MB long on the wire is not so in memory; of long texts it is said how much was cut."""

    async def body(probe: Probe) -> None:
        wire = await probe.connect()
        await wire.send({"type": "input_audio_buffer.append", "audio": "AAAA" * 250_000})
        assert probe.frames[-1].body["audio"] == "<750000 bytes>"
        await wire.send_text("All work. " * 1000)
        assert str(probe.frames[-1].body).endswith("work. … (+8000 characters)")
        await wire.send_text("All work. " * 199 + f"no: {A_KEY}" + "All work. " * 10)  # cut where the key stands
        assert A_KEY[:6] not in str(probe.frames[-1].body)
        said = await wire.receive()
        assert len(said["text"]) == 9000
        assert probe.frames[-1].body["text"].endswith("… (+7000 characters)")

    outcome = await verdict_of(body, saying(json.dumps({"type": "hello", "text": "No play. " * 1000})))
    assert outcome.verdict is Verdict.PASSED, outcome.findings
