"""Two recordings of one conversation, compared event by event."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.beats import Beat, Event, blocks_of, client_blocks_of, events_of
from vlmock.recording.differences.endings import Endings
from vlmock.recording.differences.finding import Comparison, Difference, Finding, Grade, Judged, Place
from vlmock.recording.differences.links import Links
from vlmock.recording.differences.matching import Move, Pair, moves_in, pairs_of
from vlmock.recording.differences.rules import Allowance, allowed
from vlmock.recording.differences.runs import constant, run_differences
from vlmock.recording.differences.values import Values, brief
from vlmock.recording.model import Recording

__all__ = ["began", "compare", "links_between", "paired"]


def compare(
    theirs: Recording,
    ours: Recording,
    *,
    names: tuple[str, str] = ("first", "second"),
    allowances: Sequence[Allowance] = (),
    clients: bool = True,
) -> Comparison:
    """What the server said in the first and in the second, and, with ``clients``, what the clients said.

    ``names``: what the two are called in reports. ``allowances``: differences that are expected; the first that holds
    gives the reason.
    """
    judges = {"server": paired(theirs, ours, "server")}
    if clients:
        judges["client"] = paired(theirs, ours, "client")
    bodies = [(_body(pair.their), _body(pair.our)) for pairs in judges.values() for pair in pairs if _both(pair)]
    values = Values(Links(bodies), starts=(began(theirs), began(ours)), names=names)
    judged: list[Judged] = []
    for source, pairs in judges.items():
        endings = Endings(pairs, (theirs, ours), clients=clients)
        judged += _judged(pairs, source, values, (theirs, ours), allowances, endings)
    judged += _closes(theirs, ours, values, allowances)
    breaks = [_break(each) for each in (theirs, ours)]
    return Comparison(theirs.name, *names, their_break=breaks[0], our_break=breaks[1], judged=tuple(judged))


def paired(theirs: Recording, ours: Recording, source: str) -> list[Pair]:
    """Which event of one side is which of the other, all in order."""
    make = blocks_of if source == "server" else client_blocks_of
    their, our = (make(events_of(recording, source)) for recording in (theirs, ours))
    return pairs_of(their, our)


def links_between(theirs: Sequence[Event], ours: Sequence[Event]) -> Links:
    """Which id of the first server is which of the second, by what they have said so far."""
    pairs = pairs_of(blocks_of(theirs), blocks_of(ours))
    return Links((_body(pair.their), _body(pair.our)) for pair in pairs if _both(pair))


def _both(pair: Pair) -> bool:
    return pair.their is not None and pair.our is not None


def _body(beat: Beat | None) -> JsonObject:
    """An event, or what stands for a run."""
    if beat is None:
        return {}
    return constant(beat) if beat.is_run else beat.events[0].body


def _judged(
    pairs: Sequence[Pair],
    source: str,
    values: Values,
    recordings: tuple[Recording, Recording],
    allowances: Sequence[Allowance],
    endings: Endings,
) -> Iterator[Judged]:
    moves: defaultdict[int, list[Move]] = defaultdict(list)
    for move in moves_in(pairs):
        moves[id(move.pair.beat)].append(move)
    for pair in pairs:
        differences = [*_differences(pair, source, values, recordings, endings)]
        differences += [_moved(move, values) for move in moves[id(pair.beat)]]
        yield _verdict(pair, source, differences, allowances)


def _differences(
    pair: Pair, source: str, values: Values, recordings: tuple[Recording, Recording], endings: Endings
) -> Iterator[Difference]:
    their, our = pair.their, pair.our
    if their is None or our is None:
        yield _alone(pair, values.names, beyond=endings.beyond(pair))
        return
    short = endings.short(pair)
    if their.is_run:
        yield from run_differences(values, their, our, recordings, short=short)
    else:
        bodies = [_without_own_id(beat.events[0].body, source) for beat in (their, our)]
        yield from values.differences(their.type, *bodies, short=short)


def _alone(pair: Pair, names: tuple[str, str], *, beyond: bool) -> Difference:
    """Only one of them has it; ``beyond``: the other had ended by then, or was about to."""
    there, here = names if pair.their is None else names[::-1]
    reason = f"only {here} has it: the recording of {there} had ended by then, or was about to" if beyond else ""
    told = brief(_body(pair.beat))
    if pair.our is None:
        return Difference("", Grade.LOOSER if beyond else Grade.MISSING, "event", theirs=told, reason=reason)
    return Difference("", Grade.LOOSER if beyond else Grade.EXTRA, "event", ours=told, reason=reason)


def _without_own_id(body: JsonObject, source: str) -> JsonObject:
    """What a client calls its events is its own affair."""
    return body if source == "server" else {name: value for name, value in body.items() if name != "event_id"}


def _moved(move: Move, values: Values) -> Difference:
    past = f"{move.past.beat.type}{f' of {move.past.about}' if move.past.about else ''}"
    here, there = ("after", "before") if move.later else ("before", "after")
    reason = values.each_has(f"it {there} {past}", f"{here} it")
    if move.meanwhile:
        return Difference("", Grade.LOOSER, "order", reason=f"{reason}: the two go on at the same time")
    return Difference("", Grade.DIFFERENT, "order", reason=reason)


def _verdict(pair: Pair, source: str, differences: Iterable[Difference], allowances: Sequence[Allowance]) -> Judged:
    their_place, our_place = _place(pair.their), _place(pair.our)
    findings = (
        Finding(pair.beat.type, pair.about, source, difference, their_place, our_place) for difference in differences
    )
    return Judged(
        pair.beat.type,
        pair.about,
        source,
        len(pair.beat.events),
        their_place,
        our_place,
        tuple(_excused(finding, allowances) for finding in findings),
    )


def _place(beat: Beat | None) -> Place | None:
    return None if beat is None else Place(beat.first, beat.events[0].at)


def _excused(finding: Finding, allowances: Sequence[Allowance]) -> Finding:
    allowance = None if finding.grade is Grade.LOOSER else allowed(finding.path, allowances)
    if allowance is None:
        return finding
    return replace(finding, difference=replace(finding.difference, grade=Grade.LOOSER, reason=allowance.reason))


def _closes(theirs: Recording, ours: Recording, values: Values, allowances: Sequence[Allowance]) -> Iterator[Judged]:
    """How the connections ended, where both did."""
    if theirs.end is None or ours.end is None:
        return
    ends: list[JsonObject] = [
        {"code": each.end.code, "reason": each.end.reason, "by": each.ended_by} for each in (theirs, ours) if each.end
    ]
    their_place, our_place = (Place(len(each.frames), each.ended_at) for each in (theirs, ours))
    differences = values.differences("(close)", *ends)
    findings = (Finding("(close)", "", "server", each, their_place, our_place) for each in differences)
    yield Judged(
        "(close)", "", "server", 1, their_place, our_place, tuple(_excused(finding, allowances) for finding in findings)
    )


def _break(recording: Recording) -> Place | None:
    """The last thing that was written down of what broke off."""
    last = len(recording.frames) - 1
    at = recording.frames[last].at if recording.frames else 0.0
    return Place(last, at) if recording.broke_off else None


def began(recording: Recording) -> float | None:
    """When a session began with the service, in seconds since 1970; None where nobody wrote it down."""
    try:
        return datetime.fromisoformat(recording.head.recorded or recording.head.started).timestamp()
    except ValueError:
        return None
