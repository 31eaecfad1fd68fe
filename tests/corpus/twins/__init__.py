"""FastAPI twins of the awkward application's views, with the shims that make them answer as Flask does."""

from tests.corpus.twins.app import OPERATION_HEADER, declare, twins

__all__ = ["OPERATION_HEADER", "declare", "twins"]
