"""Starknet accounts: a field element in hex. https://docs.starknet.io/architecture/accounts

The address is a hash of the contract's class and of what its constructor was given, the key among it: for the classes
that wallets deploy, the accounts of a key can be told.
https://docs.starknet.io/learn/protocol/accounts#contract-address
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from porlake.addresses import _hex32
from porlake.addresses._address import Address
from porlake.encoding import stark
from porlake.errors import InvalidAddress

BOUND = 2**251 - 256


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length, bad_form)."""
    address = _hex32.parse(text, network, "starknet")
    if not 0 < int.from_bytes(address.payload, "big") < BOUND:
        raise InvalidAddress("bad_form", f"{text!r} is no contract address: not between 0 and 2^251 - 256")
    return address


# --- accounts of a key ------------------------------------------------------------------------------------------------
#: Classes whose constructor takes key and guardian (0: none), by name. Those that OKX uses come first.
DIRECT = {
    "okx": 0x1C0BB51E2CE73DC007601A1E7725453627254016C28F118251A71BBB0507FCB,
    "argent_0.3.1": 0x29927C8AF6BCCF3F6FDA035981E765A7BDBF18A2DC0D630494F8758AA908E2B,
    "argent_0.3.0": 0x1A736D6ED154502257F02B1CCDF4D9D1089F80811CD6ACAD48E6B6A9D1F2003,
    "argent_0.3.0_rc": 0x2FADBF77A721B94BDCC3032D86A8921661717FA55145BCCF88160EE2A5EFCD1,
}
#: Proxies of the first Cairo: (proxy class, class behind it), whose initializer takes key and guardian.
PROXIED = {
    "okx_cairo_0": (
        0x3530CC4759D78042F1B543BF797F5F3D647CDE0388C33734CF91B7F7B9314A9,
        0x309C042D3729173C7F2F91A34F04D8C509C1B292D334679EF1AABF8DA0899CC,
    ),
    **{
        f"argent_{version}": (0x25EC026985A3BF9D0CC1FE17326B245DFDC3FF89B8FDE106542A3EA56C5A918, behind)
        for version, behind in {
            "0.2.3": 0x33434AD846CDD5F23EB73FF09FE6FDDD568284A0FB7D1BE20EE482F044DABE2,
            "0.2.2": 0x3E327DE1C40540B98D05CBCB13552008E36F0EC8D61D46956D2F9752C294328,
            "0.2.1": 0x7E28FB0161D10D1CF7FE1F13E7CA57BCE062731A3BD04494DFD2D0412699727,
            "0.2.0": 0x1A7820094FEAF82D53F53F214B81292D717E7BB9A92BB2488092CD306F3993F,
        }.items()
    },
}
#: Takes a signer of kind 0 (the STARK curve) and no guardian (an option's second kind).
ARGENT_0_4_0 = 0x36078334509B514626504EDC9FB252328D1A240E4E948BEF8D0C08DFF45927F


def accounts(key: int) -> Iterator[tuple[str, bytes]]:
    """(class, payload) of the accounts that a key has by the classes known here; deployed by nobody, salted with the
    key.
    """
    salted = stark.pedersen(_nobody(), key)
    own = stark.list_hash((key, 0))
    yield "okx", _address(salted, DIRECT["okx"], own)
    for name, (proxy, behind) in PROXIED.items():
        yield name, _address(salted, proxy, stark.pedersen(stark.chain((key, 0), _initializer(behind)), 5))
    for name, number in DIRECT.items():
        if name != "okx":
            yield name, _address(salted, number, own)
    yield "argent_0.4.0", _address(salted, ARGENT_0_4_0, stark.list_hash((0, key, 1)))


def _address(salted: int, number: int, calldata: int) -> bytes:
    """Five parts are hashed: prefix, deployer, salt, class and constructor."""
    return (stark.pedersen(stark.chain((number, calldata), salted), 5) % BOUND).to_bytes(32, "big")


@cache
def _nobody() -> int:
    return stark.chain((stark.short_string("STARKNET_CONTRACT_ADDRESS"), 0))


@cache
def _initializer(behind: int) -> int:
    """What a proxy's constructor is given before key and guardian: the class behind it, what to call, and two
    arguments.
    """
    return stark.chain((behind, stark.selector("initialize"), 2))
