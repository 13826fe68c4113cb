"""Turns whatever is wrong with a configuration into one sentence: the key, the value and what is allowed."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from bot.redaction import redacted

SECRET_KEYS = ("token", "secret")
_SHOWN = 60


class ConfigError(Exception):
    """The configuration is not usable; the text is one sentence for the operator and holds no secret."""

    code = 2
    """How the program ends."""


class Passing(ConfigError):
    """It may be over by itself: whoever starts us may try again."""

    code = 1


def mismatch(key: str, value: object, because: str) -> PydanticCustomError:
    """For settings that are each allowed but do not go together; ``because`` completes "KEY is VALUE, but"."""
    return PydanticCustomError("mismatch", "mismatch", {"key": key, "value": value, "because": because})


def config_error(key: str, value: object, because: str) -> ConfigError:
    """``KEY is VALUE, but BECAUSE.``, with secrets left out."""
    return ConfigError(redacted(f"{key} is {_shown(key, value)}, but {because}."))


def first_error(model: type[BaseModel], error: ValidationError) -> ConfigError:
    """The first thing that is wrong; unknown keys first, for they explain what is missing."""
    errors = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    return _as_sentence(model, errors[0])


def _as_sentence(model: type[BaseModel], error: ErrorDetails) -> ConfigError:
    key = _dotted(error["loc"])
    match error["type"]:
        case "mismatch":
            facts = error["ctx"]
            return config_error(facts["key"], facts["value"], facts["because"])
        case "extra_forbidden":
            return _unknown(model, error["loc"])
        case "missing":
            return ConfigError(f"{key} is missing, but must be given.")
        case _:
            return config_error(key, error["input"], _allowed(error))


def _allowed(error: ErrorDetails) -> str:
    match error["type"]:
        case "value_error":
            return f"it must be {error['ctx']['error']}"
        case "model_type" | "model_attributes_type":
            return f"it must be a table, as in [{_dotted(error['loc'])}]"
    subject, found, rest = error["msg"].partition(" should ")
    return f"it must {rest.partition(', unable')[0]}" if found else f"this was found: {subject}"


def _dotted(location: Sequence[int | str]) -> str:
    """``communities.2.code`` is the code of the *second* community: operators count from 1."""
    return ".".join(str(part + 1 if isinstance(part, int) else part) for part in location)


def _shown(key: str, value: object) -> str:
    if value and (isinstance(value, SecretStr) or key.rpartition(".")[2] in SECRET_KEYS):
        return "not shown here"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _unknown(model: type[BaseModel], location: Sequence[int | str]) -> ConfigError:
    *parents, key = location
    known = _keys_at(model, parents)
    prefix = _dotted(parents) + "." if parents else ""
    close = get_close_matches(str(key), known, n=1)
    remedy = f"did you mean {prefix}{close[0]}?" if close else f"known here: {', '.join(known)}."
    return ConfigError(redacted(f"{prefix}{key} is not a setting; {remedy}"))


def _keys_at(model: type[BaseModel], parents: Sequence[int | str]) -> list[str]:
    for part in parents:
        if isinstance(part, str):
            model = section_of(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, or holds a tuple of; None for a plain value."""
    inner = getattr(annotation, "__args__", (annotation,))[0]
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None
