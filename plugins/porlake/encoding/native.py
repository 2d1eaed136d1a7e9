"""Functions compiled by numba that run without the interpreter's lock, words at any place of a byte array, and products
of 128 bits, which numba itself does not have.

Whoever imports this loads numba, which takes a second: import it only where there is much to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic


def compiled(function: Callable[..., Any]) -> Any:
    """Compiled and kept beside the source, or in the user's cache; where neither can be written, compiled by each
    process anew.
    """
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)


@intrinsic
def load64(typing: Any, data: Any, at: Any) -> Any:
    """The eight bytes at any place of a byte array, as a little-endian number."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        value = builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()))
        value.align = 1
        return value

    return types.uint64(data, types.int64), made


@intrinsic
def swapped(typing: Any, number: Any) -> Any:
    """A 64-bit number with its bytes in the other order."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bswap(arguments[0])

    return types.uint64(types.uint64), made


@intrinsic
def store64(typing: Any, data: Any, at: Any, number: Any) -> Any:
    """Put a number at any place of a byte array, as eight bytes, the lowest first."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        builder.store(arguments[2], builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.none(data, types.int64, types.uint64), made


@intrinsic
def product(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """(upper, lower) 64 bits of a * b + c + d, which always fits 128: one instruction of the processor."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, narrow = ir.IntType(128), ir.IntType(64)
        x, y, z, w = (builder.zext(value, wide) for value in arguments)
        number = builder.add(builder.add(builder.mul(x, y), z), w)
        upper, lower = builder.trunc(builder.lshr(number, ir.Constant(wide, 64)), narrow), builder.trunc(number, narrow)
        return context.make_tuple(builder, signature.return_type, (upper, lower))

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64, types.uint64, types.uint64), made


@intrinsic
def called(typing: Any, function: Any, arguments: Any) -> Any:
    """What a function of C at an address gives, an `int`. Its arguments, a tuple: addresses and sizes as int64, an
    `int` as int32. It must not need the interpreter.
    """

    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        values = [builder.extract_value(given[1], index) for index in range(len(arguments))]
        kind = ir.FunctionType(ir.IntType(32), [value.type for value in values])
        return builder.call(builder.inttoptr(given[0], kind.as_pointer()), values)

    return types.int32(types.int64, arguments), made
