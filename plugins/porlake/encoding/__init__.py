"""Thin faces over well-kept libraries: bytes in, values out.

base58 and bech32 are our own: bitcoinlib's cost a database file in the home folder at import and a tenth of the speed,
and addresses are what porlake exists for.
"""
