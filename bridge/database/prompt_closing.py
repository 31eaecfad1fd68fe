"""Close the sockets of aiomysql's connections at once, as PyMySQL closes its own."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from asyncio import StreamWriter

    from sqlalchemy import Engine

__all__ = ["close_promptly"]


def close_promptly(engine: Engine) -> None:
    """
    Have a connection of *engine* hold no socket from the moment it is closed, or its opening has failed or was cancelled.

    By itself, aiomysql starts the end of TLS then and does not wait for the server's part in it. Until that comes, or for 30 s, the
    socket stays open, after `Database.dispose` too, and after the event loop itself if that ends earlier.

    Does nothing for other drivers, which wait; an ``async_creator_fn`` of the user's own goes before it.

    Args:
        engine: The synchronous face of an asynchronous engine.
    """
    if engine.dialect.driver != "aiomysql":
        return
    connection_class = _connection_class()

    async def open_connection(*args: Any, **arguments: Any) -> Any:
        connection = connection_class(*args, **arguments)
        try:
            # What aiomysql.connect() does; it cannot be told of another class.
            await connection._connect()  # noqa: SLF001 - as said above
        except BaseException:  # a cancellation as well: nobody else would close the socket
            await connection.drop()
            raise
        return connection

    def choose(_dialect: object, _record: object, _args: object, arguments: dict[str, Any]) -> None:
        arguments.setdefault("async_creator_fn", open_connection)

    event.listen(engine, "do_connect", choose)


@cache
def _connection_class() -> Any:
    class PromptConnection(import_module("aiomysql").Connection):  # type: ignore[misc]  # an optional dependency, so not typed
        """
        Drops the transport whenever aiomysql lets go of it.

        aiomysql does so in several places, of which only one is a public method, but always by setting ``_writer`` to None.
        """

        _current: StreamWriter | None = None
        _dropped: StreamWriter | None = None

        @property
        def _writer(self) -> StreamWriter | None:
            return self._current

        @_writer.setter
        def _writer(self, writer: StreamWriter | None) -> None:
            if writer is None and self._current is not None:
                self._current.transport.abort()
                self._dropped = self._current
            self._current = writer

        async def ensure_closed(self) -> None:
            try:
                # A server that has gone away need not be told.
                with suppress(OSError):
                    await super().ensure_closed()
            finally:
                await self.drop()

        async def drop(self) -> None:
            self.close()
            if self._dropped is not None:
                with suppress(OSError):  # what the connection was lost to
                    await self._dropped.wait_closed()

    return PromptConnection
