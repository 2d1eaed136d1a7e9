"""The hook's client, as a task of somebody else's DAG gets it."""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from support import environment, on_loopback, reply

CLIENT = """
import json
from porlake.airflow.hook import EndpointHook
from porlake.errors import ConfigurationError
client = EndpointHook("porlake_ethereum").get_conn()
endpoint = EndpointHook("porlake_ethereum_2").endpoint()
print(json.dumps([type(client).__module__, client.eth.block_number,
                  type(EndpointHook("porlake_tron").get_conn()).__module__, endpoint.per_second, endpoint.tries,
                  endpoint.timeout, endpoint.in_flight, endpoint.pause, endpoint.answer_bytes]))
for name in ("porlake_nowhere", "porlake_ethereum_3"):
    try:
        EndpointHook(name).get_conn()
    except ConfigurationError as error:
        print(error)
"""


class Node(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        right = self.headers["X-Key"] == "k3y" and question["method"] == "eth_blockNumber"
        reply(self, 200 if right else 403, json.dumps({"id": question["id"], "result": "0x10"}).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.slow
def test_get_conn_gives_a_web3_client_of_an_evm_network_and_ours_of_others(tmp_path: Path) -> None:
    with on_loopback(Node) as url:
        keyed = {"conn_type": "porlake_rpc", "host": url, "password": "k3y"}
        numbers = {"per_second": 5, "tries": 2, "timeout": 7.5, "in_flight": 3, "pause": 0.5, "answer_bytes": 1000}
        connections = {
            "ETHEREUM": keyed | {"extra": {"header": "X-Key"}},
            "ETHEREUM_2": keyed | {"extra": {"header": "X-Key"} | numbers},
            "ETHEREUM_3": keyed | {"extra": {"tries": 0}},
            "TRON": keyed,
        }
        named = {f"AIRFLOW_CONN_PORLAKE_{name}": json.dumps(one) for name, one in connections.items()}
        env = environment() | named | {"AIRFLOW_HOME": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", CLIENT], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found, unknown, odd = done.stdout.splitlines()[-3:]
    assert json.loads(found) == ["web3.main", 16, "porlake.chains.tron.client", 5, 2, 7.5, 3, 0.5, 1000]
    assert unknown == "name the connection porlake_<network>; `porlake networks` lists them"
    assert odd == "connection porlake_ethereum_3: tries is a whole number from 1 to 100"
    assert "k3y" not in done.stdout + done.stderr
