"""What no linter knows of our rules, and the limits that keep a newcomer's minute a minute."""

from __future__ import annotations

import ast
import functools
import itertools
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tray_dictate"
SOURCES = {
    str(path.relative_to(PACKAGE)): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))
}
TESTS = sorted({*ROOT.glob("tests/**/*.py")} - {*ROOT.glob("tests/bench/**/*.py")})
NOW = r"(?:monotonic|perf_counter|process_time|loop(?:\(\))?\.time)(?:_ns)?\(\)"
LASTED = rf"{NOW} - (?![\d.])"


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax of each module."""
    return {name: ast.parse(source) for name, source in SOURCES.items()}


def test_a_signal_of_a_bus_is_heard_in_one_place_only_which_looks_at_its_sender():
    """Others take dbus.Service: anybody can send signals. IBus's bus is private, and its own."""
    hearing = [name for name, source in SOURCES.items() if "add_message_handler" in source]
    assert hearing == ["system/desktop/dbus.py", "system/desktop/ibus.py"]


def test_a_file_has_at_most_600_lines():
    lines = {name: len(source.splitlines()) for name, source in SOURCES.items()}
    assert {name: count for name, count in lines.items() if count > 600} == {}


def test_only_one_module_starts_our_own_python():
    """`python -m` imports from the working directory; own_python.py knows how not to."""
    starting = [
        f"{name}:{node.lineno}" for name, tree in trees().items() for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple | ast.JoinedStr | ast.BinOp)
        and "sys.executable" in ast.unparse(node)
    ]  # fmt: skip
    files = {place.partition(":")[0] for place in starting}
    assert files == {"system/programs/own_python.py"}, starting


def test_what_we_start_gets_an_environment_that_was_thought_of():
    """Left out, it would be ours, with the user's keys."""
    starting = {"subprocess.run", "subprocess.Popen", "subprocess.check_output",
                "asyncio.create_subprocess_exec"}  # fmt: skip
    calls = [
        (f"{name}:{node.lineno}", {keyword.arg for keyword in node.keywords})
        for name, tree in trees().items() for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in starting
    ]  # fmt: skip
    assert calls
    assert [place for place, keywords in calls if "env" not in keywords] == []


def test_no_test_module_lends_its_rig_to_another():
    """What several tests use has a module of its own, without tests in it."""
    lent = re.compile(r"(?:from|import) tests\.(?:\w+\.)*test_\w+")
    borrowers = [path for path in TESTS if lent.search(path.read_text())]
    assert borrowers == []


def less_and_more(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the sides of each < or > within."""
    for compared in ast.walk(node):
        if isinstance(compared, ast.Compare):
            values = [ast.unparse(value) for value in (compared.left, *compared.comparators)]
            for sides, operator in zip(itertools.pairwise(values), compared.ops, strict=True):
                if isinstance(operator, ast.Lt | ast.LtE):
                    yield sides
                elif isinstance(operator, ast.Gt | ast.GtE):
                    yield sides[::-1]


def timed(source: str) -> list[int]:
    """Return the lines that assert that something took only so many seconds."""
    tree = ast.parse(source)
    named = re.findall(rf"(\w+)(?: = |\.append\().*{LASTED}", ast.unparse(tree))
    lasted = "|".join([LASTED, *(rf"\b{name}\b" for name in named)])
    return [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)
        for less, more in less_and_more(node.test)
        if re.search(lasted, less) or (re.search(rf"{NOW}$", less) and " + " in more)
    ]  # fmt: skip


def test_no_test_asserts_that_something_took_only_so_many_seconds():
    """On a busy machine it would say nothing of us; tests/bench measures."""
    assert {path: lines for path in TESTS if (lines := timed(path.read_text()))} == {}


def test_a_timed_assertion_is_known_in_each_of_its_spellings():
    bound = """
        assert time.monotonic() - began < 2
        assert 2 >= perf_counter() - began
        assert 0.4 < loop.time() - began < 3, "in time"
        assert asyncio.get_running_loop().time() - began <= limit
        took = time.process_time() - began; assert took < 1
        took.append(monotonic() - began); assert min(took) < 0.25
        assert time.monotonic() < began + 5
    """
    fine = """
        assert time.monotonic() - began >= 0.2
        while time.monotonic() - since < quiet: assert time.monotonic() < end, "in vain"
        at = time.time() - 3 * 86400; assert at < entry.at
        began = time.monotonic() - 0.2; assert began < edge.at <= time.monotonic()
        assert len(found) < 3 + time.monotonic()
    """
    for text, wrong in ((bound, True), (fine, False)):
        for line in textwrap.dedent(text).strip().splitlines():
            assert bool(timed(line)) is wrong, line


@pytest.mark.parametrize("name", ["install.sh", "test.sh", "install.ps1"])
def test_the_scripts_start_a_python_that_ignores_the_working_directory(name):
    script = (ROOT / "install_scripts" / name).read_text()
    command = r"""python(?:w?\.exe)?["')]*(?: @options| -ArgumentList)? '?(-\w)(?!\w)"""
    started = re.findall(command, script)
    # pytest runs in the checkout, whose tests are to be run
    pytest_runs = len(re.findall(r"-m pytest", script))
    assert started
    assert sorted(set(started) - {"-I", "-P"}) == (["-m"] if pytest_runs else [])
    assert started.count("-m") == pytest_runs


def test_the_top_level_is_fixed():
    allowed = {
        "tray_dictate", "config.toml", "tests", "pyproject.toml", "install_scripts", "README.md",
        "LICENSE",
    }  # fmt: skip
    listed = {
        path.name for path in ROOT.iterdir()
        if not path.name.startswith(".") and path.name not in ("build", "dist")
        and not path.name.endswith(".egg-info")
    }  # fmt: skip
    assert listed == allowed


def test_a_modules_name_says_what_it_holds():
    """Of these words each could name any module; data-control is a protocol's name."""
    vague = set("manager helper utils processor info way thing kind one made given told".split())
    named = {
        name: set(Path(name).stem.replace("data_control", "").rstrip("s").split("_"))
        for name in SOURCES
    }
    assert {name: words for name, words in named.items() if words & (vague | {"data"})} == {}


def test_a_module_says_what_it_is_for():
    assert [name for name, tree in trees().items() if not ast.get_docstring(tree)] == []
