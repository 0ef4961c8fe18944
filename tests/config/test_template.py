"""config.toml and README cannot drift from config.py."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tray_dictate.config import load as config_load
from tray_dictate.config import schema as config
from tray_dictate.config import template as config_file

ROOT = Path(__file__).parents[2]
REMEDY = "run: python -m tray_dictate.config.template"


def test_the_shipped_config_is_the_generated_one():
    assert (ROOT / "config.toml").read_text(encoding="utf-8") == config_file.render(), REMEDY


def test_readmes_table_is_the_generated_one():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert config_file.with_table(readme) == readme, REMEDY
    assert config_file.readme_table() in readme


def test_the_shipped_config_changes_nothing(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(config_file.render(), encoding="utf-8")
    assert config_load.load(path, env={}) == config.Config()


def test_with_every_line_uncommented_it_is_the_defaults():
    text = re.sub(r"(?m)^# (\w+ = )", r"\1", config_file.render())
    tree = tomllib.loads(text)
    assert config.Config.model_validate(tree) == config.Config()
    assert sum(len(table) for table in tree.values()) == len(list(config.settings()))


def test_every_setting_is_documented():
    for section, name, _, description in config.settings():
        assert description.endswith("."), f"{section}.{name}"
