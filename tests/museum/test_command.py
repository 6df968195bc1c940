"""``vlmock museum``, and exhibits that are served by name."""

import pytest
from click.testing import CliRunner

import vlmock
from tests.server.fakes import PATH, RawClient
from vlmock.cli import main
from vlmock.errors import VlmockError
from vlmock.museum.gallery import chosen, gallery


def told(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["museum", *arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("arguments", [(), ("--list",)])
def test_the_list_has_number_name_question_and_link(arguments):
    """One after the other."""
    lines = [line.strip() for line in told(*arguments).splitlines()]
    for exhibit in gallery():
        at = lines.index(f"{exhibit.story.number}  {exhibit.own_name}")
        assert lines[at + 1 : at + 3] == [exhibit.story.question, exhibit.story.bug]


@pytest.mark.parametrize("name", ["already_answering", "museum/already_answering", "6"])
def test_the_story_of_one(name):
    """By name, by the name it is served by, or by number."""
    story = told(name)
    assert story.startswith("6. museum/already_answering\n")
    assert "1. says 'What is the weather?'" in story
    assert "It offers: get_weather" in story
    assert "VL501, VL653" in story


def test_an_exhibit_that_there_is_not():
    """One sentence, and the nearest name."""
    said = told("unknown_events", code=2)
    assert "the museum has no exhibit 'unknown_events' (did you mean 'unknown_event'?)" in said
    assert "exclude each other" in told("unknown_event", "--list", code=2)


def test_what_is_chosen():
    """By name, and without needs or names."""
    everything = gallery()
    assert [each.own_name for each in chosen(["odd_delta", "1"])] == ["odd_delta", "unknown_event"]
    assert not any("tools" in each.story.needs for each in chosen(without=["tools"]))
    assert len(chosen(without=["no_words"])) == len(everything) - 1
    with pytest.raises(VlmockError, match="no exhibit 'wings'"):
        chosen(without=["wings"])


@pytest.mark.parametrize("target", ["/museum/no_words", "/any/museum/no_words"])
def test_every_server_has_them_by_name(target):
    """In the path, as other scenarios; and what is no exhibit is 404."""
    with vlmock.serve() as server:
        with RawClient(server.port) as client:
            assert client.upgrade(target + PATH) == 101
        with RawClient(server.port) as client:
            assert client.upgrade("/museum/nothing" + PATH) == 404
        assert server.played[0].script.scenario.name == "museum/no_words"
