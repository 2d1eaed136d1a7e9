"""Ethereum's beacon chain: validators by their keys."""
