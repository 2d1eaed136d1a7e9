"""Everything that a run is told from outside, as plain values: texts, numbers, paths and URLs as text.

`pipeline` reads them from options, the environment and a file, once, and makes of them what opens something: endpoints,
a recording, a lake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

CHECK_SAMPLE, CHECK_ABOVE, PROOF_SHARE = Decimal("0.01"), Decimal("0.001"), Decimal("0.95")


@dataclass(frozen=True, slots=True)
class DumpSettings:
    """A set of all coins: where it lies (path or URL), the path under which a node writes it ('' for the same), what it
    must hash to, whether the coins below each balance are kept.
    """

    place: str
    written: str = ""
    hashes: tuple[str, ...] = ()
    outpoints: bool = False


#: As what marts are published: Parquet files, or Delta tables beside them.
PUBLISHED_AS = PARQUET, DELTA = "parquet", "delta"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is told.

    `lake`: path of the lake, or the URL of an object store; `cache`: path of the folder in which this machine keeps
    what it fetched from there, '' for the default. `record`, `replay`: path of a recording (or URL below the lake's),
    at most one of them is not ''. `endpoints`: of a network, in the order in which they are asked, what
    `transport.Endpoint` takes: `url`, `headers`, `per_second` ...; it may hold keys, so that it is never shown. Shares
    are parts of one: `check_sample` of the accounts, and those with
    `check_above` of what was read of an asset, are read again from a second endpoint; `proof_share` of each asset's
    amount is proved. `mirrors`: for a publisher's host the URL below which it is asked instead. `verifiers`: by
    proof format the path of its publisher's own verifier, which a user has built. `page`: whether `publish` makes the
    page, too: '' for no, `yes`, or the URL where it will be served.
    """

    lake: str
    record: str = ""
    replay: str = ""
    endpoints: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict, repr=False)
    price_file: str = ""
    check_sample: Decimal = CHECK_SAMPLE
    check_above: Decimal = CHECK_ABOVE
    proof_share: Decimal = PROOF_SHARE
    dumps: Mapping[str, DumpSettings] = field(default_factory=dict)
    mirrors: Mapping[str, str] = field(default_factory=dict)
    verifiers: Mapping[str, str] = field(default_factory=dict)
    cache: str = ""
    publish_as: str = PARQUET
    page: str = ""
