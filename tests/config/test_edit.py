"""One setting changed in a file that people have written by hand."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from tray_dictate.config import template
from tray_dictate.config.edit import with_value, write
from tray_dictate.config.schema import settings
from tray_dictate.core.errors import ConfigError

NOBODY = 65534

EDITS = {
    "below the comment that shows the default": (
        '[engine]\n# why\n# name = "offline"\n# more\n\n[text]\n', "engine.name", "openai",
        '[engine]\n# why\n# name = "offline"\nname = "openai"\n# more\n\n[text]\n',
    ),
    "the value only, and the comment beside it stays": (
        '[engine]\nname = "azure"   # at work\nmodel = "x"\n', "engine.name", "openai",
        '[engine]\nname = "openai"   # at work\nmodel = "x"\n',
    ),
    "not among the comments of the next section": (
        '[engine]\nmodel = "x"\n\n# what becomes of it\n[text]\nsubmit = true\n',
        "engine.name", "openai",
        '[engine]\nmodel = "x"\nname = "openai"\n\n# what becomes of it\n[text]\nsubmit = true\n',
    ),
    "into an inline table": (
        'engine = {model = "x"} # short\n', "engine.name", "openai",
        'engine = {model = "x",name = "openai"} # short\n',
    ),
    "among dotted keys": (
        'engine.model = "x"\n\n[text]\nsubmit = true\n', "engine.name", "openai",
        'engine.model = "x"\nengine.name = "openai"\n\n[text]\nsubmit = true\n',
    ),
    "before an array of tables": (
        '[output]\nprivate = false\n\n[[output.rules]]\napplication = "x"\n',
        "output.method", "type",
        '[output]\nprivate = false\nmethod = "type"\n\n[[output.rules]]\napplication = "x"\n',
    ),
    "a section of which there are only tables within it": (
        '[text.replacements]\na = "b"\n', "text.submit", True,
        '[text]\nsubmit = true\n\n[text.replacements]\na = "b"\n',
    ),
    "a section that is missing": ("# mine\n", "audio.device", "USB",
        '# mine\n\n[audio]\ndevice = "USB"\n'),
    "an empty file": ("", "engine.languages", ["de", "en"],
        '[engine]\nlanguages = ["de", "en"]\n'),
    "a file without a last line end": (
        '[audio]\ncues = true', "audio.device", "a \"b\" \\ c",
        '[audio]\ncues = true\ndevice = "a \\"b\\" \\\\ c"\n',
    ),
    "Windows' line ends": (
        '[engine]\r\nmodel = "x"\r\n\r\n[text]\r\n', "engine.name", "openai",
        '[engine]\r\nmodel = "x"\r\nname = "openai"\r\n\r\n[text]\r\n',
    ),
    "Windows' mark at the beginning": (
        "\ufeff[audio]\ncues = true\n", "audio.cues", False, "\ufeff[audio]\ncues = false\n",
    ),
    "what looks like the section in a long text": (
        '[text]\nreplacements = {a = """\n[engine]\n"""}\n', "engine.name", "openai",
        '[text]\nreplacements = {a = """\n[engine]\n"""}\n\n[engine]\nname = "openai"\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name", "value", "wanted"), EDITS.values(), ids=EDITS)
def test_a_setting_is_written_where_its_reader_looks(text, name, value, wanted):
    assert with_value(text, name, value) == wanted


@pytest.mark.parametrize("name", [f"{section}.{name}" for section, name, _, _ in settings()])
def test_each_setting_can_be_written_into_the_shipped_file(name):
    section, _, setting = name.partition(".")
    shipped = template.render()
    default = next(value for s, n, value, _ in settings() if (s, n) == (section, setting))
    new = with_value(shipped, name, default)
    assert tomllib.loads(new)[section] == {setting: default}
    lines = new.splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        line for line in shipped.splitlines() if line.startswith("#")
    ]
    if default != {}:
        above = lines[next(i for i, line in enumerate(lines) if line.startswith(setting)) - 1]
        assert above.startswith(f"# {setting} = "), "beside its explanation"


keys = st.sampled_from(["name", "model", "rules", "a b"])
values = st.one_of(
    st.booleans(), st.integers(-9, 9), st.text(max_size=8), st.lists(st.text(max_size=3))
)


@given(st.dictionaries(st.sampled_from(["engine", "text"]), st.dictionaries(keys, values)), values)
def test_all_other_settings_stay_as_they_are(tree, value):
    text = tomlkit.dumps(tree)
    wanted = {**tree, "engine": {**tree.get("engine", {}), "name": value}}
    assert tomllib.loads(with_value(text, "engine.name", value)) == wanted


# The file


def test_a_new_file_is_made_with_its_folder(tmp_path):
    path = tmp_path / "new" / "config.toml"
    write(path, "[audio]\n", "")
    assert path.read_text() == "[audio]\n"
    assert [path] == list(path.parent.iterdir())


def test_permissions_are_kept(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o640)
    write(path, "# new\n", "")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "tray.toml"
    real.write_text("# old\n")
    path = tmp_path / "config.toml"
    path.symlink_to(Path("dotfiles") / "tray.toml")
    write(path, "# new\n", "# old\n")
    assert path.is_symlink()
    assert real.read_text() == "# new\n"


def test_a_file_that_an_editor_has_saved_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("# from the editor\n")
    with pytest.raises(ConfigError, match="changed the file at the same moment"):
        write(path, "# ours\n", "# old\n")
    assert path.read_text() == "# from the editor\n"
    assert [path] == list(tmp_path.iterdir())


@pytest.fixture
def locked() -> Iterator[Path]:
    """A file in a folder that nobody but root may write into, as the user nobody."""
    folder = Path(tempfile.mkdtemp())
    path = folder / "config.toml"
    path.write_text("# old\n")
    path.chmod(0o644)
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield path
    os.seteuid(user)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_lost(locked):
    with pytest.raises(ConfigError) as refused:
        write(locked, "# new\n", "# old\n")
    assert str(refused.value) == f"{locked}:\ncannot be written: Permission denied"
    assert locked.read_text() == "# old\n"
    assert [locked] == list(locked.parent.iterdir())
