"""How fast a voice speaks. Source: schema D2."""

import pytest

from tests.session.conftest import Dialogue

VOICE = {"type": "azure-standard", "name": "en-US-AvaNeural"}


@pytest.mark.parametrize(
    ("rate", "factor"),
    [
        ("1.2", 1.2),
        (".75", 0.75),
        ("+20%", 1.2),
        ("-50%", 0.5),
        ("slow", 0.64),
        ("x-slow", 0.5),
        ("default", 1.0),
        ("x-fast", 1.5),
        ("", 1.0),
        (None, 1.0),
        ("nan", 1.0),
        ("inf%", 1.0),
        ("as you like", 1.0),
    ],
)
def test_words_are_asked_for_at_the_rate_of_the_voice(rate: str | None, factor: float) -> None:
    """Documented {DOC}: SSML prosody, held within 0.5 to 1.5. Assumed: what is no rate at all changes nothing."""
    dialogue = Dialogue().client({"type": "session.update", "session": {"voice": {**VOICE, "rate": rate}}})
    dialogue.client({"type": "response.create"})
    assert not dialogue.all("error")
    assert [request.rate for request in dialogue.requests] == [factor]
