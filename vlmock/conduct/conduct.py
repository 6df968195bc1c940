"""What a test reads: all findings about the clients of a server, or of some recordings."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from vlmock.conduct.rule import Finding, Rule, Severity
from vlmock.errors import VlmockError, did_you_mean

__all__ = ["Conduct", "by_severity", "chosen", "summary_of"]


def chosen(rules: Sequence[Rule], which: Iterable[str]) -> frozenset[str]:
    """The ids of the rules that are named: by id (``VL401``), name, family (``VL4``) or severity (``advice``).

    Raises VlmockError for what names none.
    """
    found: set[str] = set()
    for word in which:
        named = {
            rule.id
            for rule in rules
            if word in (rule.id, rule.name, rule.severity) or (len(word) < len(rule.id) and rule.id.startswith(word))
        }
        if not named or not word.removeprefix("VL"):
            known = [name for rule in rules for name in (rule.id, rule.name)]
            near = did_you_mean(word, [*known, *Severity])
            raise VlmockError(f"there is no rule {word!r}{near}; `vlmock lint --list` has them all")
        found |= named
    return frozenset(found)


class Conduct:
    """How clients have behaved, by the numbered rules of ``vlmock lint --list``."""

    def __init__(
        self,
        judged: Callable[[], tuple[list[Finding], list[str]]],
        ignored: frozenset[str] = frozenset(),
        dropped: Mapping[Rule, int] = MappingProxyType({}),
    ):
        """``judged`` gives the findings, and what could not be judged, in words; it is called when somebody asks.
        ``dropped``: of which rules there were so many more."""
        self._judged = judged
        self._ignored = ignored
        self._dropped = dropped
        self._result: tuple[list[Finding], list[str]] | None = None

    def without(self, *which: str) -> "Conduct":
        """The same without some rules: by id (``VL401``), name, family (``VL4``) or severity (``advice``).

        Raises VlmockError for what names none.
        """
        from vlmock.conduct.rules import RULES

        return Conduct(self._results, self._ignored | chosen(RULES, which), self._dropped)

    def _results(self) -> tuple[list[Finding], list[str]]:
        if self._result is None:
            self._result = self._judged()
        return self._result

    @property
    def findings(self) -> list[Finding]:
        """All, in the order in which they were made, one connection after the other."""
        return [finding for finding in self._results()[0] if finding.rule.id not in self._ignored]

    @property
    def unjudged(self) -> list[str]:
        """Connections that could not be judged, because the journal has lost some of their events."""
        return list(self._results()[1])

    @property
    def dropped(self) -> Mapping[Rule, int]:
        """How many older findings of a rule are no longer kept, where a server has found very many."""
        return {rule: count for rule, count in self._dropped.items() if rule.id not in self._ignored}

    def _with(self, severity: Severity) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity is severity]

    @property
    def errors(self) -> list[Finding]:
        """What the service refuses, or what goes wrong."""
        return self._with(Severity.ERROR)

    @property
    def warnings(self) -> list[Finding]:
        """What goes wrong with another build, network or user."""
        return self._with(Severity.WARNING)

    @property
    def advice(self) -> list[Finding]:
        """What could be better."""
        return self._with(Severity.ADVICE)

    def of(self, rule: str) -> list[Finding]:
        """The findings of one rule, by id or name. Raises VlmockError when there is none of that name."""
        from vlmock.conduct.rules import RULES

        ids = chosen(RULES, [rule])
        return [finding for finding in self.findings if finding.rule.id in ids]

    def __str__(self) -> str:
        findings = self.findings
        lines = [str(finding) for finding in findings]
        return "\n".join([*lines, *self.unjudged, summary_of(self)])

    __repr__ = __str__


def summary_of(conduct: Conduct) -> str:
    """By severity, and by rule where there are any."""
    dropped = conduct.dropped
    rules = Counter(finding.rule for finding in conduct.findings) + Counter(dropped)
    if not rules:
        return "conduct: nothing to complain of"
    counted = [f"{count} {_plural(severity, count)}" for severity, count in by_severity(conduct).items()]
    told = [
        f"  {count:4} x {rule}" + (f" ({count - dropped[rule]} of them are kept)" if rule in dropped else "")
        for rule, count in sorted(rules.items(), key=lambda pair: pair[0].id)
    ]
    return "\n".join([f"conduct: {', '.join(counted)}", *told])


def by_severity(conduct: Conduct) -> Mapping[Severity, int]:
    """How many there were of each, kept or not."""
    severities = Counter(finding.severity for finding in conduct.findings)
    for rule, count in conduct.dropped.items():
        severities[rule.severity] += count
    return {severity: severities[severity] for severity in Severity}


def _plural(severity: Severity, count: int) -> str:
    return severity.value if count == 1 or severity is Severity.ADVICE else f"{severity.value}s"
