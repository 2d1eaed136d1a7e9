"""porlake liabilities verify: check a published proof of what is owed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from porlake.cli._printing import say, show_facts, show_table
from porlake.cli._proofs import EXIT_CODES, checks, code_of, not_shown, reason, verdict
from porlake.cli._session import aside

if TYPE_CHECKING:
    from porlake.queries.proofs import Checked

WHAT = "check a published proof of what an exchange owes its customers"
EXAMPLE = "porlake liabilities verify full-liabilities-merkle-tree.txt --exchange okx"
EPILOG = EXIT_CODES.format(
    held="every proof holds", fails="a proof is broken, or its files cannot be read as one",
    open="files fit together and prove no more, or nobody here checks this edition",
)  # fmt: skip
SHOWN_NAMES = 3


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["verify"], help="check each hash, each sum and each proof anew")
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help="published files, plain, in their zip or in a folder: those of one proof together",
    )  # fmt: skip
    parser.add_argument("--exchange", help="whose labels the files use; default: labels that all exchanges share")


def run(options: argparse.Namespace) -> int:
    from porlake.queries import proofs

    with aside() as session:
        found, others = proofs.check(session, options.files, options.exchange or "")
    for checked in found:
        _proof(checked)
    for name in others:
        say(f"{name}: of no proof; passed over")
    return max((code_of(checked.proof.verdict) for checked in found), key=(0, 3, 1).index)


def _proof(checked: Checked) -> None:
    from porlake.queries import proofs

    proof = checked.proof
    more = len(checked.files) - SHOWN_NAMES
    show_facts(", ".join(checked.files[:SHOWN_NAMES]) + (f" and {more:,} more" if more > 0 else ""), [
        ("format", proof.scheme),
        ("what it is", f"{proof.kind}: {proofs.KINDS[proof.kind]}"),
        ("verdict", verdict(proof.verdict)),
        ("reason", reason(proof.reason)),
        ("where", proof.detail),
        ("root", proof.root),
        ("leaves", "" if proof.leaves is None else f"{proof.leaves:,}"),
        *((f"key {number}", f"sha256 {sha256}") for number, sha256 in enumerate(proof.key_sha256, 1)),
    ])  # fmt: skip
    show_table("what is owed, in units of the asset", ("label", "asset", "owed", "follows from the proof"), [
        (total.label, total.asset or "unknown", total.owed, "yes" if total.is_shown else "no: printed beside it")
        for total in proof.totals
    ])  # fmt: skip
    checks("checks", proof.checks)
    show_facts("what to know of it", [
        (finding.code, "; ".join(filter(None, (proofs.meaning(proofs.FINDING, finding.code), finding.detail))))
        for finding in proof.findings
    ])  # fmt: skip
    not_shown("what it does not show", proof.not_shown)
