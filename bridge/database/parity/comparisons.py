"""Compare a column with a text as if the text were a literal, whose type is up to the column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, types
from sqlalchemy.sql import operators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import BinaryExpression
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["compare_texts"]

COMPARISONS: Final = frozenset(
    {
        operators.eq,
        operators.ne,
        operators.lt,
        operators.le,
        operators.gt,
        operators.ge,
        operators.in_op,
        operators.not_in_op,
        operators.between_op,
        operators.not_between_op,
        operators.is_distinct_from,
        operators.is_not_distinct_from,
    }
)
CONVERTED: Final = (types.Integer, types.Numeric, types.Float, types.Date, types.DateTime, types.Time, types.Interval)


def compare_texts(compiler: type[SQLCompiler]) -> type[SQLCompiler]:
    """
    Return a class of *compiler* that casts a text to the type of what it is compared with.

    SQLAlchemy takes the type of the text in ``Item.id == "5"`` from the value, and the dialect of asyncpg declares it, so that
    the server sees an integer compared with a text. This happens once for each statement that is compiled, not when it runs.
    """

    class Compiler(compiler):  # type: ignore[valid-type, misc]  # the dialect's own, known at run time only
        def __init__(self, *args: Any, **options: Any) -> None:
            self._casts: dict[BindParameter[Any], str] = {}
            super().__init__(*args, **options)

        def visit_binary(self, binary: BinaryExpression[Any], *args: Any, **options: Any) -> str:
            for text, other in _texts_compared(binary):
                self._casts[text] = self.dialect.type_compiler_instance.process(other.dialect_impl(self.dialect))
            rendered: str = super().visit_binary(binary, *args, **options)
            return rendered

        def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **options: Any) -> str:
            rendered: str = super().visit_bindparam(bindparam, *args, **options)
            cast = self._casts.get(bindparam)
            return f"{rendered}::{cast}" if cast and not bindparam.expanding else rendered

        def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
            rendered: str = super().render_bind_cast(type_, dbapi_type, sqltext)
            # The members of an IN are rendered when it is known how many they are, and named after the parameter.
            for bindparam, cast in self._casts.items():
                if bindparam.expanding and sqltext.startswith(f"%({self.bind_names[bindparam]}_"):
                    return f"{rendered}::{cast}"
            return rendered

    return Compiler


def _texts_compared(binary: BinaryExpression[Any]) -> Iterator[tuple[BindParameter[Any], types.TypeEngine[Any]]]:
    if binary.operator in COMPARISONS:
        for side, other in ((binary.right, binary.left), (binary.left, binary.right)):
            for member in getattr(side, "clauses", (side,)):
                if (
                    isinstance(member, BindParameter)
                    and isinstance(member.type, types.String)
                    and isinstance(other.type, CONVERTED)
                ):
                    yield member, other.type
