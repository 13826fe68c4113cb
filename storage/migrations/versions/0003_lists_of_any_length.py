"""Lists of any length: what waits and what is in hand, in their order; and no entries for what a case has not got."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IN_HAND = "state IN ('assigned', 'in_progress', 'need_info', 'resolved')"
UNASSIGNED = "state IN ('submitted', 'accepted') AND settled_at IS NOT NULL"

PARTIAL = {
    "ix_cases_holder": (["holder", "state"], "holder IS NOT NULL"),
    "ix_cases_closed_at": (["closed_at"], "closed_at IS NOT NULL"),
    "ix_cases_holder_closed_at": (["holder", "closed_at"], "closed_at IS NOT NULL"),
}


def upgrade() -> None:
    """Forward."""
    for name, (columns, where) in PARTIAL.items():
        op.drop_index(name, "cases")
        part(name, columns, where)
    part("ix_cases_in_hand", ["holder", "due_at"], IN_HAND)
    part("ix_cases_unassigned", ["state", "urgent", "due_at", "settled_at"], UNASSIGNED)
    op.drop_index("ix_cases_disputed", "cases")
    part("ix_cases_disputed", ["state", "urgent", "due_at", "disputed"], "disputed = 1", "disputed")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_cases_disputed", "cases")
    part("ix_cases_disputed", ["state"], "disputed = 1", "disputed")
    op.drop_index("ix_cases_unassigned", "cases")
    op.drop_index("ix_cases_in_hand", "cases")
    for name, (columns, _) in PARTIAL.items():
        op.drop_index(name, "cases")
        op.create_index(name, "cases", columns)


def part(name: str, columns: list[str], where: str, elsewhere: str = "") -> None:
    """An index of a part of the cases; ``elsewhere`` is the condition in the words of PostgreSQL, where they differ."""
    op.create_index(name, "cases", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(elsewhere or where))
