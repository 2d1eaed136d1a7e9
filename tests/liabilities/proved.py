"""What the tests of proof formats share: bundles made of bytes, and verdicts as a case's expected.json holds them.

A case is a folder `cases/<format>/<case>/` of files and expected.json:

{"exchange": "okx",                  whose labels they use; default: ''
 "published": ["tree.txt"],          the files of the proof, in order; default: all files of the folder
 "proof": {"verdict": ..., "reason": ..., "root": ..., "totals": [[label, asset, owed, is_shown]], "leaves": ...,
           "failed": [checks], "findings": [codes], "not_shown": [codes], "key_sha256": [...]},
 "inclusion": [{"user": "user.json", "published": true, "root": null,
                "verdict": ..., "reason": ..., "included": ..., "balances": [[label, amount]], "depth": ..., "root_of":
                ..., "failed": [checks], "not_shown": [codes]}]}

`published` of an inclusion: whether the user's file is held against the proof's files; `root`: the root that it is held
against instead. `why` may stand anywhere: a word on what the case shows.

python tests/liabilities/proved.py tests/liabilities/cases/okx_merkle_v1/whole     what expected.json of a case would be
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from porlake import liabilities, registry, reports

HERE = Path(__file__).parent
EXPECTED = "expected.json"


def as_file(content: bytes, name: str = "file") -> reports.Member:
    """A published file made of bytes."""
    return reports.Member(name, io.BytesIO(content))


def as_bundle(files: Mapping[str, bytes], exchange: str = "") -> reports.Bundle:
    """Files that were published together, in this order."""
    return reports.Bundle(
        tuple(as_file(content, name) for name, content in files.items()), next(iter(files), "nothing"), exchange
    )


def bundle_at(paths: Sequence[Path], exchange: str = "") -> reports.Bundle:
    """Files of a disk, read whole."""
    return as_bundle({path.name: path.read_bytes() for path in paths}, exchange)


def proof_shown(proof: liabilities.Proof) -> dict[str, Any]:
    """A proof as a case writes it: all but the words and the checks that passed."""
    return {
        "verdict": proof.verdict,
        "reason": proof.reason,
        "root": proof.root,
        "totals": [[total.label, total.asset, total.owed, total.is_shown] for total in proof.totals],
        "leaves": proof.leaves,
        "failed": [check.name for check in proof.checks if check.passed is False],
        "findings": [finding.code for finding in proof.findings],
        "not_shown": list(proof.not_shown),
        "key_sha256": list(proof.key_sha256),
    }


def inclusion_shown(found: liabilities.Inclusion) -> dict[str, Any]:
    """An inclusion as a case writes it."""
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "included": found.included,
        "balances": [list(balance) for balance in found.balances],
        "depth": found.depth,
        "root_of": found.root,
        "failed": [check.name for check in found.checks if check.passed is False],
        "not_shown": list(found.not_shown),
    }


def cases(folder: Path = HERE / "cases") -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/*/{EXPECTED}"))


def check_case(case: Path) -> None:
    """The format's verdicts are those of expected.json, and its shape is sound. Raises AssertionError."""
    expected = json.loads((case / EXPECTED).read_text())
    found, wanted = _without_why(actual(case, expected)), _without_why(expected)
    assert found == wanted, f"{case.parent.name}/{case.name}: {json.dumps(found)} is not {json.dumps(wanted)}"


def actual(case: Path, expected: Mapping[str, Any]) -> dict[str, Any]:
    """What the format says now, in the shape of `expected`."""
    form = liabilities.FORMATS[case.parent.name]
    bundle = published_of(case, expected)
    found = dict(expected)
    if "proof" in expected:
        assert form.matches(bundle), "the format does not know the files of its case"
        proof = form.verify(bundle)
        assert not (wrong := sound(proof) + uncoded(proof)), wrong
        found["proof"] = proof_shown(proof)
    if "inclusion" in expected:
        assert isinstance(form, liabilities.ForUsers)
        found["inclusion"] = [_inclusion(form, case, bundle, asked) for asked in expected["inclusion"]]
    return found


def _inclusion(
    form: liabilities.ForUsers, case: Path, bundle: reports.Bundle, asked: Mapping[str, Any]
) -> dict[str, Any]:
    user = as_file((case / asked["user"]).read_bytes(), asked["user"])
    found = form.inclusion(user, bundle if asked.get("published") else None, asked.get("root"))
    assert found.verdict in liabilities.VERDICTS
    assert not (wrong := uncoded(found)), wrong
    said = {key: asked[key] for key in ("user", "published", "root") if key in asked}
    return said | inclusion_shown(found)


def published_of(case: Path, expected: Mapping[str, Any]) -> reports.Bundle:
    named = expected.get("published") or sorted(path.name for path in case.iterdir() if path.name != EXPECTED)
    return bundle_at([case / name for name in named], expected.get("exchange", ""))


def sound(proof: liabilities.Proof) -> list[str]:
    """What is wrong with the shape of a proof, whatever it says."""
    failed = [check.name for check in proof.checks if check.passed is False]
    return [
        why
        for why, is_wrong in (
            (f"a verdict {proof.verdict!r}", proof.verdict not in liabilities.VERDICTS),
            (f"a kind {proof.kind!r}", proof.kind not in liabilities.KINDS),
            ("no reason", not proof.reason),
            (f"it holds, and {failed} failed", proof.verdict == "holds" and bool(failed)),
            ("it is broken, and no check failed", proof.verdict == "broken" and not failed),
            ("it holds without a check", proof.verdict == "holds" and not proof.checks),
            ("a check without a name", not all(check.name for check in proof.checks)),
        )
        if is_wrong
    ]


def uncoded(found: liabilities.Proof | liabilities.Inclusion) -> list[str]:
    """The codes of a verdict that reasons.csv lacks, with the column that they would stand in."""
    said = {
        "reason": [found.reason],
        "findings": [finding.code for finding in getattr(found, "findings", ())],
        "not_shown": list(found.not_shown),
    }
    return [
        f"{column}: {code}"
        for column, codes in said.items()
        for code in codes
        if not any(
            row.covers(code) for row in registry.load().reasons.values() if row.place == f"liability_proof.{column}"
        )
    ]


def check_complete(folder: Path) -> None:
    """Every format has all parts and a case, and every folder of cases is of a format."""
    assert {path.name for path in folder.glob("*")} == set(liabilities.FORMATS)
    assert {case.parent.name for case in cases(folder)} == set(liabilities.FORMATS)
    for name, form in liabilities.FORMATS.items():
        assert name == form.NAME
        assert form.KIND in liabilities.KINDS
        assert (form.matches.__doc__ or "").startswith("Whether ")
        has = [hasattr(form, part) for part in ("is_user_file", "inclusion")]
        assert all(has) or not any(has), f"{name} has one of is_user_file and inclusion, and not the other"


def _without_why(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _without_why(value) for key, value in found.items() if key != "why"}
    return [_without_why(value) for value in found] if isinstance(found, list) else found


if __name__ == "__main__":
    at = Path(sys.argv[1]).resolve()
    told = json.loads((at / EXPECTED).read_text()) if (at / EXPECTED).exists() else {"proof": {}}
    print(json.dumps(actual(at, told), indent=1))
