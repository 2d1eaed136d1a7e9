"""Liability proofs: one file a proof format, the tree or proof to totals and a verdict. No format is read yet."""
