"""The hook behind the connection type `porlake_rpc`: a connection as an Endpoint."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from airflow.sdk import BaseHook

from porlake import registry
from porlake.errors import PorlakeError
from porlake.transport import Endpoint, Tape


class EndpointHook(BaseHook):
    """`endpoint()` gives the URL and the headers; the key stays in the headers and out of every text."""

    conn_name_attr = "endpoint_conn_id"
    default_conn_name = "porlake_ethereum"
    conn_type = "porlake_rpc"
    hook_name = "Chain endpoint (porlake)"

    def __init__(self, endpoint_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.endpoint_conn_id = endpoint_conn_id

    def endpoint(self) -> Endpoint:
        connection: Any = self.get_connection(self.endpoint_conn_id)
        url = connection.host or ""
        if "://" not in url:
            url = f"http://{url}" + (f":{connection.port}" if connection.port else "")
        headers = {}
        name = connection.extra_dejson.get("header")
        if name and connection.password:
            headers[name] = connection.password
        elif connection.login:
            headers["Authorization"] = "Basic " + b64encode(f"{connection.login}:{connection.password or ''}".encode()).decode()
        return Endpoint(url, headers)

    def test_connection(self) -> tuple[bool, str]:
        """Ask the endpoint for its head; the button in the connection form."""
        from porlake import chains

        name = re.sub(r"^porlake_|_\d+$", "", self.endpoint_conn_id)
        network = registry.load().networks.get(name)
        if network is None:
            return False, "name the connection porlake_<network>; `porlake networks` lists them"
        try:
            head = chains.open_client(network, self.endpoint(), Tape.live()).head()
        except PorlakeError as error:
            return False, str(error)
        return True, f"{network.name}: head is at {head.height:,}"
