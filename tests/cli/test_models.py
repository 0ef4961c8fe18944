"""`tray-dictate models` as a user runs it, against a server of files on this machine."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rigs import as_user, catalogues, commands, weights
from tests.rigs.interrupted_download import InterruptedDownload
from tests.servers.files import Answer, FileServer, file_server
from tray_dictate.config import load
from tray_dictate.engine import catalogue

FILES = {name: random.Random(name).randbytes(1_500_000) for name in ("encoder", "decoder")}
TERMS = "The Odd License is free on Sundays: https://example.org/odd"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


@pytest.fixture
def listed(server: FileServer, tmp_path: Path) -> Path:
    """Return a catalogue with the model "small"."""
    return catalogues.write(tmp_path / "catalogue.toml", server, "small", FILES)


@pytest.fixture
def models(tmp_path: Path, listed: Path) -> Run:
    """Run `tray-dictate models`, as somebody at a terminal if there is an `answer`."""

    def run(*words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        chosen = ["models", "--catalogue", str(listed), *words]
        environment = as_user.environment(tmp_path)
        if not answer:
            done = commands.run(chosen, environment)
        else:
            ours, terminal = pty.openpty()
            os.write(ours, answer.encode() + b"\n")
            with os.fdopen(terminal, "rb", buffering=0) as stdin, os.fdopen(ours):
                done = commands.run(chosen, environment, stdin=stdin)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".local/share/tray_dictate/models/small"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / ".config/tray_dictate/config.toml"


def is_whole(folder: Path) -> bool:
    return all((folder / name).read_bytes() == content for name, content in FILES.items())


def chosen(settings: Path) -> str:
    return load.load(settings).engine.local_model


# --- list


def test_the_catalogue_is_listed_in_lines_that_fit_a_terminal(tmp_path):
    done = commands.run(["models"], as_user.environment(tmp_path))
    head, *lines = done.stdout.decode().splitlines()
    assert head.split() == ["id", "size", "speed", "live", "languages", "licence"]
    assert [line.split()[0] for line in lines] == [model.id for model in catalogue.models()]
    assert "moonshine-base-en               63 MB  fast          en" in lines[0]
    assert max(map(len, lines)) <= 100
    assert not (tmp_path / ".local").exists()


def test_the_list_says_what_is_installed_in_use_and_half_there(models, server):
    server.plans["small/decoder"].answers = [Answer(drop=300_000), Answer(status=404)]
    assert models("get", "small").returncode == 1
    assert models("list").stdout.splitlines()[1].endswith("60 % downloaded")
    models("get", "small")
    assert models().stdout.splitlines()[1].endswith("  installed")
    models("use", "small")
    assert models("list").stdout.splitlines()[1].endswith("  installed, in use")


def test_a_model_of_ones_own_is_named_below_the_list(models, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    for name in ("encoder_model.onnx", "decoder_model_merged.onnx"):
        (own / name).touch()
    models("use", str(own))
    assert models().stdout.splitlines()[-1] == f"In use: {own}, by engine.local_model."


@pytest.mark.parametrize("words", [["--json"], ["list", "--json"], ["--json", "list"]])
def test_in_json_each_model_is_an_object(models, folder, words):
    models("get", "small")
    done = models(*words)
    assert json.loads(done.stdout) == {
        "id": "small", "name": "A model", "languages": ["en"], "licence": "MIT", "terms": None,
        "runtime": "moonshine", "streaming": False, "speed": "fast", "bytes": 3_000_000,
        "memory": 1_000_000, "arrived": 3_000_000, "folder": str(folder), "in_use": False,
    }  # fmt: skip


# --- get


def test_a_model_is_downloaded_with_its_progress_on_stderr(models, folder):
    done = models("get", "small")
    assert done.returncode == 0
    assert is_whole(folder)
    assert done.stdout.splitlines() == [
        f"small (A model, 3 MB) is installed in {folder}.",
        "To use it: tray-dictate models use small",
    ]
    assert done.stderr.splitlines()[-1] == "small: 100 % of 3 MB"
    again = models("get", "small")
    assert (again.returncode, again.stdout) == (0, "small is installed already.\n")
    assert again.stderr == ""


def test_why_a_mirror_is_not_used_is_printed(models, server, folder):
    server.plans["small/encoder"].always = Answer(content=b"x" * 1_500_000)
    done = models("get", "small")
    host = f"127.0.0.1:{server.server_port}"
    refused = f"{host} sent a file with another SHA-256, which is refused"
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        f"tray-dictate: encoder: {refused}.",
        f"tray-dictate: encoder could not be downloaded: {refused}. Update tray_dictate, a newer "
        "version may know another place. If other downloads fail, too, check the connection.",
    ]
    assert [*folder.iterdir()] == []


def test_an_unknown_id_names_the_one_that_was_meant(models):
    for action in ("get", "remove", "use"):
        done = models(action, "smal")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "tray-dictate: The catalogue has no model 'smal'; did you mean small?\n"
        )


def test_a_model_whose_runtime_is_missing_says_how_to_get_it(models, listed, server):
    catalogues.write(listed, server, "small", FILES, runtime="transcribe-cpp")
    said = models("get", "small").stdout
    try:
        import transcribe_cpp  # noqa: F401, PLC0415 - is it installed here?
    except ImportError:
        assert re.search(
            r'It also needs a package: .* -m pip install "tray-dictate\[models\]"', said
        )
    else:
        assert "package" not in said


@pytest.fixture
def odd(listed: Path, server: FileServer) -> None:
    """Let the model have a licence that must be accepted."""
    catalogues.write(listed, server, "small", FILES, licence="Odd License", terms=TERMS)


@pytest.mark.usefixtures("odd")
def test_without_a_terminal_a_licence_that_is_not_free_is_accepted_by_a_flag(
    models, folder, server
):
    done = models("get", "small")
    assert done.returncode == 1
    assert server.seen == []
    assert done.stderr.splitlines() == [
        TERMS,
        "tray-dictate: Nothing was downloaded: the Odd License was not accepted. To accept it: "
        "tray-dictate models get --yes small",
    ]
    assert models("get", "--yes", "small").returncode == 0
    assert is_whole(folder)


@pytest.mark.usefixtures("odd")
def test_at_a_terminal_the_licence_is_asked_for(models, folder, server):
    for answer in ("n", "what?"):
        done = models("get", "small", answer=answer)
        assert done.returncode == 1
        assert server.seen == []
    assert TERMS in done.stderr
    assert "Do you accept this licence? [y/N]" in done.stdout
    assert models("get", "small", answer="y").returncode == 0
    assert is_whole(folder)


def test_ctrl_c_keeps_what_has_arrived_and_says_so(models, tmp_path, listed, server):
    download = InterruptedDownload(tmp_path, listed, server, FILES)
    code, said = download.interrupt(1_400_000, signal.SIGINT)
    assert code == 130
    assert said.splitlines()[-1] == (
        "tray-dictate: Stopped; 1 MB of 3 MB are kept. `tray-dictate models get small` continues "
        "there, `tray-dictate models remove small` deletes them."
    )
    assert models("get", "small").returncode == 0
    assert download.is_whole()
    assert download.continued()


@pytest.mark.weights
def test_real_weights_survive_a_kill_at_any_byte(models, tmp_path, listed, server):
    """`python -m tests.bench.download` does it a hundred times."""
    real = {path.name: path.read_bytes() for path in weights.MOONSHINE_BASE.iterdir()}
    catalogues.write(listed, server, "small", real)
    killed = InterruptedDownload(tmp_path, listed, server, real)
    draw = random.Random(14)
    for at in sorted(draw.sample(range(killed.size), 3)):
        killed.interrupt(at, signal.SIGKILL)
        assert models("list").stdout.splitlines()[1].endswith("% downloaded")
    assert models("get", "small").returncode == 0
    assert killed.is_whole()
    assert killed.continued()


# --- remove


def test_a_removed_model_is_gone_and_a_setting_that_names_it_is_mentioned(models, folder):
    models("get", "small")
    models("use", "small")
    done = models("remove", "small")
    assert (done.returncode, done.stdout) == (0, "small is removed; 3 MB are free again.\n")
    assert "engine.local_model still names small" in done.stderr
    assert not folder.exists()
    again = models("remove", "small")
    assert (again.returncode, again.stderr) == (1, "tray-dictate: small is not installed.\n")


# --- use


def test_an_installed_model_is_chosen_and_the_comments_stay(models, settings):
    models("get", "small")
    settings.parent.mkdir(parents=True)
    settings.write_text('# mine\n[engine]\nlanguages = ["en"]  # only this\n')
    done = models("use", "small")
    assert done.returncode == 0
    assert done.stdout == f"The offline engine uses small (in {settings}).\n"
    assert settings.read_text() == (
        '# mine\n[engine]\nlanguages = ["en"]  # only this\nlocal_model = "small"\n'
    )


def test_without_a_settings_file_one_is_made(models, settings):
    models("get", "small")
    assert models("use", "small").returncode == 0
    assert chosen(settings) == "small"


def test_the_best_installed_model_is_chosen_by_a_word(models, settings):
    models("get", "small")
    models("use", "small")
    done = models("use", "automatic")
    assert "uses the best installed model that knows your languages" in done.stdout
    assert chosen(settings) == ""


def test_a_file_or_folder_is_written_with_its_whole_path(models, settings, tmp_path):
    own = tmp_path / "own.gguf"
    own.touch()
    assert models("use", str(own)).returncode == 0
    assert chosen(settings) == str(own)
    assert models("use", os.path.relpath(own)).returncode == 0
    assert chosen(settings) == str(own)


def test_a_path_that_leads_nowhere_is_refused(models, settings):
    done = models("use", "./nowhere.gguf")
    assert done.returncode == 1
    assert done.stderr == "tray-dictate: There is no folder or file './nowhere.gguf'.\n"
    assert not settings.exists()


def test_a_path_at_which_there_is_no_model_is_refused(models, settings):
    done = models("use", "/usr")
    assert done.returncode == 1
    assert "/usr, which engine.local_model names, is no speech model" in done.stderr
    assert not settings.exists()


def test_a_model_that_the_settings_lead_to_is_used_at_once(models, settings):
    settings.parent.mkdir(parents=True)
    settings.write_text('[engine]\nlocal_model = "small"\n')
    said = models("get", "small").stdout
    assert said.splitlines()[-1] == "The offline engine uses it from now on."


def test_a_model_that_is_not_installed_is_offered(models, settings, folder, server):
    done = models("use", "small")
    assert done.returncode == 1
    assert "small is not installed. To download it: tray-dictate models get small" in done.stderr
    assert models("use", "small", answer="n").returncode == 1
    assert server.seen == []
    assert not settings.exists()
    done = models("use", "small", answer="y")
    assert "small (A model, 3 MB) is not installed. Download it? [y/N]" in done.stdout
    assert done.returncode == 0
    assert is_whole(folder)
    assert chosen(settings) == "small"


def test_what_the_settings_ask_of_the_engine_in_vain_is_said(models, settings):
    models("get", "small")
    settings.parent.mkdir(parents=True)
    settings.write_text('[engine]\nlanguages = ["xh"]\n')
    done = models("use", "small")
    assert done.returncode == 0
    assert chosen(settings) == "small"
    assert re.search(
        "^tray-dictate: The offline engine|^tray-dictate: engine.local_model", done.stderr
    )


def test_what_takes_precedence_over_the_file_is_said(models):
    models("get", "small")
    done = models("use", "small", "--set", "engine.local_model=other")
    assert "But --set engine.local_model takes precedence" in done.stderr


def test_a_server_that_is_in_use_is_mentioned(models, settings):
    models("get", "small")
    settings.parent.mkdir(parents=True)
    settings.write_text('[engine]\nname = "speaches"\nendpoint = "ws://127.0.0.1:1"\nmodel = "m"\n')
    done = models("use", "small")
    assert done.returncode == 0
    assert "engine.name is speaches" in done.stderr


@pytest.mark.parametrize("content", ["model = 3", "[[model]]\nid = 1", "nothing", "x = "])
def test_a_catalogue_that_is_none_is_a_wrong_argument(models, listed, content):
    listed.write_text(content)
    done = models()
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{listed}:\nis not a catalogue of models: " in done.stderr


def test_a_catalogue_that_does_not_exist_is_a_wrong_argument(models, listed):
    listed.unlink()
    assert "cannot be read: No such file or directory" in models().stderr
