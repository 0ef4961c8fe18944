"""Writes config.toml and the manual's page of settings from the schema, so that neither drifts.

`python -m tray_dictate.config.template` rewrites both in a checkout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.items import Table

from tray_dictate.config.schema import settings

_HEAD = (
    "tray_dictate: every setting with its default. Uncomment and change what you want;\n"
    "`tray-dictate config --path` says where your own copy belongs, `config --check` checks it."
)
_MARK = "<!-- generated from here: python -m tray_dictate.config.template -->"
PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def render() -> str:
    """Return config.toml: every setting commented out, with its documentation."""
    document = tomlkit.document()
    for line in _HEAD.splitlines():
        document.add(tomlkit.comment(line))
    tables: dict[str, Table] = {}
    for section, name, default, description in settings():
        if section not in tables:
            document.add(tomlkit.nl())
            tables[section] = tomlkit.table()
            document.add(section, tables[section])
        tables[section].add(tomlkit.comment(description))
        tables[section].add(tomlkit.comment(f"{name} = {_toml(default)}"))
    return document.as_string()


def tables() -> str:
    """Return the manual's tables of settings, one under a heading for each section."""
    lines: list[str] = []
    heading = ""
    for section, name, default, description in settings():
        if section != heading:
            heading = section
            lines += ["", f"## {section}", "| setting | default | meaning |", "|---|---|---|"]
        cells = (f"`{section}.{name}`", f"`{_toml(default)}`", description)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_tables(page: str) -> str:
    """Return the page with everything after its mark generated again."""
    head, _, _ = page.partition(_MARK)
    return f"{head}{_MARK}\n{tables()}\n"


def _toml(value: Any) -> str:
    if value == {}:
        return "{}"  # tomlkit would write a table of its own
    return cast("str", tomlkit.item(value).as_string())  # pyright: ignore[reportUnknownMemberType]


def main() -> None:
    """Rewrite config.toml and the page of the checkout that this file is in."""
    root = Path(__file__).parents[2]
    (root / "config.toml").write_text(render(), encoding="utf-8")
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
