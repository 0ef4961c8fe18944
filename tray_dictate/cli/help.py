"""`tray-dictate help`: the manual, which ships with the package and needs no network."""

from __future__ import annotations

import argparse
import re
from importlib.resources import files

from tray_dictate.core.errors import DictateError
from tray_dictate.core.suggestions import closest


def show_page(options: argparse.Namespace) -> int:
    """Print one page of the manual, or the list of pages; return the exit code."""
    pages = _pages()
    if options.page is None:
        print(_listed(pages))
        return 0
    if options.page not in pages:
        raise DictateError(_unknown(options.page, pages))
    print(_readable(pages[options.page]))
    return 0


def _pages() -> dict[str, str]:
    """Return the text of each page by its name."""
    found = (files("tray_dictate") / "docs").iterdir()
    return {
        page.name.removesuffix(".md"): page.read_text(encoding="utf-8")
        for page in sorted(found, key=lambda page: page.name)
        if page.name.endswith(".md")
    }


def _listed(pages: dict[str, str]) -> str:
    width = max(map(len, pages)) + 2
    titles = {name: text.partition("\n")[0].lstrip("# ") for name, text in pages.items()}
    return "\n".join(
        (
            "tray-dictate help PAGE shows a page of the manual:",
            *(f"  {name:<{width}}{title}" for name, title in titles.items()),
            "tray-dictate COMMAND --help explains a command.",
        )
    )


def _unknown(page: str, pages: dict[str, str]) -> str:
    close = closest(page, pages)
    meant = f"did you mean {close}?" if close else f"There are: {', '.join(pages)}."
    return f"The manual has no page {page!r}; {meant}"


def _readable(text: str) -> str:
    """Return Markdown for a terminal: without comments, and with links as commands."""
    text = re.sub(r"<!--.*?-->\n*", "", text, flags=re.DOTALL)
    return re.sub(r"\[[^]]*\]\((\w+)\.md(#[^)]*)?\)", r"`tray-dictate help \1`", text).rstrip()
