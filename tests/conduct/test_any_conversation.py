"""Whatever goes by, in whatever order: the judge never fails, and says nothing that is not a finding."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.wire_values import FRAMES, WireValues
from vlmock.conduct.codes import BINARY_MESSAGE, PING_UNANSWERED, PLAYING, SENT_AFTER_CLOSE, SILENT, STILL_PLAYING
from vlmock.conduct.conduct import Conduct, summary_of
from vlmock.conduct.facts import Ending, Facts, Turnaway
from vlmock.conduct.judge import Judge
from vlmock.conduct.reports import as_json, as_junit
from vlmock.conduct.rule import Finding
from vlmock.protocol.catalogue import AnyClientEvent, AnyServerEvent
from vlmock.protocol.codec import decode_client, encode, to_json_object
from vlmock.session.effects import Remark

CODES = (BINARY_MESSAGE, PING_UNANSWERED, PLAYING, SENT_AFTER_CLOSE, SILENT, STILL_PLAYING, None)
IDS = st.sampled_from(["item_1", "item_2", "resp_1", "call_1"])
VALUES = WireValues()
KINDS = st.sampled_from(["hint", "overlooked", "heard", "unsent", "noted"])

client_events = VALUES.of(AnyClientEvent).map(encode).map(decode_client) | FRAMES.map(decode_client)
server_events = VALUES.of(AnyServerEvent) | VALUES.of(AnyServerEvent).map(to_json_object)
remarks = st.builds(Remark, KINDS, st.text(max_size=8), st.sampled_from(CODES))
happenings = st.one_of(
    st.tuples(st.just("client"), client_events),
    st.tuples(st.just("server"), server_events),
    st.tuples(st.just("vlmock"), remarks),
)
facts = st.builds(
    Facts,
    agent=st.booleans(),
    api_version=st.sampled_from(["2025-10-01", "2026-07-15", ""]),
    dialect=st.sampled_from(["voice-live", "openai-beta"]),
    timed=st.booleans(),
    recorded=st.booleans(),
    opened=st.floats(0, 100),
)
endings = st.builds(
    Ending,
    st.sampled_from([1000, 1001, 1006, 1008, 1011]),
    st.text(max_size=8),
    st.sampled_from(["client", "server", "network", ""]),
    st.floats(0, 100),
    st.booleans(),
)
connections = st.lists(
    st.tuples(facts, st.lists(st.tuples(happenings, st.floats(0, 2)), max_size=12), endings), max_size=3
)


def judged(parts: Sequence[Any]) -> list[Finding]:
    judge, found = Judge(), []
    for number, (known, heard, ending) in enumerate(parts, 1):
        found += judge.opened(number, known)
        at = 0.0
        for (source, event), later in heard:
            at += later
            found += judge.heard(number, source, event, at)
        found += judge.looked_at(number, at)
        found += judge.ended(number, ending)
        found += judge.turned_away(Turnaway(status=401, at=known.opened))
    return found


@given(connections)
@settings(max_examples=150)
def test_the_judge_takes_whatever_goes_by(parts: Sequence[Any]):
    """Findings can be told, counted and written; each has its place."""
    found = judged(parts)
    told = Conduct(lambda: (found, []))
    assert str(told).endswith(summary_of(told))
    assert as_json(told)
    assert as_junit(told)
    for finding in found:
        assert "\n" not in str(finding)
        assert finding.entry >= 0


@given(connections)
@settings(max_examples=50)
def test_the_same_conversation_is_judged_the_same_way(parts: Sequence[Any]):
    """There is no clock, no chance, and nothing is left of an earlier judge."""
    assert list(map(str, judged(parts))) == list(map(str, judged(parts)))
