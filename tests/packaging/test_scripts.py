"""The scripts: that they parse, and that shellcheck has nothing to say of the shell's."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--quik"], "test.sh: unknown option --quik; --help lists them"),
        (
            ["--yes", "-k", "caret"],
            "unknown option -k; --help lists them, and pytest's come after --",
        ),
        (["--quick", "tests/core"], "--quick chooses the tests itself: leave out tests/core"),
    ],
)
def test_the_script_of_the_tests_refuses_what_it_does_not_know(words, said) -> None:
    script = ROOT / "install_scripts" / "test.sh"
    done = subprocess.run(
        ["bash", str(script), *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.parametrize("name", ["install.ps1", "uninstall.ps1"])
def test_a_script_for_windows_parses(name: str) -> None:
    grammar = tree_sitter.Language(tree_sitter_powershell.language())
    script = (ROOT / "install_scripts" / name).read_bytes()
    tree = tree_sitter.Parser(grammar).parse(script)
    assert not tree.root_node.has_error, str(tree.root_node)


@pytest.mark.parametrize(
    ("purge", "code", "told"), [(True, 0, False), (True, 1, True), (False, 0, False)]
)
def test_keys_leave_the_keyring_before_the_program_that_can_remove_them(
    tmp_path, purge, code, told
):
    program = tmp_path / ".local/share/tray_dictate/venv/bin/tray-dictate"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\nexit {code}\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", str(ROOT / "install_scripts/uninstall.sh"), *(["--purge"] if purge else [])],
        capture_output=True, text=True, check=True, timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )  # fmt: skip
    asked = tmp_path / "asked"
    assert (asked.read_text() if asked.exists() else "") == "key forget --for all\n" * purge
    assert ("remove the entries named tray_dictate" in done.stdout) == told
    assert not program.exists()


INSTALLED = '{"id": "moonshine-base-en", "folder": "/somewhere"}'
MISSING = '{"id": "moonshine-base-en", "folder": null}'
HINT = "For half the mistakes in English (63 MB), run: tray-dictate models get moonshine-base-en"


@pytest.mark.parametrize(
    ("variables", "answer", "listed", "asked", "said"),
    [
        ("first=1 yes= better=", "y", MISSING, True, ""),
        ("first=1 yes= better=", "n", MISSING, False, HINT),
        ("first=1 yes= better=", "", MISSING, False, HINT),
        ("first=1 yes= better=", None, MISSING, False, HINT),  # no terminal
        ("first=1 yes=1 better=", "y", MISSING, False, HINT),
        ("first= yes= better=", "y", MISSING, False, HINT),
        ("first= yes=1 better=1", None, MISSING, True, ""),
        ("first=1 yes= better=", "y", INSTALLED, False, ""),
        ("first=1 yes= better=1", "y", INSTALLED, False, ""),
    ],
)
def test_a_model_is_downloaded_only_where_the_user_says_so(
    tmp_path, variables, answer, listed, asked, said
):
    """`offer_model` of install.sh, with a program that notes what it is called with."""
    program = tmp_path / "bin/tray-dictate"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\n[ \"$*\" != 'models --json' ] || exec echo '{listed}'\n"
        f'echo "$*" >> {tmp_path}/asked\n'
    )
    program.chmod(0o755)
    script = (ROOT / "install_scripts/install.sh").read_text()
    functions = script[: script.rindex("\nmain ")]
    words = ["bash", "-c", f"{functions}\n{variables} venv={tmp_path}\noffer_model"]
    ours, terminal = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    with os.fdopen(ours), os.fdopen(terminal, "rb", buffering=0) as stdin:
        done = subprocess.run(
            ["setsid", "--wait", *(["--ctty"] if answer is not None else []), *words],
            stdin=stdin, capture_output=True, text=True, check=True, timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        )  # fmt: skip
    calls = (tmp_path / "asked").read_text() if (tmp_path / "asked").exists() else ""
    assert calls == ("models get moonshine-base-en\n" if asked else "")
    assert done.stdout.strip() == said
