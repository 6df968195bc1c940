"""The whole scenario as text, with its sounds beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from vlmock.errors import RecordingError
from vlmock.recording.model import Recording
from vlmock.recording.opened import refusal
from vlmock.recording.to_scenario.listening import listen
from vlmock.recording.to_scenario.pace import measured
from vlmock.recording.to_scenario.sounds import UserVoice, wav_of
from vlmock.recording.to_scenario.story import Answer, McpOffer, Message, Said, Segment, Story
from vlmock.recording.to_scenario.turns import turns_of
from vlmock.recording.to_scenario.yaml_text import comment, document

__all__ = ["WrittenScenario", "scenario_of"]


class WrittenScenario(NamedTuple):
    """A scenario as it goes into files."""

    text: str
    """YAML."""
    sounds: Mapping[str, bytes]
    """WAV files, by the names that the YAML has for them."""
    losses: Sequence[str]
    """What a scenario cannot say, for people; the text begins with it."""
    silent: bool = False
    """Nobody was answered in the recording, so the scenario answers nobody."""


def scenario_of(recording: Recording, *, name: str = "recorded", clips: bool = False) -> WrittenScenario:
    """The scenario that plays this conversation again; every word of it is one that was recorded.

    ``name`` begins the names of the WAV files. With ``clips`` the user's own voice is written beside it as well, and
    speech has to sound like it to be understood. What a scenario cannot say is listed in comments at its top. Raises
    RecordingError where the service refused the connection.
    """
    if told := refusal(recording):
        raise RecordingError(f"{told}, so there is no conversation to play; record a session that was opened")
    timing = measured(recording)
    story = listen(recording, model_takes_s=_usually(timing.get("llm_first")) / 1000)
    sounds = _Sounds(recording, story, name, clips=clips)
    turns = turns_of(story, sounds.of_words, sounds.of_user, timed=recording.head.timed)
    members: dict[str, Any] = {"description": _description(recording, story)}
    if timing:
        members["timing"] = timing
    if story.readings:
        members["readings"] = story.readings
    if servers := _servers(story):
        members["mcp_servers"] = servers
    if turns:
        members["turns"] = turns
    else:
        members["otherwise"] = {"reply": [{"wait": 0}]}
    losses = [*story.losses, *sounds.losses]
    top = [line for about in _top(recording, losses) for line in comment(about)]
    return WrittenScenario("\n".join(top) + "\n" + document(members), sounds.files, losses, silent=not story.answers)


def write_scenario(written: WrittenScenario, path: Path) -> Path:
    """Write the scenario to this file, and its sounds beside it. Raises RecordingError where one of them exists."""
    files = {path: written.text.encode(), **{path.parent / name: sound for name, sound in written.sounds.items()}}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if taken := next((file for file in files if file.exists()), None):
            raise RecordingError(f"{taken} exists already; remove it, or choose another name")
        for file, content in files.items():
            file.write_bytes(content)
    except OSError as error:
        raise RecordingError(f"{error.filename or path}: cannot be written ({error.strerror or error})") from error
    return path


def _usually(figure: Any) -> float:
    """In milliseconds."""
    return float(figure["median"] if isinstance(figure, dict) else figure or 0)


# ---- the top


def _description(recording: Recording, story: Story) -> str:
    head = recording.head
    model = story.session.get("model")
    answers = f"{len(story.answers)} answer{'s' if len(story.answers) != 1 else ''}"
    when = f" of {head.started[:10]}" if head.started else ""
    return f"A recorded conversation{when} with {answers}" + (f", given by {model}." if model else ".")


def _top(recording: Recording, losses: list[str]) -> list[str]:
    head = recording.head
    about = [
        f"Made from a recording ({recording.name}, by {head.made_by or 'somebody'}). What follows is yours to edit."
    ]
    if not head.timed:
        about.append("The recording has no times, so how long things took is not known.")
    if head.audio_cut:
        about.append("Its audio was cut short by whoever recorded it: the emulator's own voice speaks.")
    if head.audio_redacted:
        about.append("Its voices were made unrecognisable: the emulator's own voice speaks.")
    if losses:
        about.append("What a scenario cannot say:")
        about += [f"- {each}" for each in losses]
    return about


def _servers(story: Story) -> dict[str, Any]:
    return {label: written for label, offer in story.servers.items() if (written := _server(offer, label, story))}


def _server(offer: McpOffer, label: str, story: Story) -> dict[str, Any]:
    """Only one that told its tools, or could not: for the others the emulator looks what is called on them."""
    if offer.unreachable:
        return {"unreachable": True}
    tools = [msgspec.to_builtins(tool) for tool in offer.tools]
    return {"tools": [_tool(tool) for tool in tools]} if tools else {}


def _tool(tool: dict[str, Any]) -> Any:
    kept = {
        name: value
        for name, value in tool.items()
        if (name == "input_schema" and isinstance(value, dict) and value != {"type": "object"})
        or (name == "annotations" and isinstance(value, dict))
        or (name in ("name", "description") and isinstance(value, str) and value.strip())
    }
    return kept["name"] if list(kept) == ["name"] else kept


# ---- sounds


class _Sounds:
    """Cuts the voices of a recording into the files of a scenario."""

    def __init__(self, recording: Recording, story: Story, name: str, *, clips: bool) -> None:
        self.files: dict[str, bytes] = {}
        self.losses: list[str] = []
        self._recording, self._name, self._clips = recording, name, clips
        self._user = UserVoice(recording) if clips else None
        self._numbers = {
            id(each): (answer.number, number)
            for answer in story.answers
            for number, each in enumerate(_segments(answer), 1)
        }

    def of_words(self, segment: Segment) -> str | None:
        """The file with the recorded sound of some words."""
        if not segment.clips or self._recording.head.audio_redacted:
            return None
        wav = wav_of(self._recording, segment.clips)
        if wav is None:
            self.losses.append("the sound of some words has a format that is not known")
            return None
        answer, number = self._numbers[id(segment)]
        file = f"{self._name}-{answer}.wav" if number == 1 else f"{self._name}-{answer}-{number}.wav"
        self.files[file] = wav
        return file

    def of_user(self, said: Said) -> str | None:
        """The file with what the user really said."""
        if self._user is None or self._recording.head.audio_redacted:
            return None
        wav = self._user.wav(said)
        if wav is None:
            self.losses.append(f"{said.place}: too little of what the user said is there for a clip")
            return None
        file = f"{self._name}-user-{1 + sum('-user-' in each for each in self.files)}.wav"
        self.files[file] = wav
        return file


def _segments(answer: Answer) -> list[Segment]:
    messages = (part for part in answer.parts if isinstance(part, Message) and not part.interim)
    return [each for message in messages for each in message.contents if isinstance(each, Segment)]
