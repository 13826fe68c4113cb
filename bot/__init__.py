"""The running program: the only place with a network and a clock."""

import os

# PTB gives spans of time as `timedelta`; without this it gives whole numbers and warns of the change at every access.
os.environ.setdefault("PTB_TIMEDELTA", "1")
