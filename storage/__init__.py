"""The only place with SQL: one transaction is a ``Unit`` and its shelves, one shelf per domain file."""
