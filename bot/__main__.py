"""The command line: what people run, and what operators need. A mistake is one sentence and exit code 2.

What may be over by itself ends with 1, so that whoever started us tries again.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import commands, config_example, opening, restoring, version
from bot.clock import SystemClock
from bot.config import ConfigError, Settings, load
from domain.people import Role

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="一线 Yixian")

ConfigFile = Annotated[
    Path, typer.Option("--config", envvar="YIXIAN_CONFIG", help="config.toml, as `init` wrote it", show_default=True)
]
HERE = Path("config.toml")


class Language(StrEnum):
    """What the demo's sample place may speak."""

    zh = "zh"
    en = "en"


def main() -> None:
    """Run a command; what the operator did wrong is told in one sentence."""
    try:
        app()
    except ConfigError as mistake:
        print(mistake, file=sys.stderr)  # noqa: T201 - the answer of a command
        sys.exit(mistake.code)


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


def done(settings: Settings, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end; what is found wrong with the database only then is told in a sentence, too."""
    with opening.told(settings):
        return asyncio.run(work())


@app.callback(invoke_without_command=True)
def about(
    show: Annotated[bool, typer.Option("--version", help="Say which version this is.", is_eager=True)] = False,
) -> None:
    """A member–resident liaison bot."""
    if show:
        typer.echo(version.version())
        raise typer.Exit


@app.command()
def demo(
    check: Annotated[bool, typer.Option("--check", help="Play the tour without a browser and exit.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page on 127.0.0.1; 0 picks a free one.")] = 0,
    language: Annotated[
        Language | None, typer.Option(help="What the sample place speaks; by default what the first browser does.")
    ] = None,
) -> None:
    """Try everything in a browser: no token, no network."""
    from bot import demo as demonstration

    spoken = language.value if language else None
    raise typer.Exit(asyncio.run(demonstration.check() if check else demonstration.serve(port, spoken)))


@app.command()
def run(
    config: ConfigFile = HERE,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; more than one need PostgreSQL.")] = 1,
    socket: Annotated[int | None, typer.Option(hidden=True)] = None,
    worker: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Run the bot until it is told to stop (Ctrl-C, SIGTERM)."""
    settings = settings_of(config)
    if socket is not None:
        done(settings, lambda: commands.work(settings, socket, worker))
    elif workers > 1:
        done(settings, lambda: commands.run_workers(settings, config, workers))
    else:
        done(settings, lambda: commands.run(settings))


@app.command()
def init(
    folder: Annotated[Path | None, typer.Option("--dir", help="Write config.toml and the database there.")] = None,
    coordinator: Annotated[int, typer.Option(help="With --dir: Telegram id of the first coordinator.")] = 0,
    name: Annotated[str, typer.Option(help="With --dir: the coordinator's name.")] = "",
    group: Annotated[str, typer.Option(help="With --dir: the group's name.")] = "",
    database: Annotated[
        bool, typer.Option("--database", help="Make the database that --config names, and nothing else.")
    ] = False,
    config: ConfigFile = HERE,
) -> None:
    """Write config.toml from the example, make the database, name the first coordinator: --dir, --coordinator.

    Or only the database of a configuration that exists: --database, --config.
    """
    if database:
        if folder or coordinator or name or group:
            raise ConfigError(
                "--database takes --config only: coordinators stand in roster.coordinators, in that file."
            )
        make_database(config)
    elif folder is None:
        raise ConfigError("--dir is missing: give the new folder, or --database and --config for one that exists.")
    else:
        begin(folder, coordinator, name, group)


def make_database(config: Path) -> None:
    """The database of a configuration that exists."""
    settings = settings_of(config)
    done(settings, lambda: commands.prepare(settings))
    typer.echo(f"the database is made. Start the bot: python -m bot run --config {config}")


def begin(folder: Path, coordinator: int, name: str, group: str) -> None:
    """A configuration and its database; where that cannot be made, there is no configuration either."""
    if not 0 < coordinator < 2**52:
        raise ConfigError(f"--coordinator is {coordinator}; it must be a Telegram user id, a whole number above 0.")
    text = config_example.render_example(group, coordinator, name)
    commands.refuse_existing(folder)
    written = config_example.write_config(folder, text)
    try:
        settings = load(written, environment())
        done(settings, lambda: commands.prepare(settings))
    except BaseException:
        written.unlink()
        raise
    typer.echo(
        f"{written} is written. Put the bot's token into YIXIAN_TELEGRAM__TOKEN or telegram.token_file, "
        f"then start it: python -m bot run --config {written}"
    )


@app.command()
def adopt(
    before: Annotated[int, typer.Option("--from", help="The number of the bot that is gone, as `doctor` tells it.")],
    config: ConfigFile = HERE,
) -> None:
    """Let this bot go on with the data of another one, which is gone for good. The bot must not run."""
    settings = settings_of(config)
    owner = done(settings, lambda: commands.adopt(settings, before, SystemClock().now()))
    typer.echo(
        f"the database of {owner} is that of bot {settings.bot} now. Start it; people have to open it once before it "
        "can write to them, and files that were sent to the one before cannot be shown any more"
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
    typer.echo(done(settings, lambda: commands.invite(settings, role, name, community or [], sector)))


@app.command()
def digest(
    config: ConfigFile = HERE,
    period: Annotated[str, typer.Option(help="daily or weekly")] = "daily",
    language: Annotated[str, typer.Option(help="Its language; without it the group's first one.")] = "",
) -> None:
    """Print the coordinators' digest as it is now."""
    settings = settings_of(config)
    typer.echo(done(settings, lambda: commands.digest(settings, period, language)))


@app.command()
def move(
    to: Annotated[str, typer.Option("--to", help="postgresql+psycopg://HOST/DATABASE, an empty one.")],
    config: ConfigFile = HERE,
) -> None:
    """Copy everything from SQLite to PostgreSQL and compare it row for row; the bot is stopped before."""
    settings = settings_of(config)
    found = done(settings, lambda: commands.move(settings, to))
    for table, rows in found.items():
        typer.echo(f"✓ {table}: {rows}")
    typer.echo(
        f"{sum(found.values())} rows are there, each compared with its original. Now set storage.url "
        "(or YIXIAN_STORAGE__URL) to that address and start the bot; the file is kept as it is, and not used any more."
    )


@app.command()
def doctor(
    config: ConfigFile = HERE,
    deep: Annotated[bool, typer.Option("--deep", help="Read the whole database; takes longer.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask Telegram.")] = False,
) -> None:
    """Look whether everything is well; exit 1 where something is not."""
    settings = settings_of(config)
    findings = done(settings, lambda: commands.doctor(settings, deep, offline))
    if as_json:
        typer.echo(json.dumps([finding.plain() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(finding.line())
    raise typer.Exit(int(any(finding.bad for finding in findings)))


@app.command()
def health(
    config: ConfigFile = HERE,
    wait: Annotated[float, typer.Option(help="Seconds to wait until all is well.")] = 0,
) -> None:
    """Ask the running bot whether it can do its work; exit 1 where it cannot, or none runs."""
    settings = settings_of(config)
    checks = done(settings, lambda: commands.health(settings, wait))
    for check in checks:
        typer.echo(f"{'✓' if check['ok'] else '✗'} {check['name']}: {check['text']}")
    raise typer.Exit(int(not all(check["ok"] for check in checks)))


@app.command()
def backup(
    config: ConfigFile = HERE,
    to: Annotated[Path | None, typer.Option(help="A file of your own instead of one among the nightly ones.")] = None,
) -> None:
    """Make a checked copy of the database, also while the bot runs."""
    settings = settings_of(config)
    made = done(settings, lambda: commands.back_up(settings, to.resolve() if to else None))
    typer.echo(f"{made['file']}: {made['cases']} cases, {made['events']} events, {made['size']} bytes, checked")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    config: ConfigFile = HERE,
    verify: Annotated[bool, typer.Option("--verify", help="Only check it.")] = False,
    if_newer: Annotated[
        bool, typer.Option("--if-newer", help="Only where the present database is of a version this program is not.")
    ] = False,
) -> None:
    """Put a backup into the database's place; the present one is put aside. The bot must not run."""
    if verify:
        checked = restoring.verify(file)
        told = restoring.version_told(checked)
        typer.echo(f"{file}: {checked.cases} cases, {checked.events} events, all true; {told}")
        return
    settings = settings_of(config)
    if if_newer and not restoring.is_newer(settings):
        typer.echo("the present database is of this version: nothing is restored")
        return
    checked, aside = restoring.restore(settings, file, SystemClock().now())
    where = f"; the one before is {aside}" if aside else ""
    typer.echo(f"{file} is in place: {checked.cases} cases, {checked.events} events{where}")


@app.command()
def migrate(config: ConfigFile = HERE) -> None:
    """Bring the database to this version, whole or not at all. The bot must not run."""
    settings = settings_of(config)
    done(settings, lambda: commands.migrate(settings))
    typer.echo("the database is of this version")


outbox = typer.Typer(no_args_is_help=True, help="Messages that could not be sent.")
quarantine = typer.Typer(no_args_is_help=True, help="Updates that could not be handled.")
app.add_typer(outbox, name="outbox")
app.add_typer(quarantine, name="quarantine")


def asked(config: Path, command: str, **arguments: Any) -> dict[str, Any]:
    """What the bot answers to one of the operator's commands."""
    settings = settings_of(config)
    return done(settings, lambda: commands.ask(settings, command, arguments))


@outbox.command("show")
def outbox_show(config: ConfigFile = HERE) -> None:
    """List what was given up: number, kind, how it ended, age, tries, error."""
    lines = asked(config, "outbox_show")["lines"]
    typer.echo("\n".join(lines) or "nothing was given up")


@outbox.command("retry")
def outbox_retry(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers, as `outbox show` lists them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    config: ConfigFile = HERE,
) -> None:
    """Send again what was given up. What may have arrived (uncertain) may arrive twice."""
    if bool(ids) is everything:
        raise ConfigError("name the messages to send again, or give --all.")
    typer.echo(f"{asked(config, 'outbox_retry', ids=ids or [], all=everything)['done']} will be sent again")


@quarantine.command("show")
def quarantine_show(
    code: Annotated[str, typer.Argument(help="One of them; without it all.")] = "",
    raw: Annotated[bool, typer.Option("--raw", help="The whole update too: IT HOLDS WHAT SOMEBODY WROTE.")] = False,
    config: ConfigFile = HERE,
) -> None:
    """List what was set aside: code, update, kind, error, age; never what was written, unless --raw."""
    answer = asked(config, "quarantine_show", code=code.upper(), raw=raw)
    typer.echo("\n".join(answer["lines"]) or "nothing is in quarantine")
    for text in answer["raw"]:
        typer.echo("this is what somebody sent; do not keep it or pass it on:", err=True)
        typer.echo(text)


@quarantine.command("retry")
def quarantine_retry(code: str, config: ConfigFile = HERE) -> None:
    """Handle an update again, as if it had just arrived; exit 1 where it fails again."""
    error = asked(config, "quarantine_retry", code=code.upper())["error"]
    typer.echo(f"{code.upper()} failed again ({error}) and stays" if error else f"{code.upper()} is handled")
    raise typer.Exit(int(bool(error)))


@quarantine.command("drop")
def quarantine_drop(code: str, config: ConfigFile = HERE) -> None:
    """Forget an update for good."""
    asked(config, "quarantine_drop", code=code.upper())
    typer.echo(f"{code.upper()} is forgotten")


if __name__ == "__main__":
    main()
