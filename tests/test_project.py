"""What the project says of itself is one thing: its version, its licence, its dependencies and why each is there."""

import re
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot import version
from bot.config_errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text(name: str) -> str:
    """A file of the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_the_checkouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: a copy of it in the code, or an installed package that is asked first."""
    assert version.version() == PROJECT["version"]
    monkeypatch.setattr(version, "PROJECT", tmp_path / "pyproject.toml")
    with pytest.raises(ConfigError, match="take a whole checkout"):
        version.version()
    version.PROJECT.write_text('[project]\nname = "yixian"\nversion = "7.8.9"\n', encoding="utf-8")
    assert version.version() == "7.8.9"


def test_the_changelog_ends_at_this_version() -> None:
    """What is released stands under its version and its day; only what is not yet stands above."""
    heads = re.findall(r"^## (.+)$", text("CHANGELOG.md"), re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    found = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", head) for head in heads[1:]]
    released = [(tuple(map(int, one.groups()[:3])), date.fromisoformat(one[4])) for one in found if one]
    assert len(released) == len(heads) - 1
    assert ".".join(map(str, released[0][0])) == PROJECT["version"]
    assert all(newer[0] > older[0] and newer[1] >= older[1] for newer, older in pairwise(released))
    assert text("SECURITY.md").count(f"| {PROJECT['version'].rpartition('.')[0]} (") == 1, "which versions are mended"


def test_the_licence_is_the_one_that_is_named() -> None:
    assert (PROJECT["license"], PROJECT["license-files"]) == ("MIT", ["LICENSE"])
    assert text("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 the Yixian authors\n")


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/operating.md"])
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", text(name))
    assert links
    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []


def test_the_readme_leads_to_them() -> None:
    assert set(re.findall(r"\]\(([A-Z]+(?:\.md)?)\)", text("README.md"))) >= {
        "LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md",
    }  # fmt: skip


def test_each_dependency_has_its_reason_and_no_other_package() -> None:
    """Planted fault: a row of a package that is not used (python-multipart was one), or a dependency without a row."""
    table = re.search(r"^\| package \|.*?\n\n", text("docs/decisions/dependencies.md"), re.MULTILINE | re.DOTALL)
    assert table
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].strip().splitlines()[2:]]
    named = [re.match(r"[\w-]+", row[0]) for row in rows if not row[0].startswith("(")]
    needed = [re.match(r"[\w-]+", line) for line in PROJECT["dependencies"]]
    assert sorted(one[0].lower() for one in named if one) == sorted(one[0].lower() for one in needed if one)
    assert all(all(row) for row in rows), "what it does, why this one, where, under which licence"
