"""Comparisons for a person: how many events agree, then what does not, event by event."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from vlmock.protocol.shown import on_one_line
from vlmock.recording.differences.finding import Comparison, Difference, Grade, Judged, Place

__all__ = ["as_text", "breaks_of"]

_WIDTH: Final = max(len(grade) for grade in Grade)
_WORSE_FIRST: Final = (Grade.DIFFERENT, Grade.MISSING, Grade.EXTRA, Grade.LOOSER, Grade.SAME)

Paint = Callable[[Grade, str], str]


def as_text(
    comparisons: Sequence[Comparison],
    *,
    everything: bool = False,
    paint: Paint = lambda grade, text: text,
) -> str:
    """``everything``: what is looser and what is the same as well; otherwise only their numbers. ``paint``: puts colour
    on a grade."""
    return "\n".join(line for comparison in comparisons for line in _comparison(comparison, everything, paint))


def _comparison(comparison: Comparison, everything: bool, paint: Paint) -> Iterator[str]:
    counted = ", ".join(f"{comparison.count(grade)} {grade}" for grade in _WORSE_FIRST[::-1] if comparison.count(grade))
    yield f"{comparison.name}: {comparison.theirs} and {comparison.ours}: {counted or 'nothing to compare'}"
    yield from (f"  {each}" for each in breaks_of(comparison))
    shown = [each for each in comparison.judged if everything or each.grade not in (Grade.SAME, Grade.LOOSER)]
    for _, group in groupby(shown, key=_alike):
        yield from _judged(list(group), comparison, everything, paint)
    if not everything and (reasons := _reasons(comparison)):
        yield "looser, and why:"
        for reason, paths in reasons:
            yield f"  {reason}: {', '.join(paths)}"


def breaks_of(comparison: Comparison) -> Iterator[str]:
    """A sentence for each side that broke off: where, and what that means."""
    for name, file, place in (
        (comparison.theirs, comparison.their_file, comparison.their_break),
        (comparison.ours, comparison.our_file, comparison.our_break),
    ):
        if place is not None:
            where = (
                f"after {_place(place, file)} ({place.at:.1f} s)" if place.frame >= 0 else "before anything was said"
            )
            yield f"{name}: its recording broke off {where}, and what comes after that is looser"


def _alike(judged: Judged) -> object:
    """What is missing or extra again and again is told of once."""
    is_whole = all(finding.difference.what == "event" for finding in judged.findings)
    told = [_message(finding.difference) for finding in judged.findings]
    return (judged.grade, judged.event, judged.about, judged.source, told) if is_whole and told else id(judged)


def _message(difference: Difference) -> str:
    """What an error or a warning says that only one side has."""
    event = difference.ours if difference.theirs is msgspec.UNSET else difference.theirs
    inner = event.get(event.get("type")) if difference.what == "event" and isinstance(event, dict) else None
    return str(inner.get("message", "")) if isinstance(inner, dict) else ""


def _judged(group: list[Judged], comparison: Comparison, everything: bool, paint: Paint) -> Iterator[str]:
    judged = group[0]
    about = f" ({judged.about})" if judged.about else ""
    number = sum(each.count for each in group)
    count = f" ×{number}" if number > 1 else ""
    who = " from the client" if judged.source == "client" else ""
    grade = paint(judged.grade, f"{judged.grade:<{_WIDTH}}")
    yield f"  {grade}  {judged.event}{count}{about}{who}{_where(judged, comparison)}"
    for finding in judged.findings:
        difference = finding.difference
        if message := _message(difference):
            yield f"  {'':{_WIDTH}}    {on_one_line(message)}"
        if difference.what == "event" or not (everything or finding.grade is not Grade.LOOSER):
            continue
        mark = paint(finding.grade, finding.grade) + " " if finding.grade is not judged.grade else ""
        yield f"  {'':{_WIDTH}}    {mark}{difference.path or difference.what}: {_said(difference, comparison)}"


def _where(judged: Judged, comparison: Comparison) -> str:
    """In the first, where it is there; an event that only the second has stands there."""
    if judged.their_place is not None:
        return f"  {_place(judged.their_place, comparison.their_file)}"
    return f"  {comparison.ours} {_place(judged.our_place, comparison.our_file)}" if judged.our_place else ""


def _place(place: Place, file: str) -> str:
    return f"{file}:{place.line}" if file else f"frame {place.number}"


def _said(difference: Difference, comparison: Comparison) -> str:
    sides = [
        f"{name} {_value(value)}"
        for name, value in ((comparison.theirs, difference.theirs), (comparison.ours, difference.ours))
        if value is not msgspec.UNSET
    ]
    if difference.what == "member":
        only = comparison.theirs if difference.grade is Grade.MISSING else comparison.ours
        sides = sides or [f"only {only}"]
        sides[0] = f"only {sides[0]}" if not sides[0].startswith("only") else sides[0]
    reason = f" ({difference.reason})" if difference.reason and sides else difference.reason
    return f"{', '.join(sides)}{reason}"


def _value(value: Any) -> str:
    return on_one_line(msgspec.json.encode(value).decode())


def _reasons(comparison: Comparison) -> list[tuple[str, list[str]]]:
    """Each reason once, with what it holds for."""
    loose = sorted(
        (finding.difference.reason, finding.path) for finding in comparison.findings if finding.grade is Grade.LOOSER
    )
    return [
        (reason, _in_short({path for _, path in group})) for reason, group in groupby(loose, key=lambda pair: pair[0])
    ]


def _in_short(paths: set[str]) -> list[str]:
    """What is below a member that has many of them is only counted in."""
    by_parent: dict[str, set[str]] = {}
    for path in paths:
        parent, usage, _ = path.partition(".usage.")
        by_parent.setdefault(f"{parent}.usage" if usage else path, set()).add(path)
    return sorted(by_parent)
