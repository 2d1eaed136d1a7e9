"""How many tasks ask a network at the same time. Each keeps to its part of the rate that an endpoint states, so that
all workers together keep to the whole; shares ask only endpoints that state none.
"""

from __future__ import annotations

SLOTS = 2
"""Tasks of one network at a time, and of networks without a pool of their own."""
SHARE_SLOTS = 8
"""Shares of observations and of parses at a time, of whatever network."""
SHARES = "porlake_shares"
WAREHOUSE = "porlake_warehouse"
"""Builds, one at a time: who waits for another's is not queued, for what is queued for long the scheduler takes for
lost.
"""
