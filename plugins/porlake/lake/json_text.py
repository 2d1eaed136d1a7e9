"""The JSON that the lake keeps beside its files: pointers, facts of arrivals, manifests."""

from __future__ import annotations

import json
from typing import Any

from porlake.encoding import strict_json
from porlake.errors import InvalidEncoding


def json_bytes(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def json_of(content: bytes) -> Any:
    """What `json_bytes` wrote. Raises ValueError for anything else: a file of a disk may hold any bytes, and what nests
    without end would end the process.
    """
    try:
        return strict_json.loads(content, whole=int, point=float)
    except InvalidEncoding as error:
        raise ValueError(str(error)) from error
