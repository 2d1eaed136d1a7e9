"""A family of chains made for tests as CONTRIBUTING says it: a folder with a face, and rows of a registry."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import porlake.chains
from support import own_rows

FACE = '''
"""Toy: a chain of one coin whose node answers about one address a question."""

from porlake import numbers
from porlake.chains import BlockRef, Family, OneByOne, Reading, Unread
from porlake.errors import BadAnswer
from porlake.transport import Http


class Client(OneByOne):
    def __init__(self, network, endpoint, recording):
        self._http = Http(network.network, endpoint, recording)

    def block(self, height):
        return self._block(self._http.get(f"/block/{height}"))

    def head(self):
        return self._block(self._http.get("/head"))

    def balances(self, wanted, at):
        for want in wanted:
            told = self._http.get(f"/balance/{at.height}/{want.address}")
            if told is None:
                yield Unread(want.asset, want.address, "refused_by_server")
                continue
            raw = numbers.whole(told, what=self._http.host)
            yield Reading(want.asset, want.address, "total", raw, at, "exact", "toy_balance", self._http.host)

    def _block(self, told):
        if not isinstance(told, dict):
            raise BadAnswer(f"{self._http.host}: no block")
        what = f"{self._http.host}: a block"
        return BlockRef(
            numbers.height(told.get("height"), what=what), str(told["hash"]), numbers.moment(told["time"], what=what)
        )


class Toy(Family):
    past = "exact"

    def client_at(self, network, endpoint, recording):
        return Client(network, endpoint, recording)


FAMILY = Toy()
'''

ROWS = {
    "networks.csv": "network,name,caip2,native_asset,address_form,client,why_none,endpoint,note\n"
    "toynet,Toy,toy:1,TOY,opaque,toy,,,\n",
    "assets.csv": "asset,name,asset_class,scale,underlying,price_id,note\nTOY,Toy,other,8,,,\n",
    "tokens.csv": "network,asset,kind,contract,decimals,balance_slot,note\ntoynet,TOY,native,,6,,\n",
    "labels.csv": "exchange,label,network_label,network,asset,scheme,holding,note\n"
    "okx,TOY,TOYNET,toynet,TOY,no_scheme,,\n",
}


@contextmanager
def toy(folder: Path, face: str = FACE) -> Iterator[None]:
    """The family in a folder of its own beside ours, with its rows."""
    (folder / "chains" / "toy").mkdir(parents=True)
    (folder / "chains" / "toy" / "__init__.py").write_text(face)
    (folder / "rows").mkdir()
    for name, text in ROWS.items():
        (folder / "rows" / name).write_text(text)
    places = porlake.chains.__path__
    places.append(str(folder / "chains"))
    try:
        with own_rows(folder / "rows"):
            yield
    finally:
        places.remove(str(folder / "chains"))
        sys.modules.pop("porlake.chains.toy", None)
        porlake.chains._face.cache_clear()
