"""What must not happen twice at once. One writer makes that true by itself; several processes take locks for it.

The rule: the chat first, then cases, then the roster, then the year's numbers. Where two meet the other way round the
engine lets one of them go on, and the other is done again (``Again``).
"""

from domain.people import ChatId


class Again(BaseException):
    """The transaction is lost through no fault of the unit, and must be done again from its beginning.

    No ``Exception``: a handler that undoes one case among fifty must not take a lost connection for a broken case.
    """


class Locks:
    """Those of an engine with one writer: nothing to do. A lock lasts to the end of the transaction."""

    def chat(self, chat: ChatId) -> None:
        """What happens in a chat happens one after another."""

    def roster(self) -> None:
        """Roles are given and taken, and cases assigned by them, one after another."""

    def numbers(self, year: int) -> None:
        """A year's numbers are given one after another, without gaps."""

    def lost(self, error: Exception) -> bool:
        """Whether an error says that the whole transaction is to be done again."""
        return False


NONE = Locks()
