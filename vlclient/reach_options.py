"""Options of the command line that say whom to reach, the same for every command."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from vlclient.chat.options import DEFAULT_MODEL
from vlclient.environment import NAMES

__all__ = ["reach_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS: Final[Sequence[Callable[[Any], Any]]] = (
    click.option("--endpoint", metavar="URL", help="https://NAME.services.ai.azure.com, or any form of it."),
    click.option(
        "--api-key", metavar="KEY", help="Better in the environment, where nobody sees it. Without one: Entra ID."
    ),
    click.option("--model", help=f"Default: {NAMES['model'][0]}, else {DEFAULT_MODEL}."),
    click.option("--api-version", metavar="DATE", help="Default: the newest that is no preview."),
    click.option("--profile", help="How a model of your own is used: byom-azure-openai-realtime and others."),
    click.option("--agent-name", metavar="NAME", help="An agent answers in place of a model."),
    click.option("--project-name", metavar="NAME", help="The agent's project."),
    click.option("--agent-version", metavar="VERSION", help="Default: the latest."),
    click.option("--conversation-id", metavar="ID", help="Go on with a conversation that the agent knows."),
)


def reach_options(command: _Command) -> _Command:
    """Give a command these options, in this order; it is called with their values by name, None where not said."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
