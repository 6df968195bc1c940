"""Which models exist, what they listen with, and what the service calls them."""

import itertools

import pytest

from vlmock.protocol.session import API_VERSIONS
from vlmock.protocol.versions import reached
from vlmock.session import models
from vlmock.session.models import Family


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
        ("gpt-realtime", "gpt-realtime-global-standard"),
        ("gpt-realtime-2", "gpt-realtime-2-global-standard"),
    ],
)
def test_a_model_is_answered_with_its_resolved_name(asked, answered):
    """Observed {FON, PAI}: three pairs that were seen."""
    assert models.resolved(asked) == answered


@pytest.mark.parametrize("model", models.KNOWN)
def test_every_model_begins_with_the_name_it_was_asked_by(model):
    """A resolved name only says more: clients compare the beginning."""
    assert models.resolved(model).startswith(model.removesuffix("-datazone"))


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("gpt-realtime", Family.REALTIME),
        ("gpt-4o-mini-realtime-preview", Family.REALTIME),
        ("phi4-mm-realtime", Family.PHI),
        ("phi4-mini", Family.CASCADED),
        ("azure-realtime", Family.AZURE_REALTIME),
        ("gpt-5-nano", Family.CASCADED),
        ("", Family.CASCADED),
    ],
)
def test_a_model_belongs_to_one_family(model, kind):
    """Documented: schema A6. An agent has no model, and its brain reads text."""
    assert models.family(model) is kind


def test_a_name_that_is_not_in_the_documentation_is_unknown():
    """A bad model name is told after the upgrade, so somebody has to know."""
    assert models.is_known("gpt-4o")
    assert not models.is_known("gpt-4o-turbo")
    assert not models.is_known("")


def test_a_deployment_of_the_callers_own_is_taken_as_it_is():
    """Documented: schema A2. The profile says what it is."""
    assert models.resolved("gpt-realtime", "byom-azure-openai-realtime") == "gpt-realtime"
    assert models.family("my-deployment", "byom-azure-openai-realtime") is Family.REALTIME
    assert models.family("gpt-realtime", "byom-azure-openai-chat-completion") is Family.CASCADED


def test_an_api_version_has_what_came_before_it():
    """Whoever asks whether a version has something gets the order of the calendar, with v1 last."""
    for older, newer in itertools.pairwise(API_VERSIONS):
        assert reached(newer, older)
        assert reached(newer, newer)
        assert not reached(older, newer)
