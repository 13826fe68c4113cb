"""Small facts of this installation: the bot's username, when something was last done."""

from sqlalchemy import bindparam, select

from storage.shelf import Shelf
from storage.tables import settings
from storage.upsert import insert_or

GET = select(settings.c.value).where(settings.c.name == bindparam("name_"))
LOCK = GET.with_for_update()
_put = insert_or(settings)
PUT = _put.on_conflict_do_update(index_elements=["name"], set_={"value": _put.excluded.value})


class Settings(Shelf):
    """Text by name."""

    def get(self, name: str) -> str | None:
        """The value, if there is one."""
        return self._connection.execute(GET, {"name_": name}).scalar_one_or_none()

    def lock(self, name: str) -> None:
        """Until the transaction's end nobody else writes it, where others write too. A value that is not there is not
        locked."""
        self._connection.execute(LOCK, {"name_": name})

    def put(self, name: str, value: str) -> None:
        """Keep a value."""
        self._connection.execute(PUT, {"name": name, "value": value})
