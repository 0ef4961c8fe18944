"""What readers and users read is plain English: phrases that must be decoded are refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tray_dictate.config import schema

PACKAGE = Path(__file__).parents[1] / "tray_dictate"
RIDDLES = re.compile(
    # what is returned or learnt, and by whom
    r"\bReturn (?:them|it)\b|\bLearn (?:that|which)\b|\b(?:no|some|any)body\b|\bwhoever\b|\bwhom\b"
    # a number or a part without its noun
    r"|\bso many\b|\bwhat of (?:it|them|an?|the|this)\b"
    # translated word for word
    r"|\b(?:tells?|told) of\b|\banew\b|\bof before\b|\bof ours\b|\bin force\b|\bfor ever\b"
    # a document that is not in the repository
    r"|\bshared/|\[facts\b"
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, DOCUMENTED):
            yield " ".join((ast.get_docstring(node) or "").split())


def test_no_docstring_needs_decoding():
    described = {
        str(path.relative_to(PACKAGE)): [text for text in docstrings(path) if RIDDLES.search(text)]
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    assert {path: texts for path, texts in described.items() if texts} == {}


def test_no_description_of_a_setting_needs_decoding():
    described = {f"{section}.{name}": text for section, name, _, text in schema.settings()}
    assert [name for name, text in described.items() if RIDDLES.search(text)] == []
