"""porlake: what does an exchange really hold, who can prove control of it, and does it cover what is owed?

import porlake
ratios = porlake.read("reserve_ratio")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__version__ = "0.1.0"


def read(mart: str, lake: str | Path | None = None) -> pd.DataFrame:
    """A mart of the last build as a DataFrame: amounts are exact `Decimal`s, whole numbers and truth values keep their
    type beside nulls.

    `lake` is the lake's folder (default: PORLAKE_LAKE, else data). Raises ConfigurationError for a name that is no
    mart, MissingPartition before the first build.
    """
    import pandas as pd
    import pyarrow as pa

    from porlake import pipeline
    from porlake.queries import tables

    kept = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    frame: pd.DataFrame = tables.read(pipeline.session(lake), mart).to_pandas(types_mapper=kept.get)
    return frame
