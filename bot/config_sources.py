"""Where settings are read from: config.toml, the environment, and a file that holds the token."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource

from bot.config_errors import ConfigError, config_error
from bot.config_values import password_in, token

PREFIX = "YIXIAN_"
NOT_SETTINGS = frozenset({"YIXIAN_CONFIG"})
"""Variables with our prefix that say where the settings are rather than what they are."""

_SECRETS = (("telegram", "token"), ("webhook", "secret"))


class FromFile(TomlConfigSettingsSource):
    """The settings in config.toml; ConfigError when it cannot be read."""

    def __init__(self, settings: type[BaseSettings], path: Path | None) -> None:
        self._path = path
        if path and not path.is_file():
            raise ConfigError(f"{path} is not there: make one with `python -m bot init`.")
        try:
            super().__init__(settings, toml_file=path)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: {_reason(error)}.") from None

    def refuse_open_secrets(self) -> None:
        """ConfigError when the file holds a secret and others than its owner can read it."""
        for section, key in _SECRETS:
            if self._path and self.toml_data.get(section, {}).get(key):
                _refuse_if_open(f"{section}.{key}", self._path)
        if self._path and password_in(self.toml_data.get("storage", {}).get("url", "")):
            _refuse_if_open("the password in storage.url", self._path)


class FromEnvironment(PydanticBaseSettingsSource):
    """``YIXIAN_SECTION__KEY`` → ``{"section": {"key": …}}``; lists and tables are written as JSON."""

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._environ = environ

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Never asked: all variables are read at once, so that a misspelt one is refused."""
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        """What the variables say, as the file would."""
        found: dict[str, Any] = {}
        for name, text in sorted(self._environ.items()):
            if name.startswith(PREFIX) and name not in NOT_SETTINGS:
                self._put(found, name, _from_text(text))
        return found

    def _put(self, found: dict[str, Any], name: str, value: Any) -> None:
        *parents, key = name.removeprefix(PREFIX).lower().split("__")
        for parent in parents:
            found = found.setdefault(parent, {})
        if not isinstance(found, dict) or not (parents or key in self.settings_cls.model_fields):
            raise ConfigError(f"{name} is not a setting: variables are named {PREFIX}SECTION__KEY, as in {_EXAMPLE}.")
        found[key] = value


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables in one; where both have a value, that of ``over``. Lists are replaced, not joined."""
    both = dict(under)
    for key, value in over.items():
        below = both.get(key)
        both[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return both


_EXAMPLE = f"{PREFIX}TELEGRAM__TOKEN"


def _from_text(text: str) -> Any:
    try:
        return json.loads(text) if text.startswith(("[", "{")) else text
    except ValueError:
        return text


def token_in(path: Path) -> SecretStr:
    """The bot's token in a file of its own; ConfigError when it is not there, not a token, or readable by others."""
    key = "telegram.token_file"
    try:
        _refuse_if_open(key, path)
        return token(path.read_text(encoding="utf-8").strip() or None)
    except OSError as error:
        raise config_error(key, str(path), f"it cannot be read: {_reason(error)}") from None
    except ValueError as error:
        raise config_error(key, str(path), f"its content must be {error}") from None


def _refuse_if_open(key: str, path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigError(f"{key} is in {path}, but others can read that (mode {mode:04o}): run `chmod 600 {path}`.")


def _reason(error: Exception) -> str:
    return (error.strerror or "unknown error") if isinstance(error, OSError) else str(error)
