"""The benchmarks are a command; nothing here looks at how fast anything is."""

import json
import subprocess
import sys
from pathlib import Path

from tests.sound_card import what_is_missing

ROOT = Path(__file__).resolve().parents[1]


def benchmarks(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=55)


def test_a_benchmark_prints_a_table_and_writes_its_samples(tmp_path):
    """``python -m benchmarks fixture --quick --json FILE``."""
    file = tmp_path / "figures.json"
    ran = benchmarks("fixture", "--quick", "--json", str(file))
    assert ran.returncode == 0, ran.stderr
    (row,) = json.loads(file.read_text())["rows"]
    assert row["what"] in ran.stdout
    assert row["unit"] == "ms"
    assert row["target"] == 5.0
    assert 0 < min(row["samples"]) <= row["median"] <= max(row["samples"])


def test_the_client_is_measured_in_a_conversation(tmp_path):
    """Its processor time next to the floor's, and how late its sound is; with files, and on a sound card where there
    can be one."""
    file = tmp_path / "figures.json"
    ran = benchmarks("client", "--quick", "--json", str(file))
    assert ran.returncode == 0, ran.stderr
    rows = json.loads(file.read_text())["rows"]
    assert len(rows) == (3 if what_is_missing() else 6)
    for row in rows:
        assert row["target"] == 5.0
        assert all(sample > 0 for sample in row["samples"])
    share, blocks, deltas = rows[:3]
    assert (share["unit"], len(share["samples"]), len(share["floor_samples"])) == ("% of a core", 1, 1)
    assert 200 < len(blocks["samples"]) == len(blocks["floor_samples"]) <= 250
    assert len(deltas["samples"]) > 10


def test_recordings_are_measured(tmp_path):
    """Time and memory of reading, and what an append costs."""
    file = tmp_path / "figures.json"
    ran = benchmarks("recordings", "--quick", "--json", str(file))
    assert ran.returncode == 0, ran.stderr
    rows = json.loads(file.read_text())["rows"]
    assert [row["unit"] for row in rows] == ["ms", "MB", "µs"]
    for row in rows:
        assert all(sample > 0 for sample in row["samples"])


def test_the_recorder_is_measured_next_to_the_direct_way(tmp_path):
    """Both directions, one talk and many; what it adds has a target."""
    file = tmp_path / "figures.json"
    ran = benchmarks("recorder", "--quick", "--json", str(file))
    assert ran.returncode == 0, ran.stderr
    rows = json.loads(file.read_text())["rows"]
    assert len(rows) == 16
    for recorded, added in zip(rows[::2], rows[1::2], strict=True):
        assert (recorded["floor"], added["target"]) == ("directly", 2.0)
        pairs = zip(recorded["samples"], recorded["floor_samples"], strict=True)
        assert added["samples"] == [own - bare for own, bare in pairs]
        assert min(recorded["samples"]) > 0


def test_an_unknown_benchmark_is_refused_with_the_known_ones():
    """Before anything is measured."""
    ran = benchmarks("fixtures")
    assert ran.returncode == 2
    known = "append, reply, idle, start, fixture, plugin, client, recorder, recordings"
    assert f"there is no benchmark 'fixtures'; known: {known}" in ran.stderr
