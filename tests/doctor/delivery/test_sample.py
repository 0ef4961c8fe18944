"""What is said of a text that did not arrive as it was."""

from __future__ import annotations

from tray_dictate.doctor.delivery.sample import TEXT, describe_difference


def test_what_is_missing_is_named():
    said = describe_difference(TEXT.replace("🚀", "").replace("好", ""))
    assert "2 characters did not arrive: 好 🚀" in said


def test_what_somebody_else_typed_is_not_told():
    assert "hunter2" not in describe_difference(f"{TEXT}hunter2")
    assert "among them" in describe_difference(f"{TEXT}hunter2")
