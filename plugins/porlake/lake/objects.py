"""A lake on an object store: S3 and what speaks its language, Google Cloud Storage and Azure Blob by the same client.

Pointers are swapped by compare-and-swap: `If-None-Match: *` for the first, `If-Match: <etag>` for every other. Whatever
is read is fetched whole into a folder of this machine, once for each content: its bytes are compared with their hash
before they are read (`partition.check_bytes`), DuckDB and pyarrow read local files, and no extension is loaded.

What a server says may hold parts of a credential (S3 repeats the id of a key, Azure's URLs carry a signature): errors
carry its status and its code, never its text.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

import obstore
import pyarrow as pa
from obstore.exceptions import AlreadyExistsError, BaseError, NotModifiedError, PreconditionError
from obstore.store import AzureStore, GCSStore, S3Store

from porlake.errors import ConfigurationError, Damaged, LakeError, MissingPartition, StoreUnavailable
from porlake.lake.store import LocalStore, Stored, written

#: What a URL's query may say; credentials are no part of it.
SAYS = {"s3": ("endpoint", "region"), "gs": ("endpoint",), "az": ("endpoint", "account")}
#: Credentials as they are given beside a URL, by the names that the client has for them.
KEYS = {
    "s3": ("access_key_id", "secret_access_key", "session_token"),
    "gs": ("service_account_key",),
    "az": ("account_key", "sas_key"),
}
#: What of the environment names S3's endpoint where the URL does not, the first before the others.
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
PATIENCE = 60.0
"""Seconds in which a question that failed is asked again."""
MOST_RETRIES = 10_000  # time alone decides

#: The process in which the client's threads run. In one that is forked from it a question would wait without end.
_ASKING: dict[str, int] = {}
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_PART = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*")
_CONTENT = re.compile(
    r"(?:^|/)(?:[0-9a-f]{16}/part-\d+-([0-9a-f]{16})\.parquet|([0-9a-f]{16})/[^/]+|raw/([0-9a-f]{64}))$"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lake lies: `scheme` s3, gs or az; a bucket (of Azure a container), a prefix in it ('' for all of it), and
    what the URL's query says.
    """

    scheme: str
    bucket: str
    prefix: str
    says: Mapping[str, str]

    @classmethod
    def of(cls, url: str) -> Place:
        """Raises ConfigurationError, which shows nothing that may be a secret."""
        parts = urlsplit(url)
        if parts.scheme not in SAYS:
            known = ", ".join(f"{scheme}://" for scheme in SAYS)
            raise ConfigurationError(f"{parts.scheme}://: a lake lies in a local folder or at {known}")
        if "@" in parts.netloc or parts.fragment:
            raise ConfigurationError(
                f"{parts.scheme}://: credentials are no part of the lake's URL: give them by the environment "
                f"(AWS_ACCESS_KEY_ID ...) or as the Airflow connection porlake_lake"
            )
        if not _BUCKET.fullmatch(parts.netloc):
            raise ConfigurationError(f"{parts.scheme}://: no bucket is named, or by no name that one can have")
        prefix = parts.path.strip("/")
        if prefix and not all(map(_PART.fullmatch, prefix.split("/"))):
            raise ConfigurationError(
                f"{parts.scheme}://{parts.netloc}: the prefix may hold letters, digits and . _ = - alone"
            )
        said = _said(parts.scheme, parts.query)
        if parts.scheme == "s3" and "endpoint" not in said and (set_for := _endpoint_of_environment()):
            said["endpoint"] = set_for
        return cls(parts.scheme, parts.netloc, prefix, said)

    @property
    def where(self) -> str:
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def folder(self) -> str:
        """A name for what is kept of it on this machine."""
        said = f"{self.where} {sorted(self.says.items())}"
        return f"{self.scheme}-{self.bucket}-{sha256(said.encode()).hexdigest()[:16]}"


def _said(scheme: str, query: str) -> dict[str, str]:
    """Raises ConfigurationError without any value."""
    said = dict(parse_qsl(query, keep_blank_values=True))
    if wrong := sorted(set(said) - set(SAYS[scheme])):
        shown = wrong[0] if re.fullmatch("[a-z_]{1,30}", wrong[0]) else "what follows the ?"
        raise ConfigurationError(
            f"{scheme}://: {shown}: the lake's URL says {' and '.join(SAYS[scheme])} alone; "
            "credentials come from the environment or the Airflow connection porlake_lake"
        )
    if "endpoint" in said:
        _check_endpoint(said["endpoint"], f"{scheme}://: endpoint")
    return said


def _endpoint_of_environment() -> str:
    """The endpoint that every S3 client of this environment asks, '' for none. Raises ConfigurationError."""
    for name in ENDPOINTS:
        if endpoint := os.environ.get(name):
            _check_endpoint(endpoint, name)
            return endpoint
    return ""


def _check_endpoint(endpoint: str, what: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ConfigurationError(f"{what} is no http:// or https:// URL of a host alone")


def _told(place: Place) -> dict[str, Any]:
    """What a client is told of a place beside its bucket and prefix."""
    said = dict[str, Any]()
    if "endpoint" in place.says:  # under the name that comes before those of the environment
        name = {"s3": "aws_endpoint_url_s3", "gs": "base_url", "az": "endpoint"}[place.scheme]
        said[name] = place.says["endpoint"]
    if place.scheme == "s3":
        said["region"] = place.says.get("region") or os.environ.get("AWS_REGION") or "us-east-1"
        said["virtual_hosted_style_request"] = "endpoint" not in place.says
    if "account" in place.says:
        said["account_name"] = place.says["account"]
    return said


def _client(place: Place, given: Mapping[str, str], patience: float) -> Any:
    """The client of a place; keys that are not given are those of the environment. Raises ConfigurationError."""
    if unknown := sorted(set(given) - set(KEYS[place.scheme])):
        raise ConfigurationError(f"{place.where}: {len(unknown)} credentials of a kind that it has not")
    options: dict[str, Any] = {
        "client_options": {
            "allow_http": place.says.get("endpoint", "").startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "read_timeout": timedelta(seconds=min(30.0, patience)),
            "timeout": timedelta(hours=1),  # of a whole file
        },
        "retry_config": {
            "max_retries": MOST_RETRIES,
            "retry_timeout": timedelta(seconds=patience),
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 2},
        },
    }
    clients: dict[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    try:
        return clients[place.scheme](place.bucket, prefix=place.prefix or None, **_told(place), **given, **options)
    except (BaseError, ValueError, TypeError):
        raise ConfigurationError(f"{place.where}: the client takes no such credentials, or no such endpoint") from None


class ObjectStore:
    """A bucket, or a prefix in it. `cache` is a folder of this machine: what was fetched, under the key that it has.

    Raises LakeError, and StoreUnavailable where the store does not answer or refuses for the moment.
    """

    shared = True
    at_once = 16

    def __init__(
        self, place: Place, cache: Path, keys: Mapping[str, str] | None = None, patience: float = PATIENCE
    ) -> None:
        self.place, self._client, self._keys = place, _client(place, keys or {}, patience), dict(keys or {})
        self._patience = patience
        self._kept = LocalStore(cache)

    def where(self, key: str) -> str:
        return f"{self.place.where}/{key}" if key else self.place.where

    def elsewhere(self, key: str) -> tuple[str, Mapping[str, str]]:
        """Options under the names that programs over Rust's object_store take, as this client does."""
        begins = {"s3": "aws_", "gs": "google_", "az": "azure_storage_"}[self.place.scheme]
        options = {
            name if name.startswith(begins) else begins + name: str(value).lower() if isinstance(value, bool) else value
            for name, value in (_told(self.place) | self._keys).items()
        }
        if self.place.says.get("endpoint", "").startswith("http://"):
            options |= {"allow_http": "true"}
        # those end after ten tries, within 3 s of a store that answers at once that it cannot now
        patience = {"max_retries": str(MOST_RETRIES), "retry_timeout": f"{self._patience * 1000:.0f}ms"}
        return self.where(key), options | patience

    # --- small things ---
    def read(self, key: str) -> Stored | None:
        with self._asked(key, "read"):
            try:
                answer = obstore.get(self._client, key)
                content = bytes(answer.bytes())
            except FileNotFoundError as error:
                self._has_bucket(error)
                return None
        tag = answer.meta["e_tag"]
        if not tag:
            raise LakeError(f"{self.where(key)}: the store gives no etag, so that nothing can be replaced safely")
        return Stored(content, tag)

    def put_if_absent(self, key: str, content: bytes) -> bool:
        return self._put(key, content, "create")

    def swap(self, key: str, content: bytes, tag: str | None) -> bool:
        if tag == "":  # the client would ask for no condition at all
            return False
        return self._put(key, content, "create" if tag is None else {"e_tag": tag})

    def put(self, key: str, content: bytes) -> None:
        self._put(key, content, "overwrite")

    def _put(self, key: str, content: bytes, mode: Any) -> bool:
        with self._asked(key, "written"):
            try:
                obstore.put(self._client, key, content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError, NotModifiedError):
                return False
            except FileNotFoundError as error:  # replaced, but gone; or there is no bucket
                self._has_bucket(error)
                if mode == "create":
                    raise
                return False
        return True

    def _has_bucket(self, error: FileNotFoundError) -> None:
        """A bucket that is not there is not one in which nothing lies. Raises LakeError."""
        if _code(error) in ("NoSuchBucket", "ContainerNotFound") or "bucket does not exist" in str(error):
            raise LakeError(f"{self.place.where}: there is no such bucket") from None

    # --- files ---
    def put_file(self, key: str, made: Path, media_type: str = "") -> None:
        with self._asked(key, "written"):
            obstore.put(self._client, key, made, attributes={"Content-Type": media_type} if media_type else None)
        if _name_in(key):
            self._kept.put_file(key, made)
        else:
            made.unlink()

    def open(self, key: str) -> BinaryIO:
        self.local(key)
        return self._kept.open(key)

    def native(self, key: str) -> pa.NativeFile:
        try:
            self.local(key)
        except MissingPartition as error:
            raise LakeError(f"{self.where(key)}: cannot be read: there is no such file") from error
        return self._kept.native(key)

    def local(self, key: str) -> Path:
        if not _name_in(key) or not self._kept.holds(key):
            self._bring(key)
        return self._kept.local(key)

    def fetch(self, key: str, target: Path) -> None:
        self.local(key)
        self._kept.fetch(key, target)

    def sha256(self, key: str, *, anew: bool = False) -> str:
        try:
            if anew:
                self._bring(key)
            else:
                self.local(key)
            found = self._kept.sha256(key, anew=anew)
            if not anew and not found.startswith(_name_in(key)):  # damaged here, perhaps not there
                self._bring(key)
                found = self._kept.sha256(key, anew=True)
        except MissingPartition as error:
            raise Damaged(f"{self.where(key)}: cannot be read: there is no such file") from error
        return found

    def _bring(self, key: str) -> None:
        """Fetch a file, whole or not at all. Raises MissingPartition."""
        path = self._kept.local(key)
        with written(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(prefix=".fetching-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out, self._asked(key, "read"):
                try:
                    chunks = obstore.get(self._client, key).stream(min_chunk_size=1 << 22)
                except FileNotFoundError as error:
                    self._has_bucket(error)
                    raise MissingPartition(f"{self.where(key)}: there is no such file") from None
                for chunk in chunks:
                    with written(path):
                        out.write(chunk)
            with written(path):
                Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)

    # --- what lies there ---
    def list(self, prefix: str) -> Iterator[str]:
        begins = f"{prefix}/" if prefix else ""
        keys = (key for key, _ in self.changed(prefix))
        finished = (key for key in keys if not any(part[:1] == "." for part in key.removeprefix(begins).split("/")))
        yield from sorted(finished, key=lambda key: key.split("/"))

    def changed(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        with self._asked(prefix, "listed"):
            try:
                found = [
                    (item["path"], item["last_modified"])
                    for batch in obstore.list(self._client, prefix=prefix or None)
                    for item in batch
                ]
            except FileNotFoundError as error:
                self._has_bucket(error)
                raise
        yield from found

    def below(self, prefix: str) -> ObjectStore:
        place = replace(self.place, prefix=f"{self.place.prefix}/{prefix}".strip("/"))
        return ObjectStore(place, self._kept.root / prefix, self._keys, self._patience)

    def folders(self, prefix: str) -> Iterator[str]:
        with self._asked(prefix, "listed"):
            try:
                below = obstore.list_with_delimiter(self._client, prefix=prefix or None)["common_prefixes"]
            except FileNotFoundError as error:
                self._has_bucket(error)
                raise
        names = (path.rstrip("/").rpartition("/")[2] for path in below)
        yield from sorted(name for name in names if not name.startswith("."))

    def holds(self, key: str) -> bool:
        with self._asked(key, "read"):
            try:
                obstore.head(self._client, key)
            except FileNotFoundError as error:
                self._has_bucket(error)
                return False
        return True

    def size(self, key: str) -> int:
        with self._asked(key, "read"):
            return int(obstore.head(self._client, key)["size"])

    def delete(self, key: str) -> None:
        self._delete([key])
        self._kept.delete(key)

    def delete_folder(self, prefix: str) -> None:
        self._delete([key for key, _ in self.changed(prefix)])
        self._kept.delete_folder(prefix)

    def _delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            with self._asked(key, "removed"):
                try:
                    obstore.delete(self._client, key)
                except FileNotFoundError as error:
                    self._has_bucket(error)

    # --- this machine ---
    def workspace(self, prefix: str) -> Path:
        return self._kept.workspace(prefix)

    def alone(self, prefix: str) -> AbstractContextManager[object]:
        """Of this machine's writers; those of others are told apart by the swap."""
        return self._kept.alone(prefix)

    @contextmanager
    def _asked(self, key: str, what: str) -> Iterator[None]:
        """What a store says as an error of ours. Its own text stays out of it, and of what led to it."""
        if _ASKING.setdefault("process", os.getpid()) != os.getpid():
            raise LakeError(
                f"{self.where(key)}: cannot be {what}: this process was forked from one that asked the store, and the "
                "client's threads are not in it; start one anew"
            )
        try:
            yield
        except BaseError as error:
            kind = StoreUnavailable if _may_pass(error) else LakeError
            raise kind(f"{self.where(key)}: cannot be {what}: {_brief(error)}") from None
        except FileNotFoundError as error:
            raise LakeError(f"{self.where(key)}: cannot be {what}: {_code(error) or 'there is no such file'}") from None


def _name_in(key: str) -> str:
    """What the sha256 of the bytes under a key begins with, '' for a key that is not named by its content."""
    found = _CONTENT.search(key)
    return (found[1] or found[2] or found[3]) if found else ""


def _code(error: Exception) -> str:
    """The word that a store has for what is wrong, '' where it has none."""
    found = re.search(r"<Code>([A-Za-z]{1,60})</Code>", str(error))
    return found[1] if found else ""


def _status(error: Exception) -> str:
    found = re.search(r"status code: (\d{3}(?: [A-Z][A-Za-z -]{0,40})?)", str(error))
    return found[1].strip() if found else ""


def _may_pass(error: Exception) -> bool:
    """Whether the same question may be answered later: no answer came, or one that says so."""
    status = _status(error)
    return status.startswith(("5", "429", "408")) if status else type(error).__name__ == "GenericError"


def _brief(error: Exception) -> str:
    """What is wrong, without a word that may hold a secret."""
    text = str(error)
    if said := [part for part in (_status(error), _code(error)) if part]:
        return ", ".join(said)
    if "refused" in text:
        return "nobody listens there"
    if "TimedOut" in text or "timed out" in text:
        return "no answer in time"
    if "dns error" in text or "failed to lookup" in text:
        return "there is no such host"
    if "Connect" in text or "sending request" in text or "IncompleteMessage" in text or "connection" in text:
        return "the connection broke"
    if "credential" in text.lower():
        return "no credentials are set, or they are none"
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__.removesuffix("Error")).lower()


def emptied(cache: Path, before: datetime) -> int:
    """Remove what this machine fetched or began to and did not use since; the number of files. A program that has one
    open reads on.
    """
    gone = 0
    for path in sorted(cache.rglob("*"), reverse=True):
        try:
            facts = path.stat(follow_symlinks=False)
            used = max(facts.st_atime, facts.st_mtime)
            fetched = path.name.startswith(".fetching-") or _name_in(path.relative_to(cache).as_posix())
            if fetched and path.is_file() and used < before.timestamp():
                path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
    return gone
