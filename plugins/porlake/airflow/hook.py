"""The hook behind the connection type `porlake_rpc`: a connection as an Endpoint."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from airflow.sdk import BaseHook

from porlake import registry
from porlake.errors import ConfigurationError, PorlakeError
from porlake.transport import Endpoint, Recording


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
        """Raises ConfigurationError with the connection's name, and nothing of what it holds."""
        connection: Any = self.get_connection(self.endpoint_conn_id)
        url = connection.host or ""
        if "://" not in url:
            name = f"[{url}]" if url.count(":") > 1 and not url.startswith("[") else url  # an IPv6 address as it is
            url = f"http://{name}" + (f":{connection.port}" if connection.port else "")
        try:
            return Endpoint(url, self._headers(connection))
        except ConfigurationError as error:
            raise ConfigurationError(f"connection {self.endpoint_conn_id}: {error}") from None

    def _headers(self, connection: Any) -> dict[str, str]:
        try:
            name = connection.extra_dejson.get("header")
        except (ValueError, AttributeError):
            raise ConfigurationError("its extra field is no JSON object") from None
        if name and connection.password:
            return {name: connection.password}
        if connection.login:
            return {
                "Authorization": "Basic "
                + b64encode(f"{connection.login}:{connection.password or ''}".encode()).decode()
            }
        return {}

    def test_connection(self) -> tuple[bool, str]:
        """Ask the endpoint for its head; the button in the connection form."""
        from porlake import chains

        name = re.sub(r"^porlake_|_\d+$", "", self.endpoint_conn_id)
        network = registry.load().networks.get(name)
        if network is None:
            return False, "name the connection porlake_<network>; `porlake networks` lists them"
        try:
            head = chains.open_client(network, self.endpoint().brief, Recording.off()).head()
        except PorlakeError as error:
            return False, str(error)
        return True, f"{network.name}: head is at {head.height:,}"
