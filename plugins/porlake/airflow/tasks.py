"""What the tasks of dags/ do: a task's context to settings, then one stage of the pipeline."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowNotFoundException,
    AirflowRuntimeError,
    AirflowSkipException,
)

from porlake import chains, dbt_project, pipeline, registry
from porlake.airflow import counters, lineage
from porlake.airflow.common import ATTESTATIONS, SHRUNK, briefly
from porlake.airflow.hook import EndpointHook, lake_keys
from porlake.airflow.operators import RESULTS
from porlake.airflow.pools import SLOTS
from porlake.errors import (
    BuildError,
    ChainError,
    ConfigurationError,
    LakeError,
    MissingPartition,
    NotRecorded,
    Overtaken,
    RegistryError,
    ReportError,
    StoreUnavailable,
    TransportError,
)
from porlake.model import (
    DATASETS,
    Balance,
    Claim,
    Dataset,
    Evidence,
    LiabilityProof,
    Ownership,
    Price,
    ReportFile,
    Unobserved,
)
from porlake.progress import Lines
from porlake.queries import verdicts
from porlake.queries.lists import list_read
from porlake.startup import without_pandas
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
        without_pandas()
        try:
            return task(*arguments, **options)
        except (Overtaken, StoreUnavailable):
            raise  # the next try begins with what the lake holds then
        except FINAL as error:
            raise AirflowFailException(str(error)) from error
        finally:
            counters.sent()

    return run


def settings(context: Context, networks: list[str] | None = None) -> pipeline.Session:
    """Settings from the run's params, the environment and Airflow's connections for `networks`, whose endpoints a task
    asks at its part of their rate.
    """
    params = context["params"]
    if own := params.get("registry"):  # of this task's process, and of those that it starts
        os.environ[registry.OWN_ROWS] = str(Path(own).absolute())
    found = {} if params["replay"] else _connections(networks or [])
    chosen = pipeline.session(
        record=params["record"], replay=params["replay"], endpoints=found, progress=Lines(log.info), keys=_keys()
    )
    return replace(chosen, workers=SLOTS if networks else 1)


def _keys() -> dict[str, str]:
    """Credentials of the lake's object store, of the connection porlake_lake; none for a lake in a folder, and where
    there is no such connection: then they are the environment's.
    """
    scheme, is_store, _ = os.environ.get("PORLAKE_LAKE", "").partition("://")
    return (_if_there(lambda: lake_keys(scheme)) if is_store else None) or {}


@tried_again_if_it_helps
def sweep(exchange: str, network: str, context: Context) -> int:
    """Read what the exchange claimed last, for the moment of the run; skips where the moment has passed or nothing was
    claimed yet.
    """
    chosen = settings(context, [network])
    moment = _moment(context)
    late, window = (chosen.recording.now() - moment).total_seconds(), registry.load().sweeps[network].window_seconds
    if late > window:
        raise AirflowSkipException(f"{moment:%Y-%m-%d %H:%M} is {late:,.0f} seconds ago, and {network} keeps no past")
    if not pipeline.is_claimed(chosen, exchange, network):
        raise AirflowSkipException(f"no file of {exchange} in the lake claims anything on {network}")
    with counters.of_network(network):
        return pipeline.sweep(chosen, exchange, network, moment)


#: Days after a report was due by its exchange's own rhythm in which it is still waited for.
PATIENCE = 31


@tried_again_if_it_helps
def is_listed(exchange: str, context: Context) -> bool:
    """Whether the report of the run's month is listed. What could not be known is told and is no answer; skips where
    the month is so long ago that nobody waits for its report any more.
    """
    chosen, month = settings(context), _month(exchange, context)
    looked = pipeline.find(chosen, exchange, pipeline.first_of(month))
    _tell(looked.notes, [f"not known: {one.what}: {one.reason}" for one in looked.unknown])
    if due := pipeline.due(chosen, looked, month):
        log.info("%s: %s is listed", exchange, briefly([one.attestation for one in due]))
        return True
    late = pipeline.overdue(exchange, _awaited_since(context), chosen.recording.now())
    if late > PATIENCE:
        why = "; what is listed could not be known" if looked.unknown else ""
        raise AirflowSkipException(
            f"{exchange}: no report of {month} is listed, {late} days after its own rhythm said{why}"
        )
    log.info("%s: no report of %s is listed yet%s", exchange, month, f", {late} days overdue" if late else "")
    return False


@tried_again_if_it_helps
def fetch(exchange: str, context: Context) -> list[str]:
    """The ids of the month's reports that the tables do not have yet; skips where there is none.

    Raises TransportError where a file that is listed did not come, to be tried again; at the last try what came is
    handed on.
    """
    chosen, month = settings(context), _month(exchange, context)
    looked = pipeline.find(chosen, exchange, pipeline.month_before(month))
    done = pipeline.fetch(chosen, pipeline.due(chosen, looked, month))
    _tell([f"kept, and read by no format: {name}" for name in done.kept], [*done.warnings, *done.missing])
    if done.missing and (context["ti"].try_number <= context["task"].retries or not done.reports):
        raise TransportError("; ".join(done.missing))  # it is listed: the next try may get it
    todo = [
        report for report in done.reports
        if not pipeline.is_parsed(chosen, report) or pipeline.awaits_prices(chosen, report)
    ]  # fmt: skip
    if not todo:
        raise AirflowSkipException(f"nothing of {exchange} in {month} is new: nothing is built")
    log.info("%s: %s reports of %s", exchange, len(todo), briefly(pipeline.attestations(chosen, todo)))
    return todo


def _tell(notes: Iterable[str], warnings: Iterable[str]) -> None:
    for note in notes:
        log.info("%s", note)
    for warning in warnings:
        log.warning("%s", warning)


def _month(exchange: str, context: Context) -> str:
    return context["params"]["month"] or pipeline.month_of(exchange, _moment(context))


def _awaited_since(context: Context) -> datetime:
    """From when a report is late: the run's moment; the end of a month that the run names."""
    named = context["params"]["month"]
    if not named:
        return _moment(context)
    return datetime.combine(pipeline.first_of(named), datetime.min.time(), UTC) + timedelta(days=31)


def _moment(context: Context) -> datetime:
    """The moment of a run, by the calendar."""
    found: datetime = context.get("logical_date") or context["dag_run"].run_after
    return found


@tried_again_if_it_helps
def archive_list(exchange: str, context: Context) -> str:
    """State that the newest list of the exchange's addresses is observed at the moment of the run, or the one that the
    run names; the observation's id. Skips where there is no list.
    """
    chosen, params = settings(context), context["params"]
    at = pipeline.moment(params["at"]) if params["at"] else _moment(context)
    try:
        report = pipeline.archive_list(chosen, exchange, at, params["list"])
    except MissingPartition as error:
        raise AirflowSkipException(str(error)) from error
    pipeline.parse(chosen, report)
    listed = list_read(chosen, report)
    log.info("%s", "; ".join(listed.sentences()))
    return report


@tried_again_if_it_helps
def sweep_list(report: str, context: Context) -> list[str]:
    """Read now what the list asks for on networks that keep no past, where now is the moment; the networks."""
    chosen = settings(context)
    swept = pipeline.swept_now(settings(context, pipeline.networks(chosen, report)), report)
    chosen = settings(context, swept)
    last = context["ti"].try_number > context["ti"].max_tries
    for network in swept:
        try:
            with counters.of_network(network):
                read = pipeline.sweep_list(chosen, report, network)
        except (TransportError, ChainError) as error:
            if not last:
                raise
            log.warning("%s is not swept, and observe will find no past: %s", network, error)
        else:
            log.info("swept %s: %s holdings", network, f"{read:,}")
    if not swept:
        raise AirflowSkipException("the list has nothing on a network that is swept, or its moment has passed")
    return swept


@tried_again_if_it_helps
def networks_of(report: str, context: Context) -> list[str]:
    """The networks on which a report asks for something."""
    return pipeline.networks(settings(context), report)


@tried_again_if_it_helps
def archive(exchange: str, context: Context) -> list[list[str]]:
    """The ids of the reports in the files that the run names, or that are archived already; else of those that wait in
    the inbox; skips where there is none. In groups that are worth a task each.
    """
    chosen, params = settings(context), context["params"]
    if params["archived"]:
        return pipeline.together(chosen, [chosen.lake.report(report).report for report in params["archived"]])
    moment = _moment(context)
    sources = params["reports"] or pipeline.waiting(chosen, exchange, moment)
    undated = "" if params["reports"] else pipeline.undated(chosen, exchange)
    if undated:
        log.warning("%s", undated)
    if not sources:
        none = f"no file was named and none of this month waits in {pipeline.inbox(chosen, exchange)}"
        raise AirflowSkipException(f"{none}; {undated}" if undated else none)
    found = pipeline.archive_all(chosen, exchange, sources, params["snapshot"])
    log.info(
        "%s files of %s: %s reports, %s",
        len(sources),
        exchange,
        len(found),
        briefly(pipeline.attestations(chosen, found)),
    )
    return pipeline.together(chosen, found)


@tried_again_if_it_helps
def parse(reports: list[str], context: Context) -> list[str]:
    """One that cannot be read costs the others nothing; the task fails when they are done."""
    chosen, failed = settings(context), list[ReportError]()
    lineage.read(ReportFile)
    for report in reports:
        try:
            pipeline.parse(chosen, report)
        except ReportError as error:
            log.warning("%s: %s", report[:16], error)
            failed.append(error)
            continue
        log.info("parsed %s: %s", report[:16], _counted(_wrote(chosen, report, pipeline.PARSED)))
        if warning := pipeline.shrunk(chosen, report):
            log.warning("%s", warning)
    if failed:
        raise failed[0]
    return reports


@tried_again_if_it_helps
def parts(groups: Iterable[Iterable[str]], context: Context) -> list[dict[str, Any]]:
    """What is worth parsing in shares, each with its report and which of how many it is."""
    chosen = settings(context)
    found = [
        {"report": report, "number": number, "of": of}
        for group in groups
        for report in group
        for number, of in pipeline.parse_shares(chosen, report)
    ]
    log.info("%s shares", len(found))
    return found


@tried_again_if_it_helps
def parse_share(share: Mapping[str, Any], context: Context) -> None:
    """Parse one share. A file that cannot be read is left to `parse`, which says so."""
    try:
        pipeline.parse_share(settings(context), **share)
    except ReportError as error:
        log.warning("%s: %s", share["report"][:16], error)


@tried_again_if_it_helps
def verify(report: str, context: Context) -> str:
    chosen = settings(context)
    pipeline.verify(chosen, report)
    lineage.read(Claim, Evidence)
    _wrote(chosen, report, (Ownership,))
    by_verdict = Counter[str]()
    for (_, verdict, _), rows in verdicts.counts(chosen, [report], 0).counts.items():
        by_verdict[verdict] += rows
    log.info("verified %s: %s", report[:16], _counted(by_verdict))
    return report


@tried_again_if_it_helps
def proofs(reports: list[str], context: Context) -> list[str]:
    chosen = settings(context)
    found = [report for report in reports if pipeline.is_proof(chosen, report)]
    log.info("%s of %s reports are proofs of liabilities", len(found), len(reports))
    return found


@tried_again_if_it_helps
def prove(report: str, context: Context) -> str:
    chosen = settings(context)
    pipeline.prove(chosen, report)
    lineage.read(ReportFile)
    _wrote(chosen, report, (LiabilityProof,))
    for row in chosen.lake.rows(LiabilityProof, exchange=chosen.lake.report(report).exchange, report=report):
        log.info("proved %s: %s: %s, %s", report[:16], row.proof_scheme, row.proof_verdict, row.reason)
    return report


@tried_again_if_it_helps
def shares(reports: list[str], context: Context) -> list[dict[str, Any]]:
    """What is worth reading in shares, each with its report, its network and which of how many it is."""
    known = settings(context)
    asked = sorted({network for report in reports for network in pipeline.networks(known, report)})
    chosen = settings(context, asked)
    found = [
        {"report": report, "network": network, "number": number, "of": of}
        for report in reports
        for network, number, of in pipeline.shares(chosen, report)
    ]
    log.info("%s shares", len(found))
    return found


@tried_again_if_it_helps
def read_share(share: Mapping[str, Any], context: Context) -> None:
    """Ask for one share. Where its endpoint fails to the last, the rest is left to the observation, which judges it."""
    chosen = settings(context, [share["network"]])
    try:
        with counters.of_network(share["network"]):
            pipeline.observe_share(chosen, **share)
    except (TransportError, ChainError) as error:
        if context["ti"].try_number <= context["ti"].max_tries:
            raise
        log.warning("the rest of share %s of %s is left: %s", share["number"] + 1, share["network"], error)


@tried_again_if_it_helps
def observe(report: str, network: str, context: Context) -> str:
    """Skips where the report claims nothing there, and where nothing of it could be read: what is green was looked
    at.
    """
    chosen = settings(context, [network])
    if network not in pipeline.networks(chosen, report):
        raise AirflowSkipException(f"the report claims nothing on {network}")
    if unread := _observed(chosen, report, network):
        raise AirflowSkipException(unread)
    return report


@tried_again_if_it_helps
def observe_others(report: str, own: list[str], context: Context) -> str:
    """The networks of a report that have no task of their own; skips where nothing on any of them could be read."""
    claimed = [network for network in pipeline.networks(settings(context), report) if network not in own]
    chosen = settings(context, claimed)
    unread = list(filter(None, (_observed(chosen, report, network) for network in claimed)))
    if claimed and len(unread) == len(claimed):
        raise AirflowSkipException("; ".join(unread))
    return report


def _observed(chosen: pipeline.Session, report: str, network: str) -> str:
    """Observe a network; why nothing of it was read, '' where something was."""
    with counters.of_network(network):
        pipeline.observe(chosen, report, network)
    lineage.read(Claim)
    counters.unread(network, pipeline.unobserved(chosen, report, network))
    if reasons := pipeline.unread(chosen, report, network):
        sentence = f"{network}: nothing was read: {_counted(reasons)}"
        log.warning("%s", sentence)
        return sentence
    log.info(
        "observed %s of %s: %s",
        network,
        report[:16],
        _counted(_wrote(chosen, report, (Balance, Unobserved), network=network)),
    )
    return ""


@tried_again_if_it_helps
def with_addresses(reports: list[str], context: Context) -> list[str]:
    chosen = settings(context)
    found = [report for report in reports if pipeline.has_addresses(chosen, report)]
    log.info("%s of %s reports state addresses", len(found), len(reports))
    return found


@tried_again_if_it_helps
def claimed_networks(reports: list[str], own: list[str], context: Context) -> list[str]:
    """The networks with a task of their own on which one of the reports claims something; `others` stands for those
    without.
    """
    chosen = settings(context)
    claimed = {network for report in reports for network in pipeline.networks(chosen, report)}
    log.info("%s networks are claimed on", len(claimed))
    return [network for network in own if network in claimed] + ["others"] * bool(claimed - set(own))


@tried_again_if_it_helps
def price(reports: list[str], context: Context) -> None:
    chosen = settings(context)
    spoken = pipeline.attestations(chosen, reports)
    pipeline.price(chosen, spoken)
    lineage.read(ReportFile, Claim)
    lineage.wrote([Price.NAME])
    log.info("priced %s", briefly(spoken))


@tried_again_if_it_helps
def build(context: Context) -> str:
    """Skips where the published marts are those of the lake as it is: nothing would change, and nobody is to be
    woken.
    """
    chosen = settings(context)
    if pipeline.is_published(chosen):
        raise AirflowSkipException(f"nothing is new since build {pipeline.published(chosen)['build_id']}")
    built = pipeline.built(chosen)
    from porlake.queries import tables  # brings DuckDB, which no other task starts

    for line in _told_of(built.results):
        log.info("%s", line)
    lineage.built(DATASETS.values(), dbt_project.marts())
    context["ti"].xcom_push(key=RESULTS, value=[asdict(result) for result in built.results])
    log.info("build %s: %s", built.build_id, tables.database(chosen))
    return built.build_id


def _told_of(results: Iterable[Any]) -> Iterator[str]:
    """Every model and test of a build, in groups that Airflow's log folds."""
    by_kind: dict[str, list[Any]] = {}
    for result in results:
        by_kind.setdefault(result.kind, []).append(result)
    for kind, members in by_kind.items():
        yield f"::group::{kind}: {_counted(Counter(member.status for member in members))}"
        for member in members:
            rows = f", {member.rows:,} rows" if member.rows else ""
            yield f"{member.name}: {member.status}{rows}, {member.seconds} s"
        yield "::endgroup::"


@tried_again_if_it_helps
def warnings(reports: list[str], context: Context) -> list[str]:
    """Sentences about warnings of the kinds that the run's `approve` names; none where nobody need be asked."""
    kinds = set(context["params"].get("approve") or ())
    if not kinds:
        return []
    chosen = settings(context)
    results = context["ti"].xcom_pull(task_ids="build", key=RESULTS) or []
    found = [
        f"{result['name']}: {result['rows']:,} rows"
        for result in results
        if result["status"] == "warn" and result["name"] in kinds
    ]
    if SHRUNK in kinds:
        found += filter(None, (pipeline.shrunk(chosen, report) for report in _each(reports)))
    for sentence in found:
        log.warning("%s", sentence)
    return found


def _each(reports: Iterable[str | list[str]]) -> Iterator[str]:
    """Reports, of which some may come in groups."""
    for one in reports:
        yield from [one] if isinstance(one, str) else one


@tried_again_if_it_helps
def publish(exchange: str, reports: list[str], context: Context) -> str:
    """Publish the marts. The event of each says of which exchange and attestations, from which build, and how many rows
    it has; beside them there is one for each attestation, with the rows of all.
    """
    chosen = settings(context)
    build_id = pipeline.publish(chosen)
    marts = pipeline.published(chosen)["marts"]
    spoken = pipeline.attestations(chosen, reports)
    counted = {mart: int(facts["rows"]) for mart, facts in marts.items()}
    for outlet in context["task"].outlets:
        event, mart = context["outlet_events"][outlet], outlet.uri.rpartition("/")[2]
        rows: dict[str, Any] = (
            {"rows": counted[mart]} if mart in counted else {"rows": sum(counted.values()), "marts": counted}
        )
        event.extra = {"exchange": exchange, "attestations": spoken, "build_id": build_id, **rows}
        if outlet == ATTESTATIONS:
            event.add_partitions(spoken)
    lineage.published(counted)
    counters.rows({f"marts/{mart}": rows for mart, rows in counted.items()}, exchange)
    log.info("published build %s: %s marts, %s rows", build_id, len(counted), sum(counted.values()))
    return build_id


@tried_again_if_it_helps
def page(context: Context) -> str:
    """The page of the published marts, in the lake beside them. Its event says of which build it is, and where."""
    chosen = settings(context)
    place, build_id = pipeline.page(chosen)
    for outlet in context["task"].outlets:
        context["outlet_events"][outlet].extra = {"build_id": build_id, "place": place}
    log.info("the page of build %s: %s", build_id, place)
    return build_id


def _wrote(chosen: pipeline.Session, report: str, datasets: Iterable[type[Dataset]], **only: str) -> dict[str, int]:
    """Counts the rows that a task wrote, and says to lineage where there are any; the rows by dataset."""
    exchange = chosen.lake.report(report).exchange
    rows = {
        row_class.NAME: sum(p.rows for p in chosen.lake.pointers(row_class, exchange=exchange, report=report, **only))
        for row_class in datasets
    }
    counters.rows(rows, exchange, **only)
    lineage.wrote(name for name, number in rows.items() if number)
    return rows


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()) if number) or "no rows"


def _connections(networks: list[str]) -> dict[str, tuple[Endpoint, ...]]:
    """Endpoints by network: porlake_<network>, then porlake_<network>_2 and so on, which take over from it."""
    facts = registry.load().networks
    asked = dict.fromkeys((*networks, *filter(None, (chains.beside(facts[name]) for name in networks))))
    read = [network for network in asked if facts[network].is_read]
    found = {network: tuple(_endpoints(f"porlake_{network}")) for network in read}
    return {network: endpoints for network, endpoints in found.items() if endpoints}


def _endpoints(name: str) -> Iterator[Endpoint]:
    for number in count(1):
        endpoint = _if_there(EndpointHook(name if number == 1 else f"{name}_{number}").endpoint)
        if endpoint is None:
            return
        yield endpoint


def _if_there(get: Callable[[], Made]) -> Made | None:
    """What is made of a connection; None where there is no such connection."""
    try:
        return get()
    except AirflowNotFoundException:
        return None
    except AirflowRuntimeError as error:
        if "not found" not in str(error).lower() and "not_found" not in str(error).lower():
            raise
        return None
