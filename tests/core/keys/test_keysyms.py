"""xkb's names of the keys."""

from __future__ import annotations

import pytest

from tray_dictate.core.keys.keysyms import keysym


@pytest.mark.parametrize(
    ("key", "name"),
    [("f9", "F9"), ("space", "space"), (",", "comma"), ("ü", "U00FC"), ("a", "a"),
     ("ctrl_r", "Control_R"), ("xf86audiomute", "XF86AudioMute"), ("kp_enter", "KP_Enter")],
)  # fmt: skip
def test_a_key_has_the_name_that_xkb_gives_it(key, name):
    assert keysym(key) == name
