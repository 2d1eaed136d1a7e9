"""The accounts of `stellar/world.py` behind Stellar RPC, their entries encoded by stellar-sdk."""

from __future__ import annotations

import base64
from typing import Any

from stellar_sdk import Asset, Keypair, xdr

from chains.stellar import world as horizon
from chains.stellar.world import HEAD, HEIGHT, ISSUER, MOMENT, PASSPHRASE, USDC
from chains.stub import Reply, Request, RpcError, World, at, rpc
from porlake.encoding.hashes import sha256

OLDEST = HEIGHT - 100


def dropped(request: Request, reply: Reply) -> Reply:
    """A server without state: all entries are left out, and it names its newest ledger."""
    return at("result.entries", lambda entries: [])(request, reply)


def liabilities(kind: Any, selling: int) -> Any:
    return kind(1, v1=_v1(kind, selling))


def _v1(kind: Any, selling: int) -> Any:
    told = xdr.Liabilities(buying=xdr.Int64(0), selling=xdr.Int64(selling))
    if kind is xdr.AccountEntryExt:
        return xdr.AccountEntryExtensionV1(told, xdr.AccountEntryExtensionV1Ext(0))
    return xdr.TrustLineEntryV1(told, xdr.TrustLineEntryV1Ext(0))


def account_entry(account: str, balance: int, selling: int) -> xdr.LedgerEntryData:
    signer = xdr.Signer(
        xdr.SignerKey(xdr.SignerKeyType.SIGNER_KEY_TYPE_ED25519, ed25519=xdr.Uint256(b"\x09" * 32)),
        xdr.Uint32(1),
    )
    entry = xdr.AccountEntry(
        account_id=Keypair.from_public_key(account).xdr_account_id(),
        balance=xdr.Int64(balance),
        seq_num=xdr.SequenceNumber(xdr.Int64(7)),
        num_sub_entries=xdr.Uint32(2),
        inflation_dest=Keypair.from_public_key(ISSUER).xdr_account_id() if selling else None,
        flags=xdr.Uint32(0),
        home_domain=xdr.String32(b"a.example" if balance else b""),
        thresholds=xdr.Thresholds(b"\x01\x00\x00\x00"),
        signers=[signer] if selling else [],
        ext=liabilities(xdr.AccountEntryExt, selling) if selling else xdr.AccountEntryExt(0),
    )
    return xdr.LedgerEntryData(xdr.LedgerEntryType.ACCOUNT, account=entry)


def line_entry(account: str, balance: int, selling: int) -> xdr.LedgerEntryData:
    entry = xdr.TrustLineEntry(
        account_id=Keypair.from_public_key(account).xdr_account_id(),
        asset=Asset(USDC, ISSUER).to_trust_line_asset_xdr_object(),
        balance=xdr.Int64(balance),
        limit=xdr.Int64(2**63 - 1),
        flags=xdr.Uint32(1),
        ext=liabilities(xdr.TrustLineEntryExt, selling) if selling else xdr.TrustLineEntryExt(0),
    )
    return xdr.LedgerEntryData(xdr.LedgerEntryType.TRUSTLINE, trust_line=entry)


class WORLD(World):
    network, height, head, moment, kind = "stellar", HEIGHT, HEAD, MOMENT, "rpc"
    held, now, absent = horizon.WORLD.held, horizon.WORLD.now, horizon.WORLD.absent
    lies = {
        "no state": (dropped, "error"),
        "a server that is behind": (
            at("result.latestLedger", lambda told: HEIGHT - 1, method="getLedgerEntries"), "error"
        ),
        "entries of others": (
            at("result.entries.*.xdr", lambda told: account_xdr(horizon.account(50), 1), method="getLedgerEntries"),
            "error",
        ),
        "changed after the answer": (at("result.entries.*.lastModifiedLedgerSeq", lambda told: HEAD + 1), "error"),
        "wrong_chain": (at("result.passphrase", lambda told: "Test SDF Network ; September 2015"), "error"),
    }  # fmt: skip
    unseen = {
        "shortened:result.entries": "an entry that is left out is how the server says that an account is not there",
    }

    def __init__(self) -> None:
        self.entries: dict[bytes, tuple[xdr.LedgerEntryData, int]] = {}
        for name, (balance, selling, changed, line) in horizon.WORLD().planted(self.held).items():
            self._plant(account_entry(name, balance, selling), changed)
            if line is not None:
                self._plant(line_entry(name, line[0], line[1]), line[2])

    def _plant(self, data: xdr.LedgerEntryData, changed: int) -> None:
        self.entries[key_of(data).to_xdr_bytes()] = data, changed

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def mentions(self, request: Request, address: str) -> bool:
        key = Keypair.from_public_key(address).raw_public_key()
        keys = (request.body or {}).get("params", {}).get("keys", [])
        return any(key in base64.b64decode(one) for one in keys)

    def _call(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "getNetwork":
                return {"passphrase": PASSPHRASE, "protocolVersion": 22}
            case "getLatestLedger":
                return {"id": sha256(f"ledger {HEAD}".encode()).hex(), "sequence": HEAD, "protocolVersion": 22}
            case "getLedgers":
                height = params["startLedger"]
                if not OLDEST <= height <= HEAD:
                    raise RpcError(
                        -32600, f"start ledger ({height}) must be between the oldest ledger: {OLDEST} and the latest "
                        f"ledger: {HEAD} for this rpc instance"
                    )  # fmt: skip
                ledger = horizon.WORLD()._ledger(height)
                closed = int((MOMENT.timestamp()) + 6 * (height - HEIGHT))
                told = {"hash": ledger["hash"], "sequence": height, "ledgerCloseTime": str(closed)}
                return {"ledgers": [told], "latestLedger": HEAD, "oldestLedger": OLDEST, "cursor": str(height)}
            case "getLedgerEntries":
                return {"entries": self._entries(params["keys"]), "latestLedger": HEAD}
        raise RpcError(-32601, f"method not found: {method}")

    def _entries(self, keys: list[str]) -> list[dict[str, Any]]:
        if len(keys) > 200:
            raise RpcError(-32602, f"key count ({len(keys)}) exceeds maximum supported (200)")
        found = []
        for text in keys:
            key = xdr.LedgerKey.from_xdr(text)
            if key.type == xdr.LedgerEntryType.CONFIG_SETTING:
                found.append({"key": text, "xdr": "AAAACAAAAAAAAgAA", "lastModifiedLedgerSeq": 51_000_000})
            elif key.to_xdr_bytes() in self.entries:
                data, changed = self.entries[key.to_xdr_bytes()]
                found.append({"key": text, "xdr": data.to_xdr(), "lastModifiedLedgerSeq": changed})
        return found


def account_xdr(account: str, balance: int) -> str:
    return account_entry(account, balance, 0).to_xdr()


def key_of(data: xdr.LedgerEntryData) -> xdr.LedgerKey:
    if data.account is not None:
        return xdr.LedgerKey(data.type, account=xdr.LedgerKeyAccount(data.account.account_id))
    line = data.trust_line
    assert line is not None
    return xdr.LedgerKey(data.type, trust_line=xdr.LedgerKeyTrustLine(line.account_id, line.asset))
