"""``vlmock lint``, and the options with which ``vlmock serve`` judges its clients; ``vlmock.cli`` takes them in."""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from vlmock.conduct.conduct import Conduct
    from vlmock.conduct.rule import Finding
    from vlmock.server.mock_server import MockServer

__all__ = ["Linting", "lint", "lint_options"]

PING_SECONDS: Final = 20.0
"""Documented {SDK, FON}: as often as clients ping. Assumed: for the service."""

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Log = Callable[[Any], None]


class Linting:
    """What ``vlmock serve`` says about the conduct of its clients; nothing, where nobody asked."""

    def __init__(self, *, wanted: bool, strict: bool, ignored: Sequence[str], report: Path | None) -> None:
        """Raises VlmockError where ``ignored`` names no rule, or ``report`` is of no kind that there is."""
        self.wanted = wanted or strict or bool(ignored) or report is not None
        self._strict = strict
        self._report = report
        if self.wanted:
            from vlmock.conduct.conduct import chosen
            from vlmock.conduct.rules import RULES
            from vlmock.server.conduct import LiveConduct

            _check_report(report)
            self._ignored = chosen(RULES, ignored)
            self._live = LiveConduct()

    @property
    def options(self) -> dict[str, Any]:
        """What the server has to be told."""
        return {"ping_seconds": PING_SECONDS} if self.wanted else {}

    def listening(self, log: _Log | None) -> _Log | None:
        """The log of the server, and the judge's."""
        if not self.wanted:
            return log
        live = self._live
        if log is None:
            return live.log

        def both(entry: Any) -> None:
            live.log(entry)
            log(entry)

        return both

    def tell(self, server: "MockServer") -> None:
        """Print what has been found since the last time."""
        if self.wanted:
            for finding in self._live.news(server.journal):
                if finding.rule.id not in self._ignored:
                    click.echo(_told(server, finding))

    def end(self, server: "MockServer") -> int:
        """The rest, the summary and the report; what to exit with."""
        if not self.wanted:
            return 0
        self.tell(server)
        conduct = self._conduct(server)
        click.echo(_summary(conduct))
        _write(conduct, self._report)
        return 1 if self._strict and conduct.errors else 0

    def _conduct(self, server: "MockServer") -> "Conduct":
        from vlmock.conduct.conduct import Conduct

        findings = [_told(server, finding) for finding in self._live.findings]
        return Conduct(lambda: (findings, []), self._ignored, self._live.dropped)


def _told(server: "MockServer", finding: "Finding") -> "Finding":
    """What is not recorded is neither shown nor reported."""
    from msgspec.structs import replace

    return replace(finding, seen=server.journal.told(finding.seen))


def lint_options(command: _Command) -> _Command:
    """``--lint`` and what belongs to it, as one ``linting``."""

    @wraps(command)
    def with_linting(
        *args: Any, lint: bool, lint_strict: bool, lint_ignore: Sequence[str], lint_report: Path | None, **options: Any
    ) -> Any:
        linting = Linting(wanted=lint, strict=lint_strict, ignored=lint_ignore, report=lint_report)
        return command(*args, linting=linting, **options)

    added: Any = with_linting
    for option in (
        click.option("--lint", is_flag=True, help="Judge the clients' conduct, live; a summary at the end."),
        click.option("--lint-strict", is_flag=True, help="Like --lint, and exit with 1 when there were errors."),
        click.option(
            "--lint-ignore",
            multiple=True,
            metavar="RULE",
            help="Leave out a rule (VL401 or its name), a family (VL4) or a severity; several times for several.",
        ),
        click.option(
            "--lint-report",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write a report: .json or .xml (JUnit).",
        ),
    ):
        added = option(added)
    result: _Command = added
    return result


@click.command(short_help="Judge recorded clients by the rules of good conduct.")
@click.argument("what", nargs=-1, metavar="[RECORDING | RULE]...")
@click.option("--list", "listed", is_flag=True, help="Print the rules with their explanation: all, or those named.")
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE",
    help="Leave out a rule (VL401 or its name), a family (VL4) or a severity; several times for several.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write a report as well: .json or .xml (JUnit).")
def lint(what: Sequence[str], listed: bool, ignore: Sequence[str], report: Path | None) -> None:
    """Judge the client of each RECORDING by the rules of conduct; exit code 1 when there are errors.

    Several recordings count as the connections of one client, one after the other."""
    from vlmock.conduct.conduct import Conduct, chosen
    from vlmock.conduct.listing import as_text, sorted_rules
    from vlmock.conduct.rules import RULES

    ignored = chosen(RULES, ignore)
    if listed:
        named = chosen(RULES, what) if what else {rule.id for rule in RULES}
        click.echo(as_text(rule for rule in sorted_rules() if rule.id in named - ignored))
        return
    if not what:
        raise click.UsageError("name a recording, or give --list")
    _check_report(report)
    from vlmock.conduct.of_recordings import judge_recordings
    from vlmock.recording.reading import read

    recordings = [recording for path in what for recording in read(path)]
    conduct = Conduct(lambda: judge_recordings(recordings), ignored)
    for told in (*conduct.findings, *conduct.unjudged):
        click.echo(str(told))
    click.echo(_summary(conduct))
    _write(conduct, report)
    sys.exit(1 if conduct.errors else 0)


def _summary(conduct: "Conduct") -> str:
    from vlmock.conduct.conduct import summary_of

    return summary_of(conduct)


def _check_report(report: Path | None) -> None:
    from vlmock.conduct.reports import SUFFIXES

    if report is None:
        return
    if report.suffix not in SUFFIXES:
        raise click.UsageError(f"{report}: a report is .json or .xml (JUnit)")
    if not report.parent.is_dir():
        raise click.UsageError(f"{report}: there is no folder {report.parent}")


def _write(conduct: "Conduct", report: Path | None) -> None:
    from vlmock.conduct.reports import write_report

    if report is not None:
        write_report(conduct, report)
        click.echo(f"report: {report}")
