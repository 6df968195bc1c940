"""A sound card in software: a private PulseAudio that real PortAudio plays into and records from.

Programs under test get it through environment variables (``card.env``), which PortAudio reads once, when it is first
loaded; so whatever is to use the card runs in a process of its own. Instants are ``time.monotonic()``, which all
processes of a computer share.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE_HZ", "Listening", "SoundCard", "correlation", "what_is_missing"]

RATE_HZ = 24000
_RAW = ["--raw", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1"]

# Without norewinds a microphone starts 1.6 s late and sound is lost.
_NULL_SINK = f"load-module module-null-sink rate={RATE_HZ} channels=1 format=s16le norewinds=1"
_START = f"""\
load-module module-native-protocol-unix socket={{folder}}/native auth-anonymous=1
{_NULL_SINK} sink_name=speaker
{_NULL_SINK} sink_name=mic_feed
load-module module-remap-source source_name=mic master=mic_feed.monitor remix=no
set-default-sink speaker
set-default-source mic
"""


def what_is_missing() -> str | None:
    """Why there can be no such card here, or None when there can."""
    if sys.platform != "linux":
        return "a sound card in software needs PulseAudio on Linux"
    programs = [name for name in ("pulseaudio", "pactl", "pacat", "paplay", "parec") if shutil.which(name) is None]
    if programs:
        return f"{', '.join(programs)} not found (apt-get install pulseaudio pulseaudio-utils)"
    if find_library("portaudio") is None:
        return "PortAudio not found (apt-get install libportaudio2)"
    if not any(Path("/usr").glob("lib*/**/alsa-lib/libasound_module_pcm_pulse.so")):
        return "ALSA's plugin for PulseAudio not found (apt-get install libasound2-plugins)"
    return None if find_spec("sounddevice") else "the package sounddevice is not installed"


class SoundCard:
    """A microphone, into which a test speaks, and a loudspeaker, to which it listens. 24 kHz mono, exact to the bit."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="card-"))  # short: a socket's name has room for 107 bytes
        self._server: subprocess.Popen[bytes] | None = None
        self._children: list[subprocess.Popen[Any]] = []
        (self._folder / "asound.conf").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        (self._folder / "start.pa").write_text(_START.format(folder=self._folder))
        self.variables = {
            "PULSE_SERVER": f"unix:{self._folder}/native",
            "ALSA_CONFIG_PATH": str(self._folder / "asound.conf"),
        }
        """What a program must have in its environment to find the card, and no other."""

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of a program that is to use the card."""
        return os.environ | self.variables

    def start(self) -> None:
        """Returns when the card is there. Raises RuntimeError with PulseAudio's own words when it does not come."""
        home = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"), str(self._folder))
        env = {name: value for name, value in os.environ.items() if name != "PULSE_SERVER"} | home
        options = "--daemonize=no --use-pid-file=no --exit-idle-time=-1 --realtime=no --high-priority=no"
        log = self._folder / "log"
        with log.open("wb") as file:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", str(self._folder / "start.pa"), *options.split(), "--disable-shm=yes"],
                env=env,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until(lambda: self._pactl("get-default-source") == "mic", "the sound server is ready")
        except TimeoutError as error:
            self.stop()
            raise RuntimeError(f"PulseAudio did not start: {log.read_text(errors='replace')}") from error

    def speak(self, sound: Path | bytes) -> subprocess.Popen[bytes]:
        """Say a WAV file, or 24 kHz PCM16, into the microphone; ``wait()`` on what is returned for its end.

        Whoever is to hear it must be recording already: ``wait_for_microphone``.
        """
        if isinstance(sound, Path):
            return self._child(["paplay", "-d", "mic_feed", str(sound)])
        child = self._child(
            ["pacat", "--playback", "-d", "mic_feed", *_RAW, "--latency-msec=50"], stdin=subprocess.PIPE
        )
        threading.Thread(target=_write_all, args=(child.stdin, sound), daemon=True).start()
        return child

    def listen(self) -> "Listening":
        """Record the loudspeaker from now on; a context manager. Silence is recorded too."""
        child = self._child(
            ["parec", "-d", "speaker.monitor", *_RAW, "--latency-msec=20"], stdout=subprocess.PIPE, bufsize=0
        )
        return Listening(child)

    def program(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a Python program on the card, ``python ARGUMENTS``, with pipes to its stdin, stdout and stderr."""
        return self._child(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )

    def wait_for_microphone(self, timeout: float = 10.0) -> None:
        """Returns when a program records from the microphone."""
        self._wait_until(lambda: bool(self._pactl("list", "short", "source-outputs")), "somebody records", timeout)

    def wait_for_loudspeaker(self, timeout: float = 10.0) -> None:
        """Returns when a program plays to the loudspeaker, if only silence."""
        self._wait_until(lambda: bool(self._pactl("list", "short", "sink-inputs")), "somebody plays", timeout)

    def kill(self) -> None:
        """The card is pulled out: every stream on it breaks."""
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait()

    def stop(self) -> None:
        """End everything that was started here."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout, child.stderr):
                if pipe is not None:
                    _close(pipe)
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _child(self, command: list[str], **options: Any) -> subprocess.Popen[Any]:
        child: subprocess.Popen[Any] = subprocess.Popen(command, env=self.env, **options)
        self._children.append(child)
        return child

    def _pactl(self, *command: str) -> str:
        done = subprocess.run(["pactl", *command], env=self.env, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def _wait_until(self, condition: Callable[[], bool], what: str, timeout: float = 10.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout} s in vain until {what}")
            time.sleep(0.01)


class Listening:
    """A recording of the loudspeaker that goes on until it is closed."""

    def __init__(self, recorder: subprocess.Popen[bytes]) -> None:
        self._recorder = recorder
        self._pcm = bytearray()
        self._grown = threading.Condition()
        self._began = float("inf")
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()
        self._wait_until(lambda: len(self._pcm) > 0, "recording has begun")

    def _record(self) -> None:
        assert self._recorder.stdout is not None
        while data := self._recorder.stdout.read(65536):
            now = time.monotonic()
            with self._grown:
                self._pcm += data
                # Whatever delays the recorder makes it seem later, nothing earlier: the earliest is the truth.
                self._began = min(self._began, now - len(self._pcm) / 2 / RATE_HZ)
                self._grown.notify_all()

    @property
    def samples(self) -> NDArray[np.int16]:
        """Everything recorded so far."""
        with self._grown:
            return np.frombuffer(bytes(self._pcm[: len(self._pcm) // 2 * 2]), "<i2")

    def sound(self) -> NDArray[np.int16]:
        """The recording from the first to the last sample that is not zero."""
        samples = self.samples
        (loud,) = np.nonzero(samples)
        return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]

    def instant_of(self, sample: int) -> float:
        """When this sample was heard, late by at most the server's block of 20 ms."""
        return self._began + sample / RATE_HZ

    def wait_for_sound(self, timeout: float = 10.0) -> None:
        """Returns when something has been heard."""
        self._wait_until(lambda: any(self._pcm), "something is heard", timeout)

    def wait_for_silence(self, for_ms: int = 300, timeout: float = 30.0) -> None:
        """Returns when nothing has been heard for so long, at the end of the recording."""
        size = for_ms * RATE_HZ // 1000 * 2
        self._wait_until(lambda: len(self._pcm) >= size and not any(self._pcm[-size:]), "nothing is heard", timeout)

    def wait_for_more(self, ms: int, timeout: float = 30.0) -> None:
        """Returns when so much more has been recorded."""
        size = len(self._pcm) + ms * RATE_HZ // 1000 * 2
        self._wait_until(lambda: len(self._pcm) >= size, f"{ms} ms more are recorded", timeout)

    def close(self) -> None:
        if self._recorder.poll() is None:
            self._recorder.kill()
        self._thread.join()

    def __enter__(self) -> "Listening":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _wait_until(self, condition: Callable[[], bool], what: str, timeout: float = 10.0) -> None:
        with self._grown:
            if not self._grown.wait_for(condition, timeout):
                raise TimeoutError(f"waited {timeout} s in vain until {what}")


def correlation(heard: NDArray[np.int16], said: NDArray[np.int16]) -> float:
    """How much of what was said is in what was heard, in one piece and at its place: 1.0 is all, 0 is nothing.

    The best over all shifts; what else was heard before and after does not count.
    """
    if len(heard) < len(said):
        heard = np.pad(heard, (0, len(said) - len(heard)))
    size = 1 << (len(heard) + len(said)).bit_length()
    x, y = heard.astype(np.float64), said.astype(np.float64)
    product = np.fft.irfft(np.fft.rfft(x, size) * np.conj(np.fft.rfft(y, size)), size)[: len(x) - len(y) + 1]
    place = int(np.argmax(product))
    piece = x[place : place + len(y)]
    return float(product[place] / (np.linalg.norm(piece) * np.linalg.norm(y) or 1.0))


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    with suppress(OSError):  # the test is over, or the card was pulled out
        pipe.write(data)
    _close(pipe)


def _close(pipe: IO[Any]) -> None:
    with suppress(OSError):  # what was still to be flushed has nowhere to go
        pipe.close()
