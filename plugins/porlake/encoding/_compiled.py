"""How a loop is compiled by numba, and the product of 128 bits that numba itself does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic


def compiled(function: Callable[..., Any]) -> Any:
    """Compiled, run without the GIL, and kept beside the source, or in the user's cache; where neither can be written,
    compiled by each process anew.
    """
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)


@intrinsic  # type: ignore[untyped-decorator]
def product(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """(upper, lower) 64 bits of a * b + c + d, which always fits 128: one instruction of the processor."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, narrow = ir.IntType(128), ir.IntType(64)
        x, y, z, w = (builder.zext(value, wide) for value in arguments)
        number = builder.add(builder.add(builder.mul(x, y), z), w)
        upper, lower = builder.trunc(builder.lshr(number, ir.Constant(wide, 64)), narrow), builder.trunc(number, narrow)
        return context.make_tuple(builder, signature.return_type, (upper, lower))

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64, types.uint64, types.uint64), made
