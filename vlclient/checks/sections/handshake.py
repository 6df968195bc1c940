"""1: how a connection is opened, and what is answered in its place."""

import json
from collections.abc import Mapping

from vlclient.checks.check import Section
from vlclient.checks.probe import HttpAnswer, Probe
from vlclient.checks.wire import Event, Wire

_section = Section(1, "Handshake and credentials")


@_section.check("1.01")
async def the_service_speaks_first(probe: Probe) -> None:
    """The first event on a new connection is ``session.created``, before the client has said anything.

    False when: another event comes first, or nothing.
    Source: Observed {PAI, FON, SEED}, behaviour 2.1.
    """
    wire = await probe.connect()
    first = await wire.receive(wanted="session.created")
    probe.require(first.get("type") == "session.created", "session.created", first.get("type"))


@_section.check("1.02")
async def nothing_follows_until_the_client_speaks(probe: Probe) -> None:
    """After ``session.created`` the service waits; there is no ``conversation.created`` as in the parent protocol.

    False when: a further event comes.
    Source: Observed {PAI, FON, SEED}, behaviour 2.1.
    """
    wire, _ = await probe.created()
    came = await wire.for_a_while()
    probe.expect(not came, "silence", [event.get("type") for event in came])


@_section.check("1.03")
async def nobody_gets_in_without_a_credential(probe: Probe) -> None:
    """Without key and token the upgrade is refused with HTTP 401.

    False when: it is accepted, or answered with another status.
    Source: Observed {DAN, VIBE, TROUB}, behaviour 1.2.
    """
    answer = await _refusal(probe, await probe.dial(credential=False), 401)
    probe.loosely(_is_json(answer.body), "a JSON body that says what is missing", answer.body)


@_section.check("1.04")
async def an_upgrade_is_never_redirected(probe: Probe) -> None:
    """A connection is opened where it was dialled.

    False when: the answer has a status of 300 to 399.
    Source: Documented {SDK}, behaviour 1.1: the vendor's SDK takes any redirect for an error.
    """
    answer = await probe.dial()
    status = answer.status if isinstance(answer, HttpAnswer) else 101
    probe.expect(not 300 <= status < 400, "no redirect", f"HTTP {status}")


@_section.check("1.05")
async def without_an_api_version_there_is_nothing(probe: Probe) -> None:
    """An address without ``api-version`` is answered with HTTP 404.

    False when: it is accepted; loosely, when it is refused with another status.
    Source: Observed {SKILL}, one source, behaviour 1.2.
    """
    answer = await probe.dial(without=("api-version",))
    _loose_refusal(probe, answer, (404,))


@_section.check("1.06")
async def an_unknown_api_version_is_refused(probe: Probe) -> None:
    """An ``api-version`` that never was is refused at the upgrade, with HTTP 400 or 404.

    False when: it is accepted; loosely, when it is refused with another status.
    Source: Assumed, behaviour 1.2.
    """
    _loose_refusal(probe, await probe.dial(replaced={"api-version": "1999-12-31"}), (400, 404))


@_section.check("1.07")
async def a_path_that_is_not_voice_live_is_not_found(probe: Probe) -> None:
    """Another path is answered with HTTP 404.

    False when: it is accepted; loosely, when it is refused with another status.
    Source: Observed {VIBE, ILA}, behaviour 1.2.
    """
    _loose_refusal(probe, await probe.dial(path="/voice-live/nowhere"), (404,))


@_section.check("1.08", agents=False)
async def somebody_must_be_named_to_answer(probe: Probe) -> None:
    """Without a model and without an agent the upgrade is refused with HTTP 400.

    False when: it is accepted; loosely, when it is refused with another status.
    Source: Assumed, behaviour 1.2.
    """
    _loose_refusal(probe, await probe.dial(without=("model",)), (400,))


@_section.check("1.09", agents=False)
async def an_unknown_model_is_refused_in_an_event(probe: Probe) -> None:
    """A model that is none is let in, and told so by an ``error`` event with the code ``invalid_model``.

    False when: the upgrade is refused, a session is created, or the code is another.
    Source: Observed {S14}, behaviour 1.2 and 6.
    """
    # behind a profile any name may be a deployment
    wire = await probe.connect(replaced={"model": "no-such-model-anywhere"}, without=("profile",))
    first = await wire.receive(wanted="an error")
    probe.require(first.get("type") == "error", "an error event", first.get("type"))
    probe.expect(first["error"].get("code") == "invalid_model", "code invalid_model", first["error"].get("code"))


@_section.check("1.10")
async def further_parameters_are_tolerated(probe: Probe) -> None:
    """A query parameter that the service does not know changes nothing.

    False when: no session is created.
    Source: Documented {SDK}, behaviour 1.1: the SDK adds some of its own.
    """
    await probe.created(replaced={"x-ms-client-sdk": "vlclient-check", "unheard-of": "1"})


@_section.check("1.11")
async def further_headers_are_tolerated(probe: Probe) -> None:
    """A header that the service does not know changes nothing.

    False when: no session is created.
    Source: Documented {SDK}, behaviour 1.1: the SDK adds ``x-ms-client-request-id``.
    """
    await probe.created(headers={"x-unheard-of": "1", "x-ms-client-request-id": "check-1-11"})


@_section.check("1.12")
async def the_credential_may_stand_in_the_query(probe: Probe) -> None:
    """What a browser cannot put into a header may stand in the query: ``api-key``, or ``Authorization=Bearer …``.

    False when: no session is created.
    Source: Documented {DOC}, Observed {VIBE}, behaviour 1.1.
    """
    headers = await probe.server.credential.headers()
    name, value = next(iter(headers.items()))
    parameter = "api-key" if name.lower() == "api-key" else "Authorization"
    await probe.created(credential=False, replaced={parameter: value})


@_section.check("1.13")
async def a_bare_access_token_is_no_credential(probe: Probe) -> None:
    """A query parameter ``access_token`` lets nobody in: HTTP 401.

    False when: it is accepted, or answered with another status.
    Source: Observed {VIBE}, one source, behaviour 1.1.
    """
    answer = await probe.dial(credential=False, replaced={"access_token": "not-a-token-that-anybody-gave"})
    await _refusal(probe, answer, 401)


@_section.check("1.14")
async def an_empty_key_is_no_credential(probe: Probe) -> None:
    """A header ``api-key`` with nothing in it lets nobody in: HTTP 401.

    False when: it is accepted, or answered with another status.
    Source: Assumed: an empty key is a missing one, which is HTTP 401 (Observed {DAN, TROUB}, behaviour 1.2).
    """
    await _refusal(probe, await probe.dial(credential=False, headers={"api-key": ""}), 401)


@_section.check("1.15")
async def no_subprotocol_is_needed(probe: Probe) -> None:
    """A connection without a subprotocol is served, and none is chosen for it.

    False when: no session is created, or the answer names a subprotocol.
    Source: Observed {SEED, PAI, FON}, behaviour 1.1.
    """
    wire, _ = await probe.created()
    chosen = _header(wire.response_headers, "sec-websocket-protocol")
    probe.expect(chosen is None, "no subprotocol", chosen)


@_section.check("1.16")
async def a_subprotocol_does_no_harm(probe: Probe) -> None:
    """A client that offers ``realtime`` as its subprotocol is served like any other.

    False when: no session is created.
    Source: Observed {FLOW} against {SEED, PAI, FON}, behaviour 1.1.
    """
    await probe.created(subprotocols=["realtime"])


@_section.check("1.17")
async def frames_are_not_compressed_unasked(probe: Probe) -> None:
    """A client that does not offer compression gets none.

    False when: the answer names an extension.
    Source: Documented (RFC 7692 5.1); Assumed of the service, behaviour 1.3.
    """
    wire = await probe.connect()
    chosen = _header(wire.response_headers, "sec-websocket-extensions")
    probe.expect(chosen is None, "no extension", chosen)


@_section.check("1.18")
async def a_ping_is_answered(probe: Probe) -> None:
    """A ping gets its pong.

    False when: none comes.
    Source: Observed {SDK, FON}, behaviour 1.3.
    """
    wire, _ = await probe.created()
    await wire.ping()


@_section.check("1.19", connections=2)
async def two_sessions_at_once_do_not_know_each_other(probe: Probe) -> None:
    """Two connections are two sessions, each with its own settings.

    False when: they have one id, or an update of one shows in the other.
    Source: Observed {FON, PAI}, behaviour 2.1.
    """
    (one, first), (other, second) = await probe.created(), await probe.created()
    probe.expect(first["session"]["id"] != second["session"]["id"], "two ids", first["session"]["id"])
    await probe.updated(one, {"instructions": "Speak of lighthouses only."})
    seen = await probe.updated(other, {"tool_choice": "none"})
    probe.expect("lighthouses" not in str(seen.get("instructions")), "its own instructions", seen.get("instructions"))


async def _refusal(probe: Probe, answer: Wire | HttpAnswer, status: int) -> HttpAnswer:
    if isinstance(answer, HttpAnswer):
        probe.expect(answer.status == status, f"HTTP {status}", f"HTTP {answer.status}")
        return answer
    await answer.close()
    probe.require(False, f"HTTP {status}", "a connection")
    raise AssertionError("require has raised")


def _loose_refusal(probe: Probe, answer: Wire | HttpAnswer, statuses: tuple[int, ...]) -> None:
    wanted = f"HTTP {' or '.join(map(str, statuses))}"
    if isinstance(answer, HttpAnswer):
        probe.expect(400 <= answer.status < 500, wanted, f"HTTP {answer.status}")
        probe.loosely(answer.status in statuses, wanted, f"HTTP {answer.status}")
    else:
        probe.expect(False, wanted, "a connection")


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)


def _is_json(text: str) -> bool:
    try:
        value: Event = json.loads(text)
    except ValueError:
        return False
    return bool(value)
