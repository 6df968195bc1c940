"""The same good client, over the vendor's SDK: what it cannot read, no client of it survives."""

import contextlib
from typing import Any

from azure.ai.voicelive.aio import ConnectionClosed, ConnectionError, connect
from azure.core.credentials import AzureKeyCredential

from tests.museum.plain import Plain

__all__ = ["Vendor"]


class Vendor(Plain):
    """Hears what the SDK makes of the events, and sends through it."""

    lost = (ConnectionClosed, ConnectionError)

    async def talk_and_listen(self) -> None:
        key = AzureKeyCredential("any")
        where: dict[str, Any] = {"endpoint": self.visit.url, "model": "gpt-4.1", "api_version": "2026-04-10"}
        async with connect(credential=key, **where) as self.connection:
            await self.both()

    async def send(self, type: str, **members: Any) -> None:
        await self.connection.send({"type": type, **members})

    async def listen(self) -> None:
        with contextlib.suppress(*self.lost):
            async for event in self.connection:
                await self.hear(event.as_dict())
