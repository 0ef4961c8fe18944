"""config.toml and README's table, written from config.py so that neither can drift.

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
    "`tray-dictate config --path` says where your own copy belongs, `config --check` reads it."
)
_TABLE_START, _TABLE_END = "<!-- settings -->", "<!-- /settings -->"


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


def readme_table() -> str:
    """Return README's table of settings."""
    rows = ["| setting | default | |", "|---|---|---|"]
    for section, name, default, description in settings():
        rows.append(f"| `{section}.{name}` | `{_toml(default)}` | {description} |")
    return "\n".join(rows)


def with_table(readme: str) -> str:
    """Return README's text with the table between its markers renewed."""
    head, _, rest = readme.partition(_TABLE_START)
    _, _, tail = rest.partition(_TABLE_END)
    return f"{head}{_TABLE_START}\n{readme_table()}\n{_TABLE_END}{tail}"


def _toml(value: Any) -> str:
    if value == {}:
        return "{}"  # tomlkit would write a table of its own
    return cast("str", tomlkit.item(value).as_string())  # pyright: ignore[reportUnknownMemberType]


def main() -> None:
    """Rewrite config.toml and README.md of the checkout that this file is in."""
    root = Path(__file__).parents[2]
    (root / "config.toml").write_text(render(), encoding="utf-8")
    readme = root / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
