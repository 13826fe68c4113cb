"""What Alembic runs: over the connection it was given, in the transaction that is open there."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from storage.tables import Duration, Moment, metadata


def plainly(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A version file must not depend on types that may change: moments and durations are whole numbers."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Moment | Duration) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
    render_item=plainly,
)
context.run_migrations()
