"""What every shelf is: a view of one connection."""

from sqlalchemy import Connection


class Shelf:
    """Reads and writes rows of one subject within a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
