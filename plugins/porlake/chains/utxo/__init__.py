"""Bitcoin's family: nodes, Electrum, Esplora, Blockbook, and the set of all coins from a file."""
