"""A lake on an object store: where it may lie, who wins a swap, and what a store that fails is told as."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from object_store import BUCKET, ENVIRONMENT, KEYS, SeaweedFS, odd, says
from porlake.errors import ConfigurationError, Damaged, LakeError, MissingPartition, Overtaken, StoreUnavailable
from porlake.lake import Below, Lake, Scratch, forget, json_of
from porlake.lake.objects import ObjectStore, Place
from porlake.model import Price
from stores import lay, of_objects, tree

pytestmark = [pytest.mark.slow, of_objects("what only a store that machines share can do, or fail in")]
AT = datetime(2024, 3, 25, tzinfo=UTC)
PARTITION = {"exchange": "okx", "attestation": "okx/2024-03-25"}
POINTER = "lake/price/exchange=okx/attestation=okx%2F2024-03-25/pointer.json"


def price(number: int) -> Price:
    return Price("okx", "okx/2024-03-25", f"A{number:06}", "somebody", Decimal(number), AT, None)


def pair(store: SeaweedFS, tmp_path: Path) -> tuple[Lake, Lake]:
    """One lake, as two machines see it."""
    url = store.url()
    return Lake(url, tmp_path / "one", KEYS), Lake(url, tmp_path / "other", KEYS)


# --- where it lies ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://bucket/lake", "a lake lies in a local folder or at s3://, gs://, az://"),
        ("s3://", "no bucket is named"),
        ("s3://b", "no bucket is named"),
        ("s3:///lake", "no bucket is named"),
        ("s3://bucket/a//b", "the prefix may hold"),
        ("s3://bucket/../b", "the prefix may hold"),
        ("s3://bucket/.hidden", "the prefix may hold"),
        ("s3://bucket/a?endpoint=ftp://host", "endpoint is no http"),
        ("s3://bucket/a?endpoint=https://", "endpoint is no http"),
        ("s3://AKIASECRET:hunter2@bucket/a", "credentials are no part"),
        ("s3://bucket/a?secret_access_key=hunter2", "secret_access_key: the lake's URL says endpoint and region"),
        ("s3://bucket/a?AKIASECRET=hunter2", "what follows the"),
        ("s3://bucket/a?endpoint=https://AKIASECRET:hunter2@host", "endpoint is no http"),
    ],
)
def test_a_url_that_names_no_place_is_told_and_shows_no_secret(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)) as caught:
        Lake(url, tmp_path)
    assert "hunter2" not in str(caught.value)
    assert "AKIASECRET" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/", "s3://bucket/a/b.c_d=e-f/?region=eu-central-1"])
def test_a_place_is_named_without_what_the_url_says_beside_it(url: str, tmp_path: Path) -> None:
    lake = Lake(url, tmp_path, KEYS)
    assert lake.where() == url.partition("?")[0].rstrip("/")
    assert lake.where("a/b") == f"{lake.where()}/a/b"
    assert lake.root.parent == tmp_path
    assert lake.root != Lake("s3://bucket/other", tmp_path, KEYS).root


@pytest.mark.parametrize(
    ("url", "keys", "told"),
    [
        ("gs://bucket/a?endpoint=http://host", {}, {"google_base_url": "http://host", "allow_http": "true"}),
        (
            "az://bucket/a?account=name",
            {"account_key": "aHVudGVyMg=="},
            {"azure_storage_account_name": "name", "azure_storage_account_key": "aHVudGVyMg=="},
        ),
        (
            "s3://bucket/a?endpoint=https://host&region=eu",
            KEYS,
            {"aws_endpoint_url_s3": "https://host", "aws_region": "eu", "aws_virtual_hosted_style_request": "false"}
            | {f"aws_{name}": value for name, value in KEYS.items()},
        ),
    ],
)
def test_each_kind_of_store_is_opened_by_the_same_client_and_told_to_others_alike(
    url: str, keys: dict[str, str], told: dict[str, str], tmp_path: Path
) -> None:
    lake = Lake(url, tmp_path, keys)
    assert lake.where("k") == url.partition("?")[0] + "/k"
    patience = {"max_retries": "10000", "retry_timeout": "60000ms"}
    assert lake.elsewhere("k") == (lake.where("k"), told | patience)
    for key in keys.values():
        assert key not in f"{lake.where()} {lake.store!r} {vars(lake.store)['_client']!r} {lake.root}"


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("gs://bucket/a", {"service_account_key": '{"private_key": "hunter2"}'}),
        ("az://bucket/a?account=name", {"account_key": "no base64: hunter2"}),
        ("az://bucket/a", {"secret_access_key": "hunter2"}),
    ],
)
def test_credentials_of_another_form_are_told_and_not_shown(url: str, keys: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="credentials") as caught:
        Lake(url, tmp_path, keys)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"])
def test_the_endpoint_is_the_urls_and_without_one_the_environments(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lake that a variable of another program's led elsewhere would be read as an empty one."""
    with odd(says(200, b"here", Last_Modified="Mon, 25 Mar 2024 16:00:00 GMT", ETag="e")) as url:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        there = ObjectStore(Place.of(f"s3://bucket/lake?endpoint={url}"), tmp_path, KEYS).read("k")
        assert there is not None
        assert there.content == b"here"
        monkeypatch.setenv(name, url)
        place = Place.of("s3://bucket/lake")
        there = ObjectStore(place, tmp_path, KEYS).read("k")
        assert there is not None
        assert there.content == b"here"
    monkeypatch.setenv(name, "http://AKIASECRET:hunter2@host")
    with pytest.raises(ConfigurationError, match=f"{name} is no http") as caught:
        Place.of("s3://bucket/lake")
    assert "hunter2" not in str(caught.value)
    monkeypatch.delenv(name)
    assert Place.of("s3://bucket/lake").folder != place.folder


# --- compare and swap -------------------------------------------------------------------------------------------------
ADD = """
import sys
from porlake.lake import Lake
store, won = Lake(sys.argv[1], sys.argv[2]).store, 0
while won < int(sys.argv[3]):
    stored = store.read("count")
    won += store.swap("count", str(int(stored.content) + 1 if stored else 1).encode(), stored.tag if stored else None)
"""


def test_eight_processes_swap_one_pointer_a_hundred_times_and_no_swap_is_lost(
    object_store: SeaweedFS, tmp_path: Path
) -> None:
    url = object_store.url()
    counts = [13, 13, 13, 13, 12, 12, 12, 12]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, url, str(tmp_path / str(number)), str(count)], env=os.environ | ENVIRONMENT
        )
        for number, count in enumerate(counts)
    ]
    assert [process.wait(120) for process in processes] == [0] * 8
    found = Lake(url, tmp_path, KEYS).store.read("count")
    assert found is not None
    assert found.content == b"100"


def test_of_two_writers_that_began_alike_the_second_is_overtaken(object_store: SeaweedFS, tmp_path: Path) -> None:
    """Never the last one wins: it began with what the first has replaced."""
    one, other = pair(object_store, tmp_path)
    one.write(Price, PARTITION, [price(1)])
    with (
        pytest.raises(Overtaken, match="another writer was faster; its rows stay"),
        other.writing((Price, PARTITION)) as (late,),
    ):
        late.add(price(3))
        one.write(Price, PARTITION, [price(2)])
    assert list(other.rows(Price)) == [price(2)]
    other.write(Price, PARTITION, [price(3)])
    assert list(one.rows(Price)) == [price(3)]


def test_of_two_first_writers_the_second_is_overtaken(object_store: SeaweedFS, tmp_path: Path) -> None:
    one, other = pair(object_store, tmp_path)
    with pytest.raises(Overtaken), other.writing((Price, PARTITION)) as (late,):
        late.add(price(3))
        one.write(Price, PARTITION, [price(2)])
    assert list(other.rows(Price)) == [price(2)]


def test_two_writers_of_the_same_rows_are_both_right(object_store: SeaweedFS, tmp_path: Path) -> None:
    one, other = pair(object_store, tmp_path)
    with other.writing((Price, PARTITION)) as (late,):
        late.add(price(2))
        one.write(Price, PARTITION, [price(2)])
    assert list(one.rows(Price)) == [price(2)]


def test_the_bytes_are_those_of_a_local_lake(object_store: SeaweedFS, tmp_path: Path) -> None:
    local, lake = Lake(tmp_path / "local"), object_store.lake(tmp_path / "cache")
    for one in (local, lake):
        one.write(Price, PARTITION, map(price, range(100)))
        one.keep(io.BytesIO(b"published" * 1_000_000), {"file_name": "f.csv"})  # in several parts
    keys = list(local.store.list(""))
    assert list(lake.store.list("")) == keys
    assert len(keys) == 4
    for key in keys:
        there = lake.store.read(key)
        assert there is not None
        assert there.content == (local.root / key).read_bytes(), key


# --- what is fetched --------------------------------------------------------------------------------------------------
def test_a_file_is_fetched_once_and_again_where_the_copy_is_damaged(object_store: SeaweedFS, tmp_path: Path) -> None:
    one, other = pair(object_store, tmp_path)
    one.write(Price, PARTITION, [price(1)])
    (path,) = other.pointers(Price)[0].paths
    assert path.is_relative_to(other.root)
    before = path.stat().st_ino
    assert list(other.rows(Price)) == [price(1)]
    assert path.stat().st_ino == before
    path.write_bytes(b"damaged")
    assert list(other.rows(Price)) == [price(1)]


def test_a_file_that_is_damaged_in_the_store_is_named_and_mended_by_its_stage(
    object_store: SeaweedFS, tmp_path: Path
) -> None:
    one, other = pair(object_store, tmp_path)
    one.write(Price, PARTITION, [price(1)])
    (key,) = one.pointers(Price)[0].keys
    one.store.put(key, b"damaged")
    with pytest.raises(Damaged, match=rf"s3://{BUCKET}/.*part-0.parquet: its bytes are not those that were written"):
        list(other.rows(Price))
    with pytest.raises(Damaged):
        for look in one.all_files():
            look()
    one.write(Price, PARTITION, [price(1)])
    assert list(other.rows(Price)) == [price(1)]
    one.store.delete(key)
    with pytest.raises(Damaged, match="there is no such file"):
        list(one.rows(Price))


def test_what_waits_in_the_inbox_is_taken_as_a_file_or_a_folder_on_any_machine(
    object_store: SeaweedFS, tmp_path: Path
) -> None:
    one, other = pair(object_store, tmp_path)
    for name in ("b c.csv", "a/1.csv", "a/2.csv"):
        one.store.put(f"inbox/okx/{name}", name.encode())
    folder, file = other.waiting("okx")
    assert (folder, file) == (one.where("inbox/okx/a"), one.where("inbox/okx/b c.csv"))
    assert Path(other.brought(file)).read_bytes() == b"b c.csv"
    assert sorted(path.name for path in Path(other.brought(folder)).iterdir()) == ["1.csv", "2.csv"]
    one.store.delete("inbox/okx/a/1.csv")
    one.store.put("inbox/okx/b c.csv", b"new")
    assert sorted(path.name for path in Path(other.brought(folder)).iterdir()) == ["2.csv"]
    assert Path(other.brought(file)).read_bytes() == b"new"
    assert other.brought("/tmp/x") == "/tmp/x"
    assert other.brought("s3://elsewhere/x") == "s3://elsewhere/x"
    with pytest.raises(MissingPartition):
        other.brought(one.where("inbox/okx/none"))


def test_what_a_stage_has_finished_another_machine_goes_on_with(object_store: SeaweedFS, tmp_path: Path) -> None:
    one, other = pair(object_store, tmp_path)
    folder = one.scratch(Price, PARTITION)
    assert isinstance(folder, Below)
    Scratch(folder / "q").keep("b", b"two")
    Scratch(folder / "q").keep("a", b"one")
    there = other.scratch(Price, PARTITION)
    assert list(Scratch(there / "q").parts()) == [("a", b"one"), ("b", b"two")]
    assert not other.pointers(Price)
    other.store.put(f"{folder.prefix}/q/a", b"torn")
    assert list(Scratch(there / "q").parts()) == [("b", b"two")]
    forget(there)
    assert not list(one.store.changed("lake"))


# --- what is collected ------------------------------------------------------------------------------------------------
def test_what_no_pointer_leads_to_goes_when_it_is_old_and_never_at_a_write(
    object_store: SeaweedFS, tmp_path: Path
) -> None:
    lake = object_store.lake(tmp_path)
    for number in range(4):
        lake.write(Price, PARTITION, [price(number)])
    folders = {key.split("/")[-2] for key in lake.store.list("lake") if key.endswith(".parquet")}
    assert len(folders) == 4
    assert lake.collect(datetime.now(UTC) - timedelta(hours=1)).folders == 0
    later = datetime.now(UTC) + timedelta(minutes=1)
    found = lake.collect(later)
    assert (found.folders, found.files, found.unread) == (3, 3, ())
    assert list(lake.rows(Price)) == [price(3)]
    assert lake.collect(later).folders == 0
    lake.store.put(POINTER, b"{")
    assert lake.collect(later).folders == 0


def test_beside_a_pointer_that_cannot_be_read_nothing_is_removed(lake: Lake) -> None:
    for number in range(3):
        lake.write(Price, PARTITION, [price(number)])
    lay(lake, POINTER, b"{")
    found = lake.collect(datetime.now(UTC) + timedelta(minutes=1))
    assert (found.folders, found.unread) == (0, (lake.where(POINTER),))


def test_what_is_collected_was_named_by_its_content(lake: Lake) -> None:
    """What somebody else put beside it stays."""
    for number in range(3):
        lake.write(Price, PARTITION, [price(number)])
    place = POINTER.rpartition("/")[0]
    for name in ("notes/n.txt", "n.txt", "0123456789ABCDEF/part-0.parquet"):
        lay(lake, f"{place}/{name}", b"mine")
    assert lake.collect(datetime.now(UTC) + timedelta(minutes=1)).folders == 2 - (not lake.store.shared)
    assert sum(content == b"mine" for content in tree(lake).values()) == 3
    assert list(lake.rows(Price)) == [price(2)]


# --- what dies or fails -----------------------------------------------------------------------------------------------
DIES = """
import os, signal, sys
from datetime import UTC, datetime
from decimal import Decimal
from porlake.lake import Lake, partition
from porlake.model import Price

def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)

partition.swapped = dies  # the file is put, the pointer is not swapped
Lake(sys.argv[1], sys.argv[2]).write(Price, {"exchange": "okx", "attestation": "okx/2024-03-25"}, [
    Price("okx", "okx/2024-03-25", "DEAD", "somebody", Decimal(1), datetime(2024, 3, 25, tzinfo=UTC), None)
])
"""


def test_a_writer_that_is_killed_before_its_swap_leaves_what_was_there(object_store: SeaweedFS, tmp_path: Path) -> None:
    url = object_store.url()
    lake = Lake(url, tmp_path / "one", KEYS)
    lake.write(Price, PARTITION, [price(1)])
    killed = subprocess.run(
        [sys.executable, "-c", DIES, url, str(tmp_path / "other")], env=os.environ | ENVIRONMENT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert list(lake.rows(Price)) == [price(1)]
    assert len([key for key in lake.store.list("lake") if key.endswith(".parquet")]) == 2
    assert lake.collect(datetime.now(UTC) + timedelta(minutes=1)).folders == 1
    lake.write(Price, PARTITION, [price(2)])
    assert list(lake.rows(Price)) == [price(2)]


def test_a_store_that_stops_in_mid_write_is_told_and_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    server = SeaweedFS(tmp_path / "store")
    try:
        place = Place.of(server.url("lake"))
        lake = server.lake(tmp_path / "one", "lake")
        lake.write(Price, PARTITION, [price(1)])
        lake.store = ObjectStore(place, lake.root, KEYS, patience=5.0)
        with (
            pytest.raises(StoreUnavailable, match="cannot be written") as caught,
            lake.writing((Price, PARTITION)) as (writer,),
        ):
            writer.add(price(2))
            server.kill()
        assert KEYS["secret_access_key"] not in str(caught.value)
        assert not list(lake.root.rglob(".writing-*"))
        server.start()
        lake = server.lake(tmp_path / "one", "lake")
        assert list(lake.rows(Price)) == [price(1)]
        lake.write(Price, PARTITION, [price(2)])
        assert list(lake.rows(Price)) == [price(2)]
    finally:
        server.kill()


FORKS = """
import os, sys
from porlake.errors import LakeError
from porlake.lake import Lake
store = Lake(sys.argv[1], sys.argv[2]).store
assert store.read("k") is None
child = os.fork()
try:
    said = store.read("k")
except LakeError as error:
    said = error
os.write(1, f"{said}\\n".encode())  # a line at once: two processes say one
if not child:
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_process_that_is_forked_from_one_that_asked_says_so_and_does_not_hang(
    object_store: SeaweedFS, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, object_store.url(), str(tmp_path)], env=os.environ | ENVIRONMENT,
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert "None" in lines
    assert "forked from one that asked the store" in done.stdout


def asked(store: ObjectStore) -> list[Callable[[], object]]:
    return [
        lambda: store.read("k"),
        lambda: store.swap("k", b"x", "tag"),
        lambda: store.put_if_absent("k", b"x"),
        lambda: store.holds("k"),
        lambda: store.size("k"),
        lambda: store.local("k"),
        lambda: list(store.list("k")),
        lambda: list(store.folders("k")),
        lambda: store.delete("k"),
    ]


LEAKS = b"<Error><Code>%s</Code><Message>AKIASECRET</Message><AWSAccessKeyId>AKIASECRET</AWSAccessKeyId></Error>"


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (503, b"SlowDown", StoreUnavailable, "503 Service Unavailable"),
        (500, b"InternalError", StoreUnavailable, "500 Internal Server Error"),
        (403, b"InvalidAccessKeyId", LakeError, ""),
        (404, b"NoSuchBucket", LakeError, ""),
    ],
)
def test_a_store_that_refuses_is_told_by_its_status_and_no_secret_is(
    status: int, code: bytes, kind: type[LakeError], said: str, tmp_path: Path
) -> None:
    with odd(says(status, LEAKS % code)) as url:
        store = ObjectStore(Place.of(f"s3://bucket/lake?endpoint={url}"), tmp_path, KEYS, patience=0.4)
        for ask in asked(store):
            if status == 404 and ask in asked(store)[8:]:
                continue
            try:
                ask()
            except LakeError as error:
                assert type(error) is kind, error
                assert said in str(error)
                assert "s3://bucket/lake" in str(error)
                assert "AKIASECRET" not in f"{error} {error.__cause__} {error.__context__ if error.__cause__ else ''}"
            else:
                assert status == 404, "a HEAD has no body that says what is missing"


def test_a_store_that_does_not_answer_is_given_up_in_time(tmp_path: Path) -> None:
    def silent(_: BaseHTTPRequestHandler) -> bool:
        time.sleep(3)
        return False

    with odd(silent) as url:
        store = ObjectStore(Place.of(f"s3://bucket/lake?endpoint={url}"), tmp_path, KEYS, patience=0.3)
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="cannot be read: no answer in time"):
            store.read("k")
        assert time.monotonic() - began < 10


def test_a_store_that_is_there_again_within_the_patience_is_waited_for(tmp_path: Path) -> None:
    began, asked_of = time.monotonic(), list[float]()

    def later(handler: BaseHTTPRequestHandler) -> bool:
        asked_of.append(time.monotonic() - began)
        answer = says(200, b"x", ETag='"1"') if asked_of[-1] > 6 else says(500, LEAKS % b"InternalError")
        return answer(handler)

    with odd(later) as url:
        store = ObjectStore(Place.of(f"s3://bucket/lake?endpoint={url}"), tmp_path, KEYS, patience=60)
        stored = store.read("k")
    assert stored is not None
    assert stored.content == b"x"
    assert len(asked_of) > 1


def test_nobody_listens(tmp_path: Path) -> None:
    store = ObjectStore(Place.of("s3://bucket/lake?endpoint=http://127.0.0.1:9"), tmp_path, KEYS, patience=0.1)
    with pytest.raises(StoreUnavailable, match="nobody listens there"):
        store.read("k")


def test_a_wrong_etag_replaces_nothing(object_store: SeaweedFS, tmp_path: Path) -> None:
    """A proxy that made the etag another's: the swap is refused, and the writer is overtaken."""
    lake = object_store.lake(tmp_path)
    lake.write(Price, PARTITION, [price(1)])
    stored = lake.store.read(POINTER)
    assert stored is not None
    for tag in ('"00000000000000000000000000000000"', "", "W/" + stored.tag):
        assert lake.store.swap(POINTER, b"{}", tag) is False, tag
    assert list(lake.rows(Price)) == [price(1)]


def test_a_store_without_etags_is_refused(tmp_path: Path) -> None:
    with odd(says(200, b"{}", Last_Modified="Mon, 25 Mar 2024 16:00:00 GMT")) as url:
        store = ObjectStore(Place.of(f"s3://bucket/lake?endpoint={url}"), tmp_path, KEYS, patience=0.1)
        with pytest.raises(LakeError, match="gives no etag|cannot be read"):
            store.read("k")


def test_readers_on_another_machine_never_see_half(object_store: SeaweedFS, tmp_path: Path) -> None:
    one, other = pair(object_store, tmp_path)
    versions = [[price(number) for number in range(start, start + 50)] for start in (0, 100, 200)]
    one.write(Price, PARTITION, versions[0])
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for rows in versions:
                one.write(Price, PARTITION, rows)

    thread = threading.Thread(target=rewrite)
    thread.start()
    try:
        for _ in range(30):
            assert list(other.rows(Price)) in versions
    finally:
        stop.set()
        thread.join()


def test_a_pointer_is_the_local_lakes(object_store: SeaweedFS, tmp_path: Path) -> None:
    lake = object_store.lake(tmp_path)
    lake.write(Price, PARTITION, [price(1)])
    stored = lake.store.read(POINTER)
    assert stored is not None
    assert json_of(stored.content)["partition"] == PARTITION
