"""What the environment and a ``.env`` file say, and which of them wins."""

import io
import itertools
import subprocess
import sys

import pytest
import rich.console
import rich.pretty

from vlclient.endpoint import Agent
from vlclient.environment import NAMES, Settings, read_settings
from vlclient.errors import ConfigurationError

ENDPOINT = "https://res.services.ai.azure.com"


@pytest.mark.parametrize(
    ("setting", "name"),
    [(setting, name) for setting in ("endpoint", "api_key", "api_version", "model") for name in NAMES[setting]],
)
def test_every_spelling_gives_the_setting_and_is_remembered(setting, name):
    """The quickstarts' and the SDK's names; which it was is known for the texts of errors."""
    settings = read_settings({name: "value"})
    assert getattr(settings, setting) == "value"
    assert settings.origin(setting) == name
    assert list(settings.origins) == [setting]


def test_the_names_of_the_issue_and_of_the_sdk_are_all_there():
    """Documented: the quickstarts, and the SDK's README."""
    known = set(itertools.chain.from_iterable(NAMES.values()))
    assert known >= {
        "AZURE_VOICE_LIVE_ENDPOINT", "AZURE_VOICE_LIVE_API_KEY", "AZURE_VOICE_LIVE_API_VERSION", "VOICE_LIVE_MODEL",
        "AZURE_VOICE_LIVE_MODEL", "AZURE_VOICELIVE_ENDPOINT", "AZURE_VOICELIVE_API_KEY", "AZURE_VOICELIVE_API_VERSION",
        "AZURE_VOICELIVE_MODEL", "VOICELIVE_ENDPOINT",
    }  # fmt: skip


@pytest.mark.parametrize("setting", list(NAMES))
def test_the_first_spelling_wins_over_the_others(setting):
    """They are asked in the order in which they are listed."""
    for better, worse in itertools.pairwise(NAMES[setting]):
        assert read_settings({worse: "worse", better: "better"}).origins == {setting: better}


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_value_counts_as_not_set(empty):
    """So that a name can be switched off, and the next one is asked."""
    settings = read_settings({"AZURE_VOICE_LIVE_ENDPOINT": empty, "AZURE_VOICELIVE_ENDPOINT": f" {ENDPOINT}\n"})
    assert (settings.endpoint, settings.origin("endpoint")) == (ENDPOINT, "AZURE_VOICELIVE_ENDPOINT")
    assert read_settings({"AZURE_VOICE_LIVE_API_KEY": empty}) == Settings()


def test_an_agent_is_found_where_it_and_its_project_are_named():
    """Documented {DOC}: the names of the agent quickstart; alone, each of them may mean anything."""
    assert read_settings({"AGENT_NAME": "a"}).agent is None
    assert read_settings({"PROJECT_NAME": "p"}).agent is None
    settings = read_settings(
        {
            "AGENT_NAME": "a",
            "PROJECT_NAME": "p",
            "AGENT_VERSION": "8",
            "CONVERSATION_ID": "conv_1",
            "AGENT_AUTHENTICATION_IDENTITY_CLIENT_ID": "1-2-3",
            "FOUNDRY_RESOURCE_OVERRIDE": "other",
        }
    )
    assert settings.agent == Agent(
        name="a",
        project_name="p",
        version="8",
        conversation_id="conv_1",
        authentication_identity_client_id="1-2-3",
    )
    assert settings.foundry_resource_override == "other"


# ---- the file


def test_the_nearest_file_is_read_from_the_folder_upwards(tmp_path):
    """And only that one; without a folder none is looked for."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / ".env").write_text("VOICE_LIVE_MODEL=far\nAZURE_VOICE_LIVE_API_KEY=sesame\n")
    assert read_settings({}, folder=deep).model == "far"
    (tmp_path / "a" / ".env").write_text(
        f'AZURE_VOICE_LIVE_ENDPOINT="{ENDPOINT}"\nVOICE_LIVE_MODEL=near # no comment\n'
    )
    settings = read_settings({}, folder=deep)
    assert (settings.model, settings.endpoint, settings.api_key) == ("near", ENDPOINT, None)
    assert settings.origin("model") == f"VOICE_LIVE_MODEL in {tmp_path / 'a' / '.env'}"
    assert read_settings({}) == Settings()


def test_the_environment_wins_over_the_file_whatever_the_spelling(tmp_path):
    """But an empty variable is not set."""
    (tmp_path / ".env").write_text("VOICE_LIVE_MODEL=file\nAZURE_VOICE_LIVE_ENDPOINT=file\nUNSET\n")
    settings = read_settings({"AZURE_VOICELIVE_MODEL": "real", "AZURE_VOICE_LIVE_ENDPOINT": ""}, folder=tmp_path)
    assert (settings.model, settings.endpoint) == ("real", "file")


def test_a_file_from_windows_is_read(tmp_path):
    """With its byte order mark and line ends."""
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfVOICE_LIVE_MODEL=gpt-4o\r\nAZURE_VOICE_LIVE_API_KEY=k\r\n")
    settings = read_settings({}, folder=tmp_path)
    assert (settings.model, settings.api_key) == ("gpt-4o", "k")


def test_a_folder_called_like_the_file_is_none(tmp_path):
    """Some name a virtual environment so."""
    (tmp_path / ".env").write_text("VOICE_LIVE_MODEL=m")
    (tmp_path / "a" / ".env").mkdir(parents=True)
    assert read_settings({}, folder=tmp_path / "a").model == "m"


def test_a_file_that_cannot_be_read_is_mentioned_once_something_is_missing(tmp_path):
    """It is no reason to fail when the environment says it all."""
    (tmp_path / ".env").write_bytes("VOICE_LIVE_MODEL=m".encode("utf-16"))
    settings = read_settings({"VOICE_LIVE_MODEL": "m"}, folder=tmp_path)
    assert settings.model == "m"
    text = str(settings.missing("endpoint"))
    assert f"{tmp_path / '.env'} was not read, because it is not UTF-8" in text


def test_without_python_dotenv_the_file_is_mentioned_with_the_remedy(tmp_path, monkeypatch):
    """Only where there is a file, and only when something is missing."""
    monkeypatch.setitem(sys.modules, "dotenv", None)
    (tmp_path / ".env").write_text("VOICE_LIVE_MODEL=m")
    settings = read_settings({}, folder=tmp_path)
    assert settings.model is None
    assert "python-dotenv is missing: pip install 'vlmock[client]'" in str(settings.missing("model"))
    assert "dotenv" not in str(read_settings({}).missing("model"))


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("endpoint", "no endpoint is given: pass one, or set AZURE_VOICE_LIVE_ENDPOINT"),
        ("model", "no model is given: pass one, or set VOICE_LIVE_MODEL"),
        ("api_key", "no API key is given: pass one, or set AZURE_VOICE_LIVE_API_KEY"),
    ],
)
def test_what_is_missing_is_said_with_its_variable(setting, says):
    """In one sentence."""
    error = Settings().missing(setting)
    assert isinstance(error, ConfigurationError)
    assert str(error) == says
    assert Settings().origin(setting) == "nowhere"


# ---- secrets


def test_settings_never_show_the_key(tmp_path):
    """Not by ``repr``, ``str`` or a format, and not by rich, which has ways of its own."""
    (tmp_path / ".env").write_text("AZURE_VOICE_LIVE_API_KEY=sesame")
    settings = read_settings({"AZURE_VOICE_LIVE_ENDPOINT": ENDPOINT}, folder=tmp_path)
    assert settings.api_key == "sesame"
    screen = io.StringIO()
    rich.console.Console(file=screen).print(rich.pretty.Pretty(settings, expand_all=True))
    for text in (repr(settings), str(settings), f"{settings!r:>99}", screen.getvalue()):
        assert "sesame" not in text
        assert "AZURE_VOICE_LIVE_API_KEY in" in " ".join(text.split())


def test_python_dotenv_is_imported_only_for_a_file(tmp_path):
    """In an interpreter of its own: pytest's plugins may have it loaded."""
    code = (
        "import sys, pathlib, vlclient.environment as e; folder = pathlib.Path(sys.argv[1])\n"
        "e.read_settings({}); assert 'dotenv' not in sys.modules\n"
        "e.read_settings({}, folder=folder); assert 'dotenv' in sys.modules"
    )
    (tmp_path / ".env").write_text("VOICE_LIVE_MODEL=m")
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, timeout=30)
