"""What the tests of the formats share: bundles made of bytes, and items as lists that a case's expected.json holds.

python tests/reports/published.py tests/reports/cases/okx_csv/auditors     what expected.json of a case would be
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from porlake import registry, reports

HERE = Path(__file__).parent
ETH = "0x" + "11" * 20
OKX_ROWS = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
STAKING = b"coin,amount\nETH,64\n\ndeposit address,validator publickey,amount,withdrawal address\n"
KEY = "0x" + "ab" * 48


def shown(item: reports.Item) -> list[Any]:
    """An item as a case writes it; at the end its custodian, where it has one, and its file's number, where that is not
    the first.
    """
    if isinstance(item, reports.Published):
        names = (
            "source_row for_row network asset scheme holding height address amount unit message signatures "
            "key_or_script owners remark"
        )
        found = ["published", *(getattr(item, name) for name in names.split())]
    elif isinstance(item, reports.Transfer):
        names = "source_row network asset address recipient transaction amount first_height last_height source"
        found = ["transfer", *(getattr(item, name) for name in names.split())]
    elif isinstance(item, reports.Refused):
        found = ["refused", item.source_row, item.block, item.reason, item.label, item.address]
    elif isinstance(item, reports.Figure):
        names = "source_row figure value unit definition source note"
        found = ["figure", *(getattr(item, name) for name in names.split())]
    else:
        names = (
            "source_row label level network asset holding height amount custody_amount owed printed_ratio usd source"
        )
        found = ["summary", *(getattr(item, name) for name in names.split())]
    if isinstance(item, reports.Published) and item.custodian:
        found.append(item.custodian)
    return [*found, item.member] if item.member else found


def as_bundle(files: Mapping[str, bytes], exchange: str = "okx") -> reports.Bundle:
    """Files that were published together, in this order."""
    members = tuple(reports.Member(name, io.BytesIO(content)) for name, content in files.items())
    return reports.Bundle(members, next(iter(files), "nothing"), exchange)


def report_of(form: reports.Format, content: bytes, exchange: str = "okx", name: str = "f.csv") -> reports.Bundle:
    """A report of one file, whether its format would recognise it or not."""
    return reports.Bundle((reports.Member(name, io.BytesIO(content), form.ROLES[0]),), name, exchange)


def read(content: bytes, exchange: str = "okx", name: str = "f.csv") -> list[reports.Item]:
    """The items of a file, by the one format that recognises it. Raises ReportError."""
    return read_all({name: content}, exchange)


def read_all(files: Mapping[str, bytes], exchange: str = "okx") -> list[reports.Item]:
    """The items of the one report that some files are. Raises ReportError."""
    ((form, bundle),), _ = reports.recognised(as_bundle(files, exchange))
    return list(form.parse(bundle))


def zipped(entries: Mapping[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda info: None) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            change(info)
            archive.writestr(info, content)
    out.seek(0)
    return out


# --- cases as files: <folder>/<format>/<case>/ holds the files of one report, and expected.json -----------------------
def cases(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/*/expected.json"))


def published_files(case: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(case.iterdir()) if path.name != "expected.json"}


def exchange_of(format_name: str) -> str:
    """The first exchange that publishes the format; porlake's own speaks of any."""
    exchanges = registry.load().exchanges.values()
    if format_name == reports.observed_list.NAME:
        return "bitfinex"
    return next(row.exchange for row in exchanges if format_name in row.formats.split())


def rows(case: Path) -> list[list[Any]]:
    return [shown(item) for item in read_all(published_files(case), exchange_of(case.parent.name))]


def check_case(case: Path) -> None:
    assert json.loads(json.dumps(rows(case))) == json.loads((case / "expected.json").read_text())


def check_complete(folder: Path) -> None:
    """Every format has a case, and every case is of a format."""
    assert {case.parent.name for case in cases(folder)} == set(reports.FORMATS)


if __name__ == "__main__":
    print("[\n" + ",\n".join(map(json.dumps, rows(Path(sys.argv[1]).resolve()))) + "\n]")
