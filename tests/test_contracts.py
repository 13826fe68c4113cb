"""Who may know whom: every contract holds, and notices when it is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("bot", "handlers", "storage", "domain", "simulator")

PLANTED = [
    ("bot > handlers > storage > domain", "domain/planted.py", "import storage.unit"),
    ("bot > handlers > storage > domain", "storage/planted.py", "import handlers.concern"),
    ("only bot knows Telegram and the scheduler", "handlers/planted.py", "import telegram"),
    ("only bot knows Telegram and the scheduler", "handlers/planted.py", "import apscheduler.job"),
    ("only storage knows SQL", "handlers/planted.py", "import sqlalchemy"),
    ("only storage knows SQL", "bot/planted.py", "import sqlite3"),
    ("the simulator knows nothing of the rest", "simulator/planted.py", "import domain.cases"),
    ("only the demo knows the simulator", "bot/planted.py", "import simulator.world"),
    ("features do not know each other", "handlers/verdict.py", "import handlers.triage"),
    ("features do not know each other", "handlers/notices.py", "import handlers.triage"),
]

SHARED = {"handlers.invites", "handlers.menus"}
"""They define a feature and are imported by others: the roster's first part, and the menus that several refresh."""


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a tree."""
    linter = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code to plant faults in."""
    folder = tmp_path_factory.mktemp("tree")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "page"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_code_keeps_its_contracts(tree: Path) -> None:
    assert linted(tree).returncode == 0


@pytest.mark.parametrize(("contract", "path", "line"), PLANTED, ids=lambda value: value)
def test_a_broken_contract_is_noticed(tree: Path, contract: str, path: str, line: str) -> None:
    file = tree / path
    before = file.read_text(encoding="utf-8") if file.exists() else None
    file.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        said = linted(tree)
    finally:
        file.unlink() if before is None else file.write_text(before, encoding="utf-8")
    assert said.returncode != 0
    assert f"{contract} BROKEN" in said.stdout


def test_every_feature_is_in_the_contract() -> None:
    """Planted fault: forget a new feature there, and it may import any other."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    independent = next(set(c["modules"]) for c in contracts if c["type"] == "independence")
    files = [path for path in (ROOT / "handlers").glob("*.py") if "\nfeature = Feature(" in path.read_text("utf-8")]
    assert {f"handlers.{path.stem}" for path in files} - SHARED == independent - {"handlers.roster"}
