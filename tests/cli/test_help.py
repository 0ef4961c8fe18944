"""`tray-dictate help`: every page of the manual can be read where the program is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tray_dictate.cli.main import main

MANUAL = Path(__file__).parents[2] / "tray_dictate" / "docs"
PAGES = sorted(page.stem for page in MANUAL.glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_shown_by_its_name(page, capsys):
    assert main(["help", page]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# ")
    assert "<!--" not in shown
    assert "](" not in shown, "a terminal follows no link"
    assert set(re.findall(r"`tray-dictate help (\w+)`", shown)) <= set(PAGES)
    assert shown.splitlines()[-1].strip()


def test_without_a_page_all_are_listed_with_their_titles(capsys):
    assert main(["help"]) == 0
    listed = capsys.readouterr().out.splitlines()[1:-1]
    assert [line.split()[0] for line in listed] == PAGES
    assert listed[-1].endswith("Hotkey and text on each Wayland desktop")


def test_a_page_that_does_not_exist_brings_the_nearest_one(capsys):
    assert main(["help", "wailand"]) == 1
    assert capsys.readouterr().err == (
        "tray-dictate: The manual has no page 'wailand'; did you mean wayland?\n"
    )


def test_a_page_that_is_like_none_brings_them_all(capsys):
    assert main(["help", "zzz"]) == 1
    assert ", ".join(PAGES) in capsys.readouterr().err
