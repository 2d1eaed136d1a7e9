"""Who controls an address: one file a scheme; message, signature, key and address to a verdict.

schemes.csv says which module judges a scheme. A row gets a verdict whatever it holds; nothing passes for lack of a
rule. `judge` is the rule; `judge_batches` says the same of many rows, at nearly the cost of the curves.
"""

from porlake.ownership._dispatch import MODULES, SLOW, account, explain, judge, judge_with_account, rule
from porlake.ownership._judgement import MEANINGS, Judgement, Verdict
from porlake.ownership._rules import rules
from porlake.ownership._steps import Step
from porlake.ownership.batch import BatchJudgement, judge_batches, judge_many

__all__ = [
    "MEANINGS",
    "MODULES",
    "SLOW",
    "BatchJudgement",
    "Judgement",
    "Step",
    "Verdict",
    "account",
    "explain",
    "judge",
    "judge_batches",
    "judge_many",
    "judge_with_account",
    "rule",
    "rules",
]
