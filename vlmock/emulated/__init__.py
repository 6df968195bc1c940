"""What is emulated, what is not, and how well each thing is known: read off the code, for ``vlmock emulated``.

A client event is emulated when it has a handler; a server event when the session makes it by itself, which is when a
function of the session has its class. The evidence is the first word of the docstring that describes the behaviour.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from vlmock.emulated.subjects import (
    Subject,
    client_events,
    fields,
    readings,
    refused,
    server_events,
    subjects,
)

__all__ = ["Subject", "details", "markdown", "subjects"]


def markdown() -> str:
    """The table of the README: every event, and what is not emulated."""
    events = [
        f"| `{event.name}` | {event.what} | {event.evidence} |" for event in chain(client_events(), server_events())
    ]
    lines = ["| event | what becomes of it | evidence |", "|---|---|---|", *events]
    echoed = ", ".join(f"`{field.name}`" for field in fields() if field.what != "acts")
    return "\n".join([*lines, "", f"Checked and echoed as by the service, and without effect: {echoed}."])


def details() -> str:
    """Every field, refusal and reading."""
    tables = (
        ("field", "what becomes of it", fields()),
        ("refusal", "", refused()),
        ("reading (`serve --reading NAME=ANSWER`)", "what it decides", readings()),
    )
    return "\n\n".join("\n".join(_table(title, what, rows)) for title, what, rows in tables)


def _table(title: str, what: str, rows: Iterable[Subject]) -> Iterator[str]:
    columns = [title, *([what] if what else []), "evidence"]
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join([f'`{row.name}`', *([row.what] if what else []), row.evidence])} |"
