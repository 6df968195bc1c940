"""Finds out what each step of a recording waited for.

A step comes after the step before it in its own chain: the session's, a response's, an item's. Where it answers
something that the client did, it comes after that as well. What is in no chain and answers nothing comes after whatever
the server said before it. So no step waits for anything that it has nothing to do with.
"""

from collections import deque
from typing import Final

import msgspec

from vlmock.protocol.recording.lines import Frame
from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording
from vlmock.recording.replay.causes import (
    CAUSES,
    CAUSES_OF_CANCELLATION,
    PIECES,
    Cause,
    named_by_error,
)
from vlmock.recording.replay.identifiers import identifiers
from vlmock.recording.replay.listening import Listened, Mark, listen
from vlmock.recording.replay.plan import NOTHING, Action, Plan, Step
from vlmock.recording.replay.prepared import PreparedFrames

__all__ = ["plan"]

_SESSION: Final = "session"
_HEARING: Final = "hearing"
_NO_CHAIN: Final = frozenset(
    {
        "conversation.item.deleted",
        "conversation.item.retrieved",
        "conversation.item.truncated",
        "error",
        "input_audio_buffer.cleared",
        "output_audio_buffer.cleared",
        "session.avatar.connecting",
    }
)
"""Answers that nothing else of the conversation waits for: who leaves out the question gets the rest all the same."""


def plan(recording: Recording) -> Plan:
    """What there is to be played. Linear in the length of the recording; most of it is listening to the client."""
    return _Planner(recording, listen(recording)).plan()


class _Planner:
    def __init__(self, recording: Recording, heard: Listened) -> None:
        self._recording = recording
        self._heard = heard
        self._timed = recording.head.timed
        self._steps: list[Step] = []
        self._actions: list[Action] = []
        self._marks: list[Mark] = []
        self._adds: dict[int, str] = {}
        self._instants: list[float] = []
        """Of each step."""
        self._open: dict[str, deque[int]] = {}
        """The actions that have no answer yet, by type."""
        self._last: dict[str, int] = {}
        """The last step of each chain."""
        self._items: dict[str, str] = {}
        """The chain that an item belongs to."""
        self._turns: deque[int] = deque()
        """Steps with which the service committed what it had heard, and that no response has answered."""
        self._approval = NOTHING
        """The step that took in the client's last word about a call to an MCP server."""
        self._began: dict[str, int] = {}
        """The step in which each response was created."""
        self._response_end = NOTHING
        """The last step of the latest response."""
        self._response_done = NOTHING
        self._over: set[str] = set()
        """The chains of responses that are done."""
        self._named: dict[str, int] = {}
        """The step in which the service first gave a name; for a call, in which it was complete."""
        self._ours: set[str] = set()
        """Names that the client gave."""
        self._texts: dict[str, str] = {}
        self._endings = _endings(recording)
        self._speech = NOTHING
        """The last ``speech_started``."""

    def plan(self) -> Plan:
        recording = self._recording
        for place, frame in enumerate(recording.frames):
            if frame.source == "client":
                if frame.event is None or frame.event.get("type") != "input_audio_buffer.append":
                    self._client(place, frame)
            elif frame.source == "server":
                self._server(place, frame)
        if recording.end is not None and recording.ended_by == "server":
            self._end()
        last = max((step for step, each in enumerate(self._steps) if each.type == "response.done"), default=NOTHING)
        return Plan(
            recording=recording,
            steps=self._steps if last == NOTHING else _with_tail(self._steps, last),
            actions=_finished(self._actions, self._adds, self._steps[last].frame if last != NOTHING else None),
            marks=self._marks,
            signals=self._heard.signals,
            patience_ms=self._heard.patience_ms,
            theirs=frozenset(self._named),
            frames=PreparedFrames(recording),
        )

    # ---- the client's side

    def _client(self, place: int, frame: Frame) -> None:
        event = frame.event
        if event is None:
            text = {"text": frame.text} if frame.text is not None else {"binary": frame.binary}
            self._actions.append(Action(frame=place, type="(text)" if "text" in text else "(binary)", event=text))
            return
        kind = str(event.get("type", ""))
        if kind in PIECES:
            if kind == "input_text.delta":
                self._texts[str(event.get("id"))] = self._texts.get(str(event.get("id")), "") + str(event.get("delta"))
            return
        self._ours.update(name for name in identifiers(event) if name not in self._named)
        self._open.setdefault(kind, deque()).append(len(self._actions))
        self._actions.append(
            Action(
                frame=place,
                type=kind,
                event=event,
                awaits=tuple(sorted(self._awaited(kind, event))),
                sound=self._heard.sounds.get(place),
                text=self._texts.pop(str(event.get("id")), "") if kind == "input_text.done" else None,
            )
        )

    def _awaited(self, kind: str, event: JsonObject) -> set[int]:
        """What the client had to wait for: whatever it names must be there, a call must be complete before it can be
        answered, and a response over before there is another (Observed {VIBE})."""
        awaited = {self._named[name] for name in identifiers(event) if name in self._named}
        if kind == "response.create" and self._response_done != NOTHING:
            awaited.add(self._response_done)
        return awaited

    # ---- the server's side

    def _server(self, place: int, frame: Frame) -> None:
        event = frame.event or {}
        kind = str(event.get("type", ""))
        step, after, action = len(self._steps), set[int](), NOTHING
        chain = self._chain(kind, event)
        mark = self._heard.marks.get(place)
        if chain in self._last:
            after.add(self._last[chain])
        if kind == "error":
            action = self._at_fault(event)
        elif kind == "response.created":
            action = self._asked_for(after)
        elif kind.startswith("response.") and kind.endswith(".done"):
            action = self._cancelled_by(chain, after)
        elif not (kind == "conversation.item.created" and after):
            action = self._answered(kind, event, spoken=bool(after))
        if chain in self._over and self._approval > max(after):
            after.add(self._approval)  # a call of a response that is over runs when it may
        if mark is not None and _HEARING in self._last:
            after.add(self._last[_HEARING])
        if action == NOTHING and mark is None and not after and step:
            after.add(step - 1)
        if not after and step:
            after.add(0)  # nobody is answered before the session is there
        self._add(place, kind, frame.at, after, action, mark)
        self._remember(kind, event, chain, step, action)

    def _add(self, place: int, kind: str, at: float, after: set[int], action: int, mark: Mark | None) -> None:
        causes = [self._instants[step] for step in after]
        causes += [self._recording.frames[self._actions[action].frame].at] if action != NOTHING else []
        causes += [mark.at] if mark is not None else []
        delay = max(0.0, at - max(causes, default=0.0)) if self._timed else 0.0
        number = NOTHING
        if mark is not None:
            number = len(self._marks)
            self._marks.append(mark)
        self._instants.append(at)
        self._steps.append(
            Step(frame=place, type=kind, after=tuple(sorted(after)), action=action, mark=number, delay=delay)
        )

    def _end(self) -> None:
        """The service hangs up when it has said all that it has to say, and heard all that it heard."""
        after = set(self._last.values()) | ({len(self._steps) - 1} if self._steps else set())
        action = len(self._actions) - 1
        self._add(len(self._recording.frames), "(close)", self._recording.ended_at, after, action, None)

    def _remember(self, kind: str, event: JsonObject, chain: str, step: int, action: int) -> None:
        if not kind.endswith(".delta"):
            for name in identifiers(event):
                if name not in self._ours:
                    self._named.setdefault(name, step)
        if kind == "response.function_call_arguments.done":
            self._named[str(event.get("call_id"))] = step
        if chain:
            self._last[chain] = step
        if chain.startswith("resp:"):
            self._response_end = step
        item = event.get("item")
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            self._items.setdefault(item["id"], chain)
            if action != NOTHING:
                self._adds[action] = item["id"]
        if kind == "input_audio_buffer.speech_started":
            self._speech = step
        if kind.startswith("input_audio_buffer.") and kind not in _NO_CHAIN and action == NOTHING:
            self._last[_HEARING] = step
        if kind == "input_audio_buffer.committed" and (action == NOTHING or self._is_turn(action)):
            self._turns.append(step)
        if kind == "response.created":
            self._began[chain] = step
        if kind == "response.done":
            self._response_done = step
            self._over.add(chain)

    def _is_turn(self, action: int) -> bool:
        return self._actions[action].type == "input_audio.turn.end"

    def _chain(self, kind: str, event: JsonObject) -> str:
        """What an event belongs to; "" for what stands alone."""
        if kind in _NO_CHAIN:
            return ""
        response = event.get("response")
        response_id = response.get("id") if isinstance(response, dict) else event.get("response_id")
        if isinstance(response_id, str):
            return f"resp:{response_id}"
        item = event.get("item")
        item_id = item.get("id") if isinstance(item, dict) else event.get("item_id")
        if isinstance(item_id, str):
            return self._items.get(item_id, f"item:{item_id}")
        return _SESSION if kind.startswith("session.") else ""

    # ---- what was answered

    def _answered(self, kind: str, event: JsonObject, *, spoken: bool) -> int:
        """The action that this answers."""
        cause = CAUSES.get(kind)
        if cause is None or (spoken and kind == "input_audio_buffer.committed"):
            return NOTHING
        waiting = sorted(action for type in cause.to for action in self._open.get(type, ()))
        for action in waiting:
            if self._fits(cause, self._actions[action].event, event):
                self._take(action)
                if self._actions[action].type == "mcp_approval_response" or _is_approval(self._actions[action].event):
                    self._approval = len(self._steps)
                return action
        return NOTHING

    def _fits(self, cause: Cause, asked: JsonObject, event: JsonObject) -> bool:
        if cause.rule == "in order":
            return True
        if cause.rule == "same item":
            item = event.get("item")
            item_id = item.get("id") if isinstance(item, dict) else event.get("item_id")
            return asked.get("item_id") == item_id
        wanted, made = asked.get("item"), event.get("item")
        if not isinstance(made, dict):
            return False
        if not isinstance(wanted, dict):
            return asked.get("id") == made.get("id") or asked.get("type") == made.get("type")
        if isinstance(wanted.get("id"), str) and wanted["id"]:
            return bool(wanted["id"] == made.get("id"))
        return all(wanted.get(name) == made.get(name) for name in ("type", "role", "call_id"))

    def _take(self, action: int) -> None:
        self._open[self._actions[action].type].remove(action)

    def _asked_for(self, after: set[int]) -> int:
        """Who wanted a response: the client, or a turn that was heard. Never before the last is over."""
        if self._response_end != NOTHING:
            after.add(self._response_end)
        action = self._answered("response.created", {}, spoken=False)
        if action == NOTHING and self._turns:
            after.update(self._turns)
            self._turns.clear()
        elif action == NOTHING and self._steps:
            after.add(len(self._steps) - 1)
        return action

    def _cancelled_by(self, chain: str, after: set[int]) -> int:
        """What ended a response: where it was cancelled, its first ``done`` after that comes after what did it."""
        reason = self._endings.get(chain)
        began = self._began.get(chain, NOTHING)
        if reason is None or began == NOTHING:
            return NOTHING
        waiting = [a for type in CAUSES_OF_CANCELLATION.get(reason, ()) for a in self._open.get(type, ())]
        causes = [action for action in waiting if self._actions[action].frame > self._steps[began].frame]
        if causes:
            if self._actions[causes[0]].type == "response.cancel":
                self._take(causes[0])
        elif reason != "client_cancelled" and self._speech > began:
            after.add(self._speech)
        else:
            return NOTHING  # not yet: what ends it comes later
        del self._endings[chain]
        return causes[0] if causes else NOTHING

    def _at_fault(self, event: JsonObject) -> int:
        """The action that an error is about: the one that it names, or that its code means, or the last."""
        event_id, about = named_by_error(event)
        if about == "":
            return NOTHING
        waiting = sorted(action for actions in self._open.values() for action in actions)
        if event_id is not None:
            named = [action for action in waiting if self._actions[action].event.get("event_id") == event_id]
        else:
            named = [action for action in waiting if self._actions[action].type == about] or waiting
        if not named:
            return NOTHING
        action = named[0] if about == "session.update" or event_id is not None else named[-1]
        self._take(action)
        return action


def _endings(recording: Recording) -> dict[str, str]:
    """Why responses were cancelled, by their chains."""
    endings = {}
    for frame in recording.frames:
        if frame.event is not None and frame.event.get("type") == "response.done":
            response = frame.event.get("response")
            details = response.get("status_details") if isinstance(response, dict) else None
            if isinstance(response, dict) and isinstance(details, dict) and details.get("type") == "cancelled":
                endings[f"resp:{response['id']}"] = str(details.get("reason"))
    return endings


def _is_approval(event: JsonObject) -> bool:
    item = event.get("item")
    return isinstance(item, dict) and item.get("type") == "mcp_approval_response"


def _with_tail(steps: list[Step], last: int) -> list[Step]:
    """The steps after the last finished response are trailing."""
    return steps[: last + 1] + [msgspec.structs.replace(step, trailing=True) for step in steps[last + 1 :]]


def _finished(actions: list[Action], adds: dict[int, str], last_frame: int | None) -> list[Action]:
    return [
        msgspec.structs.replace(
            action,
            adds=adds.get(number, ""),
            trailing=last_frame is not None and action.frame > last_frame,
        )
        for number, action in enumerate(actions)
    ]
