"""Tron: java-tron's HTTP API, and one constant call for thousands of tokens' balances."""
