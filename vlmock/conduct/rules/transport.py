"""VL8xx: the connection itself, and how it ends."""

from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.codes import BINARY_MESSAGE, PING_UNANSWERED, SENT_AFTER_CLOSE, STALLED
from vlmock.conduct.facts import Ending, Opened, Turnaway
from vlmock.conduct.notes import BINARY
from vlmock.conduct.rule import Severity, family, rule
from vlmock.session.effects import Remark

__all__ = ["RULES"]

_ABNORMAL: Final = 1006


@rule(
    "VL801",
    "no-secrets-over-plain-ws",
    Severity.WARNING,
    on=Opened,
    requirement="Send no credential in the query over ws://.",
    explanation="Everybody between client and service reads it, and every proxy writes it into its log.",
    remedy="dial wss:// (here: tls=True, or vlmock serve --tls), and send the credential in a header where you can",
    source="Documented {DOC}: the query is for browsers, over wss. Behaviour 1.1, 8.2 (L17).",
)
def no_secrets_over_plain_ws(case: Case, event: Opened) -> Iterator[str]:
    if case.facts.secrets_in_query and not case.facts.encrypted:
        yield f"{', '.join(case.facts.secrets_in_query)} in the query of ws://"


@rule(
    "VL802",
    "no-secrets-in-the-query",
    Severity.ADVICE,
    on=Opened,
    requirement="Send the credential in a header wherever headers can be set.",
    explanation="URLs end up in logs, on the server's side too.",
    remedy="send api-key or Authorization as a header; browsers cannot, and should use tokens that end soon",
    source="Documented {DOC}. Behaviour 1.1, 8.2 (L17).",
)
def no_secrets_in_the_query(case: Case, event: Opened) -> Iterator[str]:
    if case.facts.secrets_in_query and case.facts.encrypted:
        yield f"{', '.join(case.facts.secrets_in_query)} in the query"


@rule(
    "VL803",
    "no-key-for-agents",
    Severity.ERROR,
    on=Opened,
    requirement="Sign in to an agent with a token, not with a key.",
    explanation="The socket opens, an error says that keys are not supported, and the service closes with 1008.",
    remedy="get a token of Entra ID for https://ai.azure.com/.default",
    source="Observed {VIBE, TROUB}. Behaviour 1.1, 8.2 (L17).",
)
def no_key_for_agents(case: Case, event: Opened) -> Iterator[str]:
    if case.facts.agent and case.facts.credential == "key":
        yield "a key was shown for an agent"


@rule(
    "VL804",
    "answer-pings",
    Severity.ERROR,
    on=Remark,
    once=True,
    requirement="Answer every ping.",
    explanation="Proxies and gateways drop a connection whose pings nobody answers.",
    remedy="let the WebSocket library read all the time: do not block its loop while you play, record or think",
    source="Documented: RFC 6455 5.5.2. Assumed: whether the service itself pings. Behaviour 1.3, 8.2 (L19).",
)
def answer_pings(case: Case, event: Remark) -> Iterator[str]:
    if event.code == PING_UNANSWERED:
        yield event.message


@rule(
    "VL805",
    "finish-the-goodbye",
    Severity.WARNING,
    on=Ending,
    requirement="Answer the server's close frame with one of your own.",
    explanation="Half a closing handshake looks like a lost connection, and costs the server its patience.",
    remedy="read until the library says that the connection is closed; close() does that",
    source="Documented: RFC 6455 5.5.1. Behaviour 8.2 (L19).",
)
def finish_the_goodbye(case: Case, event: Ending) -> Iterator[str]:
    if event.unanswered:
        yield f"the server's close {event.code} was not answered"


@rule(
    "VL806",
    "hear-the-goodbye",
    Severity.WARNING,
    on=Remark,
    once=True,
    requirement="Stop sending when the server closes.",
    explanation="Nobody reads it: the user talks to a connection that is gone.",
    remedy="handle the CLOSING state of the library: stop the microphone, tell the user, reconnect",
    source="Observed: azure-sdk-for-python issue 45555, a crash on CLOSING. Behaviour 8.2 (L19), 9.",
)
def hear_the_goodbye(case: Case, event: Remark) -> Iterator[str]:
    if event.code == SENT_AFTER_CLOSE:
        yield event.message


@rule(
    "VL807",
    "say-goodbye",
    Severity.ADVICE,
    on=Ending,
    requirement="End a conversation with a close frame.",
    explanation="Without one the service cannot tell a hang-up from a lost network, and keeps the session for a while.",
    remedy="close the WebSocket with 1000 before the process ends, also after an exception",
    source="Documented: RFC 6455 7.1.1. Behaviour 1.5.",
)
def say_goodbye(case: Case, event: Ending) -> Iterator[str]:
    """Where nothing explains it: what a client may not have survived is the business of other rules."""
    if event.by == "network" and event.code == _ABNORMAL and not case.found_now:
        yield "the connection ended without a close frame: the client went, or its network"


@rule(
    "VL808",
    "text-messages",
    Severity.ERROR,
    on=Remark,
    once=True,
    requirement="Send events as text messages, audio in base64 inside them.",
    explanation="There are no binary messages on this path: bare samples are refused as bad JSON.",
    remedy="send input_audio_buffer.append with the samples in base64",
    source="Observed: all frames are text, behaviour 1.3. Documented: schema 0.",
)
def text_messages(case: Case, event: Remark) -> Iterator[str]:
    if event.code == BINARY_MESSAGE:
        case.notes[BINARY] += 1
        yield event.message


@rule(
    "VL809",
    "keep-reading",
    Severity.ERROR,
    on=Ending,
    requirement="Read all the time, also while playing.",
    explanation="Speech comes faster than it plays: a client that reads only as fast as it plays hears speech_started "
    "seconds late, and is dropped in the end.",
    remedy="read in a task of its own, and hand the sound to a queue",
    source="Observed {FON, NB04}: 3 to 400 times faster. Behaviour fact 2, 8.1 (2).",
)
def keep_reading(case: Case, event: Ending) -> Iterator[str]:
    if event.by == "server" and event.reason.startswith(STALLED):
        yield event.reason


@rule(
    "VL810",
    "dial-what-exists",
    Severity.ERROR,
    on=Turnaway,
    requirement="Dial the service's address with api-version and model.",
    explanation="Anything else is refused before the upgrade, and most libraries do not show why.",
    remedy="dial /voice-live/realtime?api-version=2026-04-10&model=…, and log the body of a refused upgrade",
    source="Observed {VIBE, ILA, SKILL}. Behaviour 1.2.",
)
def dial_what_exists(case: Case, event: Turnaway) -> Iterator[str]:
    if event.status in (400, 404) and "GA dialect" not in event.message:
        yield f"HTTP {event.status}: {event.message}"


RULES: Final = family(globals())
