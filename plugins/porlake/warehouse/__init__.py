"""The build in DuckDB, and the published marts.

`build` takes the lake's pointers first and holds the files that they name: a lake that is written meanwhile changes
nothing. It makes a fresh DuckDB file aside: typed views over these files, the registry as tables, then `dbt build` on
it as one subprocess (run in process, dbt keeps the file locked); the finished file takes the old one's place. `publish`
writes the marts as Parquet and shows them all at once.

    <root>/porlake.duckdb                         schemas main (marts), core, registry (tables); staging, lake (views)
    <root>/failed_build.duckdb                    the last build that failed, its offending rows in schema failed_tests
    <root>/marts/<mart>/<content>/part-0.parquet  immutable
    <root>/marts/manifest.json                    what is published now
    <root>/marts/latest/<mart>/part-0.parquet     a stable path for dashboards: `latest` is a link that is swapped
    <root>/page/                                  the page, where it is wanted (`page`)

    <root>/marts/delta/<mart>/                    the same as Delta tables, where they are wanted (`delta`)

A lake on an object store has no links: `marts/manifest.json` leads to the marts, and `marts/build.json` to
`marts/builds/<build id>/<content>/porlake.duckdb`, which each machine fetches once.
"""

from __future__ import annotations

from porlake.dbt_project import marts as marts
from porlake.dbt_project import sql_folder as sql_folder
from porlake.warehouse.building import Built, build, files_of, identity
from porlake.warehouse.database import OFFLINE, SEARCH_PATH, SETTINGS, database_of, failed_of, search_path
from porlake.warehouse.dbt_run import dbt
from porlake.warehouse.delta import DELTA_TABLES, vacuum
from porlake.warehouse.page import Page, bundle_folder, page_beside, page_in
from porlake.warehouse.publishing import MARTS_VERSION, all_files, manifest_of, publish, shown_at
from porlake.warehouse.statements import query, read
from porlake.warehouse.views import prepare

__all__ = [
    "DELTA_TABLES", "MARTS_VERSION", "OFFLINE", "SEARCH_PATH", "SETTINGS", "Built", "Page", "all_files", "build",
    "bundle_folder", "database_of", "dbt", "failed_of", "files_of", "identity", "manifest_of", "marts", "page_beside",
    "page_in", "prepare", "publish", "query", "read", "search_path", "shown_at", "sql_folder", "vacuum",
]  # fmt: skip
