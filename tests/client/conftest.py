"""What tests of the client share."""

from collections.abc import Iterator

import pytest

from tests.sound_card import SoundCard, what_is_missing


@pytest.fixture
def sound_card() -> Iterator[SoundCard]:
    """A private sound card; what uses it is started with its ``env``."""
    reason = what_is_missing()
    if reason is not None:
        pytest.skip(reason)
    card = SoundCard()
    try:
        card.start()
        yield card
    finally:
        card.stop()
