"""Voices of programs that the user has installed. They are called, never imported, one process for each line."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from unicodedata import normalize

from vlmock.errors import SpeechError
from vlmock.scenario.engine_times import espeak_times, flite_times
from vlmock.scenario.timed_speech import Phone
from vlmock.scenario.wav_file import Sound, read_wav

__all__ = ["VOICES", "ExternalVoice"]

_TIMEOUT_S = 60.0
"""Both take a hundredth of the time that the speech lasts; whoever takes a minute hangs."""


@dataclass(frozen=True, slots=True)
class ExternalVoice:
    """A program that reads a text file and writes a WAV file."""

    program: str
    package: str
    """Debian's package."""
    arguments: Callable[[Path, Path, float], list[str]]
    """From text file, WAV file and tempo."""
    legible: Callable[[str], str]
    """What the program can read of a text, UTF-8."""
    limits: str
    """Why a text with letters may be illegible; a clause."""
    times: Callable[[Path, str, float], list[Phone] | None]
    """When it says what, from a folder to work in, text and tempo."""

    def require(self) -> None:
        """Raises SpeechError when the program is missing."""
        if which(self.program) is None:
            raise SpeechError(
                f"the speech engine {self.program!r} is not installed: "
                f"run 'apt install {self.package}', or use the engine 'builtin', which needs nothing"
            )

    def speak(self, text: str, *, tempo: float = 1.0) -> Sound | None:
        """The text as sound, None if there is nothing to say. The same text gives the same samples.

        Blocks for about a hundredth of what the speech lasts. Raises SpeechError.
        """
        legible = self.legible(text)
        if not re.search(r"[^\W_]", legible):
            if re.search(r"[^\W_]", text):
                raise SpeechError(f"{self.program} cannot speak {text[:40]!r}: {self.limits}")
            return None
        with TemporaryDirectory(prefix="vlmock-speech-") as folder:
            written, spoken = Path(folder, "line.txt"), Path(folder, "line.wav")
            written.write_text(legible, encoding="utf-8")  # a file, not an argument: a text may begin with a dash
            complaint = self._run(self.arguments(written, spoken, tempo))
            if not spoken.exists():
                raise SpeechError(f"{self.program} made no sound of {text[:40]!r}: {complaint or 'no reason given'}")
            return read_wav(spoken)

    def timed(self, text: str, *, tempo: float = 1.0) -> list[Phone] | None:
        """When each sound of what ``speak`` says is sounded; None where the program does not tell.

        Blocks for as long as ``speak`` does.
        """
        with TemporaryDirectory(prefix="vlmock-speech-") as folder:
            return self.times(Path(folder), text, tempo)

    def _run(self, arguments: list[str]) -> str:
        """What the program complained of."""
        try:
            done = subprocess.run(
                [self.program, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SpeechError(f"{self.program} did not finish within {_TIMEOUT_S:.0f} s and was stopped") from None
        except OSError as error:
            raise SpeechError(f"{self.program} cannot be run: {error.strerror}") from error
        complaint = done.stderr.decode(errors="replace").strip()
        if done.returncode:
            raise SpeechError(
                f"{self.program} failed with exit code {done.returncode}: {complaint or 'no reason given'}"
            )
        return complaint


def _flite_options(tempo: float) -> list[str]:
    return ["-voice", "slt", "--setf", f"duration_stretch={1 / tempo:.4f}"]


def _flite_arguments(written: Path, spoken: Path, tempo: float) -> list[str]:
    return [*_flite_options(tempo), "-f", str(written), "-o", str(spoken)]


def _flite_times(folder: Path, text: str, tempo: float) -> list[Phone] | None:
    return flite_times(folder, text, _ascii, _flite_options(tempo))


def _words_per_minute(tempo: float) -> str:
    return str(round(165 * tempo))


def _espeak_arguments(written: Path, spoken: Path, tempo: float) -> list[str]:
    return ["-b", "1", "-s", _words_per_minute(tempo), "-f", str(written), "-w", str(spoken)]


def _espeak_times(folder: Path, text: str, tempo: float) -> list[Phone] | None:
    return espeak_times(folder, text, _printable, _words_per_minute(tempo))


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


_TYPOGRAPHIC = str.maketrans("‘’“”–—", "''\"\"--")


def _ascii(text: str) -> str:
    """flite reads other bytes as noise: *café* becomes *cafe*, typographic quotes plain ones. And it leaves out a
    sentence of one word that ends the file, unless a new line follows."""
    return _printable(normalize("NFKD", text.translate(_TYPOGRAPHIC)).encode("ascii", "ignore").decode()) + "\n"


VOICES = {
    "flite": ExternalVoice("flite", "flite", _flite_arguments, _ascii, "it speaks English only", _flite_times),
    "espeak-ng": ExternalVoice(
        "espeak-ng", "espeak-ng", _espeak_arguments, _printable, "nothing in it is printable", _espeak_times
    ),
}
