"""Python reads this at its start where `tests/dbt_once` is on its path: a process that is about to run dbt has it run
by the server (`dbt_server.py`), and ends as that ends. Any other process goes on at once.
"""

import os
import sys

if os.environ.get("DBT_ONCE") and sys.orig_argv[1:3] == ["-c", "from dbt.cli.main import cli; cli()"]:
    import dbt_asker

    dbt_asker.run(os.environ["DBT_ONCE"], sys.orig_argv[3:])
