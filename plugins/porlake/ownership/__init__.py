"""Who controls an address: one file a scheme; message, signature, key and address to a verdict.

schemes.csv says which module judges a scheme. A row gets a verdict whatever it holds; nothing passes for lack of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

from porlake import addresses, registry
from porlake.addresses import Address
from porlake.errors import InvalidAddress, InvalidSignature, NoKey
from porlake.model import Evidence
from porlake.ownership import _message, beth_bls, ed25519, eip191, eos, okx_ecdsa, starknet, tron, utxo
from porlake.ownership._judgement import Judgement, Verdict

__all__ = ["MODULES", "Judgement", "Verdict", "judge", "judge_many"]

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

WORKERS = 2
BATCH = 512


def judge(row: Evidence) -> Judgement:
    """What the signatures of one row say by themselves. Never raises, whatever the row holds."""
    return replace(_verdict(row), binds=_message.binds(row))


def judge_many(rows: Iterable[Evidence]) -> Iterator[Judgement]:
    """The judgements of many rows, in their order. Threads: libsecp256k1's binding lets the interpreter go while it works."""
    source = iter(rows)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        waiting = [pool.submit(_judge_all, batch) for batch in islice(_batches(source), WORKERS * 2)]
        while waiting:
            yield from waiting.pop(0).result()
            waiting += [pool.submit(_judge_all, batch) for batch in islice(_batches(source), 1)]


def _judge_all(rows: list[Evidence]) -> list[Judgement]:
    return [judge(row) for row in rows]


def _batches(source: Iterator[Evidence]) -> Iterator[list[Evidence]]:
    while batch := list(islice(source, BATCH)):
        yield batch


def _verdict(row: Evidence) -> Judgement:
    if not any(row.signatures):
        return Judgement("unsigned", "unsigned")
    if not row.network:
        return _by_coin(row)
    module = registry.load().schemes[row.scheme].module
    try:
        address = addresses.parse(row.network, row.address_published)
        return MODULES[module](row, address) if module != "none" else Judgement("unsupported", row.scheme)
    except NoKey as error:
        return Judgement("invalid", error.code)
    except (InvalidAddress, InvalidSignature) as error:
        return Judgement("malformed", error.code)


def _by_coin(row: Evidence) -> Judgement:
    """Of a network that nobody knows the coin's own rules hold: the address must be one, whatever the key column says."""
    try:
        meant = registry.load().label(row.exchange, row.label)
    except registry.UnknownLabel:
        return Judgement("malformed", "unknown_network")
    if not meant.network or not row.network_label:
        return Judgement("malformed", "unknown_network")
    found = _verdict(replace(row, network=meant.network, scheme=meant.scheme))
    return replace(found, flags=(*found.flags, "network_unknown"))
