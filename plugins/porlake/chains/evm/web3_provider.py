"""web3.py over the transport: its client as programs of the EVM know it, with our limits, recording and blanked keys.

web3.py takes two seconds to be imported: whoever needs this module imports it where it is needed.
https://web3py.readthedocs.io/
"""

from __future__ import annotations

import json
from typing import Any

from hexbytes import HexBytes
from web3 import Web3
from web3._utils.encoding import Web3JsonEncoder
from web3.exceptions import ProviderConnectionError
from web3.middleware import Web3Middleware
from web3.providers.base import JSONBaseProvider

from porlake import numbers
from porlake.errors import RequestFailed, TransportError
from porlake.transport import JsonRpc

#: Methods whose result is bytes in hex: what else is there is no answer, however web3.py would read it ("0x1" as 0x01).
HEX_RESULTS = frozenset({"eth_call", "eth_getCode", "eth_getStorageAt"})
BLOCKS = frozenset({"eth_getBlockByHash", "eth_getBlockByNumber"})


def web3_client(rpc: JsonRpc) -> Web3:
    """A web3.py client that asks one endpoint. A refusal is web3's own error; what else went wrong is a TransportError,
    whose text shows the endpoint's host and no key.
    """
    client = Web3(TransportProvider(rpc))
    client.middleware_onion.inject(LongExtraData, layer=0)
    return client


def plain_web3(rpc: JsonRpc) -> Web3:
    """As `web3_client`, for calls of our own: no question but the one that is put, and a refusal is RequestFailed."""
    return Web3(TransportProvider(rpc, raises_refusals=True), middleware=[])


class TransportProvider(JSONBaseProvider):
    """Questions go through a JsonRpc. CCIP-Read (EIP-3668) is off and stays off: it lets a contract's answer send this
    machine to any URL.
    """

    global_ccip_read_enabled = False
    ccip_read_max_redirects = 0  # also where a single call asks for it: web3.py then refuses

    def __init__(self, rpc: JsonRpc, *, raises_refusals: bool = False) -> None:
        super().__init__()
        self._rpc, self._raises_refusals = rpc, raises_refusals

    def make_request(self, method: Any, params: Any) -> Any:
        """A JSON-RPC response. Raises TransportError; a refusal is a response with an error, as web3.py expects it."""
        try:
            return self._response(method, self._rpc.call(method, _plain_params(params)))
        except RequestFailed as error:
            if self._raises_refusals:
                raise
            return self._refused(error)

    def make_batch_request(self, requests: Any) -> Any:
        answers = self._rpc.batch([(method, _plain_params(params)) for method, params in requests])
        return [self._item(method, answer) for (method, _), answer in zip(requests, answers, strict=True)]

    def is_connected(self, show_traceback: bool = False) -> bool:
        """Whether the endpoint says which chain it is of: some serve no web3_clientVersion."""
        try:
            self._rpc.call("eth_chainId", [])
        except TransportError as error:
            if show_traceback:
                raise ProviderConnectionError(str(error)) from error
            return False
        return True

    def _item(self, method: str, answer: Any) -> Any:
        if isinstance(answer, RequestFailed):
            return self._refused(answer)
        if isinstance(answer, TransportError):
            raise answer
        return self._response(method, answer)

    def _response(self, method: str, result: Any) -> dict[str, Any]:
        if method in HEX_RESULTS:
            numbers.data(result, what=f"{self._rpc.host}: {method}: the answer is no hex")
        return {"jsonrpc": "2.0", "id": next(self.request_counter), "result": result}

    def _refused(self, error: RequestFailed) -> dict[str, Any]:
        shown: dict[str, Any] = {"code": error.code if error.code is not None else -32603, "message": str(error)}
        if error.data is not None:
            shown["data"] = error.data
        return {"jsonrpc": "2.0", "id": next(self.request_counter), "error": shown}


def _plain_params(params: Any) -> list[Any]:
    """Parameters as JSON has them, one question in one form: web3.py writes addresses with a checksum in their letters,
    our other questions without.
    """
    asked: list[Any] = json.loads(json.dumps(list(params or ()), cls=Web3JsonEncoder))
    return [
        {key: _small(value) if key in ("to", "from") else value for key, value in part.items()}
        if isinstance(part, dict)
        else part
        for part in asked
    ]


def _small(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class LongExtraData(Web3Middleware):
    """Blocks of chains with a proof of authority hold signatures in `extraData`, which web3.py refuses over 32 bytes:
    those, and only those, have them as `proofOfAuthorityData`, the name of web3's ExtraDataToPOAMiddleware.
    """

    def response_processor(self, method: Any, response: Any) -> Any:
        block = response.get("result")
        if method not in BLOCKS or not isinstance(block, dict):
            return response
        extra = block.get("extraData")
        if not isinstance(extra, str) or len(extra) <= 2 + 2 * 32:
            return response
        renamed = {key: value for key, value in block.items() if key != "extraData"}
        return response | {"result": renamed | {"proofOfAuthorityData": HexBytes(extra)}}
