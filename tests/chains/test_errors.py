"""Each family's table of what its nodes' errors mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake import chains
from porlake.chains.antelope.errors import ERRORS as ANTELOPE
from porlake.chains.evm.errors import ERRORS as EVM
from porlake.chains.icon.errors import ERRORS as ICON
from porlake.chains.nuls.errors import ERRORS as NULS
from porlake.chains.tron.errors import ERRORS as TRON
from porlake.chains.utxo.errors import ELECTRUM_ERRORS, NODE_ERRORS
from porlake.errors import NodeBehind, RateLimited, RequestFailed, TimedOut, TooBig, TransportError, Unavailable
from porlake.transport.error_table import ErrorTable

CASES = [
    (EVM, -32005, "limit exceeded", RateLimited),
    (EVM, 429, "", RateLimited),
    (EVM, -32007, "100/second request limit reached - reduce calls", RateLimited),
    (EVM, -32016, "over rate limit", RateLimited),
    (EVM, -32600, "batch too large", TooBig),
    (EVM, -32000, "batch limit 100 exceeded (can increase by --rpc.batch.limit). Requested batch of size: 101", TooBig),
    (EVM, -32000, "too many requests in batch", TooBig),
    (EVM, -32003, "response too large", TooBig),
    (EVM, -32002, "request timed out", TooBig),
    (EVM, -32000, "execution aborted (timeout = 5s)", TooBig),
    (EVM, -32000, "out of gas", TooBig),
    (EVM, -32603, "EVM error OutOfGas", TooBig),
    (EVM, -32603, "EVM error CreateContractSizeLimit", TooBig),
    (EVM, -32003, "max initcode size exceeded", TooBig),
    (EVM, -32000, "call returned result of length 200000 exceeding limit 100000", TooBig),
    (EVM, -32000, "missing trie node 12ab (path ) state 0x12 is not available", Unavailable),
    (EVM, -32000, "historical state has been pruned, first: 5, state: 4", Unavailable),
    (EVM, -32000, "state histories haven't been fully indexed yet", Unavailable),
    (EVM, -32000, "state at block #5 is pruned", Unavailable),
    (EVM, -32000, "World state unavailable", Unavailable),
    (EVM, -39001, "Unknown block", Unavailable),
    (EVM, -32002, "No state available for block 5", Unavailable),
    (EVM, -32000, "header not found", Unavailable),
    (EVM, -32000, "cannot query unfinalized data", Unavailable),
    (EVM, -32602, "BlockOutOfRangeError: block height is 5", Unavailable),
    (EVM, -32001, "Resource not found", Unavailable),
    (EVM, -32601, "the method eth_getProof does not exist/is not available", RequestFailed),
    (EVM, 3, "execution reverted", RequestFailed),
    (EVM, -28, "Loading block index...", RequestFailed),
    (TRON, -32005, "exceed max results: 10000", TooBig),
    (TRON, -32000, "CPU timeout for 'ADD' operation executing", TooBig),
    (TRON, -32000, "class org.tron.core.vm.program.Program$OutOfTimeException", TooBig),
    (TRON, -32000, "Not enough energy for 'ADD' operation executing", TooBig),
    (TRON, None, "class java.lang.IllegalAccessException : lack of computing resources", RateLimited),
    (TRON, None, "The key exceeds the frequency limit(15), and the query server is suspended for 30s", RateLimited),
    (TRON, 429, "", RateLimited),
    (TRON, -32000, "header not found", RequestFailed),
    (ANTELOPE, 3_100_002, "Could not find block: 5", Unavailable),
    (ANTELOPE, 0, "Cannot serve request due to insufficient local state", NodeBehind),
    (ANTELOPE, 3_080_006, "deadline 2026-10-01T00:00:00.000 exceeded by 13us", TooBig),
    (ANTELOPE, 3_060_002, "Fail to retrieve account for nobody", RequestFailed),
    (ANTELOPE, None, "rate limit exceeded", RateLimited),
    (ICON, -31004, "PrunedBlock(height=5,base=9)", Unavailable),
    (ICON, -32602, "NotFoundError: block 5", Unavailable),
    (ICON, -31005, "LackOfResource", RateLimited),
    (ICON, -31007, "SystemTimeout", TimedOut),
    (ICON, -32000, "too many requests in batch", RateLimited),
    (ICON, -32602, "InvalidParams(cx00)", RequestFailed),
    (NULS, 1001, "Data not found!", Unavailable),
    (NULS, None, "System is syncing data", NodeBehind),
    (NULS, 1000, "Parameters is wrong!", RequestFailed),
    (NODE_ERRORS, -28, "Loading block index...", NodeBehind),
    (NODE_ERRORS, -10, "in initial sync and waiting for blocks", NodeBehind),
    (NODE_ERRORS, -5, "Block not found", Unavailable),
    (NODE_ERRORS, -1, "Block not available (pruned data)", Unavailable),
    (NODE_ERRORS, -8, "Block height out of range", RequestFailed),
    (NODE_ERRORS, -8, "Scan already in progress, use action \"abort\" or \"status\"", RequestFailed),
    (NODE_ERRORS, -102, "no", RequestFailed),
    (NODE_ERRORS, -32005, "no", RequestFailed),
    (ELECTRUM_ERRORS, -102, "server busy - request timed out", RateLimited),
    (ELECTRUM_ERRORS, -101, "excessive resource usage", RateLimited),
    (ELECTRUM_ERRORS, 1, "history too large", TooBig),
    (ELECTRUM_ERRORS, 2, "daemon error: DaemonError({'code': -5, 'message': 'Block not found'})", Unavailable),
    (ELECTRUM_ERRORS, -32601, "unknown method", RequestFailed),
    (ELECTRUM_ERRORS, -28, "no", RequestFailed),
]  # fmt: skip


@pytest.mark.parametrize(("table", "code", "message", "expected"), CASES)
def test_what_a_node_says_means_this(
    table: ErrorTable, code: int | None, message: str, expected: type[TransportError]
) -> None:
    assert type(table.error("text", code, message)) is expected


def test_a_code_means_different_things_to_different_families() -> None:
    told = {type(table.error("text", -32005, "no")) for table in (EVM, TRON, NODE_ERRORS)}
    assert told == {RateLimited, TooBig, RequestFailed}


def test_trongrid_says_for_how_long() -> None:
    said = "The key exceeds the frequency limit(15), and the query server is suspended for {}s"
    for text, seconds in (
        (said.format(30), 30.0),
        (said.format(0), 0.0),
        (said.format(9999), 9999.0),
        ("frequency limit", None),
    ):
        failed = TRON.error(text, None, text)
        assert isinstance(failed, RateLimited)
        assert failed.retry_after == seconds


def test_every_family_that_speaks_json_rpc_has_a_table() -> None:
    folder = Path(chains.__file__).parent
    speaking = {
        path.parent
        for path in folder.glob("*/*.py")
        if "JsonRpc(" in path.read_text() or "ElectrumRpc(" in path.read_text()
    }
    assert {found.name for found in speaking} >= {"evm", "tron", "utxo"}
    assert not [found.name for found in speaking if not (found / "errors.py").exists()]
