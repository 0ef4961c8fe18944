"""A command that rewrites: real programs, good ones and bad ones, through the chain."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fakes import FakeNotices
from tests.waiting import until
from tray_dictate.config.schema import RewriteSettings
from tray_dictate.rewrite import RewriteChain

TEXT = "please send the invoice"
HEAD = "The text was inserted without the rewrite: "


@pytest.fixture
def told():
    return []


@pytest.fixture
def rewriter(told):
    def make(*command: str, **settings) -> RewriteChain:
        return RewriteChain(
            RewriteSettings(command=list(command), **settings), FakeNotices(told.append)
        )

    return make


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", code


def alive(pid: int) -> bool:
    """Return whether a process runs: a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def written(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def pid_in(path: Path) -> int:
    await until(lambda: written(path).strip())
    return int(written(path))


def running() -> list[str]:
    """Return the command lines of all processes."""
    lines: list[str] = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(process.read_text(errors="replace"))
    return lines


async def gone(pid: int) -> None:
    await until(lambda: not alive(pid))


async def test_the_text_is_what_the_command_makes_of_it(rewriter, told):
    assert await rewriter("tr", "a-z", "A-Z").apply(TEXT, "xterm") == TEXT.upper()
    assert told == []


@pytest.mark.parametrize("text", ["naïve 漢字 🎉", "a\0b", "x" * 500_000], ids=len)
async def test_any_text_goes_through(rewriter, told, text):
    assert await rewriter("cat").apply(text, "") == text
    assert told == []


async def test_a_lone_surrogate_does_not_fail(rewriter, told):
    assert await rewriter("cat").apply("a\ud800b", "") == "a?b"


async def test_space_around_the_answer_is_not_part_of_it(rewriter):
    assert await rewriter("sed", "s/^/  /; s/$/  \\n/").apply(TEXT, "") == TEXT


async def test_whatever_the_application_calls_itself_the_command_starts(rewriter, told):
    code = "import os; print(len(os.environ['TRAY_DICTATE_APPLICATION']))"
    assert await rewriter(*python(code)).apply(TEXT, "\x1b\0" + "W" * 200_000) == "100"
    assert told == []


async def test_the_command_knows_the_application_and_no_shell_reads_it(rewriter):
    code = "import os; print(os.environ['TRAY_DICTATE_APPLICATION'])"
    assert await rewriter(*python(code)).apply(TEXT, "x$(id); \0ü") == "x$(id); ü"


async def test_the_text_is_no_argument(rewriter):
    code = "import pathlib; print(pathlib.Path('/proc/self/cmdline').read_bytes().hex())"
    answer = await rewriter(*python(code)).apply(TEXT * 20, "")
    assert TEXT.encode().hex() not in answer
    assert b"import".hex() in answer


async def test_a_program_that_never_reads_is_a_program_all_the_same(rewriter, told):
    text = "y" * 300_000  # more than a pipe holds
    assert await rewriter("echo", "fixed").apply(text, "") == "fixed"
    assert told == []


FAULTS = {
    "an exit code": (("false",), "false failed with exit code 1."),
    "an answer and an exit code": (python("print('x'); exit(3)"), "failed with exit code 3."),
    "no answer": (("true",), "The answer was empty."),
    "a blank answer": (("echo", "  "), "The answer was empty."),
    "no such program": (("no-such-program-here",), "cannot be started"),
    "a program that is a folder": (("/",), "cannot be started"),
    "a NUL in the command": (("a\0b",), "cannot be started"),
    "garbage": (python("import sys; sys.stdout.buffer.write(bytes(range(256)))"), "not UTF-8"),
    "a little too long": (python("print('x' * 400)"), "much longer than the text"),
    "far too long": (("yes",), "printed much more than the text"),
    "killed by a signal": (python("import os; os.kill(os.getpid(), 9)"), "exit code -9"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "reason"), FAULTS.values(), ids=FAULTS)
async def test_what_fails_leaves_the_text_as_it_was(rewriter, told, command, reason):
    assert await rewriter(*command, timeout_seconds=20).apply(TEXT, "") == TEXT
    assert len(told) == 1
    assert told[0].startswith(HEAD)
    assert reason in told[0]
    assert told[0].endswith("(rewrite.command)")


async def test_a_slow_command_is_given_up_and_killed(rewriter, told, tmp_path):
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    assert await rewriter(*python(code), timeout_seconds=0.8).apply(TEXT, "") == TEXT
    assert "took longer than 0.8 s; rewrite.timeout_seconds allows more" in told[0]
    await gone(await pid_in(pid))


async def test_what_a_slow_command_has_started_is_killed_with_it(rewriter, tmp_path):
    pid = tmp_path / "pid"
    script = f"sleep 100 & echo $! > {pid}; wait"
    assert await rewriter("sh", "-c", script, timeout_seconds=0.8).apply(TEXT, "") == TEXT
    await gone(await pid_in(pid))


async def test_a_child_that_holds_the_output_open_is_waited_for_and_killed(
    rewriter, told, tmp_path
):
    pid = tmp_path / "pid"
    script = f"sleep 100 & echo $! > {pid}; echo done"
    assert await rewriter("sh", "-c", script, timeout_seconds=0.8).apply(TEXT, "") == TEXT
    assert "took longer" in told[0]
    await gone(await pid_in(pid))


async def test_a_child_without_our_output_is_left_alone(rewriter, told, tmp_path):
    pid = tmp_path / "pid"
    script = f"sleep 100 >/dev/null & echo $! > {pid}; echo done"
    assert await rewriter("sh", "-c", script).apply(TEXT, "") == "done"
    child = await pid_in(pid)
    assert alive(child)
    os.kill(child, 9)


async def test_a_cancelled_rewrite_kills_the_command(rewriter, told, tmp_path):
    pid = tmp_path / "pid"
    script = f"sleep 100 & echo $! > {pid}; wait"
    work = asyncio.create_task(rewriter("sh", "-c", script, timeout_seconds=60).apply(TEXT, ""))
    child = await pid_in(pid)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await gone(child)
    assert told == []


@pytest.mark.parametrize("cancellations", [1, 3])
@pytest.mark.parametrize("turns", range(8))
async def test_a_rewrite_that_is_cancelled_while_it_starts_leaves_nothing(
    rewriter, tmp_path, turns, cancellations
):
    pid = tmp_path / "pid"
    script = f"echo $$ > {pid}; sleep 100 & wait"
    work = asyncio.create_task(rewriter("sh", "-c", script, timeout_seconds=60).apply(TEXT, ""))
    for _ in range(turns):
        await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - it runs already, while the loop has not been told so
    for _ in range(cancellations):
        work.cancel()
        await asyncio.sleep(0)
    done, _ = await asyncio.wait({work}, timeout=20)  # not for the 100 s of its child
    assert done
    assert work.cancelled()
    assert [child for child in running() if str(pid) in child] == []


async def test_neither_stderr_nor_the_text_is_logged_or_told(rewriter, told, caplog, capfd):
    caplog.set_level("DEBUG")
    for command in (
        python("import sys; sys.stderr.write(sys.stdin.read()); exit(1)"),
        python("import sys; sys.stderr.write('a secret'); print('fine')"),
        ("cat",), ("yes", TEXT),
    ):  # fmt: skip
        await rewriter(*command, timeout_seconds=20).apply(TEXT, "")
    said = caplog.text + "".join(told) + "".join(capfd.readouterr())
    assert "invoice" not in said
    assert "secret" not in said
    assert "23 characters became 4" in caplog.text


async def test_ten_at_once_do_not_disturb_each_other(rewriter):
    upper = rewriter("tr", "a-z", "A-Z", timeout_seconds=30)
    texts = [f"text {n}" for n in range(10)]
    answers = await asyncio.gather(*(upper.apply(text, "") for text in texts))
    assert answers == [text.upper() for text in texts]
