"""Recorders in front of whatever a test takes for the service."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.server.fakes import RawClient
from vlmock.recorder.recorder import Recorder, record
from vlmock.recording.model import Recording
from vlmock.recording.reading import read

RecorderMaker = Callable[..., Recorder]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the recordings go."""
    return tmp_path / "out"


@pytest.fixture
def recording(out: Path) -> Iterator[RecorderMaker]:
    """Starts recorders; they are stopped at the end, and must have had nothing to complain of but what a test says."""
    with ExitStack() as stack:
        started: list[tuple[Recorder, int]] = []

        def start(upstream: str, *, complaints: int = 0, folder: Path = out, **options: Any) -> Recorder:
            recorder = stack.enter_context(record(upstream, folder, **options))
            started.append((recorder, complaints))
            return recorder

        yield start
        for recorder, expected in started:
            recorder.stop()
            assert len(recorder.complaints) == expected, recorder.complaints


@pytest.fixture
def client() -> Iterator[Callable[[Recorder], RawClient]]:
    """Opens raw connections to a recorder; they are closed at the end."""
    with ExitStack() as stack:
        yield lambda recorder: stack.enter_context(RawClient(recorder.port))


def stopped(recorder: Recorder) -> list[Recording]:
    """What it has recorded, once it has been stopped."""
    recorder.stop()
    return read(recorder.folder)


def the_only(recorder: Recorder) -> Recording:
    (recording,) = stopped(recorder)
    return recording
