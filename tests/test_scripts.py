"""The shell scripts: that they parse, and that shellcheck has nothing to say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = [*sorted((ROOT / "install_scripts").glob("*.sh")), ROOT / ".ci" / "run"]
CHECKS = [["bash", "-n"], ["shellcheck"]]


def test_there_are_scripts_to_check() -> None:
    assert {"install.sh", "uninstall.sh", "test.sh"} <= {script.name for script in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check[0])
def test_a_script_is_faultless(script: Path, check: list[str]) -> None:
    found = subprocess.run([*check, str(script)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_can_be_run_as_it_is(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
