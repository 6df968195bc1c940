"""Good clients get no complaint: at the end of a test its emulators are asked for the errors in their clients' conduct,
and for the warnings as well where it is the reference client.

A test whose client misbehaves on purpose stands in ``ON_PURPOSE`` with the rules that it breaks.
"""

from collections.abc import Iterator

import pytest

from vlmock.conduct.rule import Finding, Severity
from vlmock.server.mock_server import MockServer

__all__ = ["judged"]

_SETTINGS = ("VL108", "VL601", "VL701", "VL703", "VL705", "VL710")
ON_PURPOSE: dict[str, tuple[str, ...]] = {
    "sdk/test_avatar.py::test_the_sessions_of_a_server_share_its_avatars": ("VL952",),
    "sdk/test_connecting.py::test_an_agent_takes_no_key": ("VL803",),
    "sdk/test_connecting.py::test_what_is_wrong_with_an_address_has_its_status": ("VL711", "VL810"),
    "sdk/test_connecting.py::test_an_unknown_scenario_is_404_with_the_known_names": ("VL810",),
    "sdk/test_detection.py::test_a_stereo_client_is_heard_by_its_microphone": ("VL201",),
    "sdk/test_items.py::test_an_item_is_inserted_where_the_client_wants_it": ("VL604",),
    "sdk/test_items.py::test_truncate_cuts_sound_and_words": ("VL303",),
    "sdk/test_items.py::test_what_is_refused": ("VL302", "VL304", "VL307", "VL603"),
    "sdk/test_openai_beta.py::test_a_client_of_the_ga_dialect_is_told_why_and_what_to_do": ("VL711", "VL810"),
    "sdk/test_openai_beta.py::test_a_refusal_has_the_codes_of_openai": _SETTINGS,
    "sdk/test_recognition.py::test_a_clip_is_known_by_its_sound": ("VL101",),
    "sdk/test_settings.py::test_a_refused_first_update_leaves_the_session_open": ("VL703",),
    "sdk/test_settings.py::test_a_refused_update_changes_nothing": _SETTINGS,
    "sdk/test_settings.py::test_garbage_is_one_error_each_and_the_session_goes_on": (
        "VL202",
        "VL707",
        "VL709",
        "VL710",
    ),
    "sdk/test_settings.py::test_the_kind_of_turn_detection_is_chosen_once": ("VL106",),
    "sdk/test_speech_found.py::test_what_is_not_speech_is_no_turn": ("VL212",),
    "sdk/test_spoken_turns.py::test_an_empty_commit_is_refused_and_the_session_goes_on": ("VL209",),
    "sdk/test_spoken_turns.py::test_clear_forgets_what_was_appended": ("VL209",),
    "sdk/test_streamed_input.py::test_an_older_version_does_not_know_streamed_text": ("VL708",),
    "sdk/test_typed_turns.py::test_a_second_response_is_refused_while_one_runs_and_the_first_is_not_harmed": ("VL401",),
    "sdk/test_typed_turns.py::test_an_output_for_a_call_that_nobody_made_is_refused_or_noted": ("VL503", "VL504"),
    "sdk/test_typed_turns.py::test_without_a_scenario_tool_choice_is_honoured": ("VL504",),
    "sdk/test_typed_turns.py::test_an_unknown_member_of_response_create_is_refused": ("VL703",),
    "sdk/test_interruptions.py::test_auto_truncate_cuts_what_the_user_did_not_hear": ("VL304",),
    "sdk/test_validation.py::test_the_log_of_a_strict_server_says_what_may_have_been_meant": _SETTINGS,
    "sdk/test_validation.py::test_a_lenient_server_obeys_and_remarks_on_what_it_let_through": _SETTINGS,
    "sdk/test_validation.py::test_the_sdk_sees_a_session_end_that_was_never_configured": ("VL112", "VL703"),
    "client/test_chat_failures.py::test_the_service_does_not_want": ("VL601",),
    "client/test_dialling_refused.py::test_the_emulators_refusals_arrive": ("VL810",),
    "client/test_session_barge_in.py::test_barge_in_with_the_emulator": ("VL303",),  # its loudspeaker is a fast one
    "client/test_session_settings.py::test_a_refused_update_raises_and_is_an_event_too": ("VL601",),
}


@pytest.fixture(autouse=True)
def judged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody misbehaves, but on purpose. For conftests to import."""
    servers: list[MockServer] = []
    start = MockServer.__init__

    def started(server: MockServer, *arguments, **options) -> None:
        start(server, *arguments, **options)
        servers.append(server)

    monkeypatch.setattr(MockServer, "__init__", started)
    yield
    test = request.node.nodeid.partition("tests/")[2].partition("[")[0]
    wrong = [finding for server in servers for finding in server.conduct.without("advice").findings]
    if not test.startswith("client/"):
        wrong = [finding for finding in wrong if finding.severity is Severity.ERROR]
    told = "\n".join(str(finding) for finding in wrong if not _allowed(finding, test))
    if told:
        pytest.fail(told, pytrace=False)


def _allowed(finding: Finding, test: str) -> bool:
    return finding.rule.id in ON_PURPOSE.get(test, ())
