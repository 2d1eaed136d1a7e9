"""The hook behind the connection type `porlake_rpc`: a connection as an Endpoint."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from airflow.sdk import BaseHook

from porlake import registry
from porlake.errors import ConfigurationError, PorlakeError
from porlake.transport import NUMBERS, Endpoint, Recording


class EndpointHook(BaseHook):
    """`get_conn()` gives a client of the network that the connection's id names (porlake_ethereum, porlake_ethereum_2):
    web3.Web3 of an EVM network, porlake's own of others. `endpoint()` gives URL, headers and limits; keys stay in the
    headers and out of every text.

    The field `extra` may hold `header`, the name of the header that the password is sent in, and the numbers of an
    Endpoint: per_second, timeout, tries, pause, in_flight, answer_bytes.
    """

    conn_name_attr = "endpoint_conn_id"
    default_conn_name = "porlake_ethereum"
    conn_type = "porlake_rpc"
    hook_name = "Chain endpoint (porlake)"

    def __init__(self, endpoint_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.endpoint_conn_id = endpoint_conn_id

    def endpoint(self) -> Endpoint:
        """Raises ConfigurationError with the connection's name, and nothing of what it holds."""
        return endpoint_of(self.endpoint_conn_id, self.get_connection(self.endpoint_conn_id))

    def get_conn(self) -> Any:
        """A client that asks this endpoint. Nobody is asked yet. Raises ConfigurationError."""
        from porlake import chains

        return chains.native_client(self._network(), self.endpoint(), Recording.off())

    def _network(self) -> registry.Network:
        network = registry.load().networks.get(re.sub(r"^porlake_|_\d+$", "", self.endpoint_conn_id))
        if network is None:
            raise ConfigurationError("name the connection porlake_<network>; `porlake networks` lists them")
        return network

    def test_connection(self) -> tuple[bool, str]:
        """Ask the endpoint for its head; the button in the connection form."""
        from porlake import chains

        try:
            network = self._network()
            head = chains.open_client(network, self.endpoint().brief, Recording.off()).head()
        except PorlakeError as error:
            return False, str(error)
        return True, f"{network.name}: head is at {head.height:,}"


def endpoint_of(name: str, connection: Any) -> Endpoint:
    """A connection as an Endpoint. Raises ConfigurationError with the connection's name, and nothing of what it
    holds.
    """
    url = connection.host or ""
    if "://" not in url:
        host = f"[{url}]" if url.count(":") > 1 and not url.startswith("[") else url  # an IPv6 address as it is
        url = f"http://{host}" + (f":{connection.port}" if connection.port else "")
    try:
        extra = _extra(connection)
        numbers: dict[str, Any] = {number: value for number, value in extra.items() if number in NUMBERS}
        return Endpoint(url, _headers(connection, extra.get("header")), **numbers)
    except ConfigurationError as error:
        raise ConfigurationError(f"connection {name}: {error}") from None


def _extra(connection: Any) -> dict[str, Any]:
    try:
        found = connection.extra_dejson
    except (ValueError, AttributeError):
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError("its extra field is no JSON object")
    return found


def _headers(connection: Any, name: str | None) -> dict[str, str]:
    if name and connection.password:
        return {name: connection.password}
    if connection.login:
        return {
            "Authorization": "Basic " + b64encode(f"{connection.login}:{connection.password or ''}".encode()).decode()
        }
    return {}


#: What the fields of the connection porlake_lake are to an object store's client; others of its `extra` are not read.
LAKE_FIELDS = {
    "s3": {"login": "access_key_id", "password": "secret_access_key", "session_token": "session_token"},
    "gs": {"password": "service_account_key"},
    "az": {"password": "account_key", "sas_key": "sas_key"},
}


def lake_keys(scheme: str) -> dict[str, str]:
    """Credentials of the lake's object store, as the connection porlake_lake (of any type) has them. Raises
    ConfigurationError with nothing of what it holds.
    """
    connection: Any = BaseHook.get_connection("porlake_lake")
    try:
        extra = _extra(connection)
    except ConfigurationError as error:
        raise ConfigurationError(f"connection porlake_lake: {error}") from None
    held = extra | {"login": connection.login, "password": connection.password}
    fields = LAKE_FIELDS.get(scheme, {})
    return {name: str(held[field]) for field, name in fields.items() if held.get(field)}
