"""The first connection of a run: whether anybody is there who lets us in."""

import asyncio

import msgspec

from vlclient.checks.probe import Server
from vlclient.dialling import dial
from vlclient.endpoint import url
from vlclient.errors import NoAnswer, ServiceError
from vlmock.protocol.codec import ProtocolError, decode_server
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.session import SessionCreated
from vlmock.protocol.wire import given

__all__ = ["Reached", "reach"]


class Reached(msgspec.Struct, frozen=True):
    """Who answered."""

    model: str
    """As it names itself; "" where it does not."""


async def reach(server: Server) -> Reached:
    """Open a connection, wait for the first event, and close.

    So that one sentence says what otherwise every check would. Raises CouldNotReach, Refused or NotAllowed,
    CredentialError, ConnectionClosed, NoAnswer, and ServiceError where the connection is taken and model or agent is
    refused. What comes is not judged here: that is what the checks are for.
    """
    await server.pace.turn()
    socket = await dial(url(server.target), headers=await server.credential.headers(), open_timeout_s=server.patience_s)
    try:
        first = await asyncio.wait_for(socket.receive(), server.patience_s)
    except TimeoutError:
        raise NoAnswer(
            f"the connection was taken, and then nothing came for {server.patience_s:g} s; --patience waits longer"
        ) from None
    finally:
        await socket.close()
    try:
        event = decode_server(first)
    except ProtocolError:
        return Reached("")
    if isinstance(event, ErrorEvent):
        raise ServiceError(event)
    return Reached(given(event.session.model, "") if isinstance(event, SessionCreated) else "")
