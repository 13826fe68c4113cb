"""Compiled templates that outlive the words they were compiled for: a demo that begins anew need not compile again."""

from collections.abc import Mapping
from functools import lru_cache
from types import CodeType
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class Compiled(BytecodeCache):
    """In memory, by file; Jinja's checksum of the source says whether it is still the same."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Where this very source was compiled before."""
        known = self._codes.get(bucket.key)
        if known and known[0] == bucket.checksum:
            bucket.code = known[1]

    def dump_bytecode(self, bucket: Bucket) -> None:
        """The newest of every file."""
        if bucket.code is not None:
            self._codes[bucket.key] = (bucket.checksum, bucket.code)


def compiled(language: str, zone: ZoneInfo, labels: Mapping[str, str]) -> Compiled:
    """The templates of those words. Jinja folds a filter over a constant into the code: other labels, other code."""
    return _compiled(language, zone, frozenset(labels.items()))


@lru_cache(maxsize=8)
def _compiled(language: str, zone: ZoneInfo, labels: frozenset[tuple[str, str]]) -> Compiled:
    return Compiled()
