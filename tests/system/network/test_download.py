"""A download against a real server on this machine, and what goes wrong on the way."""

from __future__ import annotations

import gc
import os
import random
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.rigs.downloads import CONTENT, File, Told
from tests.servers.files import Answer, FileServer, file_server
from tests.waiting import wait_until
from tray_dictate.system.network import download, http_client
from tray_dictate.system.network.download import Download, DownloadError, DownloadStoppedError

OTHER = random.Random(15).randbytes(len(CONTENT))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


@pytest.fixture
def fetch(path: Path, told: Told) -> Callable[..., None]:
    """Download from these URLs, without pauses, to `path`."""

    def run(
        *urls: str,
        stop: threading.Event | None = None,
        patience: float = 30,
        pauses: tuple[float, ...] = (0, 0),
    ) -> None:
        stop = stop or threading.Event()
        Download(File(urls), path, told, stop, patience=patience, pauses=pauses).run()

    return run


def is_whole(path: Path) -> bool:
    return path.read_bytes() == CONTENT and [*path.parent.iterdir()] == [path]


def test_a_file_arrives_whole_and_leaves_nothing_beside_it(server, fetch, path, told):
    fetch(server.serve("a", CONTENT))
    assert is_whole(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert told.sizes[0] == 0
    assert told.sizes == sorted(told.sizes)
    assert told.sizes[-1] == len(CONTENT)
    assert told.skipped == []


def test_a_right_file_is_not_downloaded_again(server, fetch, path, told):
    path.write_bytes(CONTENT)
    fetch(server.serve("a", CONTENT))
    assert server.seen == []
    assert told.sizes == [len(CONTENT)]


def test_a_wrong_file_at_the_place_is_replaced(server, fetch, path):
    path.write_bytes(OTHER)
    fetch(server.serve("a", CONTENT))
    assert is_whole(path)


# --- where it was interrupted


@pytest.mark.parametrize("drop", [0, 1, 16384, 100_001, len(CONTENT) - 1])
def test_a_connection_that_ends_is_resumed_at_that_byte(server, fetch, path, drop):
    fetch(server.serve("a", CONTENT, Answer(drop=drop)))
    assert is_whole(path)
    assert server.starts("a") == [0, drop]


def test_many_interruptions_are_survived_while_each_attempt_brings_something(server, fetch, path):
    fetch(server.serve("a", CONTENT, *[Answer(drop=1000)] * 50))
    assert is_whole(path)
    assert server.starts("a") == [1000 * number for number in range(51)]


def test_what_an_earlier_run_left_is_continued_if_the_server_still_has_that_version(
    server, fetch, path
):
    url = server.serve("a", CONTENT, Answer(drop=1000), *[Answer(status=503)] * 3)
    with pytest.raises(DownloadError, match="What has arrived is kept"):
        fetch(url)
    fetch(url)
    assert is_whole(path)
    assert server.seen[-1].headers["Range"] == "bytes=1000-"
    assert server.seen[-1].headers["If-Range"] == '"1"'


def test_without_a_strong_tag_the_date_says_which_version_it_is(server, fetch, path):
    for answer in (Answer(drop=1000, weak=True), Answer(drop=1000, tag="")):
        server.seen.clear()
        path.unlink(missing_ok=True)
        fetch(server.serve("a", CONTENT, answer))
        assert is_whole(path)
        assert server.seen[-1].headers["If-Range"] == server.modified


def test_another_version_on_the_server_is_taken_from_its_beginning(server, fetch, path):
    fetch(server.serve("a", CONTENT, Answer(drop=1000, content=OTHER), always=Answer(tag='"2"')))
    assert is_whole(path)
    assert server.starts("a") == [0, 1000]  # and the second answer was the whole file


def test_a_server_that_knows_no_ranges_sends_the_whole_file(server, fetch, path, told):
    fetch(server.serve("a", CONTENT, Answer(drop=1000), always=Answer(ranges=False)))
    assert is_whole(path)
    assert told.sizes.count(0) == 2


def test_the_next_mirror_continues_what_the_last_one_began(server, fetch, path, told):
    first = server.serve("a", CONTENT, Answer(drop=5000), always=Answer(status=500))
    fetch(first, server.serve("b", CONTENT))
    assert is_whole(path)
    assert server.starts("b") == [5000]
    assert "If-Range" not in server.seen[-1].headers  # that is the other mirror's version
    assert told.skipped == [f"model.onnx: {server.server_address[0]}:{server.server_port} "
                            "answered with status 500."]  # fmt: skip


def test_a_wrong_beginning_from_elsewhere_does_not_spoil_a_good_mirror(server, fetch, path):
    first = server.serve("a", OTHER, Answer(drop=5000), always=Answer(status=500))
    fetch(first, server.serve("b", CONTENT))
    assert is_whole(path)
    assert server.starts("b") == [5000, 0]


def test_a_part_that_a_crash_filled_with_zeros_is_taken_from_its_beginning(server, fetch, path):
    download.part_of(path).write_bytes(CONTENT[:1000] + bytes(1000))
    fetch(server.serve("a", CONTENT))
    assert is_whole(path)
    assert server.starts("a") == [2000, 0]


def test_a_complete_part_is_only_checked(server, fetch, path):
    download.part_of(path).write_bytes(CONTENT)
    fetch(server.serve("a", CONTENT))
    assert is_whole(path)
    assert server.seen == []


def test_a_part_longer_than_the_file_is_worthless(server, fetch, path):
    download.part_of(path).write_bytes(CONTENT + b"x")
    fetch(server.serve("a", CONTENT))
    assert is_whole(path)
    assert server.starts("a") == [0]


def test_what_is_left_of_an_older_version_is_not_continued(server, fetch, path, told):
    older = File(
        (server.serve("a", OTHER, Answer(drop=1000), Answer(status=404)),), sha256="0" * 64
    )
    with pytest.raises(DownloadError):
        Download(older, path, told, threading.Event(), pauses=(0,)).run()
    assert download.part_of(path).read_bytes() == OTHER[:1000]
    fetch(server.serve("a", CONTENT))
    assert is_whole(path)
    assert server.starts("a") == [0, 1000, 0]


def test_notes_that_make_no_sense_are_no_notes(server, fetch, path):
    download.part_of(path).write_bytes(CONTENT[:1000])
    for noted in (b"", b"{", b"[]", b'{"url": 1}', b"\xff", b"3"):
        path.unlink(missing_ok=True)
        download.part_of(path).write_bytes(CONTENT[:1000])
        path.with_name("model.onnx.source").write_bytes(noted)
        fetch(server.serve("a", CONTENT))
        assert is_whole(path)


# --- mirrors that send something else


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (Answer(content=OTHER), "sent a file with another SHA-256, which is refused"),
        (Answer(content=OTHER, ranges=False), "sent a file with another SHA-256"),
        (Answer(content=CONTENT[:-1]), "has a file of 299,999 bytes, not 300,000"),
        (Answer(content=CONTENT + b"x"), "has a file of 300,001 bytes, not 300,000"),
        (Answer(content=CONTENT[:-1], chunked=True), "has a file of another size than 300,000"),
        (Answer(content=CONTENT + b"x", chunked=True), "has a file of another size than 300,000"),
        (Answer(content=CONTENT + b"x", unsized=True), "has a file of another size than 300,000"),
        (Answer(content=b"<html>", ranges=False), "has a file of 6 bytes, not 300,000"),
        (Answer(encoding="gzip"), "sends it compressed (gzip)"),
        (Answer(status=404), "answered with status 404"),
        (Answer(status=403), "answered with status 403"),
        (Answer(status=204), "answered with status 204"),
        (Answer(status=416), "answered with status 416"),
        (Answer(status=302), "answered with status 302"),
        (Answer(status=302, location="ftp://example.org/a"), "leads to ftp://example.org, without"),
        (Answer(status=302, location="http://example.org/a"), "leads to http://example.org, "),
        (Answer(status=302, location="/a"), "redirects too often"),
    ],
)  # fmt: skip
def test_what_is_not_the_file_is_refused_and_said_and_the_next_mirror_tried(
    server, fetch, path, told, wrong, reason
):
    fetch(server.serve("a", CONTENT, always=wrong), server.serve("b", CONTENT))
    assert is_whole(path)
    assert server.starts("b") == [0]
    [said] = told.skipped
    assert reason in said


@pytest.mark.parametrize("wrong", [Answer(status=503), Answer(status=429), Answer(drop=0)])
def test_a_mirror_that_fails_this_time_is_tried_again_after_the_others(server, fetch, path, wrong):
    fetch(server.serve("a", CONTENT, wrong), server.serve("b", CONTENT, always=Answer(status=503)))
    assert is_whole(path)
    assert [request.path for request in server.seen] == ["/a", "/b", "/a"]


def test_a_mirror_that_lacks_the_file_is_asked_only_once(server, fetch, path, told):
    busy = Answer(status=503)
    fetch(server.url("gone"), server.serve("b", CONTENT, busy, busy))
    assert is_whole(path)
    assert [request.path for request in server.seen] == ["/gone", "/b", "/b", "/b"]
    assert len(told.skipped) == 2  # the same reason is said once


def test_a_mirror_that_fails_now_and_then_is_tried_as_long_as_it_brings_something(
    server, fetch, path
):
    part, busy = Answer(drop=1000), Answer(status=503)
    fetch(server.serve("a", CONTENT, part, busy, busy, part, busy, busy, part, busy, busy))
    assert is_whole(path)


def test_a_whole_file_that_is_wrong_is_not_asked_for_twice(server, fetch, path):
    download.part_of(path).write_bytes(CONTENT[:1000])
    wrong = server.serve("a", CONTENT, always=Answer(content=OTHER, ranges=False))
    fetch(wrong, server.serve("b", CONTENT))
    assert is_whole(path)
    assert server.starts("a") == [1000]


@pytest.mark.parametrize(
    "wrong",
    [
        Answer(range_said="bytes 999-299999/300000"),
        Answer(range_said="bytes */300000"),
        Answer(range_said="bytes 1000-299999/300001"),
        Answer(length=5),
        Answer(content=CONTENT[:900]),  # and that is a 416
    ],
)
def test_a_wrong_part_is_not_taken(server, fetch, path, wrong):
    first = server.serve("a", CONTENT, Answer(drop=1000), always=wrong)
    fetch(first, server.serve("b", CONTENT))
    assert is_whole(path)
    assert server.starts("b") == [1000]


def test_a_range_that_cannot_be_satisfied_is_asked_for_as_a_whole_file(server, fetch, path):
    fetch(server.serve("a", CONTENT, Answer(drop=1000), Answer(status=416)))
    assert is_whole(path)
    assert server.starts("a") == [0, 1000, 0]


@pytest.mark.parametrize("answer", [Answer(chunked=True), Answer(unsized=True)])
def test_a_length_need_not_be_said(server, fetch, path, answer):
    fetch(server.serve("a", CONTENT, always=answer))
    assert is_whole(path)


@pytest.mark.parametrize("how", ["chunked", "unsized"])
def test_a_connection_that_ends_early_is_resumed_without_a_length_too(server, fetch, path, how):
    fetch(server.serve("a", CONTENT, Answer(drop=20_000, **{how: True})))
    assert is_whole(path)
    assert server.starts("a")[0] == 0
    assert len(server.seen) == 2


def test_a_redirect_is_followed_with_the_range(server, fetch, path):
    server.serve("store/a", CONTENT, Answer(drop=1000))
    fetch(server.serve("a", b"", always=Answer(status=302, location="store/a")))
    assert is_whole(path)
    assert server.starts("store/a") == [0, 1000]


def test_where_no_mirror_has_it_each_reason_is_said(server, fetch, path):
    urls = server.serve("a", OTHER), server.url("gone"), "http://127.0.0.1:1/x"
    with pytest.raises(DownloadError) as error:
        fetch(*urls)
    host = f"127.0.0.1:{server.server_port}"
    assert str(error.value) == (
        f"model.onnx could not be downloaded: {host} sent a file with another SHA-256, which is "
        f"refused; {host} answered with status 404; 127.0.0.1:1 failed (127.0.0.1:1 cannot be "
        "reached: Connection refused). Check the connection and try again."
    )
    assert [*path.parent.iterdir()] == []


def test_where_every_mirror_answers_that_it_has_no_such_file_the_connection_is_not_blamed(
    server, fetch
):
    with pytest.raises(DownloadError, match=r"404\. Update tray_dictate, a newer version"):
        fetch(server.url("gone"), server.url("gone-too"))


def test_where_a_mirror_is_overloaded_it_is_worth_another_try(server, fetch):
    with pytest.raises(DownloadError, match=r"Check the connection and try again\."):
        fetch(server.url("gone"), server.serve("a", b"", always=Answer(status=503)))


# --- time, and an end before the end


def test_a_silent_mirror_is_left_for_the_next_one(server, fetch, path, told):
    first = server.serve("a", CONTENT, Answer(hold=7000), always=Answer(hold=0))
    fetch(first, server.serve("b", CONTENT), patience=0.3)
    assert is_whole(path)
    assert server.starts("b") == [7000]
    assert "was silent for too long" in told.skipped[0]


def test_a_stopped_download_keeps_what_has_arrived(server, fetch, path):
    stop, failed = threading.Event(), []

    def run() -> None:
        try:
            fetch(server.serve("a", CONTENT, Answer(hold=700)), stop=stop)
        except DownloadError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    part = download.part_of(path)
    wait_until(lambda: part.exists() and part.stat().st_size == 700, 20, "700 bytes")
    stop.set()
    server.go_on.set()
    thread.join()
    assert isinstance(failed[0], DownloadStoppedError)
    assert part.read_bytes() == CONTENT[:700]
    assert not path.exists()
    fetch(server.url("a"))
    assert is_whole(path)


# --- the disk


def test_a_disk_without_room_is_refused_before_anything_is_asked_for(server, told, path):
    huge = File((server.serve("a", CONTENT),), size=10**18)
    with pytest.raises(DownloadError, match=r"free, and 1,000,000,000,000 MB would be"):
        Download(huge, path, told, threading.Event()).run()
    assert server.seen == []


FULL = """
import resource, sys, threading
from pathlib import Path
from tests.rigs.downloads import File, Told
from tray_dictate.system.network.download import Download, DownloadError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    Download(File((sys.argv[1],)), Path(sys.argv[2]), Told(), threading.Event()).run()
except DownloadError as error:
    print(error)
"""


def test_a_disk_that_gets_full_on_the_way_keeps_what_has_arrived(server, fetch, path):
    url = server.serve("a", CONTENT)
    said = subprocess.run(
        [sys.executable, "-c", FULL, url, str(path)], env=os.environ, check=True, text=True,
        stdout=subprocess.PIPE,
    ).stdout  # fmt: skip
    part = download.part_of(path)
    assert said.strip() == (
        f"{part} cannot be written: File too large. What has arrived is kept; try again when this "
        "is mended."
    )
    assert part.read_bytes() == CONTENT[:100_000]
    assert len(server.seen) == 1  # another mirror would not help
    fetch(url)
    assert is_whole(path)
    assert server.starts("a") == [0, 100_000]


def test_what_the_disk_refuses_is_named(server, fetch, path):
    download.part_of(path).mkdir()
    with pytest.raises(DownloadError, match=r"model\.onnx\.part cannot be written: Is a directory"):
        fetch(server.serve("a", CONTENT))


# --- the way there


@pytest.fixture
def authority(tmp_path_factory, monkeypatch) -> Iterator[trustme.CA]:
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    http_client._context.cache_clear()
    yield authority
    http_client._context.cache_clear()


@pytest.fixture
def secure(authority) -> Iterator[FileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with file_server(context) as running:
        yield running


def test_a_file_comes_over_tls_and_is_resumed_there(secure, fetch, path):
    fetch(secure.serve("a", CONTENT, Answer(drop=30_000)))
    assert is_whole(path)
    assert secure.starts("a") == [0, 30_000]


def test_an_encrypted_mirror_does_not_lead_to_a_plain_one(secure, server, fetch, path, told):
    plain = server.serve("a", CONTENT)
    moved = secure.serve("a", b"", always=Answer(status=301, location=plain))
    fetch(moved, secure.serve("b", CONTENT))
    assert is_whole(path)
    assert server.seen == []
    assert "without encryption" in told.skipped[0]


def test_an_unknown_authority_is_refused_at_once(secure, fetch, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    http_client._context.cache_clear()
    with pytest.raises(DownloadError, match="is not trusted"):
        fetch(secure.serve("a", CONTENT), pauses=(300,))  # it would be the same the next time
    assert secure.seen == []


def test_a_mirror_elsewhere_is_asked_through_the_proxy(server, fetch, monkeypatch):
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(DownloadError, match="Tunnel connection failed: 502"):
        fetch("https://models.example.org/a")
    assert {request.path for request in server.seen} == {"models.example.org:443"}
    with warnings.catch_warnings():  # Python 3.11.2 does not close a refused tunnel's socket
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_a_file_comes_through_the_proxy_and_so_does_what_it_redirects_to(
    authority, server, fetch, path, monkeypatch
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("models.example.org", "store.example.org").configure_cert(context)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.server_port}")
    with file_server(context) as mirror:
        server.behind = mirror.server_address
        moved = Answer(status=302, location="https://store.example.org/b")
        mirror.serve("a", b"", always=moved)
        mirror.serve("b", CONTENT)
        fetch("https://models.example.org/a")
    assert is_whole(path)
    asked = [request.path for request in server.seen]
    assert asked == ["models.example.org:443", "store.example.org:443"]


def test_a_socks_proxy_is_named_with_the_remedy(fetch, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(DownloadError, match=r"Set HTTPS_PROXY, or exempt models\.example\.org"):
        fetch("https://models.example.org/a", pauses=(300,))
