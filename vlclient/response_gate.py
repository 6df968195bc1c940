"""One gate for ``response.create``: what is asked for goes out when nothing else is being answered, and not before.

The service has one response at a time and refuses a second request for good (behaviour.md 4.8), so requests wait here.
Busy is not only a response that has begun. It is also one that was asked for, and one that the service is going to
begin by itself because the user speaks or has just spoken; and both may never come, so each has a deadline.
"""

from collections.abc import Iterable, Iterator
from enum import Enum

import msgspec

from vlmock.protocol.errors import ErrorDetails
from vlmock.protocol.response import ResponseCreate, ResponseCreateParams
from vlmock.protocol.wire import given

__all__ = ["ALREADY_ACTIVE", "LONGEST_SPEECH_S", "OWED_WITHIN_S", "GatePhase", "ResponseGate"]

ALREADY_ACTIVE = "conversation_already_has_active_response"
"""Observed {VIBE, ILA}: the code of a request that came too early; it never gets a ``response.done``."""

OWED_WITHIN_S = 5.0
"""How long to wait for what the service owes: a ``response.created``, or the ``response.done`` of a cancelled response.
Observed {NB04, FON}: both come within a second, transcripts included in just over two."""

LONGEST_SPEECH_S = 30.0
"""Assumed: whoever is said to have spoken for so long has switched off the microphone in mid word. Then the service
never says that the speech has ended, and what waits must not wait for ever."""


class GatePhase(Enum):
    """What stands in the way of the next ``response.create``, the strongest first."""

    ACTIVE = "active"
    """A response is being generated."""
    REQUESTED = "requested"
    """One was asked for, and has not begun."""
    EXPECTED = "expected"
    """The user's turn is running, or has ended: the service answers it by itself."""
    IDLE = "idle"
    """Nothing."""


class _Request(msgspec.Struct, frozen=True):
    """A request that waits or is under way."""

    event: ResponseCreate
    continues: bool = False
    """It only goes on after tools have answered: any later response does the same."""

    @property
    def is_bare(self) -> bool:
        """Whether it says no more than "answer what has been said", so that one answer serves several of them."""
        params = given(self.event.response, ResponseCreateParams())
        return params == ResponseCreateParams() and not given(self.event.additional_instructions, "")


def _merged(first: _Request, *others: _Request) -> _Request:
    return _Request(first.event, first.continues and all(each.continues for each in others))


class ResponseGate:
    """Which requests wait, and what is being answered, by what the service has said."""

    def __init__(self, waiting: Iterable[_Request] = (), *, lost: int = 0) -> None:
        self._waiting = list(waiting)
        self._sent: _Request | None = None
        """The last that went out; may be refused even after another response has begun."""
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self.active_id: str | None = None
        """The response that is being generated; "" when its id could not be read."""
        self.user_speaks = False
        self.cancel_wanted = False
        """What was asked for is to be cancelled as soon as it begins."""
        self.lost = lost
        """How often something that the service owed never came."""
        self._requested_until: float | None = None
        self._ending_until: float | None = None
        self._elsewhere_until: float | None = None
        """A response that we know nothing of is said to be active."""
        self._expected_until: float | None = None

    @property
    def phase(self) -> GatePhase:
        if self.active_id is not None or self._elsewhere_until is not None:
            return GatePhase.ACTIVE
        if self._requested_until is not None:
            return GatePhase.REQUESTED
        return GatePhase.IDLE if self._expected_until is None else GatePhase.EXPECTED

    @property
    def waiting(self) -> tuple[ResponseCreate, ...]:
        """What was asked for and could not be sent yet, oldest first."""
        return tuple(request.event for request in self._waiting)

    # ---- what the client wants

    def ask(self, event: ResponseCreate, *, continues: bool = False) -> None:
        """Put a request in the queue.

        Two that only say "answer what has been said" become one: the answer, which starts later than either, covers
        both. What has parameters of its own is kept, in order.
        """
        new = _Request(event, continues)
        same = next((old for old in self._waiting if old.is_bare), None) if new.is_bare else None
        if same is None:
            self._waiting.append(new)
        else:
            self._waiting[self._waiting.index(same)] = _merged(same, new)

    def next_to_send(self, *, tools_open: bool) -> ResponseCreate | None:
        """The request that may go out now. While tools run, those that would need their outputs wait on."""
        if self.phase is not GatePhase.IDLE:
            return None
        return next((each.event for each in self._waiting if not (tools_open and each.is_bare)), None)

    def sent(self, event: ResponseCreate, now: float) -> None:
        """A request has gone out: one that waited, or one that the application sent past the gate."""
        if self.phase in (GatePhase.ACTIVE, GatePhase.REQUESTED):
            return  # it will be refused, and that is between the application and the service
        self._sent = next((each for each in self._waiting if each.event is event), _Request(event))
        self._waiting = [each for each in self._waiting if each.event is not event]
        self._requested_until = now + OWED_WITHIN_S
        self.cancel_wanted = False

    def may_cancel(self, now: float) -> bool:
        """Whether there is something to cancel that nobody has cancelled yet. Then its end is owed from now on."""
        if self.active_id is None:
            self.cancel_wanted = self._requested_until is not None
            return False
        self.cancel_wanted = False
        if self._ending_until is not None:
            return False
        self.ends_soon(now)
        return True

    def forget_continuation(self) -> None:
        """A response that began by itself has all tool outputs to go on: no need to ask for another."""
        self._waiting = [each for each in self._waiting if not each.continues]

    def for_a_new_connection(self) -> "ResponseGate":
        """What was under way is gone with the old connection. What was asked for and had not begun waits again."""
        if self._sent is not None and self._requested_until is not None and not self.cancel_wanted:
            self._wait_again(self._sent)
        return ResponseGate(self._waiting, lost=self.lost)

    # ---- what the service says

    def created(self, response_id: str, now: float) -> bool:
        """A response has begun. Whether it did so by itself: False when it is what we asked for.

        Observed: one response at a time, so it takes the place of any other that we believed active.
        """
        if response_id in self._ended or response_id in self._begun:
            return False  # said twice; also one that was given up meanwhile does not begin again
        if response_id:
            self._begun.add(response_id)
        by_itself = self._requested_until is None and self._expected_until is not None
        if by_itself:
            self._expected_until = None
        self.active_id = response_id
        self._requested_until = self._ending_until = self._elsewhere_until = None
        return by_itself

    def done(self, response_id: str, now: float) -> None:
        """A response is over."""
        if response_id:
            self._ended.add(response_id)
        if response_id and self.active_id and response_id != self.active_id:
            return
        if self.active_id is not None and self._requested_until is None:
            self._sent = None
        self.active_id = self._ending_until = self._elsewhere_until = None
        if self._expected_until is not None:  # Observed {NB04}: it begins only after the cancelled one is done
            self._expected_until = max(self._expected_until, now + OWED_WITHIN_S)

    def ends_soon(self, now: float) -> None:
        """The active response was cancelled, by whomever: its ``response.done`` is owed."""
        if self.active_id is not None and self._ending_until is None:
            self._ending_until = now + OWED_WITHIN_S

    def refused(self, error: ErrorDetails, now: float) -> None:
        """The service refused something. If it was our request, the next may go; if that came too early, it waits."""
        sent = self._sent
        if sent is None or not self._concerns(error, sent):
            return
        if given(error.code, "") == ALREADY_ACTIVE:
            self._wait_again(sent)
            if self.active_id is None:
                self._elsewhere_until = now + OWED_WITHIN_S
        self._sent = self._requested_until = None
        self.cancel_wanted = False

    def _wait_again(self, request: _Request) -> None:
        same = [each for each in self._waiting if request.is_bare and each.is_bare]
        rest = [each for each in self._waiting if each not in same]
        self._waiting = [_merged(request, *same), *rest]

    def _concerns(self, error: ErrorDetails, sent: _Request) -> bool:
        """Observed (behaviour.md 6): ``event_id`` names the event at fault, and may be null. Then the error is judged
        by what it says, as long as our request is unanswered."""
        if event_id := given(error.event_id, ""):
            return event_id == sent.event.event_id
        speaks_of_it = given(error.code, "") == ALREADY_ACTIVE or given(error.param, "").startswith("response")
        return speaks_of_it and self._requested_until is not None

    # ---- the user's turn, where the service answers it by itself

    def user_began(self, now: float) -> None:
        """The user speaks: nothing is asked for meanwhile, the answer comes when the turn is over."""
        self.user_speaks = True
        self._expected_until = now + LONGEST_SPEECH_S

    def user_ended(self, now: float) -> None:
        """The user has spoken: the answer is owed."""
        self.user_speaks = False
        self._expected_until = now + OWED_WITHIN_S

    def answer_comes_nearer(self, now: float) -> None:
        """The turn was written down, or became an item: the answer, if one is owed, is still on its way."""
        if self._expected_until is not None:
            self._expected_until = max(self._expected_until, now + OWED_WITHIN_S)

    def no_answer_owed(self) -> None:
        """What the user says is dropped, or the service does not answer by itself any more."""
        self.user_speaks = False
        self._expected_until = None

    # ---- time

    def expire(self, now: float) -> None:
        """Give up what was owed and has not come."""
        if self._requested_until is not None and self._requested_until <= now:
            self._requested_until, self.cancel_wanted = None, False
            self.lost += 1
        if self._ending_until is not None and self._ending_until <= now:
            self.active_id = self._ending_until = None
            self.lost += 1
        if self._elsewhere_until is not None and self._elsewhere_until <= now:
            self._elsewhere_until = None
        if self._expected_until is not None and self._expected_until <= now and self.active_id is None:
            self.no_answer_owed()

    def next_deadline(self) -> float | None:
        """When the next of them is given up."""
        return min(self._deadlines(), default=None)

    def _deadlines(self) -> Iterator[float]:
        known = (self._requested_until, self._ending_until, self._elsewhere_until)
        yield from (deadline for deadline in known if deadline is not None)
        if self._expected_until is not None and self.active_id is None:
            yield self._expected_until
