"""config.toml and the manual's page of settings cannot drift from the schema."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tray_dictate.config import load, schema, template

ROOT = Path(__file__).parents[2]
REMEDY = "run: python -m tray_dictate.config.template"


def test_the_shipped_config_is_the_generated_one():
    assert (ROOT / "config.toml").read_text(encoding="utf-8") == template.render(), REMEDY


def test_the_manuals_tables_are_the_generated_ones():
    page = template.PAGE.read_text(encoding="utf-8")
    assert template.with_tables(page) == page, REMEDY
    for section, name, _, description in schema.settings():
        assert f"| `{section}.{name}` | " in page
        assert "|" not in description, "it would end the cell"


def test_the_shipped_config_changes_nothing(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(template.render(), encoding="utf-8")
    assert load.load(path, env={}) == schema.Config()


def test_with_every_line_uncommented_it_is_the_defaults():
    text = re.sub(r"(?m)^# (\w+ = )", r"\1", template.render())
    tree = tomllib.loads(text)
    assert schema.Config.model_validate(tree) == schema.Config()
    assert sum(len(table) for table in tree.values()) == len(list(schema.settings()))


def test_every_setting_is_documented():
    for section, name, _, description in schema.settings():
        assert description.endswith("."), f"{section}.{name}"
