"""What is called where an exchange is overdue by its own rhythm."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)


def overdue(exchange: str, days: int, context: Any = None) -> None:
    """Say so in the log: the report of a month that was looked for has not come."""
    run = context.get("dag_run") if isinstance(context, dict) else None
    of = run.get("dag_run_id", "") if isinstance(run, dict) else ""
    log.error(
        "find_%s %s: no report within %s days, longer than the exchange has taken before. What was asked and answered "
        "stands in the log of its task wait; `porlake find %s` asks now",
        exchange,
        of,
        days,
        exchange,
    )
