"""Files and Python data made into scenarios. Whatever is wrong is said with its place, all of it at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from vlmock.errors import ScenarioError, SpeechError, did_you_mean
from vlmock.scenario.keys import SCENARIO
from vlmock.scenario.mcp_servers import McpServers, missing
from vlmock.scenario.model import Clip, Entry, ExpectedEvent, PlannedStep, Scenario
from vlmock.scenario.nodes import MAX_BYTES, Node, from_python, from_yaml
from vlmock.scenario.places import Complaints, Gathering, one_error
from vlmock.scenario.wav_file import check_file, read_wav

__all__ = ["from_mapping", "load_file", "load_text"]


def load_file(path: Path) -> Scenario:
    """The scenario in a file. Raises ``ScenarioError``, which names file, line and remedy."""
    shown = _shown(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reasons = {FileNotFoundError: "no such file", IsADirectoryError: "it is a folder"}
        reason = reasons.get(type(error), error.strerror)
        raise ScenarioError(f"cannot be read: {reason}", file=shown) from None
    if len(content) > MAX_BYTES:
        raise ScenarioError(f"larger than {MAX_BYTES // 1024} KiB: this is no scenario", file=shown)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError("not UTF-8 text", file=shown, line=line) from None
    scenario = load_text(text, name=path.stem, file=shown, folder=path.parent)
    return replace(scenario, source=path)


def load_text(text: str, *, name: str = "scenario", file: str | None = None, folder: Path | None = None) -> Scenario:
    """The scenario in YAML text. ``file`` is how complaints name it, ``folder`` what ``audio`` paths start from."""
    try:
        return _scenario(from_yaml(text, file or name), name, folder)
    except Complaints as complaints:
        raise one_error(complaints) from None


def from_mapping(mapping: Mapping[str, Any], *, name: str = "scenario", folder: Path | None = None) -> Scenario:
    """The scenario in Python data with the keys of a file. Raises ``ScenarioError``."""
    try:
        return _scenario(from_python(mapping, name), name, folder)
    except Complaints as complaints:
        raise one_error(complaints) from None


def _shown(path: Path) -> str:
    """Short, and such that an editor opens it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _scenario(root: Node, name: str, folder: Path | None) -> Scenario:
    values: dict[str, Any] = SCENARIO.read(root, name)
    gathering, folder = Gathering(), folder or Path()
    servers: McpServers = values.get("mcp_servers", {})
    for kind in ("turns", "rules"):
        entries = enumerate(values.get(kind, ()))
        values[kind] = tuple(_settled(entry, f"{kind}[{n}]", folder, servers, gathering) for n, entry in entries)
    if otherwise := values.get("otherwise"):
        values["otherwise"] = _settled(otherwise, "otherwise", folder, servers, gathering)
    expected = enumerate(values.get("expect", ()))
    values["expect"] = tuple(replace(event, label=f"expect[{n}]") for n, event in expected)
    scenario = Scenario(name=name, **values)
    if not scenario.readings.get("foundry_agent"):
        for step in (step for entry in scenario.entries for step in entry.reply or () if "agent" in step.values):
            gathering.add(step.place, "'foundry_agent' needs 'readings: {foundry_agent: true}' in the scenario")
    for event in scenario.expect:
        gathering.attempt(_check_types, event, scenario)
    gathering.close()
    return scenario


# ---- what needs the whole scenario, or its folder


def _settled(entry: Entry, label: str, folder: Path, servers: McpServers, gathering: Gathering) -> Entry:
    """The entry with its name, with audio files where they really are, and with what MCP servers return."""
    for name in entry.when.tools:
        if problem := missing(servers, name):
            gathering.add(entry.place, problem)
    clips = tuple(gathering.attempt(_with_sound, clip, folder) or clip for clip in entry.when.clips)
    entry = replace(entry, when=replace(entry.when, clips=clips))
    if entry.reply is None:
        return replace(entry, label=label)
    settled = [gathering.attempt(_settled_step, step, folder, servers) for step in entry.reply]
    return replace(entry, label=label, reply=tuple(step for step in settled if step is not None))


def _settled_step(step: PlannedStep, folder: Path, servers: McpServers) -> PlannedStep:
    return _with_output(_with_audio(step, folder), servers)


def _with_output(step: PlannedStep, servers: McpServers) -> PlannedStep:
    name = step.values.get("mcp")
    if not isinstance(name, str):
        return step
    if problem := missing(servers, name):
        raise step.place.complaint(problem)
    server, _, tool = name.partition("/")
    if "output" in step.values or "error" in step.values or server not in servers:
        return step
    return replace(step, values={**step.values, "output": servers[server].outputs.get(tool, "{}")})


def _with_audio(step: PlannedStep, folder: Path) -> PlannedStep:
    audio = step.values.get("audio")
    if not isinstance(audio, str):
        return step
    path = folder / audio
    if not path.is_file():
        raise step.place.complaint(f"audio: there is no file {_shown(path)}")
    try:
        check_file(path)
    except SpeechError as error:
        raise step.place.complaint(f"audio: {error}") from None
    return replace(step, values={**step.values, "audio": str(path)})


def _with_sound(clip: Clip, folder: Path) -> Clip:
    """The clip where it really is. Complains when nobody could know it by its sound."""
    path = folder / clip.path
    if not path.is_file():
        raise clip.place.complaint(f"clip: there is no file {_shown(path)}")
    try:
        sound = read_wav(path)
    except SpeechError as error:
        raise clip.place.complaint(f"clip: {error}") from None
    from vlmock.recognition.clips import Clips

    try:
        Clips({clip.path.name: sound})
    except ValueError as error:
        raise clip.place.complaint(f"clip: {_shown(path)} cannot be used: {error}") from None
    return replace(clip, path=path)


def _check_types(expected: ExpectedEvent, scenario: Scenario) -> None:
    """An event that nobody ever sends would be expected in vain, and never be absent."""
    known = {source: set(types) for source, types in _known_types().items()}
    known["server"] |= _emitted(scenario)
    for event in (expected.event, expected.after):
        if event is None:
            continue
        types = known[event.source] if event.source else known["client"] | known["server"]
        if event.type not in types:
            other = {"client": "server", "server": "client"}.get(event.source or "", "")
            sent_by_other = other and event.type in known[other]
            hint = f"; the {other} sends it" if sent_by_other else did_you_mean(event.type, types)
            who = f"the {event.source}" if event.source else "anyone"
            raise expected.place.complaint(f"no event {event.type!r} that {who} sends{hint}")


def _known_types() -> Mapping[str, frozenset[str]]:
    from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS

    return {
        "client": frozenset(CLIENT_EVENTS | OTHER_CLIENT_EVENTS),
        "server": frozenset(SERVER_EVENTS | OTHER_SERVER_EVENTS),
    }


def _emitted(scenario: Scenario) -> set[str]:
    """The types of events that this scenario sends by hand."""
    events = [step.values.get("event") for entry in scenario.entries for step in entry.reply or ()]
    return {kind for event in events if isinstance(event, dict) and isinstance(kind := event.get("type"), str)}
