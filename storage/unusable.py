"""Where a database should be there is none, or none that this program may work on."""

from enum import StrEnum


class Why(StrEnum):
    """What is the matter, for whoever knows what helps."""

    ABSENT = "absent"
    EMPTY = "empty"
    NO_FILE = "no file"
    CLOSED = "closed"
    FOREIGN = "foreign"
    OTHER_VERSION = "other version"
    DAMAGED = "damaged"
    LOST_LOG = "lost log"


MAKING = frozenset({Why.ABSENT, Why.EMPTY})
"""Where a new database may be made."""


UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What a row brings about whose text is not what it should be: no JSON, another word, another type."""


class Unusable(Exception):
    """Nothing was made or changed. ``text`` completes "the database …" and holds nothing that anybody wrote."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why = why
