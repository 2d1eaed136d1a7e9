"""Flow through an access node's REST API. https://developers.flow.com/http-api

A script in Cadence reads some hundred accounts at one block, and says at which height it runs: the plain question about
one account repeats nothing. An account that does not exist has 0, as one without coins: the service account, which
holds what the chain pays, is read with them and must hold something.

The balance is that of an account's vault, what its storage reserves included; staked and delegated coins, and those of
an account on Flow's EVM, lie elsewhere.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_name, hash_of
from porlake.chains._questions import OverHttp, asked_once
from porlake.chains._shapes import fields
from porlake.encoding.strict_json import loads
from porlake.errors import BadAnswer, ChainError, InvalidEncoding, RequestFailed, TooBig, TransportError, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "script"
SERVICE = "0xe467b9dd11fa00df"  # https://developers.flow.com/build/core-contracts: FlowServiceAccount
DECIMALS = 8  # UFix64
MOST = 2**64 - 1
SAYS_WHY = frozenset({400, 404, 500})
SCRIPT = b64encode(
    b"""access(all) fun main(accounts: [Address]): [String] {
    let told: [String] = [getCurrentBlock().height.toString()]
    for one in accounts {
        told.append(one.toString().concat(" ").concat(getAccount(one).balance.toString()))
    }
    return told
}"""
).decode()
_LINE = re.compile(r"0x([0-9a-f]{1,16}) ([0-9]{1,12}\.[0-9]{1,8})")


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, Http(network.network, endpoint, recording))


class Client(HeadIsFinal, OverHttp, ByBatch):
    batch = 100

    def __init__(self, network: Network, http: Http) -> None:
        self._network, self._http = network, http

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """A sealed block. Raises ChainError, TransportError."""
        found = self._block(str(height))
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block whose results are sealed: none changes any more."""
        return self._block("sealed")

    def _block(self, named: str) -> BlockRef:
        self._check_chain()
        what = f"{self.host}: block {named}"
        found = self._ask("GET", f"/v1/blocks?height={named}")
        if not isinstance(found, list) or len(found) != 1:
            raise BadAnswer(f"{what}: the answer is not one block")
        (header,) = fields(found[0], ("header",), what)
        number, name, time = fields(header, ("height", "id", "timestamp"), what)
        return BlockRef(
            numbers.height(number, what=what), hash_of(name, what=what), numbers.instant(time, what=f"{what}: time")
        )

    @asked_once
    def _check_chain(self) -> None:
        (told,) = fields(self._ask("GET", "/v1/network/parameters"), ("chain_id",), f"{self.host}: parameters")
        check_name(self._network, self.host, told)

    # --- balances ---
    def ping(self) -> object:
        return self._ask("GET", "/v1/network/parameters")

    def ready(self, at: BlockRef) -> None:
        self._check_chain()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        accounts = list(dict.fromkeys([*(want.address for want in wants), SERVICE]))
        found = self._balances(accounts, at)
        if not found[SERVICE]:
            raise BadAnswer(f"{self.host}: block {at.height:,}: {SERVICE} holds nothing: the node has no state")
        answers: list[Reading | Unread] = []
        for want in wants:
            answers += parts(want, {}, at, "exact", METHOD, self.host, total=found[want.address])
        return answers

    def _balances(self, accounts: Sequence[str], at: BlockRef) -> dict[str, int]:
        """Base units by account. Raises ChainError where they are of another block, TransportError."""
        argument = {"type": "Array", "value": [{"type": "Address", "value": one} for one in accounts]}
        question = {"script": SCRIPT, "arguments": [b64encode(json.dumps(argument).encode()).decode()]}
        told = self._ask("POST", f"/v1/scripts?block_height={at.height}", question)
        height, *lines = self._texts(told)
        what = f"{self.host}: the script"
        if numbers.height(height, what=what) != at.height:
            raise ChainError(f"{what}: asked for block {at.height:,}, it ran at {numbers.shown(height)}")
        if len(lines) != len(accounts):
            raise BadAnswer(f"{what}: {len(lines):,} balances, asked for {len(accounts):,}")
        found: dict[str, int] = {}
        for account, line in zip(accounts, lines, strict=True):
            match = _LINE.fullmatch(line)
            if match is None or int(match[1], 16) != int(account, 16):
                raise BadAnswer(f"{what}: {numbers.shown(line)} is no balance of {account}")
            found[account] = numbers.base_units(match[2], what=what, scale=DECIMALS, most=MOST)
        return found

    def _texts(self, told: Any) -> list[str]:
        """The texts that a script gave: JSON in base64, each value with its type.
        https://cadence-lang.org/docs/json-cadence-spec
        """
        what = f"{self.host}: the script"
        try:
            value = loads(b64decode(told, validate=True), whole=int, point=str)
            texts = [one["value"] for one in value["value"] if one["type"] == "String"]
            whole = value["type"] == "Array" and len(texts) == len(value["value"]) > 0
        except (ValueError, TypeError, LookupError, InvalidEncoding) as error:
            raise BadAnswer(f"{what}: the answer is no array of texts") from error
        if not whole or not all(isinstance(text, str) for text in texts):
            raise BadAnswer(f"{what}: the answer is no array of texts")
        return texts

    # --- questions ---
    def _ask(self, verb: str, path: str, question: Any = None) -> Any:
        answer = self._http.ask(verb, path, question, accept=SAYS_WHY)
        if answer.status in SAYS_WHY:
            raise _refused(f"{self.host}: {path.partition('?')[0]}", answer.status, answer.body)
        return answer.body


def _refused(what: str, status: int, answer: Any) -> TransportError:
    """Errors are told in words: engine/access and fvm/errors of https://github.com/onflow/flow-go"""
    message = answer.get("message") if isinstance(answer, dict) else None
    message = message if isinstance(message, str) else ""
    text = f"{what}: HTTP {status}: {message[:200]}"
    if re.search(r"spork root block|root block height|is not available|not found|historic node|not executed", message):
        return Unavailable(text)
    if re.search(
        r"computation (?:limit )?exceed|exceeds? (?:the )?(?:computation|memory)|Error Code: 11(?:10|18)", message
    ):
        return TooBig(text)
    return RequestFailed(text, status, answer) if status < 500 else TransportError(text)
