"""Small things: tokens, ids, durations."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmock.session.ids import IdFactory
from vlmock.session.timing import PROFILES, SEGMENTS, LogNormal, Timing, Uniform, parse_duration
from vlmock.session.words import token_count, tokens


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    """To the character, whatever it is."""
    assert "".join(tokens(text)) == text
    assert len(tokens(text)) == token_count(text)


def test_tokens_are_about_words() -> None:
    """Spaces lead, as in the recordings {PAI}."""
    assert tokens("Hi Marcelo, nice to meet you!") == ("Hi", " Marcelo", ",", " nice", " to", " meet", " you", "!")


def test_ids_have_the_shapes_of_the_service() -> None:
    """Observed {FON, PAI}: prefix and 20 to 22 base-62 characters; calls 16; one session's timed ids begin alike."""
    ids = IdFactory(3)
    assert re.fullmatch(r"event_[0-9A-Za-z]{22}", ids.event())
    assert re.fullmatch(r"msg_[0-9A-Za-z]{22}", ids.make("msg_"))
    assert re.fullmatch(r"call_[0-9A-Za-z]{16}", ids.call())
    one, other = ids.timed("resp_"), ids.timed("item_")
    assert re.fullmatch(r"resp_[0-9A-Za-z]{21}", one)
    assert one[5:9] == other[5:9]


def test_ids_are_unique_and_repeat_with_the_seed() -> None:
    """Within a session, and from one run to the next; other seeds give other ids."""
    first, again, other = ([factory.event() for _ in range(20_000)] for factory in map(IdFactory, (1, 1, 2)))
    assert first == again
    assert len({*first, *other}) == 40_000


def test_every_profile_names_known_segments() -> None:
    """A misspelt segment would take no time and nobody would notice."""
    for profile in PROFILES.values():
        assert set(profile) <= set(SEGMENTS)


def test_what_is_drawn_has_the_median_and_the_tail_of_the_profile() -> None:
    """Log-normal by median and 90th percentile, uniform by its ends."""
    timing = Timing({"stt": LogNormal(230, 360), "cancel": Uniform(250, 940)}, random.Random(5).random)
    drawn = sorted(timing.seconds("stt", "cascade") for _ in range(4000))
    assert drawn[2000] == pytest.approx(0.230, rel=0.05)
    assert drawn[3600] == pytest.approx(0.360, rel=0.05)
    uniform = [timing.seconds("cancel", "cascade") for _ in range(1000)]
    assert 0.25 <= min(uniform) < 0.27
    assert 0.92 < max(uniform) <= 0.94


def test_the_pipelines_own_profile_is_the_one_of_its_name() -> None:
    """``pipeline`` follows the session."""
    own, cascade = Timing("pipeline", lambda: 0.5), Timing("cascade", lambda: 0.5)
    assert own.seconds("updated", "cascade") == cascade.seconds("updated", "cascade") == 0.015
    assert own.seconds("updated", "native") == 0.080


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    """A typing mistake is found when the server starts."""
    with pytest.raises(ValueError, match="instant, cascade, hybrid, native, agent, pipeline"):
        Timing("fast")


@pytest.mark.parametrize(
    ("written", "read"),
    [(120, 120.0), (0, 0.0), ([40, 180], Uniform(40, 180)), ({"median": 230, "p90": 360}, LogNormal(230, 360))],
)
def test_durations_are_read_as_files_have_them(written: object, read: object) -> None:
    """Milliseconds, a range, or a median with its tail."""
    assert parse_duration(written) == read


@pytest.mark.parametrize("written", [True, -1, "1s", [3, 1], [1], {"median": 5}, {"median": 9, "p90": 3}, None])
def test_durations_that_make_no_sense_are_refused(written: object) -> None:
    """With what can be written instead."""
    with pytest.raises(ValueError, match="give milliseconds"):
        parse_duration(written)


def test_a_misspelt_segment_is_refused_with_its_neighbour() -> None:
    """It would take no time, and nobody would notice."""
    with pytest.raises(ValueError, match=r"unknown timing segment 'llm_frist' \(did you mean 'llm_first'\?\)"):
        Timing({"llm_frist": 300})


def test_segments_of_ones_own_are_written_as_in_files() -> None:
    """A number, a range, or a median with its tail; anything else is refused with its name."""
    timing = Timing({"stt": [40, 180], "updated": 15, "cancel": {"median": 230, "p90": 360}})
    assert timing.seconds("stt", "cascade") == pytest.approx(0.110)
    assert timing.seconds("updated", "cascade") == pytest.approx(0.015)
    assert timing.seconds("cancel", "cascade") == pytest.approx(0.230)
    with pytest.raises(ValueError, match="stt: '1s' is no duration"):
        Timing({"stt": "1s"})
