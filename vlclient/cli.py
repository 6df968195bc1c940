"""The command line: ``vlclient chat``, which is also what ``vlclient`` alone does, ``vlclient check`` and
``vlclient smoke``.

What it needs is imported when a conversation begins. The exit code says how it ended: 0 well (also by q, Ctrl-C or
SIGTERM), 1 a mistake of this program, 2 wrong usage or configuration, 3 the service could not be reached, 4 not allowed
or no credential, 5 refused by the service, 6 connection closed, 7 no audio, 8 device lost, 9 no answer, or none that
belongs to this protocol. For ``vlclient check`` 1 is a check that failed.
"""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import click

from vlclient.chat.options import DEFAULT_VOICE, TURN_DETECTIONS
from vlclient.checks_cli import check
from vlclient.errors import VoiceLiveError
from vlclient.reach_options import reach_options
from vlclient.smoke_cli import smoke

__all__ = ["main"]

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


class _ChatUnlessToldOtherwise(click.Group):
    """``vlclient --model gpt-4o`` is ``vlclient chat --model gpt-4o``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help", "--version")):
            args = ["chat", *args]
        return super().parse_args(ctx, args)


def _version() -> str:
    try:
        return metadata.version("vlmock")
    except metadata.PackageNotFoundError:  # a checkout that is not installed
        return "0"


@click.group(cls=_ChatUnlessToldOtherwise, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="vlclient")
def main() -> None:
    """The reference client for the Voice Live API. Without a command: chat."""


def _show_devices(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from vlclient.audio.devices import devices
    from vlclient.chat.endings import exit_code, sentence

    try:
        found = devices()
    except VoiceLiveError as error:
        click.echo(f"vlclient: {sentence(error)}", err=True)
        ctx.exit(exit_code(error))
    for device in found:
        kinds = [
            f"{kind}{' (default)' * device.is_default(kind)}" for kind in ("input", "output") if device.channels(kind)
        ]
        click.echo(
            f"{device.index:>4}  {device.name}  [{device.host_api}, {device.default_rate_hz} Hz]  {', '.join(kinds)}"
        )
    if not found:
        click.echo("There is no microphone and no loudspeaker.")
    ctx.exit(0)


def _patterns(given: Sequence[str]) -> Sequence[str]:
    from vlmock.protocol.recording.redaction import overreaching

    try:
        for warning in overreaching(given):
            click.echo(f"vlclient: warning: {warning}", err=True)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return given


@main.command(short_help="Talk to a model: microphone in, loudspeaker out.")
@reach_options
@click.option("--voice", help=f"Default: {DEFAULT_VOICE}.")
@click.option("--rate", type=click.FloatRange(0.5, 1.5), help="How fast it speaks; 1 is as usual.")
@click.option("--instructions", metavar="TEXT", help="Who the assistant is and how it answers.")
@click.option(
    "--turn-detection",
    type=click.Choice(list(TURN_DETECTIONS)),
    default="azure_semantic_vad",
    show_default=True,
    help="none: a turn is over when you press Enter.",
)
@click.option("--noise-suppression/--no-noise-suppression", default=True, show_default=True, help="By the service.")
@click.option("--echo-cancellation/--no-echo-cancellation", default=True, show_default=True, help="By the service.")
@click.option("--input-device", metavar="DEVICE", help="Microphone: its index or a part of its name.")
@click.option("--output-device", metavar="DEVICE", help="Loudspeaker: its index or a part of its name.")
@click.option(
    "--list-devices",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_devices,
    help="Show what there is, and exit.",
)
@click.option("--input", type=_FILE, help="A WAV file in place of the microphone; the chat ends when it was answered.")
@click.option("--output", type=_FILE, help="A WAV file in place of the loudspeaker.")
@click.option("--fast", is_flag=True, help="Read and write these files as fast as can be.")
@click.option("--tools", type=_FILE, help="A Python file; its public functions can be called by the model.")
@click.option("--greet", metavar="TEXT", help="The assistant speaks first and says this.")
@click.option("--reconnect", is_flag=True, help="Dial again when the connection is lost.")
@click.option("--log", type=_FILE, help="What is sent and received, readable, without secrets; written anew.")
@click.option(
    "--record",
    type=click.Path(),
    help="All of it with both voices, without keys: a new folder, or a .zip.",
)
@click.option(
    "--redact",
    multiple=True,
    metavar="REGEX",
    callback=lambda ctx, param, given: _patterns(given),
    help="Record, log and show *** for what matches; several for several.",
)
@click.option("--redact-audio", is_flag=True, help="Record when and how loud somebody speaks, not the voice.")
@click.option("--plain", is_flag=True, help="Plain lines on a terminal too.")
@click.option("--debug", is_flag=True, help="Show where an error comes from.")
@click.pass_context
def chat(ctx: click.Context, /, debug: bool, **chosen: Any) -> None:
    """Talk to a model: microphone in, loudspeaker out. q + Enter or Ctrl-C ends it.

    Endpoint, key and model may stand in the environment or a .env file: AZURE_VOICE_LIVE_ENDPOINT,
    AZURE_VOICE_LIVE_API_KEY, VOICE_LIVE_MODEL.
    """
    from vlclient.chat.program import run_chat

    ctx.exit(run_chat(chosen, debug=debug))


main.add_command(check)
main.add_command(smoke)
