"""Logs: one line for every turn, tick and trouble, for the operator; never a token, never what people wrote.

The rule: a line holds an event's name, numbers and marks (ids, names of code, paths: one run of ASCII without spaces).
Any other text, in a field, in an argument of a library's message or in an exception, is replaced by its length. Of an
exception, its types and the places in the code are kept; its words only where they speak of nothing but code.
Libraries are heard from WARNING up: below that, PTB's logs hold whole messages, and httpx's the address with the token.
Everything that is logged passes through one formatter, which takes out secrets last of all. (A single English word
looks like a mark: whoever logs a field still has to choose one that nobody wrote.)
"""

import copy
import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import date, timedelta
from pathlib import Path
from traceback import extract_tb
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

from bot.config_sections import Logs
from bot.redaction import redacted

NOISY = ("aiohttp", "aiosqlite", "apscheduler", "asyncio", "httpcore", "httpx", "sqlalchemy", "telegram", "uvicorn")
_OURS = Path(__file__).resolve().parent.parent
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # would begin a line that looks like another entry
_PLAIN = re.compile(r"[\x21-\x7e]{0,80}")
_AS_IT_IS = frozenset({"event", "level", "logger", "timestamp", "_record", "_from_structlog"})
_OF_CODE = (AttributeError, ImportError, NameError, NotImplementedError, TypeError, RecursionError)


def configure(logs: Logs, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send everything logged, ours and the libraries', to ``stream`` (stderr), without any of ``secrets``."""
    level = logging.getLevelNamesMapping()[logs.level.upper()]
    output = logging.StreamHandler(stream or sys.stderr)
    output.setFormatter(_Formatter(_renderer(logs), tuple(filter(None, secrets))))
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def plain(value: object) -> object:
    """The value if it cannot be what somebody wrote, else how long it is."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, date | timedelta):  # a datetime is a date
        return str(value)
    text = str(value)
    return text if _PLAIN.fullmatch(text) else f"<{len(text)} characters>"


def told(error: BaseException) -> str:
    """An exception on one line: its types, from the last to the first cause, and where in the code each came from."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen and len(parts) < 5:
        parts.append(_told_alone(seen))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " <- ".join(parts)


def _told_alone(error: BaseException) -> str:
    words = ""
    if isinstance(error, _OF_CODE):
        words = f" ({error})"
    elif isinstance(error, OSError) and error.strerror:
        words = f" ({error.strerror})"
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename]
    places = [f"{_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-6:]]
    return f"{type(error).__qualname__}{words}" + (f" at {', '.join(reversed(places))}" if places else "")


def _place(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(_OURS)) if path.is_relative_to(_OURS) else "/".join(path.parts[-2:])


def _renderer(logs: Logs) -> Processor:
    if logs.format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=False)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """The one way out: every record, ours or a library's, becomes one discreet line here."""

    def __init__(self, renderer: Processor, secrets: tuple[str, ...]) -> None:
        clean: list[Processor] = [
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        super().__init__(
            foreign_pre_chain=[],
            processors=[*clean, _discreet, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, secrets taken out."""
        line = super().format(record if isinstance(record.msg, dict) else _foreign(record))
        return _CONTROL.sub(" ", redacted(line, self._secrets))


def _foreign(record: logging.LogRecord) -> logging.LogRecord:
    """A library's record with discreet arguments, and only the first line of its message; others see it unchanged."""
    record = copy.copy(record)
    record.args = _discreet_arguments(record.args)
    record.msg = _message(record).partition("\n")[0]
    record.args = ()
    return record


def _message(record: logging.LogRecord) -> str:
    if isinstance(record.msg, BaseException):
        return told(record.msg)
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # the place wanted a number and the argument only looks like one
        return str(record.msg)


def _discreet_arguments(arguments: Any) -> Any:
    if isinstance(arguments, Mapping):
        return {key: plain(value) for key, value in arguments.items()}
    return tuple(plain(value) for value in arguments or ())


def _discreet(_logger: object, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    error = _exception(event.pop("exc_info", None))
    event.pop("stack_info", None)
    line = {key: value if key in _AS_IT_IS else plain(value) for key, value in event.items()}
    if error:
        line["error"] = told(error)
    return line


def _exception(info: object) -> BaseException | None:
    if info is True:
        return sys.exc_info()[1]
    if isinstance(info, tuple):
        info = info[1]
    return info if isinstance(info, BaseException) else None
