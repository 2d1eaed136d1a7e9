"""A row to the module of its scheme: schemes.csv says which judges it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from porlake import addresses, registry
from porlake.addresses import Address
from porlake.errors import InvalidAddress, InvalidSignature, NoKey
from porlake.model import Evidence
from porlake.ownership import _message, beth_bls, ed25519, eip191, eos, okx_ecdsa, starknet, tron, utxo
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import Step, listening, step

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

#: What is said of a row that nobody signed, where its column of key or script shows what locks its coins.
SHOWN: dict[str, Callable[[Evidence, Address], Judgement]] = {"utxo": utxo.shown}

#: Modules whose rows take milliseconds each: in batches, judged in threads of their own.
SLOW = frozenset({"beth_bls", "starknet"})


def judge(row: Evidence) -> Judgement:
    """What the signatures of one row say by themselves. Never raises, whatever the row holds."""
    return replace(judge_with_account(row)[0], binds=_message.binds(row))


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


def judge_with_account(row: Evidence) -> tuple[Judgement, str]:
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
        if scheme is None or scheme.module not in SHOWN or not row.key_or_script or not isinstance(address, Address):
            return Judgement("unsigned", "unsigned")
        return SHOWN[scheme.module](row, address)
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
