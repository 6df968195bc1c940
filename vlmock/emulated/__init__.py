"""What is emulated, what is not, and how well each thing is known: read off the code, for ``vlmock emulated``.

A client event is emulated when it has a handler; a server event when the session makes it by itself, which is when a
function of the session has its class. The evidence is the first word of the docstring that describes the behaviour.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from vlmock.emulated.sources import SOURCES
from vlmock.emulated.subjects import (
    IGNORED,
    Subject,
    client_events,
    fields,
    readings,
    refused,
    server_events,
    subjects,
)

__all__ = ["Subject", "details", "markdown", "sources", "subjects"]


def markdown(known: Callable[[Subject], Subject] = lambda subject: subject) -> str:
    """The table of the README: every event, and what is not emulated. ``known``: a subject as it is known by now."""
    events = [
        f"| `{event.name}` | {event.what} | {event.evidence} |"
        for event in map(known, chain(client_events(), server_events()))
    ]
    lines = ["| event | what becomes of it | evidence |", "|---|---|---|", *events]
    echoed, ignored = (", ".join(f"`{name}`" for name in names) for names in (_echoed(), sorted(IGNORED)))
    lines += ["", f"Checked and echoed as by the service, and without effect: {echoed}."]
    lines += ["", f"Ignored as by the service, which sets it by itself: {ignored}."]
    return "\n".join(lines)


def _echoed() -> Iterator[str]:
    """Members without effect; ``session.avatar.scene.*`` where a whole object has none."""
    of = {field.name: field.what != "checked and echoed" for field in fields()}
    whole = {name for name in of if not any(acts for inner, acts in of.items() if f"{inner}.".startswith(f"{name}."))}
    for name in sorted(whole, key=list(of).index):
        inner = any(other.startswith(f"{name}.") for other in of)
        if name.rpartition(".")[0] not in whole:
            yield f"{name}.*" if inner else name


def details(known: Callable[[Subject], Subject] = lambda subject: subject) -> str:
    """Every field, refusal and reading, and who knows of them. ``known``: a subject as it is known by now."""
    tables = (
        ("field", "what becomes of it", fields()),
        ("refusal", "", refused()),
        ("reading (`serve --reading NAME=ANSWER`)", "what it decides", readings()),
    )
    return "\n\n".join(["\n".join(_table(title, what, map(known, rows))) for title, what, rows in tables] + [sources()])


def sources() -> str:
    """What the tags stand for."""
    return "\n".join(["| tag | source |", "|---|---|", *(f"| {tag} | {source} |" for tag, source in SOURCES.items())])


def _table(title: str, what: str, rows: Iterable[Subject]) -> Iterator[str]:
    columns = [title, *([what] if what else []), "evidence"]
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join([f'`{row.name}`', *([row.what] if what else []), row.evidence])} |"
