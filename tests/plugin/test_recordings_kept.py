"""What is kept of a test's recording, and where."""

import re
import shutil

import msgspec
import pytest

from tests.plugin.recording_project import INI, KEY, asking, place, run
from vlmock.recording.reading import read
from vlmock.server.mock_server import MockServer

# ---- what is kept


def test_a_failed_test_leaves_the_old_recording_as_it_was(project: pytest.Pytester, service: MockServer):
    """The new one lies beside it, for a person to look at, until the test has passed."""
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=once", passed=1)
    (before,) = read(place(project))
    project.makepyfile(test_it=asking() + "    assert False\n")
    report = run(project, "--voicelive-record=all", failed=1)
    assert "What was said will lie in recordings/test_it/test_it.failed" in report
    (after,) = read(place(project))
    (failed,) = read(place(project, "test_it.failed"))
    assert after.head == before.head != failed.head
    project.makepyfile(test_it=asking())
    run(project, passed=1)
    run(project, "--voicelive-record=all", passed=1)
    assert [path.name for path in place(project).parent.iterdir()] == ["test_it"]


@pytest.mark.parametrize(
    ("end", "outcome"), [("pytest.skip('no')", {"skipped": 1}), ("pytest.xfail('no')", {"xfailed": 1})]
)
def test_only_a_test_that_passed_has_a_recording(
    project: pytest.Pytester, service: MockServer, end: str, outcome: dict[str, int]
):
    """Half a conversation is none."""
    project.makepyfile(test_it=asking() + f"    {end}\n")
    run(project, "--voicelive-record=once", **outcome)
    assert not place(project).exists()


def test_a_test_that_nobody_connected_in_has_nothing_recorded(project: pytest.Pytester, service: MockServer):
    """It fails, because it could never be played."""
    project.makepyfile(test_it="import pytest\n\n@pytest.mark.voicelive_recording\ndef test_it(voicelive): pass\n")
    assert "nobody connected, so nothing was recorded" in run(project, "--voicelive-record=once", failed=1)
    assert list(place(project).parent.iterdir()) == []


def test_leftovers_of_a_run_that_was_killed_are_in_nobodys_way(project: pytest.Pytester, service: MockServer):
    """Half a recording, and a death in the middle of the exchange."""
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=once", passed=1)
    shutil.copytree(place(project), place(project, "test_it.unfinished"))
    run(project, "--voicelive-record=all", passed=1)
    place(project).rename(place(project, "test_it.before"))
    service.stop()
    run(project, passed=1)
    assert [path.name for path in place(project).parent.iterdir()] == ["test_it"]


def test_a_zip_file_is_played_too(project: pytest.Pytester, service: MockServer):
    """Of the same name; it goes when a new recording is made."""
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=once", passed=1)
    shutil.make_archive(str(place(project)), "zip", place(project))
    shutil.rmtree(place(project))
    run(project, passed=1)
    run(project, "--voicelive-record=all", passed=1)
    assert [path.name for path in place(project).parent.iterdir()] == ["test_it"]


OF_THE_TEST = "any-key-of-the-test"


def test_no_secret_is_in_it(project: pytest.Pytester, service: MockServer):
    """Neither the service's key, nor the test's, nor what the test names; and who wants it, has no voice in it."""
    decoration = "@pytest.mark.voicelive_recording(redact=['H[a-z]+o'], redact_audio=True)"
    project.makepyfile(
        blocking_agent=(project.path / "blocking_agent.py").read_text().replace('"any"', f'"{OF_THE_TEST}"'),
        test_it=asking(decoration=decoration),
    )
    run(project, "--voicelive-record=once", passed=1)
    files = [path for path in place(project).rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".jsonl", ".wav"}
    for secret in (KEY, OF_THE_TEST, "Hello"):
        assert [path for path in files if secret.encode() in path.read_bytes()] == []
    (recording,) = read(place(project))
    assert recording.head.audio_redacted


def test_what_any_marker_wants_redacted_is(project: pytest.Pytester, service: MockServer):
    """Those of the module, the class and the test together; of all else the nearest counts."""
    test = asking("Hello Bob", decoration="@pytest.mark.voicelive_recording(redact=['Hello'], name='near')")
    far = 'pytestmark = pytest.mark.voicelive_recording(redact="B.b", name="far")'
    project.makepyfile(test_it=f"import pytest\n{far}\n{test}")
    run(project, "--voicelive-record=once", passed=1)
    (recording,) = read(place(project, "near"))
    text = b"".join(msgspec.json.encode(frame.event) for frame in recording.frames)
    assert b"*** ***" in text
    assert b"Hello" not in text
    assert b"Bob" not in text


# ---- where it lies


def test_every_test_has_a_folder_of_its_own(project: pytest.Pytester, service: MockServer):
    """Parametrised ones, those of a class; with the marker on the class or the module."""
    project.makepyfile(
        test_it="""
        import blocking_agent
        import pytest

        pytestmark = pytest.mark.voicelive_recording

        @pytest.mark.parametrize("word", ["one", "Two", "a/b"])
        def test_words(voicelive, word):
            assert blocking_agent.ask(voicelive.url, word) == "You said " + word

        class TestOrders:
            class TestLate:
                def test_refund(self, voicelive):
                    blocking_agent.ask(voicelive.url, "Refund")
        """
    )
    run(project, "--voicelive-record=once", passed=4)
    names = sorted(path.name for path in place(project).parent.iterdir())
    assert [re.sub("-[0-9a-f]{8}$", "-#", name) for name in names] == [
        "TestOrders.TestLate.test_refund",
        "test_words[Two]-#",
        "test_words[a-b]-#",
        "test_words[one]",
    ]
    service.stop()
    run(project, passed=4)


@pytest.mark.parametrize(
    ("ini", "test", "where"),
    [
        ("", asking(decoration="@pytest.mark.voicelive_recording(name='greeting')"), "recordings/test_it/greeting"),
        ("voicelive_recordings_dir = tapes", asking(), "tapes/test_it/test_it"),
        (
            "",
            "import pathlib\n" + asking() + "\n@pytest.fixture\ndef voicelive_recording_path():\n"
            "    return pathlib.Path('mine', 'this')\n",
            "mine/this",
        ),
    ],
    ids=["name", "ini", "fixture"],
)
def test_another_place(project: pytest.Pytester, service: MockServer, ini: str, test: str, where: str):
    """By name, for all tests, or by a fixture."""
    project.makeini(f"{INI}{ini}\n")
    project.makepyfile(test_it=test)
    run(project, "--voicelive-record=once", passed=1)
    assert len(read(project.path / where)) == 1
    service.stop()
    run(project, passed=1)


def test_workers_record_side_by_side(project: pytest.Pytester, service: MockServer):
    """With pytest-xdist: each test in one of them."""
    pytest.importorskip("xdist")
    project.makepyfile(
        test_it="""
        import blocking_agent
        import pytest

        @pytest.mark.voicelive_recording
        @pytest.mark.parametrize("number", range(4))
        def test_it(voicelive, number):
            assert blocking_agent.ask(voicelive.url, f"Number {number}") == f"You said Number {number}"
        """
    )
    arguments = ("-p", "no:cacheprovider", "-n2")
    project.runpytest_subprocess(*arguments, "--voicelive-record=once").assert_outcomes(passed=4)
    assert len(list(place(project).parent.iterdir())) == 4
    service.stop()
    project.runpytest_subprocess(*arguments).assert_outcomes(passed=4)
