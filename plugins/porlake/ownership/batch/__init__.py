"""The same verdicts for many rows: published files hold half a million that differ in address and signature and in
nothing else.

`engine` runs batches through `evm_tron` and `utxo`, which judge by column the rows whose form they know to the letter,
at nearly the cost of the curves; every other row goes to the rule for one row. What a column gives is what `judge`
gives.
"""

from porlake.ownership.batch.engine import BatchJudge, BatchJudgement, judge_batches, judge_many

__all__ = ["BatchJudge", "BatchJudgement", "judge_batches", "judge_many"]
