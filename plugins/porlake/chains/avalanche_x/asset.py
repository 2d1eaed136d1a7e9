"""The asset AVAX of the X-Chain: its id is made of the first block, so that it tells the chain too."""

from __future__ import annotations

AVAX = "FvwEAhmxKfeiG8SnEvq42hc6whRyY3EFYAvebMqDNDGCgxN5Z"
MOST = 2**64 - 1  # nAVAX
