"""Words that are really spoken: by flite, where it is installed."""

import subprocess
from functools import cache
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sdk.sounds import recorded

__all__ = ["VOICES", "needs_flite", "said"]

VOICES = ("slt", "rms", "awb")

needs_flite = pytest.mark.skipif(which("flite") is None, reason="flite is not installed (apt install flite)")


@cache
def said(text: str, *, voice: str = "slt", rate_hz: int = 24_000) -> NDArray[np.int16]:
    """The words, with half a second of silence before them and more behind."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "said.wav")
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", file], check=True, timeout=30)
        return recorded(file, rate_hz=rate_hz)
