"""Rows that nobody signed and that show no key or script, by column: nothing is looked at but how the account is
spelled. Ten million rows of Binance are of this form.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from porlake import addresses, registry
from porlake.ownership import _dispatch
from porlake.ownership.batch.columns import EvidenceColumns, Rows, Verdicts
from porlake.ownership.batch.recovery import RecoveryCache


def judge(columns: EvidenceColumns, cache: RecoveryCache, found: Verdicts) -> Rows:
    """Adds the verdicts of rows of this form to `found`; gives their numbers."""
    rows = np.flatnonzero((columns.signatures.count == 0) & (columns.length("key_or_script") == 0))
    if len(rows):
        networks, texts = columns.taken(rows, "network", "address_published")
        count = len(rows)
        found.rows += rows.tolist()
        found.verdicts += ["unsigned"] * count
        found.reasons += ["unsigned"] * count
        found.flags += [()] * count
        found.signers += [None] * count
        found.accounts += _accounts(networks, texts)
    return rows


def _accounts(networks: pa.StringArray, texts: pa.StringArray) -> list[str]:
    """As `_dispatch.account`, of each."""
    accounts = np.array(texts.to_pylist(), object)
    encoded = networks.dictionary_encode(null_encoding="encode")
    codes = encoded.indices.to_numpy()
    for code, network in enumerate(encoded.dictionary.to_pylist()):
        if network not in registry.load().networks:
            continue
        places = np.flatnonzero(codes == code)
        part = texts if len(places) == len(texts) else texts.take(pa.array(places))
        spelled, good = addresses.parse_column(network, part)
        accounts[places[good]] = spelled.filter(pa.array(good)).to_pylist()
        for place in places[~good].tolist():
            accounts[place] = _dispatch.account(network, accounts[place])
    made: list[str] = accounts.tolist()
    return made
