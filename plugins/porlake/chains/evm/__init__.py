"""EVM chains: one `eth_call` for thousands of balances, proofs against a block's state root, owners of contracts."""
