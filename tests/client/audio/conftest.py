"""What tests of sound share."""

import sys

import pytest

from tests.client.audio.fake_sounddevice import FakeSoundDevice


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> FakeSoundDevice:
    """A double in the place of the module sounddevice."""
    fake = FakeSoundDevice()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake
