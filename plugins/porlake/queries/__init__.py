"""What a person asks beside the stages, a file a question: `verdicts` and `explain` of a report, `balances` of a list,
`tables` of the last build, `files` of a lake, `unanswered` endpoints, `publisher` of a file, `doctor`.

They read what the stages wrote and write nothing of it.
"""
