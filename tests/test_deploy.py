"""What is in ``deploy/`` is what it says: the unit is hardened, the servers' examples are read by the servers.

Planted faults: without ``SystemCallFilter`` the exposure is over the threshold; ``ProtectHme=`` makes ``verify`` fail,
``proxy_pas`` makes ``nginx -t`` fail.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operating import DEPLOY, deployed

UNIT = deployed("yixian.service")
EXPOSED = 2.0
"""At most so exposed, of 10; a unit without any hardening has 9.6. It was 1.5 when this was written."""


def tool(name: str, package: str) -> str:
    """A program, or a visible skip that says how to get it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{name} is not here: apt-get install --no-install-recommends {package}")
    return found


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    """A program run to its end."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is on this machine in the place of ours."""
    path = tmp_path / "yixian.service"
    path.write_text(UNIT.replace("/opt/yixian/.venv/bin/python", sys.executable), encoding="utf-8")
    return path


def test_systemd_reads_the_unit_without_complaint(unit: Path) -> None:
    done = ran(tool("systemd-analyze", "systemd"), "verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_exposes_little(unit: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    threshold = str(round(EXPOSED * 10))
    done = ran(analyze, "security", "--offline=true", f"--threshold={threshold}", "--no-pager", str(unit))
    assert done.returncode == 0, done.stdout[-400:]
    assert re.search(r"exposure level for yixian.service: (\d\.\d)", done.stdout)


def test_the_unit_says_how_the_bot_is_run() -> None:
    assert "ExecStart=/opt/yixian/.venv/bin/python -m bot run\n" in UNIT
    assert "RestartPreventExitStatus=2" in UNIT
    assert "MemoryMax=512M" in UNIT
    assert "EnvironmentFile=/etc/yixian/token.env" in UNIT, "the token is not in a file that everybody reads"


def test_nginx_reads_its_example(tmp_path: Path) -> None:
    nginx, openssl = tool("nginx", "nginx-light"), tool("openssl", "openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ran(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
               "/CN=bot.example.org", "-keyout", str(key), "-out", str(certificate))  # fmt: skip
    assert made.returncode == 0, made.stderr
    text = deployed("nginx.conf")
    text = re.sub(r"/etc/\S+/fullchain.pem", str(certificate), text)
    text = re.sub(r"/etc/\S+/privkey.pem", str(key), text)
    whole = tmp_path / "nginx.conf"
    around = f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n"
    whole.write_text(f"{around}{text}}}\n", encoding="utf-8")
    done = ran(nginx, "-t", "-c", str(whole), "-p", str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_caddy_reads_its_example() -> None:
    caddy = tool("caddy", "caddy")
    done = ran(caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_only_telegrams_path_is_let_through(name: str) -> None:
    text = deployed(name)
    assert re.findall(r"(?:location =|handle) (\S+) \{", text) == ["/telegram"]
    assert text.count("127.0.0.1:8080") == 1
    assert "404" in text
