"""Who controls an address: one file a scheme; message, signature, key and address to a verdict.

schemes.csv says which module judges a scheme. A row gets a verdict whatever it holds; nothing passes for lack of a
rule. `judge` is the rule; `judge_batches` says the same of many rows, at nearly the cost of the curves.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import pyarrow as pa

from porlake import addresses, registry
from porlake.addresses import Address
from porlake.errors import InvalidAddress, InvalidSignature, NoKey
from porlake.model import Evidence
from porlake.ownership import _message, beth_bls, ed25519, eip191, eos, okx_ecdsa, starknet, tron, utxo
from porlake.ownership._apart import Apart
from porlake.ownership._judgement import MEANINGS, Judgement, Verdict
from porlake.ownership._many import Judged, Judges
from porlake.ownership._steps import Step, listening, step

__all__ = [
    "MEANINGS",
    "MODULES",
    "SLOW",
    "Judged",
    "Judgement",
    "Step",
    "Verdict",
    "account",
    "explain",
    "judge",
    "judge_batches",
    "judge_many",
    "judged",
    "rule",
]

#: By the `module` column of schemes.csv.
MODULES: dict[str, Callable[[Evidence, Address], Judgement]] = {
    "utxo": utxo.judge,
    "eip191": eip191.judge,
    "tron": tron.judge,
    "okx_ecdsa": okx_ecdsa.judge,
    "eos": eos.judge,
    "ed25519": ed25519.judge,
    "beth_bls": beth_bls.judge,
    "starknet": starknet.judge,
}

#: Modules whose rows take milliseconds each and hold the interpreter: judged in processes of their own.
SLOW = frozenset({"beth_bls", "starknet"})

WORKERS = 2
BATCH = 512
WINDOW = 64
"""Batches that may be under way: rows judged apart hold up no other before so many are."""


def judge(row: Evidence) -> Judgement:
    """What the signatures of one row say by themselves. Never raises, whatever the row holds."""
    return replace(judged(row)[0], binds=_message.binds(row))


def judge_many(rows: Iterable[Evidence]) -> Iterator[Judgement]:
    """The judgements of many rows, in their order. Threads: libsecp256k1's binding lets the interpreter go while it
    works.
    """
    source = iter(rows)
    chunks = iter(lambda: list(islice(source, BATCH)), [])
    for _, judgements in _in_order(chunks, lambda chunk: [judge(row) for row in chunk], WORKERS * 2):
        yield from judgements


def judge_batches(
    batches: Iterable[tuple[pa.RecordBatch, Mapping[int, str]]],
) -> Iterator[tuple[pa.RecordBatch, Judged]]:
    """Record batches of evidence, in their order, each with its verdicts. What is held in memory does not grow with
    their number.

    With each batch come the reasons, by source_row, of rows whose cells could not be told apart: those are malformed,
    whatever they hold.
    """
    slow = frozenset(scheme.scheme for scheme in registry.load().schemes.values() if scheme.module in SLOW)
    with Apart(WORKERS, judged) as apart:
        judges = Judges(judged, account, apart.submit, slow)
        for (batch, _), waiting in _in_order(batches, lambda given: judges(*given), WINDOW):
            yield batch, waiting.finish()


def explain(row: Evidence) -> tuple[Judgement, list[Step]]:
    """The judgement of a row, and the steps that led to it."""
    with listening() as steps:
        judgement = judge(row)
    return judgement, steps.in_order()


def rule(scheme: str) -> str:
    """How rows of a scheme are judged, in words; '' where nothing judges them."""
    known = registry.load().schemes.get(scheme)
    module = MODULES.get(known.module) if known is not None else None
    return (sys.modules[module.__module__].__doc__ or "").strip() if module is not None else ""


def account(network: str | None, text: str) -> str:
    """The account in its one spelling, so that verdicts join with claims; as published where it is no address."""
    if not network or network not in registry.load().networks:
        return text
    try:
        return addresses.parse(network, text).text
    except InvalidAddress:
        return text


Given = TypeVar("Given")
Made = TypeVar("Made")


def _in_order(source: Iterable[Given], work: Callable[[Given], Made], window: int) -> Iterator[tuple[Given, Made]]:
    """What `work` makes of each, in order; at most `window` are under way."""
    pool, under_way, left = ThreadPoolExecutor(max_workers=WORKERS), deque[tuple[Given, Future[Made]]](), iter(source)
    try:
        under_way.extend((given, pool.submit(work, given)) for given in islice(left, window))
        while under_way:
            given, later = under_way.popleft()
            made = later.result()
            under_way.extend((more, pool.submit(work, more)) for more in islice(left, 1))
            yield given, made
    finally:
        pool.shutdown(cancel_futures=True)


def judged(row: Evidence) -> tuple[Judgement, str]:
    """The judgement of a row, but for what its message binds, and its account as `account` gives it. The address is
    decoded once.
    """
    network = registry.load().networks.get(row.network or "")
    address: Address | InvalidAddress | None = None
    if network is not None:
        try:
            address = addresses.parse(network.network, row.address_published)
        except InvalidAddress as error:
            address = error
    text = address.text if isinstance(address, Address) else row.address_published
    return _verdict(row, address), text


def _verdict(row: Evidence, address: Address | InvalidAddress | None) -> Judgement:
    scheme = registry.load().schemes.get(row.scheme)
    if not any(row.signatures):
        return Judgement("unsigned", "unsigned")
    if _message.is_none(row.message):
        step("refused", "the message column holds no message: what is signed says nothing")
        return Judgement("malformed", "no_message")
    if address is None:
        return _unknown_place(row)
    if isinstance(address, InvalidAddress):
        step("refused", str(address))
        return Judgement("malformed", address.code)
    if scheme is None or scheme.module == "none":
        return Judgement("unsupported", row.scheme)
    step("message", row.message)
    try:
        return MODULES[scheme.module](row, address)
    except NoKey as error:
        step("refused", str(error))
        return Judgement("invalid", error.code)
    except (InvalidAddress, InvalidSignature) as error:
        step("refused", str(error))
        return Judgement("malformed", error.code)


def _unknown_place(row: Evidence) -> Judgement:
    """Of a row whose labels name no network that our registry knows: which chain's rules hold is not known, and the
    publisher is not at fault.
    """
    try:
        registry.load().label(row.exchange, row.label, row.network_label or "")
        lacking = registry.UnknownLabel(
            "unknown_network", f"the labels {row.label!r} and {row.network_label!r} name no network"
        )
    except registry.UnknownLabel as unknown:
        lacking = unknown
    step("refused", str(lacking))
    return Judgement("unsupported", lacking.code)
