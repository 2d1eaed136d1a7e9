"""One DAG for each exchange of the registry: archive -> parse -> verify, prove, observe, price -> build -> publish."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronTriggerTimetable, Param, dag, get_current_context, task

from porlake import registry
from porlake.airflow.common import (
    APPROVES,
    BUILDS,
    LONG,
    PUBLISHES,
    answers,
    approval,
    is_asked_for,
    own_rows,
    task_defaults,
)
from porlake.airflow.operators import Approve, Build
from porlake.airflow.pools import SHARES

TASKS = task_defaults(timedelta(hours=1))
PARAMS = {
    "reports": Param([], type="array", items={"type": "string"}, title="Published files",
                     description="Paths or URLs, one a line. Empty: the files of data/inbox/<exchange> of this month."),
    "snapshot": Param(None, type=["null", "string"], title="Snapshot",
                      description="A day of the exchange's clock (2024-03-25) or a moment with its zone "
                      "(2024-03-25T16:00Z), where neither name nor content of the file says it."),
    "archived": Param([], type="array", items={"type": "string"}, title="Reports in the lake",
                      description="Ids of reports that are archived already, as find_<exchange> hands them on."),
    **answers(),
    **own_rows(),
    **approval(),
}  # fmt: skip


OBSERVE = (
    "Balances at the snapshot height. Skipped, with the reason, where the report claims nothing there or nothing could "
    "be read."
)


def own_pools(exchange: str) -> list[str]:
    """Networks with a task and a pool of their own: those of the exchange's labels that a client reads, EVM networks
    only at a known endpoint.

    Labels name some ninety EVM networks; the rest of them share a task.
    """
    facts = registry.load()
    named = {row.network for row in facts.labels.values() if row.exchange == exchange and row.network}
    read = [facts.networks[name] for name in sorted(named) if facts.networks[name].is_read]
    return [network.network for network in read if network.endpoint or network.network not in facts.evm_networks]


def each(groups: Iterable[Iterable[str]]) -> list[str]:
    """The reports of all groups."""
    return [report for group in groups for report in group]


def proof_of_reserves(exchange: registry.Exchange) -> DAG:
    networks = own_pools(exchange.exchange)

    @dag(
        dag_id=f"proof_of_reserves_{exchange.exchange}",
        schedule=CronTriggerTimetable(exchange.schedule, timezone="UTC") if exchange.schedule else None,
        start_date=datetime(2022, 11, 1, tzinfo=UTC),
        catchup=False,
        # one that was started by hand waits for no other: partitions and builds have their own locks
        max_active_runs=4,
        params=PARAMS,
        tags=["proof of reserves", exchange.exchange],
        default_args=TASKS,
        doc_md=f"What {exchange.name} says it holds, who can prove control of it, and what the chains show.",
    )
    def flow() -> None:
        @task(
            doc_md="The bytes of each file as published, by their sha256, and what the file is. Skipped where no file "
            "waits."
        )
        def archive() -> list[list[str]]:
            from porlake.airflow import tasks

            return tasks.archive(exchange.exchange, get_current_context())

        @task(
            doc_md="Reports of millions of rows, parted where each part takes ten seconds or more: in a lake of "
            "several machines."
        )
        def parts(groups: list[list[str]]) -> list[dict[str, Any]]:
            from porlake.airflow import tasks

            return tasks.parts(list(groups), get_current_context())

        @task(
            map_index_template="{{ share['report'] | truncate(16) }} {{ share['number'] + 1 }}/{{ share['of'] }}",
            pool=SHARES,
            doc_md="Rows of a share of a report, kept for its parse.",
        )
        def parse_share(share: dict[str, Any]) -> None:
            from porlake.airflow import tasks

            tasks.parse_share(share, get_current_context())

        @task(
            map_index_template="{{ reports | join(' ') | truncate(200) }}",
            doc_md="Rows as published to claims, evidence, totals, liabilities and rejections; small reports together.",
        )
        def parse(reports: list[str]) -> list[str]:
            from porlake.airflow import tasks

            return tasks.parse(list(reports), get_current_context())

        @task(doc_md="Which of the reports state addresses: the others have nothing to verify or observe.")
        def with_addresses(groups: list[list[str]]) -> list[str]:
            from porlake.airflow import tasks

            return tasks.with_addresses(each(groups), get_current_context())

        @task.branch(doc_md="The networks on which the reports claim something: tasks of other networks are skipped.")
        def with_claims(reports: list[str]) -> list[str]:
            from porlake.airflow import tasks

            claimed = tasks.claimed_networks(list(reports), networks, get_current_context())
            return [f"observe_{network}" for network in claimed]

        @task(map_index_template="{{ report }}", doc_md="A verdict for each row: who signs for the address.")
        def verify(report: str) -> str:
            from porlake.airflow import tasks

            return tasks.verify(report, get_current_context())

        @task(doc_md="Which of the reports are proofs of liabilities: the others have nothing to prove.")
        def proofs(groups: list[list[str]]) -> list[str]:
            from porlake.airflow import tasks

            return tasks.proofs(each(groups), get_current_context())

        @task(
            map_index_template="{{ report }}",
            execution_timeout=LONG,
            doc_md="Whether a proof of liabilities holds: each hash and each sum of it, computed anew.",
        )
        def prove(report: str) -> str:
            from porlake.airflow import tasks

            return tasks.prove(report, get_current_context())

        @task(
            doc_md="Observations of chains that are asked one account a question, parted where each part takes ten "
            "seconds or more."
        )
        def shares(reports: list[str]) -> list[dict[str, Any]]:
            from porlake.airflow import tasks

            return tasks.shares(list(reports), get_current_context())

        @task(
            map_index_template="{{ share['network'] }} {{ share['number'] + 1 }}/{{ share['of'] }}",
            pool=SHARES,
            execution_timeout=LONG,
            doc_md="Answers about a share of the accounts that a report claims on a network, kept for its observation.",
        )
        def read_share(share: dict[str, Any]) -> None:
            from porlake.airflow import tasks

            tasks.read_share(share, get_current_context())

        @task(map_index_template="{{ report }}", execution_timeout=LONG, doc_md=OBSERVE)
        def observe(report: str, network: str) -> str:
            from porlake.airflow import tasks

            return tasks.observe(report, network, get_current_context())

        @task(map_index_template="{{ report }}", execution_timeout=LONG, doc_md=OBSERVE)
        def observe_others(report: str, networks: list[str]) -> str:
            from porlake.airflow import tasks

            return tasks.observe_others(report, networks, get_current_context())

        @task(doc_md="US dollars for each asset at the snapshot; a price that is missing is a row with its reason.")
        def price(groups: list[list[str]]) -> None:
            from porlake.airflow import tasks

            tasks.price(each(groups), get_current_context())

        @task(**PUBLISHES)
        def publish(groups: list[list[str]]) -> str:
            from porlake.airflow import tasks

            return tasks.publish(exchange.exchange, each(groups), get_current_context())

        archived = archive()
        parts_are_parsed = EmptyOperator(
            task_id="parts_are_parsed", trigger_rule="none_failed", doc_md="Every part that there is was parsed."
        )
        parsed = parse.expand(reports=archived)
        parse_share.expand(share=parts(archived)) >> parts_are_parsed >> parsed
        claimed = with_addresses(parsed)
        observed = [
            observe.override(task_id=f"observe_{network}", pool=f"porlake_{network}")
            .partial(network=network)
            .expand(report=claimed)
            for network in networks
        ]
        others = observe_others.override(pool="porlake_others").partial(networks=networks).expand(report=claimed)
        # no share is worth reading in most months: what waits for all of them waits for none then, and costs no worker
        shares_are_read = EmptyOperator(
            task_id="shares_are_read", trigger_rule="none_failed", doc_md="Every share that there is was read."
        )
        read_share.expand(share=shares(claimed)) >> shares_are_read
        for before in (with_claims(claimed), shares_are_read):
            before >> [*observed, others]
        priced = price(parsed)
        # A network that was skipped holds up nothing; where no file waits, prices are skipped too, and with them the
        # build.
        built = Build(trigger_rule="none_failed_min_one_success", **BUILDS)
        proved = prove.expand(report=proofs(parsed))
        (
            [verify.expand(report=claimed), proved, *observed, others, priced]
            >> built
            >> Approve(reports=parsed, **APPROVES)
            >> publish(parsed)
        )

    return flow()


for _exchange in registry.load().exchanges.values():
    # find_<exchange> starts it, and Airflow must know what is started
    if is_asked_for(_name := f"proof_of_reserves_{_exchange.exchange}", f"find_{_exchange.exchange}"):
        globals()[_name] = proof_of_reserves(_exchange)
