"""WAX: the world of EOS with eight places, another symbol and no second coin beside it.

It is a chain of its own, for names of accounts of the real one may be anybody's.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime

from chains.antelope import world as eos
from chains.antelope.world import EMPTY, LARGE, LATE, RICH, STAKER, VAULTA
from chains.stub import Reply, Request, World, at
from porlake.chains.antelope.hyperion import key_of
from porlake.encoding.hashes import sha256

CHAIN = sha256(b"the WAX of the tests").hex()
_AMOUNT = re.compile(r'"(\d+)\.(\d{4}) EOS"')


def _written(match: re.Match[str]) -> str:
    """The same number of smallest units, of which a WAX has 10**8."""
    raw = int(match[1] + match[2])
    return f'"{raw // 10**8}.{raw % 10**8:08} WAX"'


class WORLD(World):
    network, height, head = "wax", eos.HEIGHT, eos.HEAD
    moment: datetime = eos.MOMENT
    held = {
        "WAXP": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: eos.WORLD.held["EOS"][STAKER],
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
            VAULTA: {"liquid": 40, "total": 40},
        }
    }
    now = {"WAXP": {LATE: {"liquid": 150, "total": 150}}}
    absent = eos.NEVER
    lies = {
        "no Hyperion": (eos.without_hyperion, "right"),
        "another symbol": (at("core_liquid_balance", lambda value: value.replace("WAX", "EOS")), "error"),
        "wrong_chain": (at("chain_id", lambda name: name[::-1], path="get_info"), "error"),
    }

    rows = {
        "networks.csv": "network,name,caip2,native_asset,address_form,client,why_none,endpoint,note\n"
        f"wax,WAX (made),antelope:{CHAIN[:32]},WAXP,eos,antelope,,,of the sample alone\n"
    }

    def answer(self, request: Request) -> Reply:
        if request.query.get("primary_key") == str(key_of("WAX")):
            request = replace(request, query={**request.query, "primary_key": str(key_of("EOS"))})
        reply = eos.WORLD().answer(request)
        text = _AMOUNT.sub(_written, json.dumps(reply.body)).replace(eos.CHAIN, CHAIN)
        text = text.replace(f'"{key_of("EOS")}"', f'"{key_of("WAX")}"')
        return replace(reply, body=json.loads(text))

    def mentions(self, request: Request, address: str) -> bool:
        return eos.WORLD().mentions(request, address)
