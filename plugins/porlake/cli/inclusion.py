"""porlake inclusion: whether one customer is counted in what an exchange says it owes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from porlake.cli import _options
from porlake.cli._printing import say, show_facts, show_table
from porlake.cli._proofs import EXIT_CODES, checks, code_of, not_shown, reason, verdict
from porlake.cli._session import aside, existing
from porlake.errors import ConfigurationError

if TYPE_CHECKING:
    from porlake.queries.proofs import Included

WHAT = "whether you are counted in what an exchange says it owes: by your own file, which stays here"
EXAMPLE = "porlake inclusion --user user_info_file.json --proof full-liabilities-merkle-tree.txt"
EPILOG = EXIT_CODES.format(
    held="you are counted under the root that was published",
    fails="you are not counted, or the files are broken or cannot be read",
    open="it could not be told whole: no published root was there to compare with, or the files prove no more",
)
ROOT = "root_published"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--user", required=True, metavar="FILE",
        help="the file that the exchange gives you for its audit. It is read where it lies: nothing of it is stored, "
        "sent or logged",
    )  # fmt: skip
    against = parser.add_mutually_exclusive_group()
    against.add_argument(
        "--proof", action="append", default=[], metavar="FILE",
        help="what the exchange published; give it again for more files",
    )  # fmt: skip
    against.add_argument(
        "--attestation", metavar="A", help="the proof that the lake holds of an attestation: okx/2024-03-25"
    )
    parser.add_argument("--root", metavar="HEX", help="the root as you found it published elsewhere")
    parser.add_argument("--exchange", help="whose labels the files use; default: labels that all exchanges share")
    parser.add_argument("--explain", action="store_true", help="each step from your leaf to the root")
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake.queries import proofs

    if options.lake and not options.attestation:
        raise ConfigurationError("--lake goes with --attestation: it names whose proof to take from there")
    exchange = options.exchange or (options.attestation or "").partition("/")[0]
    if options.attestation:
        found = proofs.included(
            existing(options), options.user, attestation=options.attestation, root=options.root or "", exchange=exchange
        )
    else:
        with aside() as session:
            found = proofs.included(session, options.user, options.proof, root=options.root or "", exchange=exchange)
    return _shown(found, explain=options.explain)


def _shown(found: Included, *, explain: bool) -> int:
    told = found.inclusion
    compared = next((check.passed for check in told.checks if check.name == ROOT), None)
    show_facts("are you counted?", [
        ("included", {True: "yes", False: "NO", None: "it cannot be told"}[told.included]),
        ("verdict", verdict(told.verdict)),
        ("reason", reason(told.reason)),
        ("where", told.detail),
        ("format", told.scheme),
        ("depth", "" if told.depth is None else f"{told.depth:,} level{'' if told.depth == 1 else 's'} below the root"),
        ("root", told.root),
        ("held against", found.against or "nothing: say what was published with --proof, --attestation or --root"),
        ("is it the published root", _compared(compared, found)),
    ])  # fmt: skip
    held = [(label, amount) for label, amount in told.balances if amount.strip("-0.")]
    none = f" (nothing of {len(told.balances) - len(held):,} others)" if len(held) < len(told.balances) else ""
    show_table(f"your balances, as they are counted{none}", ("label", "amount"), held)
    if told.balances and not held:
        say(f"your balances, as they are counted: nothing of each of {len(told.balances):,} assets")
    if explain:
        checks("step by step", told.checks)
    not_shown("what this does not show, and others could hide", told.not_shown)
    if told.included is False or compared is False:
        return 1
    return code_of(told.verdict) or (0 if told.included and found.against else 3)


def _compared(passed: bool | None, found: Included) -> str:
    if passed is None:
        return "not compared" + (": say with --root which one you found published elsewhere" if found.against else "")
    return "yes" if passed else "NO"
