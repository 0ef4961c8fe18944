"""The wheel and the source distribution: what pip and uv are given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path

import pytest
import uv
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.rigs import as_user

pytestmark = pytest.mark.live  # it waits for pip
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """The folder of what is built: the wheel from the source distribution, as on PyPI."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory) -> Iterator[list[str]]:
    """`tray-dictate` of a fresh virtual environment, which has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    python = folder / "bin/python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run([*install, "--quiet", str(wheel)], check=True, timeout=100)
    # test_install.py fetches the dependencies; here they are those of the tests
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return [str(folder / "bin/tray-dictate")]


def run(program: list[str], home: Path, *words: str) -> tuple[int, str]:
    env = as_user.environment(home)
    del env["PYTHONPATH"]  # the checkout
    done = subprocess.run(
        [*program, *words], env=env, cwd=home, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_wheel_is_the_package_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = ROOT / "tray_dictate"
    ours = {
        str(path.relative_to(ROOT))
        for suffix in ("py", "md", "toml", "txt")
        for path in package.rglob(f"*.{suffix}")
    }
    assert names == ours
    assert "tray_dictate/docs/settings.md" in names


def test_the_source_distribution_has_what_a_packager_needs(dist):
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as packed:
        names = {name.split("/", 1)[1] for name in packed.getnames()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "config.toml", "install_scripts/install.sh"}
    assert needed <= names
    assert "tests/packaging/test_packaging.py" in names
    assert not {name for name in names if "__pycache__" in name or name.startswith(".venv")}


def test_an_index_would_take_both(dist):
    built = [str(path) for path in dist.iterdir()]
    assert len(built) == 2
    check = [sys.executable, "-m", "twine", "check", "--strict", *built]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_metadata_tells_licence_python_and_the_systems_own_dependencies(wheel):
    files = zipfile.ZipFile(wheel)
    (name,) = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = HeaderParser().parsestr(files.read(name).decode())
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    linux = [need for need in metadata.get_all("Requires-Dist") or [] if "== 'linux'" in need]
    assert any(need.startswith("python-xlib") for need in linux)


def test_what_was_installed_from_the_wheel_runs(program, tmp_path):
    assert run(program, tmp_path, "--version")[1].startswith("tray-dictate ")
    assert run(program, tmp_path, "config", "--defaults") == (0, (ROOT / "config.toml").read_text())
    assert "complete" in run(program, tmp_path, "completion", "bash")[1]
    assert "KDE Plasma" in run(program, tmp_path, "help", "wayland")[1]


def test_uv_installs_it_as_a_tool_with_all_that_it_depends_on(wheel, tmp_path):
    # of the tests' own: where this machine gets packages from, and whose certificates it takes
    cache = Path(sys.prefix) / "uv"  # so that only the first run fetches 0.4 GB
    env = {**os.environ, "HOME": str(tmp_path), "UV_CACHE_DIR": str(cache)}
    for folder in ("XDG_DATA_HOME", "XDG_BIN_HOME", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR"):
        env.pop(folder, None)
    install = [uv.find_uv_bin(), "tool", "install", "--quiet", "--python", sys.executable]
    done = subprocess.run(
        [*install, str(wheel)], env=env, cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    program = [str(tmp_path / ".local/bin/tray-dictate")]
    assert run(program, tmp_path, "config", "--defaults") == (0, (ROOT / "config.toml").read_text())
    shutil.rmtree(tmp_path)  # pytest keeps the folders of three runs, and this one is large


def test_it_starts_at_login_as_what_was_installed(program, tmp_path):
    assert run(program, tmp_path, "autostart", "status")[0] == 1
    assert run(program, tmp_path, "autostart", "enable")[0] == 0
    entry = (tmp_path / ".config/autostart/tray-dictate.desktop").read_text()
    assert f'Exec="{program[0]}" "run"' in entry


def locked(name: str) -> dict[str, list[tuple[Requirement, int]]]:
    """Return what a locked file names, by project, and how many hashes each version has."""
    found: dict[str, list[tuple[Requirement, int]]] = {}
    text = (ROOT / "install_scripts" / name).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line.split(" --hash")[0])
            entry = (requirement, line.count("--hash=sha256:"))
            found.setdefault(canonicalize_name(requirement.name), []).append(entry)
    return found


@pytest.mark.parametrize("name", ["requirements.txt", "build-requirements.txt"])
def test_what_is_locked_has_one_version_hashes_and_no_index(name):
    assert "://" not in (ROOT / "install_scripts" / name).read_text()
    for entries in locked(name).values():
        for requirement, hashes in entries:
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            assert hashes


def test_the_locked_requirements_are_those_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for name, wanted in {
        "requirements.txt": project["project"]["dependencies"],
        "build-requirements.txt": project["dependency-groups"]["build"],
    }.items():
        entries = locked(name)
        for asked in map(Requirement, wanted):
            found = entries.get(canonicalize_name(asked.name), [])
            assert found, f"{asked.name} is not locked; run install_scripts/lock.sh"
            for requirement, _ in found:
                (pin,) = requirement.specifier
                assert pin.version in asked.specifier, f"{asked}; run install_scripts/lock.sh"
