"""What is published about the rules is what the code has."""

import re
from pathlib import Path

import vlmock.conduct
from tests.conduct.cases import ROWS
from vlmock.conduct.listing import as_markdown
from vlmock.conduct.rules import RULES
from vlmock.conduct.unseen import UNSEEN

PAGE = Path(vlmock.conduct.__file__).parent / "RULES.md"
LINTS = {f"L{number:02}" for number in range(1, 21)}
DUTIES = {f"8.1 ({number})" for number in range(1, 13)}


def test_the_page_is_made_from_the_code():
    """``python -m vlmock.conduct.listing > vlmock/conduct/RULES.md``."""
    assert PAGE.read_text(encoding="utf-8") == as_markdown()


def test_every_mistake_and_every_duty_that_is_known_has_a_rule():
    """Or stands among those that no server can see. Source: behaviour.md 8.1, 8.2."""
    sources = " ".join([*(rule.source for rule in RULES), *(each.source for each in UNSEEN)])
    assert not {mark for mark in LINTS if f"({mark})" not in sources and f"{mark})" not in sources}
    told = sources.replace("8.1 (1), 8.2", "8.1 (1) 8.2")
    assert not {duty for duty in DUTIES if duty not in told}


def test_no_number_is_spoken_of_that_is_not_there():
    """In the page, each ``VL…`` is a rule."""
    ids = {rule.id for rule in RULES}
    assert set(re.findall(r"VL\d{3}", as_markdown())) == ids
    assert {row.rule for row in ROWS} == ids
