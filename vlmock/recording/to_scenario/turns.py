"""The turns of a scenario: what comes, what it is heard as, and what answers it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from vlmock.protocol.wire import JsonObject
from vlmock.recording.to_scenario.escaping import as_pattern
from vlmock.recording.to_scenario.steps import Sounds, steps_of
from vlmock.recording.to_scenario.story import Answer, Came, Message, Place, Returned, Said, Story
from vlmock.recording.to_scenario.yaml_text import Noted

__all__ = ["Clips", "turns_of"]

Clips = Callable[[Said], str | None]
"""The name of the WAV file with the user's own voice; None where there is none, or none is wanted."""
_LONGEST_OUTPUT: Final = 200
_UNTRANSCRIBED: Final = "(speech {number}, not transcribed)"


def turns_of(story: Story, sounds: Sounds, clips: Clips, *, timed: bool) -> list[Any]:
    """One for each answer that the emulator has to be told, in order, and one for what was not answered any more."""
    answers = [answer for answer in story.answers if not answer.given]
    turns = [_turn(answer, sounds, clips, story, timed=timed) for answer in answers]
    if turns and story.close is not None and answers[-1] is story.answers[-1]:
        _say_goodbye(turns[-1], answers[-1], story)
    return [*turns, *_unanswered(story, clips, timed=timed)]


def _turn(answer: Answer, sounds: Sounds, clips: Clips, story: Story, *, timed: bool) -> Any:
    notes = [_where(answer, timed=timed)]
    turn = _conditions(answer, clips, notes, story)
    if words := _interim(answer):
        turn["interim"] = words
    turn["reply"] = _shortest(steps_of(answer, sounds))
    return Noted(turn, tuple(notes))


def _where(answer: Answer, *, timed: bool) -> str:
    """Where in the recording it is answered, and how it was asked."""
    came = answer.came
    how = f"spoken for {_seconds_of(came.said[-1])} s" if came.said and _seconds_of(came.said[-1]) else ""
    return _at(answer.place, how, timed=timed)


def _at(place: Place, how: str, *, timed: bool) -> str:
    where = f"At {place.at:.1f} s, {place}" if timed else f"{str(place)[0].upper()}{str(place)[1:]}"
    return f"{where}: {how}." if how else f"{where}."


def _seconds_of(said: Said) -> str:
    """How long speech was; "" where nobody said so."""
    if said.began_ms is None or said.ended_ms is None:
        return ""
    return f"{(said.ended_ms - said.began_ms) / 1000:.1f}"


def _shortest(steps: list[Any]) -> Any:
    """Words alone need no list."""
    match steps:
        case [{"say": str(words), **rest}] if not rest:
            return words
        case [str(words)]:
            return words
    return steps


def _interim(answer: Answer) -> str:
    """What was said while the answer was not ready."""
    said = (part.words.strip() for part in answer.parts if isinstance(part, Message) and part.interim)
    return " ".join(filter(None, said))


# ---- what comes


def _conditions(answer: Answer, clips: Clips, notes: list[str], story: Story) -> dict[str, Any]:
    came = answer.came
    turn: dict[str, Any] = {}
    if came.idle:
        turn["idle"] = True
    elif came.said:
        turn |= _said(came.said, clips, notes, answer, story)
    if came.returned:
        turn |= _returned(came.returned, notes)
    if not came:
        turn["start"] = True
    return turn or {"turn": answer.number}


def _said(said: list[Said], clips: Clips, notes: list[str], answer: Answer, story: Story) -> dict[str, Any]:
    """By the last thing that was said; the others are told in a comment."""
    *others, last = said
    for other in others:
        notes.append(f"Before it, {'said' if other.spoken else 'typed'} as well: {other.text or '(not transcribed)'}")
    if last.spoken and any(other.spoken for other in others):
        story.losses.append(f"{answer.place}: several things were said before this answer; each is heard as the last")
    if last.spoken:
        return _spoken(last, clips, answer.number)
    text = last.text or ""
    return {"user": as_pattern(text)} if text.strip() else {}


def _spoken(said: Said, clips: Clips, number: int) -> dict[str, Any]:
    text = said.text if said.text and said.text.strip() else ""
    turn: dict[str, Any] = {"user": as_pattern(text) if text else _UNTRANSCRIBED.format(number=number)}
    if (clip := clips(said)) is not None:
        turn["clip"] = clip
    if written := _transcript(said, text if not isinstance(turn["user"], str) else ""):
        turn["transcript"] = written["text"] if list(written) == ["text"] else written
    return turn


def _transcript(said: Said, text: str) -> dict[str, Any]:
    """What there is to say besides the words; those only where ``user`` is a pattern."""
    written: dict[str, Any] = {"text": text} if text else {}
    if said.failure is not None:
        return written | _failure(said.failure)
    if said.confidence is not None and 0 <= said.confidence <= 1:
        written["confidence"] = said.confidence
    return written | ({"locale": said.locale} if said.locale and said.locale.strip() else {})


def _failure(failure: JsonObject) -> dict[str, str]:
    why = {"fails": str(failure.get("message") or "") or "The audio could not be transcribed."}
    code = failure.get("code")
    return why | ({"code": code} if isinstance(code, str) and code not in ("", "audio_unintelligible") else {})


def _returned(returned: list[Returned], notes: list[str]) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for key, of_mcp in (("tool", False), ("mcp", True)):
        names = list(dict.fromkeys(each.name for each in returned if each.of_mcp == of_mcp and each.name))
        if names:
            conditions[key] = names[0] if len(names) == 1 else names
    for each in returned:
        if not each.of_mcp:
            notes.append(f"{each.name or 'A tool that nobody called'} returned {_short(each.output)}")
    return conditions


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_OUTPUT else f"{line[: _LONGEST_OUTPUT - 1]}…"


# ---- the end


def _unanswered(story: Story, clips: Clips, *, timed: bool) -> Iterator[Any]:
    """What came last and had no answer any more."""
    came: Came = story.unanswered
    if not came.said:
        return
    *others, last = came.said
    story.losses += [
        f"{other.place}: what was said there was never answered: {_short(other.text or '(no words)')}"
        for other in others
    ]
    if not last.spoken and not (last.text or "").strip():
        return
    turn = _spoken(last, clips, len(story.answers) + 1) if last.spoken else {"user": as_pattern(last.text or "")}
    note = _at(last.place, "nothing answered it any more", timed=timed)
    yield Noted({**turn, "optional": True, "reply": [{"wait": 0}]}, (note,))


def _say_goodbye(turn: Noted, answer: Answer, story: Story) -> None:
    """The server hangs up behind its last words."""
    close = story.close
    assert close is not None
    if answer.status not in ("completed",):
        story.losses.append(f"the server closed the connection after an answer that had failed: {close.code}")
        return
    farewell: Any = {"code": close.code, "reason": close.reason} if close.reason.strip() else close.code
    reply = turn.value["reply"]
    steps = [{"say": reply}] if isinstance(reply, str) else reply
    turn.value["reply"] = [*([] if steps == [{"wait": 0}] else steps), {"close": farewell}]
