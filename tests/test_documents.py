"""README, the manual and the developers' pages: every link leads somewhere, the manual is whole."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tray_dictate.cli.main import main
from tray_dictate.config import schema

ROOT = Path(__file__).parents[1]
MANUAL = ROOT / "tray_dictate" / "docs"
PAGES = sorted([ROOT / "README.md", *MANUAL.glob("*.md"), *(ROOT / ".github").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """Return the page without its blocks of code."""
    return re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return what a link to a heading of this page ends in, as GitHub spells it."""
    headings = re.findall(r"(?m)^#+ (.*)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(page):
    for link in LINK.findall(prose(page)):
        assert "://" not in link, "no test can follow it"
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{name(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name(page)}: {link}"


@pytest.mark.parametrize("page", sorted(MANUAL.glob("*.md")), ids=name)
def test_a_page_of_the_manual_links_only_to_what_ships_with_it(page):
    links = LINK.findall(prose(page))
    assert all((page.parent / link.partition("#")[0]).parent == MANUAL for link in links)


def test_readme_lists_the_whole_manual():
    linked = {ROOT / link for link in LINK.findall(prose(ROOT / "README.md"))}
    assert linked >= set(MANUAL.glob("*.md"))


def test_readme_is_short_and_its_picture_small():
    assert (ROOT / "README.md").stat().st_size < 8_000
    assert (ROOT / ".github" / "demo.gif").stat().st_size < 100_000


def test_the_pictures_script_finds_what_it_needs():
    script = runpy.run_path(str(ROOT / ".github" / "picture.py"), run_name="picture")
    assert script["PICTURE"] == ROOT / ".github" / "demo.gif"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_setting_that_a_page_names_exists(page):
    settings = {f"{section}.{setting}" for section, setting, _, _ in schema.settings()}
    sections = {setting.partition(".")[0] for setting in settings}
    history_of_names = {"rewrite.applications"}  # changes.md says what became of it
    for found in re.findall(r"`(?:\[\[)?([a-z]+\.[a-z_]+)\b(?![./])", prose(page)):
        if found.partition(".")[0] in sections:
            assert found in settings | history_of_names, f"{name(page)}: {found}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_command_that_a_page_names_exists(page, capsys):
    for command in sorted(set(re.findall(r"`tray-dictate ([a-z]+)", prose(page)))):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, f"{name(page)}: {command}"
        assert f"tray-dictate {command}" in capsys.readouterr().out


@pytest.mark.parametrize("page", sorted((ROOT / ".github").glob("*.md")), ids=name)
def test_a_module_that_a_developers_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    modules = re.findall(r"python -m ((?:tests|tray_dictate)[\w.]*)", text)
    for found in (*re.findall(r"([\w./]+/\w+\.py)\b", text), *map(path_of, modules)):
        places = (ROOT / found, ROOT / "tray_dictate" / found)
        assert any(place.exists() for place in places), f"{name(page)}: {found}"


def path_of(module: str) -> str:
    """Return where a module is, a package by its folder."""
    path = module.replace(".", "/")
    return path if (ROOT / path).is_dir() else f"{path}.py"
