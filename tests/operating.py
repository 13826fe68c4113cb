"""``docs/operating.md`` and ``deploy/`` as tests use them: to ask for an example is to claim it.

A test that asks for a block or a file runs it, or has it checked by the program it is for; ``test_operating`` finds
those that nobody asked for. Blocks are named by their section's title and counted from 1 in it.
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
_SECTION = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the page."""

    number: int
    title: str
    text: str


def sections() -> Iterator[Section]:
    """In the order of the page."""
    heads = list(_SECTION.finditer(PAGE))
    ends = [*(head.start() for head in heads[1:]), len(PAGE)]
    for head, end in zip(heads, ends, strict=True):
        yield Section(int(head[1]), head[2], PAGE[head.end() : end])


BLOCKS = {
    (section.title, nth): found[2]
    for section in sections()
    for nth, found in enumerate(_BLOCK.finditer(section.text), start=1)
}
FILES = {path.name: path.read_text(encoding="utf-8") for path in DEPLOY.iterdir()}
claimed: Counter[object] = Counter()


def block(title: str, nth: int = 1) -> str:
    """A block's text, which whoever asks for it runs or checks."""
    claimed[title, nth] += 1
    return BLOCKS[title, nth]


def deployed(name: str) -> str:
    """A file's text in ``deploy/``, which whoever asks for it runs or checks."""
    claimed[name] += 1
    return FILES[name]


# -- blocks that are run

_STAND_INS = re.findall(
    r"^([a-z][\w.-]*)\)", (ROOT / "tests" / "standins.sh").read_text(encoding="utf-8"), re.MULTILINE
)
_PLACES = re.compile(r"(?<![\w.~])/(etc|opt|var|dev)(?=/)")


def stood_in(machine: Path) -> dict[str, str]:
    """An environment in which the page's programs change nothing outside of that folder."""
    for folder in ("bin", "etc/systemd/system", "dev/mapper", "var/backups"):
        (machine / folder).mkdir(parents=True)
    (machine / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/sh\npostgres:x:70:70::/:/bin/sh\n")
    for name in _STAND_INS:
        (machine / "bin" / name).symlink_to(ROOT / "tests" / "standins.sh")
    return {"PATH": f"{machine / 'bin'}:{os.environ['PATH']}", "MACHINE": str(machine), "VENV": sys.prefix}


def commands_of(lines: str, machine: Path) -> tuple[str, ...]:
    """How a block is run within that folder. Each command has to succeed, also those that ``&&`` joins."""
    within = _PLACES.sub(lambda found: f"{machine}/{found[1]}", lines)
    return ("bash", "-euo", "pipefail", "-c", within.replace(" && ", "\n"))
