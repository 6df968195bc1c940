"""Recordings from the disk: a folder, a zip of one, or many of them together.

What a crash left is read as far as it goes: half a last line is dropped, and the recording has no end. Of the sound
only what is asked for is read.
"""

import gc
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from sys import intern
from typing import Any, Final, Protocol

import msgspec

from vlmock.errors import RecordingError
from vlmock.protocol.recording.folder import left_behind
from vlmock.protocol.recording.lines import AUDIO_KEY, EVENTS_FILE, VERSION, Frame, Head
from vlmock.protocol.wire import JsonObject
from vlmock.recording.formats import no_recording, read_foreign
from vlmock.recording.formats.client_audio import filled_in
from vlmock.recording.model import Recording, Voice
from vlmock.recording.voices import FileVoice, SoundBytes, bytes_of, bytes_of_zipped

__all__ = ["read"]

_frames: Final = msgspec.json.Decoder(Frame)
_heads: Final = msgspec.json.Decoder(Head)


class _Versioned(msgspec.Struct):
    recording: int


_versions: Final = msgspec.json.Decoder(_Versioned)
_WAV: Final = ".wav"
_NO_EVENTS: Final = f"there is no {EVENTS_FILE} in it"
_LISTED: Final = 5
"""Of the names in a folder that is no recording, as many are told."""
_POINTER: Final = f'"{AUDIO_KEY}"'.encode()
_HEAD_IS: Final = 'it reads {"recording":1,"made_by":"…",…}'
_MEND: Final = "mend or delete the line, or record again"


def read(path: str | Path, *, client_audio: str | Path | None = None) -> list[Recording]:
    """The recordings in a folder or a zip file, or in a file that another program wrote: one for each connection, in
    order.

    ``client_audio``: what the client really sent, a WAV file or bare samples, for a recording that has only the
    beginning of each piece of it. Raises RecordingError, which names the file, the line and what to do, when there is
    no recording or something in it is wrong.
    """
    recordings = _read(Path(path))
    return recordings if client_audio is None else [filled_in(each, Path(client_audio)) for each in recordings]


def _read(path: Path) -> list[Recording]:
    try:
        if path.name == EVENTS_FILE:
            path = path.parent
        if path.is_dir():
            return [_recording(folder) for folder in _folders(path)]
        if zipfile.is_zipfile(path):
            return [_recording(folder) for folder in _zipped(path)]
    except OSError as error:
        raise RecordingError(f"{error.filename or path}: cannot be read ({error.strerror or error})") from error
    except zipfile.BadZipFile as error:
        raise RecordingError(f"{path}: the zip file is damaged ({error}); pack it again") from error
    if path.exists():
        return read_foreign(path)
    left = left_behind(path)
    if left is not None:
        raise RecordingError(
            f"{path}: there is no such file, but the folder {left} has recordings, perhaps those of a recorder that "
            f"was killed, or still runs: name {left}"
        )
    packed = path.with_name(f"{path.name}.zip")
    hint = f"; did you mean {packed}?" if path.name and packed.is_file() else ""
    raise RecordingError(f"{path}: there is no such folder or file{hint}")


# ---- where it lies


class _Place(Protocol):
    """The files of one recording."""

    name: str

    def lines(self) -> Iterator[bytes]: ...
    def sound(self, name: str) -> SoundBytes:
        """Raises FileNotFoundError."""


class _Folder:
    def __init__(self, path: Path) -> None:
        self.name, self._path = str(path), path

    def lines(self) -> Iterator[bytes]:
        with (self._path / EVENTS_FILE).open("rb") as file:
            yield from file

    def sound(self, name: str) -> SoundBytes:
        return bytes_of(self._path / name)


class _ZippedFolder:
    def __init__(self, archive: Path, within: PurePosixPath) -> None:
        self.name = str(archive / within)
        self._archive, self._within = archive, within

    def lines(self) -> Iterator[bytes]:
        with zipfile.ZipFile(self._archive) as packed, packed.open(str(self._within / EVENTS_FILE)) as file:
            yield from file

    def sound(self, name: str) -> SoundBytes:
        with zipfile.ZipFile(self._archive) as packed:
            try:
                return bytes_of_zipped(self._archive, packed.getinfo(str(self._within / name)))
            except KeyError:
                raise FileNotFoundError(name) from None


def _folders(path: Path) -> Iterator[_Place]:
    if (path / EVENTS_FILE).is_file():
        return iter([_Folder(path)])
    found = sorted((each.parent for each in path.glob(f"*/{EVENTS_FILE}")), key=lambda folder: _natural(folder.name))
    if not found:
        deeper = sorted(each.parent.parent for each in path.glob(f"*/*/{EVENTS_FILE}"))
        if deeper:
            raise RecordingError(f"{path}: there is no recording in it, but in a folder below it: name {deeper[0]}")
        names = sorted(f"{each.name}/" if each.is_dir() else each.name for each in path.iterdir())
        raise no_recording(path, f"{_NO_EVENTS}, nor in the folders below it; {_listed(names)}")
    return map(_Folder, found)


def _listed(names: Sequence[str]) -> str:
    """What is there instead: whoever named the wrong place sees it."""
    if not names:
        return "it is empty"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"there is {', '.join(names[:_LISTED])}{more}"


def _zipped(path: Path) -> Iterator[_Place]:
    with zipfile.ZipFile(path) as packed:
        names = [PurePosixPath(name) for name in packed.namelist()]
    within = sorted((name.parent for name in names if name.name == EVENTS_FILE), key=lambda name: _natural(str(name)))
    if not within:
        raise no_recording(path, f"{_NO_EVENTS}; {_listed(sorted(map(str, names)))}")
    return (_ZippedFolder(path, folder) for folder in within)


def _natural(name: str) -> list[tuple[int, str]]:
    """In the order of ``connection-2``, ``connection-10``."""
    parts: list[str] = []
    for character in name:
        if parts and parts[-1][-1].isdigit() == character.isdigit():
            parts[-1] += character
        else:
            parts.append(character)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


# ---- what it says


def _recording(place: _Place) -> Recording:
    file = f"{place.name}/{EVENTS_FILE}"
    lines = place.lines()
    head = _head(next(lines, b""), file)
    with _without_collecting():
        frames, reach = _read_frames(lines, file)
    end = frames.pop() if frames and frames[-1].close is not None else None
    voices = {
        name: _voice(place, name, needed, f"{file}:{number}", finished=end is not None)
        for name, (needed, number) in reach.needed.items()
    }
    return Recording(
        name=place.name,
        file=file,
        head=head,
        frames=frames if end else _with_their_sound(frames, voices),
        end=end.close if end else None,
        ended_by=end.source if end and end.source != "vlmock" else "",
        ended_at=end.at if end else 0.0,
        broke_off=end is None,
        voices=voices,
    )


def _head(line: bytes, file: str) -> Head:
    if not line.strip():
        raise RecordingError(f"{file}:1: it is empty: nothing was recorded; record again")
    try:
        version = _versions.decode(line).recording
    except msgspec.MsgspecError as error:
        raise RecordingError(f"{file}:1: is not how a recording begins ({error}); {_HEAD_IS}") from None
    if version > VERSION:
        raise RecordingError(
            f"{file}:1: this is version {version} of the format, and this vlmock knows {VERSION}; upgrade vlmock"
        )
    try:
        return _heads.decode(line)
    except msgspec.MsgspecError as error:
        raise RecordingError(f"{file}:1: the first line is wrong ({error}); {_HEAD_IS}") from None


def _read_frames(lines: Iterable[bytes], file: str) -> tuple[list[Frame], "_Reach"]:
    frames: list[Frame] = []
    reach = _Reach(file)
    closed = False
    for number, line in enumerate(lines, start=2):
        try:
            frame = _frames.decode(line)
            if _POINTER in line and frame.event is not None:
                reach.follow(frame.event, number)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            if not line.endswith(b"\n"):
                break  # the recorder was killed in the middle of it
            if not line.strip():
                continue
            raise RecordingError(f"{file}:{number}: is no line of a recording ({error}); {_MEND}") from None
        if closed:
            raise RecordingError(f"{file}:{number}: something follows the close; {_MEND}")
        event = frame.event
        if event is not None:
            if type(event.get("type")) is str:
                event["type"] = intern(event["type"])  # few types, many events
        elif frame.close is not None:
            closed = True
        elif frame.text is None and frame.binary is None:
            raise RecordingError(f"{file}:{number}: says nothing: no event, text, binary or close; {_MEND}")
        frames.append(frame)
    return frames, reach


class _Reach:
    """How far the sound of each file has to reach, and which line says so. It is asked for every other line, and there
    are many."""

    def __init__(self, file: str) -> None:
        self.needed: dict[str, tuple[int, int]] = {}
        """Bytes and number of the line, by the file's name."""
        self._file = file

    def follow(self, value: Any, number: int) -> None:
        """Note what an event, or a part of one, points to."""
        for member in value.values() if type(value) is dict else value:
            if type(member) is dict:
                if AUDIO_KEY in member:
                    self._note(member, number)
                else:
                    self.follow(member, number)
            elif type(member) is list:
                self.follow(member, number)

    def _note(self, clip: JsonObject, number: int) -> None:
        name, start, size = clip[AUDIO_KEY], clip.get("start"), clip.get("bytes")
        if type(name) is not str or type(start) is not int or type(size) is not int or start < 0 or size < 0:
            told = '{"$audio":"client.wav","start":0,"bytes":960}'
            raise RecordingError(f"{self._file}:{number}: a pointer to sound reads {told}; {_MEND}")
        known = self.needed.get(name)
        if known is None and ("/" in name or "\\" in name or name.startswith(".")):
            raise RecordingError(f"{self._file}:{number}: {name!r} is not a file beside the events; {_MEND}")
        if known is None or start + size > known[0]:
            self.needed[name] = start + size, number
        clip[AUDIO_KEY] = intern(name)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """What is read has no circles, and looking for some in it takes as long as reading."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _with_their_sound(frames: list[Frame], voices: Mapping[str, Voice]) -> list[Frame]:
    """What a crash of the whole computer left: of a recording without an end all before the first sound that is not
    there."""
    reach = _Reach("")
    for number, frame in enumerate(frames):
        if frame.event is not None:
            reach.follow(frame.event, number)
            if any(needed > len(voices[name]) for name, (needed, _) in reach.needed.items()):
                return frames[:number]
    return frames


def _voice(place: _Place, name: str, needed: int, line: str, *, finished: bool) -> Voice:
    file = f"{place.name}/{name}"
    try:
        voice = FileVoice(place.sound(name), is_wav=name.endswith(_WAV), finished=finished)
    except FileNotFoundError:
        raise RecordingError(f"{line}: points into {name}, which is not there; copy the whole folder") from None
    except ValueError as error:
        raise RecordingError(f"{file}: {error}; it has to be as it was recorded, 16-bit PCM or G.711") from None
    if finished and needed > len(voice):
        raise RecordingError(
            f"{line}: points to byte {needed} of {name}, whose sound has {len(voice)} bytes; put the recorded file back"
        )
    return voice
