"""Stellar as a small world behind Horizon: accounts with offers, changed late, merged away."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Held, Reply, Request, World, at
from porlake.encoding.crc import crc16
from porlake.encoding.hashes import sha256

HEIGHT, HEAD = 55_000_000, 55_000_600
MOMENT = datetime(2025, 1, 1, 0, 0, 3, tzinfo=UTC)
PASSPHRASE = "Public Global Stellar Network ; September 2015"
USDC, ISSUER = "USDC", "GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN"
LARGE = 2**53 + 9
Line = tuple[int, int, int]
Account = tuple[int, int, int, Line | None]  # balance, selling liabilities, last change, trust line


def account(number: int) -> str:
    data = b"\x30" + bytes([number]) * 32
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).decode()


RICH, OFFERS, LATE, EMPTY, MERGED_LATE, MERGED_EARLY, NEVER = (account(number) for number in range(1, 8))


def units(raw: int) -> str:
    return f"{raw // 10**7}.{raw % 10**7:07d}"


def problem(kind: str, title: str, status: int, headers: dict[str, str] | None = None) -> Reply:
    body = {"type": f"https://stellar.org/horizon-errors/{kind}", "title": title, "status": status}
    return Reply(body, status, headers or {})


def header(height: str) -> Any:
    """Another header Latest-Ledger, or none where it is empty."""

    def lie(request: Request, reply: Reply) -> Reply:
        return Reply(reply.body, reply.status, {"Latest-Ledger": height} if height else {})

    return lie


def at_accounts(reply: Reply) -> Any:
    return lambda request, honest: reply if request.path.startswith("/accounts/") else honest


def without_lines(request: Request, reply: Reply) -> Reply:
    """A cut answer: all balances but the native one are gone, and the native one too."""
    return at("balances", lambda lines: [])(request, reply)


class WORLD(World):
    network, height, head, moment = "stellar", HEIGHT, HEAD, MOMENT
    held = {
        "XLM": {
            RICH: {"liquid": LARGE, "selling_liabilities": 0, "total": LARGE},
            OFFERS: {"liquid": 70, "selling_liabilities": 30, "total": 100},
            LATE: {"liquid": 1, "selling_liabilities": 0, "total": 1},
            EMPTY: {"liquid": 0, "selling_liabilities": 0, "total": 0},
            MERGED_LATE: {"liquid": 9, "selling_liabilities": 0, "total": 9},
            MERGED_EARLY: {"liquid": 0, "selling_liabilities": 0, "total": 0},
        },
        "USDC": {
            RICH: {"liquid": 4, "selling_liabilities": 0, "total": 4},
            OFFERS: {"liquid": 2, "selling_liabilities": 6, "total": 8},
            LATE: {"liquid": 16, "selling_liabilities": 0, "total": 16},
            EMPTY: {"total": 0},
        },
    }
    now = {
        "XLM": {
            LATE: {"liquid": 513, "selling_liabilities": 0, "total": 513},
            MERGED_LATE: {"liquid": 0, "selling_liabilities": 0, "total": 0},
        },
        "USDC": {OFFERS: {"liquid": 1, "selling_liabilities": 6, "total": 7}},
    }
    absent = NEVER
    past = "unchanged"
    lies = {
        "a server that is behind": (header(str(HEIGHT - 1)), "error"),
        "no header": (header(""), "right"),
        "another account": (at("account_id", lambda told: RICH if told != RICH else EMPTY), "error"),
        "a 404 of a gateway": (at_accounts(Reply({"message": "no route"}, 404)), "error"),
        "a 404 with text": (at_accounts(Reply(raw=b"404 page not found", status=404)), "error"),
        "stale": (lambda request, reply: problem("stale_history", "Historical DB Is Too Stale", 503), "error"),
        "a younger history": (at("history_elder_ledger", lambda told: HEIGHT + 2), "right"),
        "changed after the answer": (at("last_modified_ledger", lambda told: HEAD + 1), "error"),
        "cut": (without_lines, "error"),
        "another ledger": (at("sequence", lambda told: told + 1, path="/ledgers/"), "error"),
        "more promised than there is": (at("balances.*.selling_liabilities", lambda told: units(2**62)), "error"),
        "no transaction": (at("_embedded.records.*.source_account", lambda told: None), "bad_answer"),
        "no page": (at("_embedded", lambda told: None), "error"),
        "six places": (at("balances.*.balance", lambda told: told[:-1]), "error"),
        "wrong_chain": (at("network_passphrase", lambda told: "Test SDF Network ; September 2015"), "error"),
    }

    def __init__(self) -> None:
        self.transactions = {MERGED_LATE: HEIGHT + 7, MERGED_EARLY: HEIGHT - 7}
        self.accounts = self.planted(self.held)

    def planted(self, held: Held) -> dict[str, Account]:
        """What stands at the head; who is not told of here rests with what is planted."""
        told: dict[str, Account] = {
            RICH: (LARGE, 0, HEIGHT - 10, (4, 0, HEIGHT - 11)),
            OFFERS: (100, 30, HEIGHT, (7, 6, HEIGHT + 1)),
            LATE: (513, 0, HEIGHT + 1, (16, 0, HEIGHT)),
            EMPTY: (0, 0, HEIGHT - 9, None),
        }
        rest: dict[str, Account] = {
            name: (parts["total"], parts["selling_liabilities"], HEIGHT - 10, None)
            for name, parts in held["XLM"].items()
            if name not in (MERGED_LATE, MERGED_EARLY)
        }
        return rest | told

    def answer(self, request: Request) -> Reply:
        parts = request.path.strip("/").split("/")
        match parts:
            case [""]:
                passphrase = {"network_passphrase": PASSPHRASE, "history_elder_ledger": 2}
                return Reply({**passphrase, "history_latest_ledger": HEAD, "core_latest_ledger": HEAD})
            case ["ledgers"]:
                return Reply({"_embedded": {"records": [self._ledger(HEAD)]}})
            case ["ledgers", height]:
                found = 2 <= int(height) <= HEAD
                return Reply(self._ledger(int(height))) if found else problem("not_found", "Resource Missing", 404)
            case ["accounts", name]:
                return self._account(name)
            case ["accounts", name, "transactions"]:
                if name not in {**self.accounts, **self.transactions}:
                    return problem("not_found", "Resource Missing", 404)
                record = {"id": "ab" * 32, "source_account": name, "ledger": self.transactions.get(name, HEIGHT - 10)}
                return Reply({"_embedded": {"records": [record]}})
        return problem("not_found", "Resource Missing", 404)

    def _ledger(self, height: int) -> dict[str, Any]:
        closed = MOMENT + timedelta(seconds=6 * (height - HEIGHT))
        name = sha256(f"ledger {height}".encode()).hex()
        return {"sequence": height, "hash": name, "closed_at": f"{closed:%Y-%m-%dT%H:%M:%SZ}"}

    def _account(self, name: str) -> Reply:
        shown = {"Latest-Ledger": str(HEAD)}
        if name not in self.accounts:
            return problem("not_found", "Resource Missing", 404, shown)
        balance, selling, changed, line = self.accounts[name]
        lines: list[dict[str, Any]] = []
        if line is not None:
            lines += [{
                "balance": units(line[0]), "limit": units(2**63 - 1), "buying_liabilities": units(0),
                "selling_liabilities": units(line[1]), "last_modified_ledger": line[2],
                "asset_type": "credit_alphanum4", "asset_code": USDC, "asset_issuer": ISSUER,
            }]  # fmt: skip
        native = {"balance": units(balance), "buying_liabilities": units(0), "selling_liabilities": units(selling)}
        lines += [{**native, "asset_type": "native"}]
        return Reply({"id": name, "account_id": name, "last_modified_ledger": changed, "balances": lines}, 200, shown)
