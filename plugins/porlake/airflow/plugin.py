"""What porlake adds to Airflow's UI: the page in the navigation, and a link to its exchange on each run.

The files are those that `porlake page` or the DAG publish_page wrote into the lake, read anew for each request, so that
the page is as new as its last publish. They are public by their nature: Airflow asks nobody who sees plugins' files for
a password. Nothing heavy is imported before somebody looks: Airflow loads plugins in every process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from airflow.plugins_manager import AirflowPlugin

from porlake import served

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response

PREFIX = "/porlake-page"
#: How the ids of the DAGs of one exchange begin.
_OF_AN_EXCHANGE = ("proof_of_reserves_", "find_", "observe_", "sweep_")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application: the files of the page, and below run/ the way from a DAG to its exchange."""
    if scope["type"] != "http":
        return
    from starlette.concurrency import run_in_threadpool

    asked = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
    answer = await run_in_threadpool(_answer, str(scope["method"]), asked)
    await answer(scope, receive, send)


def _answer(method: str, asked: str) -> Response:
    from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse

    if method not in ("GET", "HEAD"):
        return PlainTextResponse("", 405, served.HEADERS | {"Allow": "GET, HEAD"})
    if asked in ("", "/"):  # relative names of the page begin below a folder
        return RedirectResponse(f"{PREFIX}/index.html", 307, served.HEADERS)
    if asked.startswith("/run/"):
        return RedirectResponse(f"{PREFIX}/index.html{_view_of(unquote(asked[5:]))}", 307, served.HEADERS)
    name = served.file_of(asked)
    path = _file(name) if name else None
    if name is None or path is None:
        told = "" if name != "index.html" else (
            "There is no page yet: `porlake page`, or the DAG publish_page, makes it of the published marts."
        )  # fmt: skip
        return PlainTextResponse(told, 404, served.HEADERS)
    return FileResponse(path, media_type=served.type_of(name), headers=served.headers_of(name))


def _view_of(dag: str) -> str:
    """Where the page shows what a DAG is about: `proof_of_reserves_okx` leads to okx, any other to the market."""
    begins = next((prefix for prefix in _OF_AN_EXCHANGE if dag.startswith(prefix)), "")
    return f"#/exchange/{quote(dag.removeprefix(begins), safe='')}" if begins else "#/market"


def _file(name: str) -> Path | None:
    """A local file with the bytes of the page's file of this name, as the lake holds it now."""
    from porlake import pipeline
    from porlake.errors import MissingPartition

    try:
        return pipeline.page_file(pipeline.session(), name)
    except MissingPartition:
        return None


class PagePlugin(AirflowPlugin):
    name = "porlake"
    fastapi_apps = [{"app": page, "url_prefix": PREFIX, "name": "porlake page"}]  # noqa: RUF012 - Airflow's own form
    external_views = [  # noqa: RUF012
        {
            "name": "Proof of reserves",
            "href": f"{PREFIX}/index.html",
            "url_route": "porlake-page",
            "destination": "nav",
            "category": "browse",
        },
        {
            "name": "Proof of reserves",
            "href": f"{PREFIX}/run/{{DAG_ID}}",
            "url_route": "porlake-exchange",
            "destination": "dag_run",
        },
    ]
