"""Which device is meant, and what a person is told when there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.audio.fake_sounddevice import FakeSoundDevice, device
from vlclient.audio.devices import Device, Direction, devices, find, open_stream
from vlclient.errors import AudioUnavailable


@pytest.fixture
def studio(sounddevice: FakeSoundDevice) -> FakeSoundDevice:
    """A computer with several devices and two host APIs."""
    sounddevice.apis = ["ALSA", "JACK"]
    sounddevice.devices = [
        device("USB Audio: Yeti", channels=(2, 0)),
        device("USB Audio: Headset", channels=(1, 2)),
        device("Headset", channels=(1, 2)),
        device("Monitor", channels=(0, 2)),
        device("Piano", channels=(2, 2)),
        device("Piano", channels=(2, 2), api=1, rate_hz=44100.0),
    ]
    sounddevice.default.device = [1, 3]
    return sounddevice


def test_every_device_is_listed(studio: FakeSoundDevice) -> None:
    """With what a person needs to choose one."""
    listed = devices()
    assert [each.index for each in listed] == [0, 1, 2, 3, 4, 5]
    assert listed[5] == Device(5, "Piano", "JACK", 2, 2, 44100, False, False)
    assert [each.index for each in listed if each.is_default_input] == [1]
    assert [each.index for each in listed if each.is_default_output] == [3]
    assert str(listed[1]) == "1 'USB Audio: Headset' (ALSA)"


FOUND: list[tuple[int | str | None, Direction, int]] = [
    (None, "input", 1),
    (None, "output", 3),
    (0, "input", 0),
    ("4", "output", 4),
    ("yeti", "input", 0),
    ("Headset", "input", 2),
    ("usb head", "output", 1),
    ("USB", "output", 1),
    ("piano", "output", 4),
    ("piano jack", "input", 5),
]


@pytest.mark.parametrize(("wanted", "direction", "index"), FOUND)
def test_a_device_is_found(studio: FakeSoundDevice, wanted: int | str | None, direction: Direction, index: int) -> None:
    """By index, part of a name, name and API; exact names and the default's API win."""
    assert find(wanted, direction).index == index


NOT_FOUND: list[tuple[int | str, Direction, str]] = [
    ("usb", "input", "several devices match the microphone 'usb': 0 'USB Audio: Yeti' (ALSA), 1 'USB Audio: Headset'"),
    ("trumpet", "output", "there is no loudspeaker called 'trumpet'; there are: 1 'USB Audio: Headset' (ALSA), 2"),
    ("", "output", "there is no loudspeaker called ''; there are: 1"),
    ("yeti", "output", "there is no loudspeaker called 'yeti'; there are: 1"),
    (0, "output", "there is no loudspeaker with the index 0; there are: 1"),
    (-1, "input", "there is no microphone with the index -1; there are: 0"),
    ("17", "input", "there is no microphone with the index 17; there are: 0"),
]


@pytest.mark.parametrize(("wanted", "direction", "words"), NOT_FOUND)
def test_what_is_not_found_is_answered_with_what_there_is(
    studio: FakeSoundDevice, wanted: int | str, direction: Direction, words: str
) -> None:
    """An unknown or ambiguous device lists the candidates; a microphone is no loudspeaker."""
    with pytest.raises(AudioUnavailable) as caught:
        find(wanted, direction)
    assert str(caught.value).startswith(words)


def test_without_a_default_the_first_is_taken(studio: FakeSoundDevice) -> None:
    """Some systems have devices and no default."""
    studio.default.device = [-1, -1]
    assert (find(None, "input").index, find(None, "output").index) == (0, 1)


@pytest.mark.parametrize(("direction", "word"), [("input", "microphone"), ("output", "loudspeaker")])
def test_a_computer_without_devices_says_so(sounddevice: FakeSoundDevice, direction: Direction, word: str) -> None:
    """One sentence, whichever device was asked for."""
    sounddevice.devices = []
    for wanted in (None, 3, "usb"):
        with pytest.raises(AudioUnavailable, match=f"^this computer has no {word}; connect one, or use a WAV file"):
            find(wanted, direction)


OPENED = [
    pytest.param({(1, 24000), (1, 48000), (2, 24000)}, (1, 24000, 480), id="as wished"),
    pytest.param({(1, 48000), (2, 24000), (2, 48000)}, (1, 48000, 960), id="at its own rate"),
    pytest.param({(2, 24000), (2, 48000)}, (2, 24000, 480), id="with two channels"),
    pytest.param({(2, 48000)}, (2, 48000, 960), id="at its own rate with two channels"),
]


@pytest.mark.parametrize(("accepted", "agreed"), OPENED)
def test_a_stream_is_opened_as_near_to_the_wish_as_the_device_can(
    sounddevice: FakeSoundDevice, accepted: set[tuple[int, int]], agreed: tuple[int, int, int]
) -> None:
    """The wanted rate first, mono first; blocks last as long at every rate."""
    sounddevice.accepted = accepted
    opened = opening()
    settings = sounddevice.streams[0].settings
    assert (opened.channels, opened.rate_hz, settings["blocksize"]) == agreed
    assert (settings["samplerate"], settings["dtype"], settings["device"]) == (agreed[1], "int16", 0)
    assert opened.latency_s == pytest.approx(0.12)


def test_a_device_that_cannot_be_opened_says_why(sounddevice: FakeSoundDevice) -> None:
    """PortAudio's reason for the first try, which is the one that was wished for."""
    sounddevice.accepted = set()
    with pytest.raises(AudioUnavailable) as caught:
        opening()
    assert str(caught.value) == (
        "the microphone 0 'Speakerphone' (ALSA) cannot be opened: Invalid sample rate [PaErrorCode -9997]; "
        "close what else uses it, or choose another"
    )


def opening():  # type: ignore[no-untyped-def]
    return open_stream(
        find(None, "input"),
        "input",
        rate_hz=24000,
        block_ms=20,
        latency_s=0.1,
        callback=lambda *_: None,
        on_finished=lambda: None,
    )


MISSING = [
    ("raise ImportError('no such module')", "need the package sounddevice: pip install 'vlmock[client]'"),
    ("raise OSError('PortAudio library not found')", "need the PortAudio library: "),
    ("raise RuntimeError('Error initializing PortAudio')", "does not start: Error initializing PortAudio"),
]


@pytest.mark.parametrize(("module", "words"), MISSING)
def test_without_the_package_or_the_library_it_says_what_to_install(tmp_path: Path, module: str, words: str) -> None:
    """Each has its own remedy. In an interpreter of its own, which finds another sounddevice."""
    (tmp_path / "sounddevice.py").write_text(module)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom vlclient.audio.devices import devices\ndevices()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    (last,) = done.stderr.splitlines()[-1:]
    assert last.startswith("vlclient.errors.AudioUnavailable: ")
    assert words in last
    if "OSError" in module and sys.platform == "linux":
        assert "apt-get install libportaudio2 (PortAudio library not found)" in last
