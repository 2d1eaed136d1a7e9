"""What errors of CKB nodes mean. Their own codes (-1 to -1111, rpc/src/error.rs of https://github.com/nervosnetwork/ckb)
are plain refusals; gateways before them limit the rate.
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.transport.error_table import ErrorTable

ERRORS = ErrorTable((RATE_LIMITED,))
