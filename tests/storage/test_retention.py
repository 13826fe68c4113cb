"""Every table has a rule for how long its rows stay."""

from storage.retention import KEPT, RULES
from storage.tables import metadata


def test_every_table_has_one_rule() -> None:
    assert KEPT | RULES.keys() == metadata.tables.keys()
    assert not KEPT & RULES.keys()
