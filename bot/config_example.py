"""Makes a first config.toml out of config.example.toml."""

import json
import os
from pathlib import Path

from bot.config_errors import ConfigError

EXAMPLE = Path(__file__).resolve().parent.parent / "config.example.toml"
"""Beside the package, in a checkout and where it is installed."""


def render_example(group_name: str = "", coordinator_id: int | None = None, coordinator_name: str = "") -> str:
    """The example with the group's name and a first coordinator filled in; what is not given stays as it is."""
    text = EXAMPLE.read_text(encoding="utf-8")
    if group_name:
        text = _replaced(text, 'name = { zh = "一线", en = "Yixian" }', f"name = {_quoted(group_name)}")
    if coordinator_id is not None:
        entry = f"{{ id = {coordinator_id}, name = {_quoted(coordinator_name)} }}"
        text = _replaced(text, "coordinators = []", f"coordinators = [{entry}]")
    return text


def write_config(folder: Path, text: str) -> Path:
    """Write ``folder``/config.toml (0600, made with its folder); ConfigError when there is one already."""
    path = folder / "config.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} is there already: change it, or choose another folder.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}): choose another folder.") from None
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a Path cannot open a descriptor
        file.write(text)
    return path


def _replaced(text: str, line: str, by: str) -> str:
    if text.count(f"\n{line}\n") != 1:
        raise ConfigError(f"{EXAMPLE} has no line `{line}`: use the one that came with this version.")
    return text.replace(f"\n{line}\n", f"\n{by}\n")


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, except that TOML wants DEL escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
