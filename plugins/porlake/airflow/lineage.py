"""What tasks read and write, for OpenLineage: told to Airflow's collector of lineage, which is there where a provider
listens to it (apache-airflow-providers-openlineage), else nowhere.

An asset is named by its place in the flow, `porlake://lake/claim`, `porlake://tables/reserve_ratio`,
`porlake://marts/reserve_ratio`; its dataset by the namespace `porlake` and what follows: alike wherever the lake lies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from porlake.model import Dataset

NAMESPACE = "porlake"


def sanitized(uri: SplitResult) -> SplitResult:
    """The URI of an asset as Airflow keeps it. Raises ValueError where it names nothing of porlake's."""
    if not uri.netloc or not uri.path.strip("/") or uri.query:
        raise ValueError("an asset of porlake's is porlake://<stage>/<name>: porlake://marts/reserve_ratio")
    return uri


def dataset(asset: Any, lineage_context: Any) -> Any:
    """An asset of porlake's as a dataset of OpenLineage's."""
    from airflow.providers.common.compat.openlineage import facet

    uri = urlsplit(asset.uri)
    return facet.Dataset(namespace=NAMESPACE, name=f"{uri.netloc}{uri.path}")


def read(*datasets: type[Dataset]) -> None:
    """The running task read these datasets of the lake."""
    _collect("add_input_asset", "lake", (row_class.NAME for row_class in datasets))


def wrote(names: Iterable[str]) -> None:
    """The running task wrote datasets of the lake, by their names."""
    _collect("add_output_asset", "lake", names)


def built(datasets: Iterable[type[Dataset]], marts: Iterable[str]) -> None:
    """The running task made tables of datasets."""
    read(*datasets)
    _collect("add_output_asset", "tables", marts)


def published(marts: Iterable[str]) -> None:
    """The running task published tables; the marts are its outlets."""
    _collect("add_input_asset", "tables", marts)


def _collect(method: str, stage: str, names: Iterable[str]) -> None:
    from airflow.sdk.lineage import get_hook_lineage_collector

    collector = get_hook_lineage_collector()
    for name in names:
        getattr(collector, method)(_collect, uri=f"porlake://{stage}/{name}")
