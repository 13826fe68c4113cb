"""What happens when a person (or the clock) does something: one file per feature."""
