"""Text as somebody would say it."""

import pytest

from vlmock.recognition.spelling import ways_to_say


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("What is the weather in Beijing?", ["what is the weather in beijing"]),
        ("I'd like it -- don’t you?", ["i'd like it don't you"]),
        ("A café, 'quoted'.", ["a cafe quoted"]),
        ("It is 7.", ["it is seven"]),
        ("number 12", ["number twelve", "number one two"]),
        ("120", ["one hundred twenty", "one two zero", "one two oh"]),
        ("1,000 people", ["one thousand people", "one zero zero zero people", "one oh oh oh people"]),
        ("in 1999", ["in one thousand nine hundred ninety nine", "in one nine nine nine", "in nineteen ninety nine"]),
        (
            "2005",
            ["two thousand five", "two zero zero five", "two oh oh five", "twenty oh five"],
        ),
        ("3.50", ["three point five zero"]),
        (
            "$5 or €20",
            ["five dollars or twenty euros", "five dollars or two zero euros", "five dollars or two oh euros"],
        ),
        ("the 1st, 3rd, 12th, 21st and 30th", ["the first third twelfth twenty first and thirtieth"]),
        ("50% & more", ["fifty percent and more", "five zero percent and more", "five oh percent and more"]),
        ("8:30", ["eight thirty", "eight three zero", "eight three oh"]),
        ("12345678901234", ["one two three four five six seven eight nine zero one two three four"]),
        ("2000000 and 1000000000", None),
        ("你好", []),
        ("Привет, Ada", []),
        ("...", []),
        ("", []),
    ],
)
def test_each_way_to_say_a_sentence(text: str, ways: list[str] | None) -> None:
    """Small words that an English dictionary may have; none at all for what it cannot have."""
    found = ways_to_say(text)
    assert found == ways if ways is not None else found[0] == "two million and one billion"


def test_a_sentence_full_of_numbers_has_one_way() -> None:
    """A grammar has an end."""
    assert ways_to_say("11 12 13 14 15 16 17")[:2] == [
        "eleven twelve thirteen fourteen fifteen sixteen seventeen",
    ]
