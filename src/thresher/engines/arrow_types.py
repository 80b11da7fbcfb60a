"""Arrow's types made plain: the few that DuckDB cannot read, or would cut, in a form that it can.

What has such a form is cast to it, and the cast fails where a value does not fit; what has none is
refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from thresher.errors import AssetError

if TYPE_CHECKING:
    import pyarrow as pa

_KNOWN_EXTENSIONS = frozenset({"arrow.bool8", "arrow.json", "arrow.opaque", "arrow.uuid"})


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Give the schema that a stream is brought to before DuckDB reads it.

    Raises:
        AssetError: a column has a type that DuckDB cannot read.
    """
    import pyarrow as pa

    fields = []
    for field in schema:
        try:
            fields.append(pa.field(field.name, _plain(field.type)))
        except _ForeignTypeError as error:
            raise AssetError(
                f"column `{field.name}` is of Arrow's type {error}, which DuckDB cannot read",
                hint="cast it to another type before it is returned",
            ) from error
    return pa.schema(fields)


def cast_batch(batch: pa.RecordBatch, schema: pa.Schema, where: str = "") -> pa.RecordBatch:
    """Bring a batch to a schema with the same names in whatever order.

    Args:
        batch: the batch.
        schema: what it is to be.
        where: what to call the batch in an error, such as `batch 3: `.

    Raises:
        AssetError: its columns are others, or a value does not fit.
    """
    import pyarrow as pa

    if batch.schema.equals(schema):
        return batch
    _check_columns(batch.schema.names, schema.names, where)
    columns = []
    for field in schema:
        column = batch.column(batch.schema.names.index(field.name))
        try:
            columns.append(column if column.type == field.type else column.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise AssetError(
                f"{where}column `{field.name}` is {column.type} and does not fit {field.type}: "
                f"{error}",
                hint="cast it before it is returned; all batches need the types of the first",
            ) from error
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _check_columns(found: Sequence[str], expected: Sequence[str], where: str) -> None:
    if sorted(found) != sorted(expected):
        missing = ", ".join(f"`{name}`" for name in expected if name not in found)
        extra = ", ".join(f"`{name}`" for name in found if name not in expected)
        told = " and ".join(
            part for part in (missing and f"lacks {missing}", extra and f"adds {extra}") if part
        )
        raise AssetError(
            f"{where}it {told or 'repeats a column'}",
            hint="all batches need the columns of the first",
        )


class _ForeignTypeError(ValueError):
    """DuckDB has nothing to read a type as."""


def _plain(type_: pa.DataType) -> pa.DataType:
    import pyarrow as pa
    from pyarrow import types

    if isinstance(type_, pa.BaseExtensionType):
        if type_.extension_name not in _KNOWN_EXTENSIONS:
            raise _ForeignTypeError(type_.extension_name)
        return type_
    if types.is_dictionary(type_) or types.is_run_end_encoded(type_):
        return _plain(type_.value_type)
    if types.is_float16(type_):
        return pa.float32()
    if types.is_decimal256(type_):
        return pa.decimal128(38, type_.scale)
    if types.is_duration(type_) and type_.unit == "ns":
        return pa.duration("us")
    if types.is_union(type_) or types.is_interval(type_):
        raise _ForeignTypeError(str(type_))
    return _plain_nested(type_)


def _plain_nested(type_: pa.DataType) -> pa.DataType:
    import pyarrow as pa
    from pyarrow import types

    if types.is_struct(type_):
        return pa.struct([(field.name, _plain(field.type)) for field in type_])
    if types.is_map(type_):
        return pa.map_(_plain(type_.key_type), _plain(type_.item_type))
    if types.is_fixed_size_list(type_):
        return pa.list_(_plain(type_.value_type), type_.list_size)
    if types.is_list(type_) or types.is_list_view(type_):
        return pa.list_(_plain(type_.value_type))
    if types.is_large_list(type_) or types.is_large_list_view(type_):
        return pa.large_list(_plain(type_.value_type))
    return type_
