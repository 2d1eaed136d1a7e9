"""Python reads this at its start where `tests/once` is on its path: a process that is about to import dbt or Airflow
has its work done by a server that has (`asker.py`), and ends as that ends. Any other process goes on at once.
"""

import os
import sys

if os.environ.get("DBT_ONCE") or os.environ.get("AIRFLOW_ONCE"):
    import asker

    asker.run(sys.orig_argv[1:], os.environ)
