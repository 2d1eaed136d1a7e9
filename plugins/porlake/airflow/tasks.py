"""What the tasks of dags/ do: a task's context to settings, then one stage of the pipeline."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from itertools import count
from typing import Any, ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowRuntimeError, AirflowSkipException

from porlake import chains, pipeline, registry
from porlake.airflow.hook import EndpointHook
from porlake.errors import BuildError, ConfigurationError, LakeError, NotRecorded, RegistryError, ReportError
from porlake.progress import Lines
from porlake.transport import Endpoint

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Given = ParamSpec("Given")
Made = TypeVar("Made")

#: What a second try would meet again: the task fails at once and is not put off for its retries.
FINAL = (ConfigurationError, RegistryError, ReportError, LakeError, BuildError, NotRecorded)


def tried_again_if_it_helps(task: Callable[Given, Made]) -> Callable[Given, Made]:
    @wraps(task)
    def run(*arguments: Given.args, **options: Given.kwargs) -> Made:
        try:
            return task(*arguments, **options)
        except FINAL as error:
            raise AirflowFailException(str(error)) from error

    return run


def settings(context: Context, networks: list[str] | None = None) -> pipeline.Settings:
    """Settings from the run's params, the environment, and Airflow's connections for the `networks` that the task asks."""
    params = context["params"]
    found = {} if params["replay"] else _connections(networks or [])
    return pipeline.settings(record=params["record"], replay=params["replay"], endpoints=found, progress=Lines(log.info))


@tried_again_if_it_helps
def sweep(exchange: str, network: str, context: Context) -> int:
    """Read what the exchange claimed last, for the moment of the run; skips where the moment has passed or nothing was claimed yet."""
    chosen = settings(context, [network])
    moment = context.get("logical_date") or context["dag_run"].run_after
    late, window = (chosen.tape.now() - moment).total_seconds(), registry.load().sweeps[network].window_seconds
    if late > window:
        raise AirflowSkipException(f"{moment:%Y-%m-%d %H:%M} is {late:,.0f} seconds ago, and {network} keeps no past")
    if not pipeline.is_claimed(chosen, exchange, network):
        raise AirflowSkipException(f"no file of {exchange} in the lake claims anything on {network}")
    return pipeline.sweep(chosen, exchange, network, moment)


@tried_again_if_it_helps
def archive(exchange: str, context: Context) -> list[str]:
    """The ids of the reports in the files that the run names, else of those that wait in the inbox; skips where there is none."""
    chosen, params = settings(context), context["params"]
    moment = context.get("logical_date") or context["dag_run"].run_after
    sources = params["reports"] or pipeline.waiting(chosen, exchange, moment)
    if not sources:
        raise AirflowSkipException(f"no file was named and none of this month waits in {pipeline.inbox(chosen, exchange)}")
    return list(dict.fromkeys(report for source in sources for report in pipeline.archive(chosen, exchange, source, params["snapshot"])))


@tried_again_if_it_helps
def stage(name: str, *arguments: str, context: Context) -> str:
    """One stage of the pipeline by name: parse, verify, observe, build or publish."""
    networks = list(arguments[1:]) if name == "observe" else []
    chosen = settings(context, networks)
    if name == "observe" and arguments[1] not in pipeline.networks(chosen, arguments[0]):
        raise AirflowSkipException(f"the report claims nothing on {arguments[1]}")
    return str(getattr(pipeline, name)(chosen, *arguments))


@tried_again_if_it_helps
def with_addresses(reports: list[str], context: Context) -> list[str]:
    chosen = settings(context)
    return [report for report in reports if pipeline.has_addresses(chosen, report)]


@tried_again_if_it_helps
def observe_others(report: str, own: list[str], context: Context) -> str:
    """The networks of a report that have no task of their own."""
    claimed = [network for network in pipeline.networks(settings(context), report) if network not in own]
    chosen = settings(context, claimed)
    for network in claimed:
        pipeline.observe(chosen, report, network)
    return report


@tried_again_if_it_helps
def price(reports: list[str], context: Context) -> None:
    chosen = settings(context)
    pipeline.price(chosen, pipeline.attestations(chosen, reports))


def _connections(networks: list[str]) -> dict[str, tuple[Endpoint, ...]]:
    """Endpoints by network: porlake_<network>, then porlake_<network>_2 and so on, which take over from it."""
    asked = dict.fromkeys((*networks, *(chains.BESIDE[name] for name in networks if name in chains.BESIDE)))
    read = [network for network in asked if registry.load().networks[network].client != "none"]
    found = {network: tuple(_endpoints(f"porlake_{network}")) for network in read}
    return {network: endpoints for network, endpoints in found.items() if endpoints}


def _endpoints(name: str) -> Iterator[Endpoint]:
    for number in count(1):
        try:
            yield EndpointHook(name if number == 1 else f"{name}_{number}").endpoint()
        except AirflowNotFoundException:
            return
        except AirflowRuntimeError as error:
            if "not found" not in str(error).lower() and "not_found" not in str(error).lower():
                raise
            return
