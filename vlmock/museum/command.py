"""``vlmock museum``: what there is to be seen, and the story of each."""

import click

__all__ = ["museum"]


@click.command(short_help="Tell of bugs that bit other voice agents, to try yours on.")
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="All exhibits: number, name, question and link.")
def museum(name: str | None, listed: bool) -> None:
    """Tell the story of exhibit NAME, or list them: bugs that real clients had, each a scenario that shows whether
    yours has them, too. `vlmock serve museum/NAME` serves one, `@vlmock.museum.exhibits()` shows all to a test."""
    from vlmock.museum.gallery import exhibit_called, gallery

    if name is not None and listed:
        raise click.UsageError("NAME and --list exclude each other")
    if name is not None:
        click.echo(str(exhibit_called(name)))
        return
    for exhibit in gallery():
        story = exhibit.story
        lines = [f"{story.number:>3}  {exhibit.own_name}", f"     {story.question}", f"     {story.bug}"]
        if story.needs:
            lines.append(f"     needs: {', '.join(story.needs)}")
        click.echo("\n".join(lines))
