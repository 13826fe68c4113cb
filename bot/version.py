"""Which version this is: pyproject.toml says it, and of a package that was installed its metadata, made from there."""

import tomllib
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from bot.config_errors import ConfigError

NAME = "yixian"
PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def version() -> str:
    """The version of this checkout, or of the installed package. Raises ``ConfigError`` where neither is whole."""
    if PROJECT.is_file():
        project = tomllib.loads(PROJECT.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == NAME:
            return str(project["version"])
    try:
        return installed_version(NAME)
    except PackageNotFoundError:
        raise ConfigError(f"{PROJECT} is missing, and it says which version this is: take a whole checkout.") from None
