"""Figures of the code's structure: `python -m tests.structure [CHECKOUT]` prints them."""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "tray_dictate"


def is_callable(annotation: ast.expr | None) -> bool:
    return annotation is not None and bool(re.search(r"\bCallable\[", ast.unparse(annotation)))


def parameters(tree: ast.AST) -> Iterator[ast.arg]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)


def callables(of_class: ast.ClassDef) -> int:
    """Return how many callables an object of this class is given."""
    fields = [line for line in of_class.body if isinstance(line, ast.AnnAssign)]
    given = [field for field in fields if is_callable(field.annotation)]
    made = [line for line in of_class.body
            if isinstance(line, ast.FunctionDef) and line.name == "__init__"]  # fmt: skip
    return max(len(given), *(sum(is_callable(arg.annotation) for arg in parameters(method))
                             for method in made), 0)  # fmt: skip


def figures(checkout: Path) -> dict[str, str]:
    sources = {path: path.read_text() for path in sorted((checkout / PACKAGE).rglob("*.py"))}
    trees = {path: ast.parse(source) for path, source in sources.items()}
    lengths = [len(source.splitlines()) for source in sources.values()]
    lines = sum(lengths)
    given = sum(is_callable(arg.annotation) for tree in trees.values() for arg in parameters(tree))
    crowded = {
        f"{node.name} ({count})" for tree in trees.values() for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and (count := callables(node)) > 2
    }  # fmt: skip
    lambdas = sum(
        isinstance(node, ast.Lambda) for path, tree in trees.items()
        if (checkout / PACKAGE / "app") in path.parents for node in ast.walk(tree)
    )  # fmt: skip
    return {
        "modules": str(len(sources)),
        "lines": f"{lines:,}",
        "lines of a module, median / longest": f"{statistics.median(lengths):g} / {max(lengths)}",
        "modules of at most 60 lines": str(sum(length <= 60 for length in lengths)),
        "modules directly in tray_dictate/": str(len(list((checkout / PACKAGE).glob("*.py")))),
        "parameters that are callables, per 1,000 lines": f"{given / lines * 1000:.1f}",
        "classes given more than two callables": ", ".join(sorted(crowded)) or "none",
        "imports inside functions (noqa: PLC0415)": str(
            sum(source.count("noqa: PLC0415") for source in sources.values())
        ),
        "lambdas in app/": str(lambdas),
    }


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    for name, value in figures(root).items():
        print(f"{name:48} {value}")
