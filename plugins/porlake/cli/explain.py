"""porlake explain: one row's reasoning, step by step."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from porlake.cli import _options
from porlake.cli._printing import show_facts
from porlake.cli._session import existing, file_alone
from porlake.errors import ConfigurationError

if TYPE_CHECKING:
    from porlake.queries.explain import Explanation, Seen

WHAT = "one row's reasoning, step by step"
EXAMPLE = "porlake explain FILE --row 57"
NAMES_NOTHING = "neither exchange, date nor address: it may have been signed at any time, for any file"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.file(parser)
    parser.add_argument(
        "--row", required=True, type=int, metavar="N", help="line of the published file, counted from 1"
    )
    parser.add_argument(
        "--member",
        default=0,
        type=int,
        metavar="M",
        help="number of the file, of a report of several; default: 0, the first",
    )
    parser.add_argument(
        "--lake", metavar="DIR", help="a lake in which the file was observed: what the chain showed is told too"
    )


def run(options: argparse.Namespace) -> None:
    from porlake.queries import explain, verdicts

    lake = existing(options) if options.lake else None
    with file_alone(options) as (session, found):
        if len(found) != 1:
            raise ConfigurationError(f"{options.file}: holds {len(found)} files; name one of them")
        told = explain.explain(session, found[0], options.row, options.member)
    row, judgement = told.evidence, told.judgement
    facts = [
        ("file", f"{told.name}, line {row.source_row}, sha256 {told.file.report}"),
        ("labels", " / ".join(filter(None, (row.label, row.network_label)))),
        ("network, asset", f"{row.network or 'unknown'}, {row.asset or 'unknown'}"
                           + ("" if row.holding == "wallet" else f", held as {row.holding}")),
        ("address", row.address_published),
        ("account", told.account if told.account != row.address_published else ""),
        ("message", repr(row.message)),
        *((f"signature{column}", text) for column, text in enumerate(row.signatures, 1)),
        ("key or script", row.key_or_script),
        *((f"owner{column}", text) for column, text in enumerate(row.owners, 1)),
        ("signs for", f"the row on line {row.for_row}" if row.for_row is not None else ""),
        ("signed for by", ", ".join(f"the row on line {line}" for line in told.signers)),
        ("makes no claim", f"{told.refused.reason}: expected was {told.refused.expected}" if told.refused else ""),
        ("scheme", f"{row.scheme}: {told.scheme.note or told.scheme.standard}"),
    ]  # fmt: skip
    show_facts("as published", facts)
    show_facts("step by step", list(_stepwise(told)) or [("none", _why_none(told))])
    show_facts("verdict", [
        (judgement.verdict, verdicts.MEANINGS[judgement.verdict]),
        ("reason", judgement.reason),
        ("flags", ", ".join(judgement.flags)),
        ("signer", judgement.signer or ""),
        ("message names", ", ".join(judgement.binds) or (NAMES_NOTHING if any(row.signatures) else "")),
    ])  # fmt: skip
    if lake is not None:
        show_facts("on the chain", list(_on_chain(explain.seen(lake, told))))
    if told.rule:
        show_facts("to check it elsewhere", [
            ("standard", told.scheme.standard),
            ("rule", " ".join(told.rule.split())),
            ("how", "any library of the curve gives the same key from the digest and the signature; hash the key as "
                    "the address form says, compare"),
        ])  # fmt: skip


def _stepwise(told: Explanation) -> Iterator[tuple[str, str]]:
    """The steps, numbered; what was tried stands above its own, with whether it fits."""
    tried = ""
    for at, step in enumerate(told.steps, 1):
        if step.attempt and step.attempt != tried:
            yield f"{step.attempt}:", "fits" if step.fits else "does not fit"
        tried = step.attempt
        yield f"{at}. {step.what}", _shown(step.value)


def _on_chain(seen: Seen) -> Iterator[tuple[str, str]]:
    """Each component in base units of the asset, the block that it is of, and why a later one counts as that."""
    for one in seen.balances:
        at = f"{one.as_of}, block {one.height:,}" + (f", {one.offset_seconds:+,} s" if one.offset_seconds else "")
        by = f"{one.method}, {one.source}" + (f", confirmed by {one.confirmed_by}" if one.confirmed_by else "")
        yield one.component, f"{one.amount:,} base units ({at}; {by})"
    if (shown := seen.unchanged) is not None:
        yield "read at", f"block {shown.head_height:,}, {shown.head_hash}"
        yield "last change", shown.last_change + (f": {shown.answer}" if shown.answer else "")
    if seen.unobserved is not None:
        yield "not read", seen.unobserved.reason
    if not seen.balances and seen.unobserved is None:
        yield "not read", "the lake has no observation of it"


def _why_none(told: Explanation) -> str:
    """Why a row has a verdict without a step."""
    if told.judgement.verdict == "unsigned":
        return "the signature columns are empty"
    if told.judgement.verdict == "unsupported":
        return f"nothing judges this scheme: {told.scheme.note}"
    return "the cells of the row cannot be told apart: neither address nor signature is known"


def _shown(value: str | bytes | int) -> str:
    """Bytes as hex, with their text where they are one."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    return f"0x{value.hex()}" + (
        f"  {text!r}" if text.strip() and len(value) not in (32, 33, 64, 65) and text.isprintable() else ""
    )
