"""Why there is no connection, or no longer one, in an operating system's words: a library's quote URLs."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator


def cause_of(error: BaseException) -> str:
    """What lies under an error of a socket: `connection refused`, `no connection: network is unreachable` ..."""
    for found in _under(error):
        if isinstance(found, ConnectionRefusedError):
            return "connection refused"
        if isinstance(found, ConnectionResetError | BrokenPipeError):
            return "connection reset"
        if isinstance(found, socket.gaierror):
            return "no connection: the host name cannot be resolved"
        if isinstance(found, ssl.SSLError):
            return f"no TLS connection ({found.reason or type(found).__name__})"
        if isinstance(found, TimeoutError):
            return "no connection in time"
        if isinstance(found, OSError) and found.errno is not None:
            return f"no connection: {os.strerror(found.errno).lower()}"
    return f"connection failed ({type(error).__name__})"


def is_untrusted(error: BaseException) -> bool:
    """Whether it was the certificate that was not accepted."""
    return any(isinstance(found, ssl.SSLCertVerificationError) for found in _under(error))


def _under(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made of, to the first cause."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = next((part for part in found.args if isinstance(part, BaseException)), found.__cause__)
