"""JSON that a terminal shows, and does not obey."""

from __future__ import annotations

import io
import json
import sys

import pytest

from tray_dictate.core import json_text

ACTIVE = "\x9b31m \u202e \x7f \u2066 Łódź 😀"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_it_can_be_printed_in_any_encoding_and_says_the_same(monkeypatch, encoding):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding))
    text = json_text.dump({"text": ACTIVE}, indent=2)
    print(text, flush=True)
    assert json.loads(out.getvalue().decode(encoding)) == {"text": ACTIVE}
    assert not set(text) & set("\x9b\u202e\x7f\u2066")
    assert ("Łódź" in text) is (encoding == "utf-8")
