"""The command line: demo · run · init · invite · digest · move · doctor. A mistake is one sentence and exit code 2."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import commands, config_example
from bot.config import ConfigError, Settings, load
from domain.people import Role

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="一线 Yixian")

MISTAKE = 2
ConfigFile = Annotated[
    Path, typer.Option("--config", envvar="YIXIAN_CONFIG", help="config.toml, as `init` wrote it", show_default=True)
]
HERE = Path("config.toml")


def main() -> None:
    """Run a command; what the operator did wrong is told in one sentence."""
    try:
        app()
    except ConfigError as mistake:
        print(mistake, file=sys.stderr)  # noqa: T201 - the answer of a command
        sys.exit(MISTAKE)


def settings_of(path: Path) -> Settings:
    """The settings of a config file. Raises ``ConfigError`` where there is none."""
    if not path.is_file():
        raise ConfigError(
            f"--config is {path}, and there is no such file: write one with `python -m bot init --dir DIR`."
        )
    return load(path, environment())


def environment() -> dict[str, str]:
    """The process's environment without what is no setting."""
    return {name: value for name, value in os.environ.items() if name != "YIXIAN_CONFIG"}


def done(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end."""
    return asyncio.run(work())


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Say which version this is.", is_eager=True)] = False,
) -> None:
    """A member–resident liaison bot."""
    if show:
        typer.echo(commands.version())
        raise typer.Exit


@app.command()
def demo(
    check: Annotated[bool, typer.Option("--check", help="Play the tour without a browser and exit.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page on 127.0.0.1; 0 picks a free one.")] = 0,
) -> None:
    """Try everything in a browser: no token, no network."""
    from bot import demo as demonstration

    raise typer.Exit(done(lambda: demonstration.check() if check else demonstration.serve(port)))


@app.command()
def run(
    config: ConfigFile = HERE,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; more than one need PostgreSQL.")] = 1,
    socket: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the bot until it is told to stop (Ctrl-C, SIGTERM)."""
    settings = settings_of(config)
    if socket is not None:
        done(lambda: commands.work(settings, socket))
    elif workers > 1:
        done(lambda: commands.run_workers(settings, config, workers))
    else:
        done(lambda: commands.run(settings))


@app.command()
def init(
    folder: Annotated[Path, typer.Option("--dir", help="Where config.toml and the database go.")],
    coordinator: Annotated[int, typer.Option(help="Telegram id of the first coordinator.")],
    name: Annotated[str, typer.Option(help="The coordinator's name.")] = "",
    group: Annotated[str, typer.Option(help="The group's name.")] = "",
) -> None:
    """Write config.toml from the example, make the database, name the first coordinator."""
    if not 0 < coordinator < 2**52:
        raise ConfigError(f"--coordinator is {coordinator}; it must be a Telegram user id, a whole number above 0.")
    text = config_example.render_example(group, coordinator, name)
    commands.refuse_existing(folder)
    written = config_example.write_config(folder, text)
    done(lambda: commands.prepare(load(written, environment())))
    typer.echo(
        f"{written} is written. Put the bot's token into YIXIAN_TELEGRAM__TOKEN or telegram.token_file, "
        f"then start it: python -m bot run --config {written}"
    )


@app.command()
def invite(
    role: Annotated[Role, typer.Option(help="What they will be.")],
    name: Annotated[str, typer.Option(help="Their name.")],
    config: ConfigFile = HERE,
    community: Annotated[list[str] | None, typer.Option(help="A community's name or code; may be given again.")] = None,
    sector: Annotated[str, typer.Option(help="A sector's name or code.")] = "",
) -> None:
    """Print a one-time link that makes somebody staff."""
    settings = settings_of(config)
    typer.echo(done(lambda: commands.invite(settings, role, name, community or [], sector)))


@app.command()
def digest(
    config: ConfigFile = HERE,
    period: Annotated[str, typer.Option(help="daily or weekly")] = "daily",
    language: Annotated[str, typer.Option(help="Its language; without it the group's first one.")] = "",
) -> None:
    """Print the coordinators' digest as it is now."""
    settings = settings_of(config)
    typer.echo(done(lambda: commands.digest(settings, period, language)))


@app.command()
def move(
    to: Annotated[str, typer.Option("--to", help="postgresql+psycopg://HOST/DATABASE, an empty one.")],
    config: ConfigFile = HERE,
) -> None:
    """Copy everything from SQLite to PostgreSQL and compare it row for row; the bot is stopped before."""
    settings = settings_of(config)
    found = done(lambda: commands.move(settings, to))
    for table, rows in found.items():
        typer.echo(f"✓ {table}: {rows}")
    typer.echo(
        f"{sum(found.values())} rows are there, each compared with its original. Now set storage.url "
        "(or YIXIAN_STORAGE__URL) to that address and start the bot; the file is kept as it is, and not used any more."
    )


@app.command()
def doctor(config: ConfigFile = HERE) -> None:
    """Look whether everything is well; exit 1 where something is not."""
    settings = settings_of(config)
    findings = done(lambda: commands.doctor(settings))
    for finding in findings:
        typer.echo(finding.line())
    raise typer.Exit(int(any(finding.bad for finding in findings)))


if __name__ == "__main__":
    main()
