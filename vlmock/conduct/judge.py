"""The judge of a server's connections: fed with what went by, it says what was wrong. No clock, no I/O."""

from collections import defaultdict
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Ending, Facts, Turnaway
from vlmock.conduct.rule import Finding, Rule

__all__ = ["Judge"]

_EARLIER = 20
"""So many connections back a client may have been before."""


class Judge:
    """Hears about connections in any order; of each, everything in order."""

    def __init__(self, rules: Iterable[Rule] | None = None) -> None:
        """``rules``: None is all of them."""
        if rules is None:
            from vlmock.conduct.rules import RULES

            rules = RULES
        docket: dict[type, list[Rule]] = defaultdict(list)
        for rule in rules:
            for kind in rule.on:
                docket[kind].append(rule)
        self._docket = dict(docket)
        self._cases: dict[int, Case] = {}
        self._over: list[Case] = []
        self._door = Case(0, Facts(), self._docket)

    def opened(self, connection: int, facts: Facts, *, place: str = "") -> list[Finding]:
        """A client has connected."""
        over = [(case.over_at or 0.0, case) for case in self._over]
        earlier = [case for at, case in sorted(over, key=itemgetter(0)) if at <= facts.opened]
        case = Case(connection, facts, self._docket, earlier=earlier, place=place)
        self._cases[connection] = case
        return case.opened()

    def heard(self, connection: int, source: str, event: Any, at: float, *, lost_bytes: int = 0) -> list[Finding]:
        """An event has gone by: ``source`` is client, server or vlmock, ``at`` is in seconds since it opened.

        Of a server event the JSON will do. ``lost_bytes``: audio that is missing from the event.
        """
        return self._cases[connection].hears(source, event, at, lost_bytes)

    def looked_at(self, connection: int, at: float) -> list[Finding]:
        """The connection is still open; ``at`` is now."""
        return self._cases[connection].waits(at)

    def ended(self, connection: int, ending: Ending) -> list[Finding]:
        """A connection is gone."""
        case = self._cases.pop(connection)
        findings = case.ends(ending)
        case.earlier = ()
        self._over = [*self._over, case][-_EARLIER:]
        return findings

    def turned_away(self, turnaway: Turnaway) -> list[Finding]:
        """A handshake was refused."""
        return self._door.knocked(turnaway)
