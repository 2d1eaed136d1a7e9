"""What errors of EVM nodes mean: geth, Erigon, Nethermind, Besu, Reth, Bor, coreth, anvil and providers before them.

Codes of EIP-1474 (https://eips.ethereum.org/EIPS/eip-1474); texts are those of the nodes' sources.
"""

from __future__ import annotations

import re

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import RateLimited, TooBig, TransportError, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

METHOD_NOT_FOUND = -32601

ERRORS = ErrorTable(
    (
        # geth: -32600 "batch too large"; Erigon and Bor: "batch limit 100 exceeded"
        Rule(TooBig, text=r"(?=.*batch).*(too large|limit|exceed|too many)"),
        # EIP-1474: "Limit exceeded"; Infura and Nethermind (LimitExceeded) answer so
        Rule(RateLimited, codes={-32005}),
        RATE_LIMITED,
        # geth and its forks: "missing trie node", "historical state ... is not available", "... has been pruned",
        # "state histories haven't been fully indexed yet", "header not found". Reth: "state at block #N is pruned".
        # Besu: "World state unavailable", "Block not found", -39001 "Unknown block". Nethermind: "No state available
        # for block ...", "not currently canonical". coreth: "cannot query unfinalized data". anvil: "Resource not
        # found", "BlockOutOfRangeError". A method that "is not available" is refused.
        Rule(
            Unavailable,
            text=r"missing trie node|is not available|has been pruned|is pruned|world state unavailable"
            r"|no state available|header not found|unknown block|block not found|haven't been fully indexed"
            r"|cannot query unfinalized data|not currently canonical|resource not found|blockoutofrange",
            unless={METHOD_NOT_FOUND},
        ),
        # geth: -32003 "response too large", -32002 "request timed out", "execution aborted (timeout = 5s)", "out of
        # gas", -38025 "max initcode size exceeded". Bor: a result "of length N exceeding limit M".
        # anvil: "OutOfGas", "CreateContractSizeLimit".
        Rule(
            TooBig,
            text=r"too large|too big|out ?of ?gas|timed out|timeout|exceeding limit|limit of|initcode"
            r"|exceeds the limit|createcontractsizelimit",
        ),
    )
)

#: Of a call that ended by REVERT: geth 3, Nethermind -32015.
_REVERT_CODES = (3, -32015)
#: How nodes say that the code itself gave up: geth and its forks, Erigon, Besu, Nethermind, Reth, anvil.
_CODE_FAILED = re.compile(
    r"revert|opcode|bad instruction|invalid ?jump|stack ?(?:under|over)flow|stack limit|write protection|out of "
    r"bounds|call depth|gas uint"
    r"|out ?of ?gas|(?:vm|evm) (?:execution )?error",
    re.I,
)


def code_failed(error: TransportError) -> bool:
    """Whether the code that one call ran gave up: no answer, and no fault of the node or of the size of a question."""
    return getattr(error, "code", None) in _REVERT_CODES or bool(_CODE_FAILED.search(str(error)))
