"""A calendar that a test turns, and what a client asks an identity endpoint for."""

from dataclasses import dataclass

from vlmock.server.identity import AUDIENCE

SCOPE = "https://ai.azure.com/.default"
ASKED = f"api-version=2019-08-01&resource={AUDIENCE}"


@dataclass
class Calendar:
    """A clock that a test moves."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
