"""A bad client for every rule, and the same client as the remedy would have it: a file for each family."""

from tests.conduct.cases import again, avatar, dialect, input_audio, items, responses, session, surprises, tools, turns
from tests.conduct.cases import transport as transport

ROWS = [
    *session.ROWS,
    *input_audio.ROWS,
    *turns.ROWS,
    *responses.ROWS,
    *tools.ROWS,
    *items.ROWS,
    *surprises.ROWS,
    *dialect.ROWS,
    *transport.ROWS,
    *again.ROWS,
    *avatar.ROWS,
]
