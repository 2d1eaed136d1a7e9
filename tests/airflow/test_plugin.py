"""The page inside Airflow: its files as they lie in the lake, and the way from a run to its exchange."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse, FastAPIAppResponse
from fastapi import FastAPI
from starlette.testclient import TestClient

from porlake import served
from porlake.airflow import plugin


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Airflow's server as it mounts a plugin's applications, over a lake with a page of two files."""
    monkeypatch.setenv("PORLAKE_LAKE", str(tmp_path))
    for name, content in {"index.html": b"<!doctype html>", "data/0123456789abcdef/a.parquet": b"0123456789"}.items():
        (tmp_path / "page" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "page" / name).write_bytes(content)
    (tmp_path / "page" / "secret.key").write_text("k")
    (tmp_path / "lake.html").write_text("not of the page")
    app = FastAPI()
    for one in plugin.PagePlugin.fastapi_apps:
        app.mount(str(one["url_prefix"]), one["app"])
    return TestClient(app, follow_redirects=False)


def test_airflow_finds_the_plugin_and_takes_what_it_says() -> None:
    (found,) = (entry for entry in entry_points(group="airflow.plugins") if entry.name == "porlake")
    assert found.load() is plugin.PagePlugin
    for one in plugin.PagePlugin.fastapi_apps:
        FastAPIAppResponse(**{**one, "app": str(one["app"])})
    views = [ExternalViewResponse(**view) for view in plugin.PagePlugin.external_views]
    assert [view.destination for view in views] == ["nav", "dag_run"]
    assert len({view.url_route for view in views}) == 2


def test_a_file_has_its_type_and_the_headers(client: TestClient) -> None:
    answer = client.get("/porlake-page/index.html")
    assert (answer.status_code, answer.content) == (200, b"<!doctype html>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert {name: answer.headers[name] for name in served.HEADERS} == served.HEADERS
    of_head = client.head("/porlake-page/data/0123456789abcdef/a.parquet")
    assert (of_head.status_code, of_head.headers["content-length"], of_head.content) == (200, "10", b"")
    assert "immutable" in of_head.headers["cache-control"]
    part = client.get("/porlake-page/data/0123456789abcdef/a.parquet", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")


@pytest.mark.parametrize(
    ("dag", "view"),
    [
        ("proof_of_reserves_okx", "#/exchange/okx"),
        ("find_crypto_com", "#/exchange/crypto_com"),
        ("observe_bitfinex", "#/exchange/bitfinex"),
        ("sweep_okx", "#/exchange/okx"),
        ("publish_page", "#/market"),
        ("find_%22%3E%3Cscript%3E", "#/exchange/%22%3E%3Cscript%3E"),
    ],
)
def test_a_run_leads_to_its_exchange(client: TestClient, dag: str, view: str) -> None:
    answer = client.get(f"/porlake-page/run/{dag}")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/porlake-page/index.html{view}")


def test_a_name_with_a_line_end_sets_no_header(client: TestClient) -> None:
    answer = client.get("/porlake-page/run/find_%0D%0ASet-Cookie: a=b")
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)


@pytest.mark.parametrize("path", ["secret.key", "../lake.html", "%2e%2e/lake.html", "data", "none.html", ".html"])
def test_nothing_else_is_given_out(client: TestClient, path: str) -> None:
    assert client.get(f"/porlake-page/{path}").status_code == 404
    assert client.post("/porlake-page/index.html").status_code == 405


def test_where_there_is_no_page_yet_it_says_how_one_is_made(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORLAKE_LAKE", str(tmp_path / "other"))
    answer = client.get("/porlake-page/index.html")
    assert answer.status_code == 404
    assert "the DAG publish_page, makes it" in answer.text
    assert client.get("/porlake-page/").headers["location"] == "/porlake-page/index.html"
