"""Verdicts that an earlier attestation has are taken over, and nothing shows it but the time."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from porlake import ownership, pipeline, registry
from porlake.lake import Lake
from porlake.model import Evidence, Ownership
from porlake.ownership import _rules
from porlake.pipeline import _judged, _verify
from porlake.registry import _state
from support import SAMPLES

FILE = SAMPLES / "okx_por_2024032500.csv"
LATER = "okx_por_2024042500.csv"


def later(folder: Path, seed: int = 1) -> Path:
    """A month later: most rows are the same, some are gone or spoiled, and they stand elsewhere."""
    head, _, block = FILE.read_text(encoding="utf-8").partition("\n\n")
    header, *lines = block.splitlines()
    chance = random.Random(seed)
    for at in chance.sample(range(len(lines)), len(lines) // 5):
        where = chance.randrange(len(lines[at]))
        lines[at] = lines[at][:where] + chance.choice("0xA,[") + lines[at][where + 1 :]
    lines = [line for line in lines * 2 if chance.random() < 0.9]
    chance.shuffle(lines)
    path = folder / LATER
    path.write_text("\n".join([head, "", header, *lines, ""]), encoding="utf-8")
    return path


def parsed(session: pipeline.Session, path: Path) -> str:
    (report,) = pipeline.archive(session, "okx", str(path))
    return pipeline.parse(session, report)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many rows each call of `verify` really judges."""
    counts: list[int] = []
    really = ownership.judge_batches

    def counted(batches, rows):  # type: ignore[no-untyped-def]
        counts.append(0)
        for batch, answers in really(batches, rows):
            counts[-1] += batch.num_rows
            yield batch, answers

    monkeypatch.setattr(ownership, "judge_batches", counted)
    return counts


def pointer(lake: Lake, report: str) -> dict[str, object]:
    (found,) = lake.pointers(Ownership, exchange="okx", report=report)
    return json.loads((lake.root / found.place / "pointer.json").read_bytes())


def signed(lake: Lake, report: str) -> int:
    return sum(any(row.signatures) for row in lake.rows(Evidence, exchange="okx", report=report))


@pytest.mark.parametrize("size", [1, 7, _verify.BATCH_ROWS])
def test_the_same_bytes_and_only_what_is_new_is_judged(
    size: int, tmp_path: Path, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_verify, "BATCH_ROWS", size)
    path = later(tmp_path)
    alone, both = (pipeline.session(tmp_path / name, environ={}) for name in ("alone", "both"))
    report = parsed(alone, path)
    pipeline.verify(alone, report)
    first = parsed(both, FILE)
    pipeline.verify(both, first)
    assert parsed(both, path) == report
    pipeline.verify(both, report)
    assert pointer(both.lake, report) == pointer(alone.lake, report)
    whole, of_first, new = judged
    assert of_first == sum(p.rows for p in both.lake.pointers(Ownership, exchange="okx", report=first))
    assert new < whole / 2
    unsigned = whole - signed(alone.lake, report)
    assert new > unsigned


def counted_again(session: pipeline.Session, report: str, judged: list[int]) -> int:
    pipeline.verify(session, report)
    return judged[-1]


def test_under_other_rules_all_is_judged_anew(
    tmp_path: Path, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = pipeline.session(tmp_path / "lake", environ={})
    pipeline.verify(session, parsed(session, FILE))
    report = parsed(session, later(tmp_path))
    few = counted_again(session, report, judged)
    monkeypatch.setattr(ownership, "rules", lambda: "others")
    assert counted_again(session, report, judged) > few


def test_evidence_that_was_parsed_anew_since_is_no_witness(tmp_path: Path, judged: list[int]) -> None:
    session = pipeline.session(tmp_path / "lake", environ={})
    first = parsed(session, FILE)
    pipeline.verify(session, first)
    report = parsed(session, later(tmp_path))
    few = counted_again(session, report, judged)
    partition = {"exchange": "okx", "report": first}
    rows = list(session.lake.rows(Evidence, **partition))
    session.lake.write(Evidence, partition, rows[:-1])
    assert counted_again(session, report, judged) > few


def test_a_later_month_is_no_witness(tmp_path: Path, judged: list[int]) -> None:
    session = pipeline.session(tmp_path / "lake", environ={})
    pipeline.verify(session, parsed(session, later(tmp_path)))
    report = parsed(session, FILE)
    rows = sum(p.rows for p in session.lake.pointers(Evidence, exchange="okx", report=report))
    assert counted_again(session, report, judged) == rows


# --- what is equal evidence -------------------------------------------------------------------------------------------
ROW = Evidence(
    "okx", "ab" * 32, 7, None, "bitcoin", "BTC", "BTC", "BTC", "wallet", "p2pkh", "1abc", "I am", ["sig", ""], "key",
    ["a", "b"],
)  # fmt: skip


def key(**changes: object) -> object:
    from dataclasses import astuple, replace

    from porlake import lake

    schema = lake.schema(Evidence)
    row = astuple(replace(ROW, **changes))
    batch = lake.record_batch("evidence", schema, [row])
    return _judged.keys(batch)[0].as_py()


def test_where_a_row_stands_is_no_evidence() -> None:
    assert key() == key(source_row=8, report="cd" * 32, member=1, for_row=3)


DIFFERENT = [
    {}, {"exchange": "htx"}, {"network": "litecoin"}, {"network": None}, {"network": ""}, {"asset": "LTC"},
    {"asset": None}, {"label": "X"}, {"network_label": "X"}, {"network_label": None}, {"network_label": ""},
    {"holding": "staking"}, {"scheme": "bip322"}, {"address_published": "1abd"}, {"message": "I am "},
    {"signatures": ["sig"]}, {"signatures": ["", "sig"]}, {"signatures": ["sig", "", ""]}, {"key_or_script": ""},
    {"owners": []}, {"owners": [""]}, {"owners": ["", ""]}, {"owners": ["ab"]}, {"owners": ["b", "a"]},
    {"address_published": "1ab", "message": "cI am"}, {"message": "", "key_or_script": "I amkey"},
]  # fmt: skip


def test_whatever_differs_in_a_cell_is_other_evidence() -> None:
    found = [key(**changes) for changes in DIFFERENT]
    assert None not in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("text", ["\x1d", "\x1e", "\x1f", "a\x1fb"])
@pytest.mark.parametrize("column", ["label", "network_label", "message", "address_published", "key_or_script"])
def test_a_cell_that_could_be_taken_for_several_is_judged_anew(column: str, text: str) -> None:
    assert key(**{column: text}) is None
    assert key(signatures=["sig", text]) is None
    assert key(owners=[text]) is None


@pytest.mark.parametrize("signatures", [[], [""], ["", ""]])
def test_a_row_that_nobody_signed_is_judged_anew(signatures: list[str]) -> None:
    assert key(signatures=signatures) is None


# --- the rules --------------------------------------------------------------------------------------------------------
def test_the_rules_are_others_when_a_row_of_the_registry_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ownership.rules()
    assert before == ownership.rules()
    (tmp_path / "schemes.csv").write_text("x")
    monkeypatch.setenv(registry.OWN_ROWS, str(tmp_path))
    assert ownership.rules() != before


def test_the_rules_are_others_when_their_code_or_a_library_is(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {ownership.rules()}
    really = Path.read_bytes
    for room in _rules.ROOMS:
        name = {"ownership": "utxo.py", "addresses": "evm.py", "encoding": "base58.py", "registry": "lookup.py"}[room]
        monkeypatch.setattr(
            Path, "read_bytes",
            lambda path, room=room, name=name: really(path) + b"#" * (path.name == name and path.parent.name == room),
        )  # fmt: skip
        found.add(ownership.rules())
    monkeypatch.setattr(Path, "read_bytes", really)
    for library in _rules.LIBRARIES:
        real = _state.metadata.version
        monkeypatch.setattr(
            _state.metadata, "version", lambda name, library=library, real=real: "0" if name == library else real(name)
        )
        found.add(ownership.rules())
    assert len(found) == 1 + len(_rules.ROOMS) + len(_rules.LIBRARIES)


@pytest.mark.parametrize("has_secret", [True, False])
def test_hashes_are_equal_where_texts_are(monkeypatch: pytest.MonkeyPatch, has_secret: bool) -> None:
    monkeypatch.setattr(_judged, "sys", SimpleNamespace(flags=SimpleNamespace(hash_randomization=has_secret)))
    texts = [b"", b"\0", b"a", b"a\0", b"a", b"b" * 500]
    found = [row.tobytes() for row in _judged._digests(texts)]
    assert [found.index(one) for one in found] == [0, 1, 2, 3, 2, 5]
    assert {len(one) for one in found} == {16}
    assert _judged._digests([]).shape == (0, 16)
    assert (found[0] == hashlib.sha256(b"").digest()[:16]) is not has_secret


def test_an_index_knows_no_null() -> None:
    known = _judged.Judged(
        pa.array([b"a" * 16], pa.binary(16)), pa.table({name: pa.array([["x"]]) for name in _judged.TAKEN})
    )
    assert known.places(pa.RecordBatch.from_pylist([], schema=_verify.lake.schema(Evidence))).to_pylist() == []
