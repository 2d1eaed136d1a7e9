"""How one row came to its verdict, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.compute as pc

from porlake import ownership, registry, reports
from porlake.errors import ConfigurationError
from porlake.model import Balance, Evidence, Rejection, ReportFile, Unchanged, Unobserved
from porlake.pipeline import Session


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a row came to its verdict.

    `name`: of the file in which it stands; `evidence`: the row as published; `account`: its canonical address;
    `refused`: why parse did not use it; `judgement` and `steps`: what the signatures say; `module`: of
    porlake.ownership, with its `rule` in words; `signers`: lines of rows that sign for this one.
    """

    file: ReportFile
    name: str
    evidence: Evidence
    account: str
    refused: Rejection | None
    judgement: ownership.Judgement
    steps: list[ownership.Step]
    scheme: registry.SchemeRow
    rule: str
    signers: tuple[int, ...]


def named(file: ReportFile, member: int) -> str:
    """The name of a report's file of that number."""
    listed = [text.split("  ", 2) for text in file.members]
    return next(
        (name for number, (_, role, name) in enumerate(listed) if number == member and role != "-"),
        f"{file.file_name} (member {member})",
    )


def explain(session: Session, report: str, row: int, member: int = 0) -> Explanation:
    """The reasoning behind the verdict on line `row` of a published file, of several that numbered `member`.

    Raises ConfigurationError where no row stands there.
    """
    file: ReportFile = session.lake.report(report)
    only = {"exchange": file.exchange, "report": file.report}
    here = pc.field("member") == member
    at = here & (pc.field("source_row") == row)
    found: Evidence | None = next(session.lake.rows(Evidence, where=at, **only), None)
    if found is None:
        raise ConfigurationError(
            f"{named(file, member)}: no row of an address stands on line {row}; {_held(session, file, member)}"
        )
    signers = [
        line
        for batch in session.lake.columns(Evidence, ["source_row"], where=here & (pc.field("for_row") == row), **only)
        for line in batch.column(0).to_pylist()
    ]
    refused: Rejection | None = next(session.lake.rows(Rejection, where=at, **only), None)
    judgement, steps = ownership.explain(found)
    if refused is not None and refused.reason in reports.UNREADABLE:
        judgement, steps = ownership.Judgement("malformed", refused.reason, (), None, judgement.binds), []
    scheme = registry.load().schemes[found.scheme]
    return Explanation(
        file, named(file, member), found, ownership.account(found.network, found.address_published), refused, judgement,
        steps,
        scheme, ownership.rule(found.scheme),
        tuple(signers),
    )  # fmt: skip


def _held(session: Session, file: ReportFile, member: int) -> str:
    """Which lines of a published file have a row."""
    first = last = 0
    where, only = pc.field("member") == member, {"exchange": file.exchange, "report": file.report}
    for batch in session.lake.columns(Evidence, ["source_row"], where=where, **only):
        lines = batch.column(0)
        first, last = first or lines[0].as_py(), lines[-1].as_py()
    return f"its address block has lines {first} to {last}" if last else "it has no address block"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the chain showed of a row's account: its balance by components, the total last, or why there is none;
    `unchanged`: the evidence where a later block was read.
    """

    balances: tuple[Balance, ...]
    unchanged: Unchanged | None
    unobserved: Unobserved | None


def seen(session: Session, told: Explanation) -> Seen:
    """What lies in a lake in which the row's report was observed. Raises MissingPartition where the report is not
    there.
    """
    row, file = told.evidence, session.lake.report(told.file.report)
    if row.network is None or row.asset is None:
        return Seen((), None, None)
    only = {
        "exchange": file.exchange, "report": file.report, "network": row.network, "asset": row.asset,
        "address": told.account,
    }  # fmt: skip
    balances = sorted(session.lake.rows(Balance, **only), key=lambda one: (one.component == "total", one.component))
    shown, missing = session.lake.rows(Unchanged, **only), session.lake.rows(Unobserved, **only)
    return Seen(tuple(balances), next(shown, None), next(missing, None))


Facts = list[tuple[str, str]]
"""Names and what they are; those that are empty are told to nobody."""
NAMES_NOTHING = "neither exchange, date nor address: it may have been signed at any time, for any file"


def in_words(told: Explanation, on_chain: Seen | None) -> list[tuple[str, Facts]]:
    """The explanation as a person reads it, part by part with its title. `on_chain`: where a lake is at hand in which
    the report was observed.
    """
    row, judgement = told.evidence, told.judgement
    network = f"{row.network or 'unknown'}, {row.asset or 'unknown'}"
    parts: list[tuple[str, Facts]] = [
        ("as published", [
            ("file", f"{told.name}, line {row.source_row}, sha256 {told.file.report}"),
            ("labels", " / ".join(filter(None, (row.label, row.network_label)))),
            ("network, asset", network + ("" if row.holding == "wallet" else f", held as {row.holding}")),
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
        ]),
        ("step by step", list(_stepwise(told)) or [("none", _why_none(told))]),
        ("verdict", [
            (judgement.verdict, ownership.MEANINGS[judgement.verdict]),
            ("reason", judgement.reason),
            ("flags", ", ".join(judgement.flags)),
            ("signer", judgement.signer or ""),
            ("message names", ", ".join(judgement.binds) or (NAMES_NOTHING if any(row.signatures) else "")),
        ]),
    ]  # fmt: skip
    if on_chain is not None:
        parts.append(("on the chain", list(_on_chain(on_chain))))
    if told.rule:
        parts.append(("to check it elsewhere", [
            ("standard", told.scheme.standard),
            ("rule", " ".join(told.rule.split())),
            ("how", "any library of the curve gives the same key from the digest and the signature; hash the key as "
                    "the address form says, compare"),
        ]))  # fmt: skip
    return [(title, [(name, text) for name, text in facts if text]) for title, facts in parts]


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
