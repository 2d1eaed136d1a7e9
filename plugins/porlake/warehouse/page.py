"""The page: the published marts as a folder that any web server or object store serves.

    index.html, main.js ...             the built front end, as it ships
    data/page.json                      what the page consists of; replaced last, readers go through it
    data/<content>/<mart>.parquet       the published mart, byte for byte
    data/<content>/<mart>.csv           the same rows as text, decimals exact
    data/<content>/<mart>.sql           the statement that made it
    data/<content>/view/<mart>.parquet  what the front end reads: decimals and moments as exact text
    feed.xml, latest.json               what is new: of the market, and of each exchange below exchange/<id>/

A folder `<content>` never changes: it is named by what lies in it. No time of the run stands anywhere, so that the same
marts give the same bytes. Nothing is read but what was published, and the registry for the names of things.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from porlake import dbt_project, registry, served
from porlake import lake as lake_room
from porlake.errors import ConfigurationError, Damaged, LakeError
from porlake.lake import Lake, LocalStore, Store
from porlake.lake.store import ASIDE
from porlake.progress import Tell, silent
from porlake.warehouse import feeds
from porlake.warehouse.database import OFFLINE, explained, quoted
from porlake.warehouse.measures import measures
from porlake.warehouse.publishing import manifest_of

FORM = 1
"""Number of the folder's form: a page of another form is made anew beside it."""
MARK = "data/README.txt"
"""Written first: whose the folder is, where a writer was killed before its end."""
MARKED = b"""A page of porlake: all that lies here is made anew by `porlake page`. Its readers go through page.json.
"""
ROWS, MOST_ROWS = 2_000, 20_000
"""Of a row group of a view: with the first it ends where an exchange ends, with the second in any case."""
_FOUND_BY = ("exchange", "attestation", "asset", "network", "month", "snapshot_at")
_FOLDER = re.compile(r"data/[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Page:
    """`place`: where a person finds it. `build_id`: of the marts that it shows."""

    place: str
    build_id: str


def bundle_folder() -> Path:
    """The built front end, as it ships."""
    return Path(__file__).resolve().parents[1] / "page"


def page_in(lake: Lake, out: Path, url: str = "", tell: Tell = silent) -> Page:
    """The page in a local folder, made or replaced. `url`: where it will be served, for the links of the feeds.

    Raises ConfigurationError where the folder holds anything that is not of a page, MissingPartition where nothing is
    published, LakeError.
    """
    _may_be_ours(out)
    return _make(lake, LocalStore(out.absolute()), "", url, tell)


def page_beside(lake: Lake, url: str = "", tell: Tell = silent) -> Page:
    """The page in the lake itself, beside the marts. Raises MissingPartition, LakeError."""
    return _make(lake, lake.store, f"{served.IN_LAKE}/", url, tell)


def _may_be_ours(out: Path) -> None:
    """Raises ConfigurationError: a folder that is not a page's is left as it is."""
    try:
        if out.is_dir():
            there = [path.name for path in out.iterdir() if not path.name.startswith(ASIDE)]
            marked = (out / MARK).is_file() and (out / MARK).read_bytes() == MARKED
            if there and not marked:
                raise ConfigurationError(
                    f"{out}: holds other things ({', '.join(sorted(there)[:3])}) and no page of porlake's; name a "
                    "folder that is empty or not there yet"
                )
            if there and (out / served.PAGE).exists():
                _listed((out / served.PAGE).read_bytes(), str(out / served.PAGE))
        elif out.exists() or out.is_symlink():
            raise ConfigurationError(f"{out}: is no folder")
        elif not out.absolute().parent.is_dir():
            raise ConfigurationError(f"{out}: there is no folder {out.absolute().parent}")
    except OSError as error:
        raise ConfigurationError(f"{out}: cannot be looked into: {error.strerror or error}") from error
    except Damaged as error:
        raise ConfigurationError(f"{error}; name another folder, or remove this one yourself") from error


def _listed(content: bytes, where: str) -> tuple[str, list[str]]:
    """(folder of the data, names of the other files) of a page that is there. Raises Damaged for what no page is."""
    try:
        said = lake_room.json_of(content)
        folder, files = said["folder"], said["files"]
        if said["porlake"] and _FOLDER.fullmatch(folder) and all(map(_is_name, files)):
            return folder, files
    except (ValueError, LookupError, TypeError) as error:
        raise Damaged(f"{where}: not of a page of porlake's") from error
    raise Damaged(f"{where}: not of a page of porlake's")


def _is_name(name: str) -> bool:
    return re.fullmatch(r"(exchange/[a-z][a-z0-9_.]*/)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", name) is not None


def _make(lake: Lake, store: Store, prefix: str, url: str, tell: Tell) -> Page:
    where = store.where(prefix.rstrip("/"))
    if url and not served.is_address(url):
        raise ConfigurationError(f"{url!r} is no address of a page: https://example.org/reserves/")
    with explained(LakeError, f"{where}: the page cannot be made, the one of before stays"):
        manifest = manifest_of(lake)
        if lacking := sorted(set(dbt_project.marts()) - set(manifest["marts"])):
            raise LakeError(
                f"{lake.store.where('marts/manifest.json')}: an older porlake published it, without {lacking[0]}; "
                "`porlake build` and `porlake publish` make it anew"
            )
        with store.alone(prefix.rstrip("/")):
            folder = store.workspace(prefix.rstrip("/"))
            try:
                with _reader(folder) as connection:
                    making = _Making(lake, manifest, folder, connection, url.rstrip("/") + "/" if url else "")
                    return _written(making, store, prefix, tell)
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def _written(making: _Making, store: Store, prefix: str, tell: Tell) -> Page:
    """What never changes first, then what is replaced, `page.json` last; then what nobody reads any more is removed."""
    before = store.read(prefix + served.PAGE)
    shown, old = _listed(before.content, store.where(prefix + served.PAGE)) if before else ("", [])
    store.put_if_absent(prefix + MARK, MARKED)
    tell("rows of the page", 0, making.rows)
    done = 0
    for mart, files_of_mart in making.data():
        for name, path in files_of_mart:
            store.put_file(f"{prefix}{making.content}/{name}", path, served.type_of(name) or "")
        if rows := making.marts[mart]["rows"]:
            done += rows
            tell("rows of the page", done, making.rows)
    files = making.others()
    for name, path in sorted(files.items()):
        store.put_file(prefix + name, path, served.type_of(name) or "")
    content = orjson.dumps(making.page(sorted(files)), option=orjson.OPT_SORT_KEYS)
    if not store.swap(prefix + served.PAGE, content, before.tag if before else None):
        raise LakeError(f"{store.where(prefix + served.PAGE)}: another page was faster; it stays")
    for name in set(old) - set(files):
        store.delete(prefix + name)
    kept = {making.content.rpartition("/")[2], shown.rpartition("/")[2]}  # a reader may still have the one before open
    for name in list(store.folders(f"{prefix}data")):
        if _FOLDER.fullmatch(f"data/{name}") and name not in kept:
            store.delete_folder(f"{prefix}data/{name}")
    return Page(store.where(f"{prefix}index.html"), str(making.manifest["build_id"]))


class _Making:
    """The files of one page, made in a folder aside. `connection` has each mart as a view of its name."""

    def __init__(
        self, lake: Lake, manifest: Mapping[str, Any], folder: Path, connection: duckdb.DuckDBPyConnection, url: str
    ) -> None:
        self.lake, self.manifest, self.folder, self.connection, self.url = lake, manifest, folder, connection, url
        self.marts: Mapping[str, Mapping[str, Any]] = dict(sorted(manifest["marts"].items()))
        self.rows = sum(facts["rows"] for facts in self.marts.values())
        digest = hashlib.sha256(f"{FORM}\n".encode())
        for mart, facts in self.marts.items():
            digest.update(f"{mart} {facts['sha256']} {facts.get('sql')}\n".encode())
        self.content = f"data/{digest.hexdigest()[:16]}"
        self.view_bytes: dict[str, int] = {}
        self.schemas: dict[str, dict[str, str]] = {}
        for mart in self.marts:
            self._fetch(mart)
            names = pq.read_schema(self.parquet(mart)).names
            self.schemas[mart] = {name: str(self.marts[mart]["schema"][name]) for name in names}
            rows = f"read_parquet({quoted(str(self.parquet(mart)))})"
            connection.execute(f'create view "{mart}" as select * from {rows}')

    def _fetch(self, mart: str) -> None:
        """A copy and no link: who writes into the page must not write into the lake. Raises Damaged."""
        key = f"marts/{mart}/{self.marts[mart]['folder']}/part-0.parquet"
        with self.lake.store.open(key) as source, self.parquet(mart).open("wb") as target:
            shutil.copyfileobj(source, target)
        if lake_room.sha256_of(self.parquet(mart)) != self.marts[mart]["sha256"]:
            raise Damaged(f"{self.lake.store.where(key)}: damaged; `porlake publish` writes it anew")

    def parquet(self, mart: str) -> Path:
        return self.folder / f"{mart}.parquet"

    def data(self) -> Iterator[tuple[str, Iterator[tuple[str, Path]]]]:
        """Every mart with its files, by their names in the folder of the data; the mart itself is the last of them, for
        the others are made of it, and so are the feeds.
        """
        self.names = _names_of_things(self)
        self.as_of = feeds.moment(self._rows("select max(retrieved_at) as at from reports")[0]["at"])
        self.feeds = feeds.feeds(self._rows, self.names["exchanges"], str(self.manifest["build_id"]), self.url)
        for mart in self.marts:
            yield mart, self._files(mart)

    def _files(self, mart: str) -> Iterator[tuple[str, Path]]:
        view = self._view(mart)
        self.view_bytes[mart] = view.stat().st_size
        yield f"view/{mart}.parquet", view
        yield f"{mart}.csv", self._csv(mart)
        if sql := self.marts[mart].get("sql"):
            path = self.folder / f"{mart}.sql"
            path.write_text(sql, encoding="utf-8")
            yield f"{mart}.sql", path
        yield f"{mart}.parquet", self.parquet(mart)

    def _view(self, mart: str) -> Path:
        path = self.folder / f"{mart}.view"
        schema = self.schemas[mart]
        columns = ", ".join(f'{_as_text(name, kind)} as "{name}"' for name, kind in schema.items())
        order = ", ".join([f'"{name}" nulls last' for name in ("exchange", "snapshot_at") if name in schema])
        reader = self.connection.sql(
            f"select {columns} from read_parquet({quoted(str(self.parquet(mart)))}, file_row_number = true) "
            f"order by {order}, file_row_number"
        ).to_arrow_reader(8_192)
        indexed = [name for name in _FOUND_BY if name in schema]
        with pq.ParquetWriter(path, reader.schema, compression="snappy", write_statistics=indexed) as parquet:
            for group in _groups(reader):
                parquet.write_table(group, row_group_size=MOST_ROWS)
        return path

    def _csv(self, mart: str) -> Path:
        path = self.folder / f"{mart}.csv"
        with pq.ParquetFile(self.parquet(mart)) as parquet:
            lake_room.export_batches(path, parquet.schema_arrow, parquet.iter_batches())
        return path

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement over the marts."""
        answer = self.connection.execute(sql)
        names = [name for name, *_ in answer.description or []]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def others(self) -> dict[str, Path]:
        """The front end and the feeds, by their names."""
        bundle = bundle_folder()
        if not (bundle / "index.html").is_file():
            raise LakeError(f"{bundle}: the front end is not there; install porlake anew")
        made = {path.name: path.read_bytes() for path in bundle.iterdir() if _is_name(path.name)} | self.feeds
        paths = {}
        for number, (name, content) in enumerate(sorted(made.items())):
            paths[name] = self.folder / f"other-{number}"
            paths[name].write_bytes(content)
        return paths

    def page(self, files: Sequence[str]) -> dict[str, Any]:
        return {
            "porlake": "page",
            "form": FORM,
            "build_id": self.manifest["build_id"],
            "marts_version": self.manifest["version"],
            "as_of": self.as_of,
            "url": self.url,
            "folder": self.content,
            "files": list(files),
            "marts": [self._mart(mart, facts) for mart, facts in self.marts.items()],
            **self.names,
            "reasons": _reasons(),
            "measures": [asdict(measure) for measure in measures()],
        }

    def _mart(self, mart: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        meanings = facts.get("columns", {})
        return {
            "name": mart,
            "description": facts.get("description", ""),
            "rows": facts["rows"],
            "bytes": facts["bytes"],
            "sha256": facts["sha256"],
            "columns": [
                {"name": name, "type": kind.lower(), "description": meanings.get(name, "")}
                for name, kind in self.schemas[mart].items()
            ],
            "parquet": f"{self.content}/{mart}.parquet",
            "csv": f"{self.content}/{mart}.csv",
            "sql": f"{self.content}/{mart}.sql" if facts.get("sql") else None,
            "view": f"{self.content}/view/{mart}.parquet",
            "view_bytes": self.view_bytes[mart],
        }


@contextmanager
def _reader(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own that reads the files of a folder; what does not fit into memory goes there, too."""
    with duckdb.connect(
        config=OFFLINE | {"memory_limit": "1500MB", "temp_directory": str(folder / "spilled")}
    ) as found:
        found.execute("set timezone = 'UTC'")
        yield found


def _as_text(name: str, kind: str) -> str:
    """A column as the front end reads it: JavaScript has no decimals, and its dates know no microseconds."""
    column = f'"{name}"'
    if kind.startswith("DECIMAL"):
        return f"{column}::varchar{'[]' if kind.endswith('[]') else ''}"
    if kind == "DATE":
        return f"{column}::varchar"
    if kind.startswith("TIMESTAMP"):
        at = f"make_timestamp(epoch_us({column}))"
        whole = f"epoch_us({column}) % 1000000 = 0"
        to_seconds, to_micros = (f"strftime({at}, '%Y-%m-%dT%H:%M:%S{rest}Z')" for rest in ("", ".%f"))
        return f"case when {whole} then {to_seconds} else {to_micros} end"
    return column


def _groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Rows as row groups, each whole exchanges where these are not too large; at least one, also of no rows."""
    waiting: list[pa.RecordBatch] = []
    rows, last, any_group = 0, None, False
    for batch in reader:
        start = 0
        for place, exchange in enumerate(batch.column("exchange").to_pylist()):
            so_far = rows + place - start
            if so_far >= MOST_ROWS or (so_far >= ROWS and exchange != last):
                yield pa.Table.from_batches([*waiting, batch.slice(start, place - start)], reader.schema)
                waiting, rows, start, any_group = [], 0, place, True
            last = exchange
        waiting.append(batch.slice(start))
        rows += batch.num_rows - start
    if rows or not any_group:
        yield pa.Table.from_batches(waiting, reader.schema)


def _names_of_things(making: _Making) -> dict[str, list[dict[str, Any]]]:
    """The exchanges, assets and networks that the marts name, as the registry knows them."""

    def named(column: str) -> list[str]:
        having = [mart for mart, schema in making.schemas.items() if schema.get(column) == "VARCHAR"]
        union = " union ".join(f'select "{column}" as name from "{mart}"' for mart in having)
        return [row["name"] for row in making._rows(f"select name from ({union}) where name is not null order by all")]

    facts = registry.load()
    return {
        "exchanges": [_exchange(facts, name) for name in named("exchange")],
        "assets": [
            {"name": name, "title": asset.name, "class": asset.asset_class, "scale": asset.scale,
             "underlying": asset.underlying}
            for name in named("asset") if (asset := facts.assets.get(name))
        ],
        "networks": [
            {"name": name, "title": network.name, "family": network.client}
            for name in named("network") if (network := facts.networks.get(name))
        ],
    }  # fmt: skip


def _exchange(facts: registry.Registry, name: str) -> dict[str, Any]:
    known = facts.exchanges.get(name)
    of_its = [row for row in facts.exchange_tokens.values() if row.exchange == name]
    return {
        "name": name,
        "title": known.name if known else name,
        "home": known.home if known else "",
        "note": known.note if known else "",
        "utc_offset": known.utc_offset if known else "+00:00",
        "own_tokens": sorted({row.asset for row in of_its if row.relation == "own"}),
        "affiliated_tokens": sorted({row.asset for row in of_its if row.relation == "affiliated"}),
    }


@cache
def _reasons() -> list[dict[str, str]]:
    rows = registry.load().reasons.values()
    return [{name: getattr(row, name) for name in ("code", "stage", "place", "meaning")} for row in rows]
