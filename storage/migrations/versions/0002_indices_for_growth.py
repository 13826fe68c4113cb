"""Indices for growth."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORKED = "state IN ('assigned', 'in_progress', 'need_info')"


def upgrade() -> None:
    """Forward."""
    part("ix_calls_open", "calls", ["member"], "done_at IS NULL")
    part("ix_cases_again", "cases", ["state"], "attempt > 1")
    part("ix_cases_disputed", "cases", ["state"], "disputed = 1", "disputed")
    part("ix_cases_load", "cases", ["state", "holder"], WORKED)
    op.create_index("ix_cases_holder_closed_at", "cases", ["holder", "closed_at"])
    op.drop_index("ix_outbox_held", "outbox")
    part("ix_outbox_held", "outbox", ["not_before"], "state = 'held'")
    part("ix_outbox_in_turn", "outbox", ["lane", "id"], "state = 'pending'")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_outbox_in_turn", "outbox")
    op.drop_index("ix_outbox_held", "outbox")
    part("ix_outbox_held", "outbox", ["chat"], "state = 'held'")
    for name in ("ix_cases_holder_closed_at", "ix_cases_load", "ix_cases_disputed", "ix_cases_again"):
        op.drop_index(name, "cases")
    op.drop_index("ix_calls_open", "calls")


def part(name: str, table: str, columns: list[str], where: str, elsewhere: str = "") -> None:
    """An index of a part of a table; ``elsewhere`` is the condition in the words of PostgreSQL, where they differ."""
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(elsewhere or where))
