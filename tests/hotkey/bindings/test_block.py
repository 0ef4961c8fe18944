"""Our lines in files of the user's."""

from __future__ import annotations

import pytest

from tray_dictate.hotkey.bindings.compositors import lines_of, replace_block

OLD, NEW = ["bind f9", "bind f8"], ["bind f7"]
FILES = {
    "sway": "set $mod Mod4\nbindsym $mod+q kill",
    "hyprland": "# mine\n",
    "hyprland lua": "hl.config({})\n",
    "river": "#!/bin/sh\nriverctl map normal Super Q exit\nexec rivertile\n",
    "niri": 'input {\n}\n  binds { // mine\n    Mod+Q { close-window; }\n}\nlayout "x"\n',
}


@pytest.mark.parametrize("compositor", FILES)
def test_lines_are_added_once_and_renewed_in_place_and_all_else_stays(compositor):
    before = FILES[compositor]
    first = replace_block(before, OLD, compositor)
    assert replace_block(first, OLD, compositor) == first
    assert lines_of(first) == OLD
    assert lines_of(before) == lines_of(first.replace(": end", "")) == []
    second = replace_block(first + "later = 1\n", NEW, compositor)
    assert [line.strip() for line in second.splitlines() if "bind f" in line] == NEW
    others = [line for line in second.splitlines() if "tray_dictate" not in line]
    assert [line for line in others if line.strip() not in NEW] == [
        *before.splitlines(), "later = 1"
    ]  # fmt: skip


def test_in_rivers_script_they_come_before_what_may_never_return():
    assert replace_block(FILES["river"], OLD, "river").startswith("#!/bin/sh\n# tray_dictate")
    assert replace_block("", OLD, "river").startswith("#!/bin/sh\n# tray_dictate")


def test_niris_are_in_its_section_of_bindings():
    text = replace_block(FILES["niri"], NEW, "niri")
    assert text.index("binds {") < text.index("    bind f7\n") < text.index("Mod+Q")
    assert replace_block("input {}", NEW, "niri").endswith("    // tray_dictate: end\n}\n")


@pytest.mark.parametrize(
    "other",
    [
        "recent-windows {\n    binds {\n    }\n}\n",
        "/*\nbinds {\n*/\n",
        '// binds {\na "\nbinds {\n" r#"" }\nbinds {\n"#\n',
        "/-binds {\n}\n",
        "old-binds {\n}\n",
    ],
)
def test_what_only_looks_like_niris_bindings_is_not_taken_for_them(other):
    alone = replace_block(other, NEW, "niri")
    assert alone == other + replace_block("", NEW, "niri")
    both = replace_block(f"{other}binds {{ // mine\n}}\n", NEW, "niri")
    assert both == f"{other}binds {{ // mine\n{alone.removeprefix(other + 'binds {')[1:]}"


@pytest.mark.parametrize(
    ("text", "compositor", "reason"),
    [
        ("#!/usr/bin/env python3\n", "river", "not a shell script"),
        ("binds { Mod+Q { quit; } }\n", "niri", "does not begin with a line"),
        ("/-\nbinds {\n}\n", "niri", "does not begin with a line"),
        ("input \\\nbinds {\n}\n", "niri", "does not begin with a line"),
        ("a {\n} ; binds {\n}\n", "niri", "does not begin with a line"),
        ("/* /* */ */\nbinds {\n}\n", "niri", "cannot be told apart"),
        ('a "\nbinds {\n}\n', "niri", "cannot be told apart"),
        ("input {\nbinds {\n}\n", "niri", "cannot be told apart"),
        ("}\nbinds {\n}\n{\n", "niri", "cannot be told apart"),
        (replace_block("", OLD, "sway").replace("# tray_dictate: end\n", ""), "sway", "damaged"),
        (replace_block("", OLD, "sway") * 2, "sway", "are damaged"),
        ("# tray_dictate: end\n", "sway", "are damaged"),
    ],
)
def test_where_no_place_is_surely_right_nothing_is_put(text, compositor, reason):
    with pytest.raises(ValueError, match=reason):
        replace_block(text, OLD, compositor)


def test_a_last_mark_without_a_line_end_is_known():
    text = replace_block("a\n", OLD, "sway").rstrip("\n")
    assert replace_block(text, NEW, "sway") == replace_block("a\n", NEW, "sway")
