"""Rules. No input or output, no framework, no clock: ``now`` is an argument."""
