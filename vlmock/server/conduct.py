"""How the clients of a server behave: judged from the journal when a test asks, or live while the server serves."""

from collections import Counter, deque
from collections.abc import Callable
from itertools import chain, count
from operator import itemgetter
from typing import Final

from vlmock.conduct.codes import PLAYING, SILENT, STILL_PLAYING
from vlmock.conduct.conduct import Conduct
from vlmock.conduct.facts import Ending, Facts, Turnaway, facts_of
from vlmock.conduct.judge import Judge
from vlmock.conduct.rule import Finding, Rule
from vlmock.server.journal import ConnectionJournal, Ended, Journal, TurnedAway
from vlmock.server.journal_entry import Entry
from vlmock.session.effects import Remark

__all__ = ["MOST_OF_A_RULE", "LiveConduct", "ServerConduct", "judge_journal"]


class ServerConduct(Conduct):
    """How the clients of a running server have behaved until it was asked for. The hooks tell the judge what only the
    test can know."""

    def __init__(
        self, journal: Journal, *, now: Callable[[], float | None], remark: Callable[[Remark, int | None], None]
    ) -> None:
        """``now``: of the clock that the journal has; None where it has none."""
        super().__init__(lambda: judge_journal(journal, now()))
        self._remark = remark

    def client_is_playing(self, playing: bool, *, connection: int | None = None) -> None:
        """Say that the client's loudspeaker begins to sound, or has fallen silent. None: the latest connection.

        Raises ServerError when that connection is not open.
        """
        words, code = ("the client plays", PLAYING) if playing else ("the client is silent", SILENT)
        self._remark(Remark("noted", words, code=code), connection)

    def heard_playing(self, *, connection: int | None = None) -> None:
        """Say that the client's loudspeaker sounds at this moment. None: the latest connection.

        Raises ServerError when that connection is not open.
        """
        self._remark(Remark("noted", "the client is heard playing", code=STILL_PLAYING), connection)


MOST_OF_A_RULE: Final = 200
"""So many findings of each rule are kept, the latest: a server may run for weeks."""


class LiveConduct:
    """Judges while the server serves. ``log`` is called in the server's thread, the rest in one other."""

    def __init__(self) -> None:
        self.dropped: Counter[Rule] = Counter()
        """How many older findings of a rule are not kept."""
        self._found: dict[Rule, deque[tuple[int, Finding]]] = {}
        self._numbers = count()
        self._judge = Judge()
        self._waiting: deque[Entry] = deque()
        self._open: dict[int, ConnectionJournal] = {}
        self._seen = 0
        self._turned_away: TurnedAway | None = None
        """The last that was judged."""

    def log(self, entry: Entry) -> None:
        """Takes an entry of the journal; costs next to nothing."""
        self._waiting.append(entry)

    def news(self, journal: Journal) -> list[Finding]:
        """What has been found since the last time."""
        ended = [part for part in journal.parts if part.ended is not None]  # before what they said is looked at
        found: list[Finding] = []
        while self._waiting:
            entry = self._waiting.popleft()
            found += self._meet(journal, entry.connection)
            if entry.connection in self._open:
                found += _hear(self._judge, entry)
        for part in ended:
            found += self._meet(journal, part.number)
            if self._open.pop(part.number, None) is not None and part.ended is not None:
                found += self._judge.ended(part.number, _ending(part.ended))
        for turned_away in _news_of(journal, self._turned_away):
            self._turned_away = turned_away
            found += self._judge.turned_away(_turnaway(turned_away))
        for finding in found:
            self._keep(finding)
        return found

    @property
    def findings(self) -> list[Finding]:
        """So far, in the order in which they were made; of each rule the latest."""
        return [finding for _, finding in sorted(chain(*self._found.values()), key=itemgetter(0))]

    def _keep(self, finding: Finding) -> None:
        kept = self._found.setdefault(finding.rule, deque(maxlen=MOST_OF_A_RULE))
        if len(kept) == MOST_OF_A_RULE:
            self.dropped[finding.rule] += 1
        kept.append((next(self._numbers), finding))

    def _meet(self, journal: Journal, connection: int) -> list[Finding]:
        found: list[Finding] = []
        if connection > self._seen:
            for part in journal.parts:
                if self._seen < part.number <= connection:
                    self._open[part.number] = part
                    found += self._judge.opened(part.number, _facts(part))
            self._seen = connection
        return found


def _news_of(journal: Journal, known: TurnedAway | None) -> list[TurnedAway]:
    news: list[TurnedAway] = []
    for turned_away in reversed(list(journal.turned_away)):
        if turned_away is known:
            break
        news.append(turned_away)
    return news[::-1]


def judge_journal(journal: Journal, now: float | None = None) -> tuple[list[Finding], list[str]]:
    """The findings so far, and in words what could not be judged. ``now``: of the clock that the journal has."""
    judge, findings, unjudged = Judge(), [], []
    knocks = deque(journal.turned_away)
    for part in journal.parts:
        while knocks and knocks[0].at <= part.facts.opened:
            findings += judge.turned_away(_turnaway(knocks.popleft()))
        if part.lost_events:
            unjudged.append(f"connection {part.number} is not judged: the journal has lost {part.lost_events} events")
            continue
        findings += judge.opened(part.number, _facts(part))
        ended = part.ended
        for entry in part.entries:
            findings += _hear(judge, entry)
        if ended is not None:
            findings += judge.ended(part.number, _ending(ended))
        elif now is not None:
            findings += judge.looked_at(part.number, part.since_opened(now))
    while knocks:
        findings += judge.turned_away(_turnaway(knocks.popleft()))
    if journal.lost.connections:
        unjudged.append(f"{journal.lost.connections} connections are not judged: the journal has forgotten them")
    return findings, unjudged


def _hear(judge: Judge, entry: Entry) -> list[Finding]:
    return judge.heard(entry.connection, entry.source, entry.event, entry.at, lost_bytes=entry.lost_bytes)


def _facts(part: ConnectionJournal) -> Facts:
    facts = part.facts
    return facts_of(
        facts.path,
        model=facts.model,
        api_version=facts.api_version,
        encrypted=facts.encrypted,
        credential=facts.credential,
        user_agent=facts.user_agent,
        dialect=facts.dialect,
        opened=facts.opened,
        recorded=facts.recorded,
    )


def _ending(ended: Ended) -> Ending:
    return Ending(ended.code, ended.reason, ended.by, ended.at, ended.unanswered)


def _turnaway(turned_away: TurnedAway) -> Turnaway:
    return Turnaway(
        status=turned_away.status,
        at=turned_away.at,
        message=turned_away.message,
        same_credential=turned_away.same_credential,
    )
