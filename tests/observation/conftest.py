"""Real nodes for the tests of observations."""

from __future__ import annotations

from chains.conftest import chain, other, proxy

__all__ = ["chain", "other", "proxy"]
