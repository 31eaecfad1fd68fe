"""Stages from a feature flag service: any provider of OpenFeature, such as flagd, LaunchDarkly or Unleash."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from bridge.errors import StageStoreReadOnly, StageStoreUnavailable
from bridge.offload import wait_at_most
from bridge.stages.blocking import on_thread
from bridge.stages.extras import require
from bridge.stages.store import StageEntry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from concurrent.futures import Future

    from openfeature.client import OpenFeatureClient

    from bridge.stages.store import StageChange

__all__ = ["OpenFeatureStageStore"]

EXTRA: Final = "openfeature"
NOT_FOUND: Final = "FLAG_NOT_FOUND"
EVENTS: Final = ("PROVIDER_CONFIGURATION_CHANGED", "PROVIDER_READY", "PROVIDER_ERROR", "PROVIDER_STALE")


class OpenFeatureStageStore:
    """
    Follows one string flag for each operation; its value is a setting, such as ``canary 5 %``.

    Flags are evaluated when the provider says that its configuration has changed, and every few seconds besides, on a thread of their
    own since a provider may block; one that hangs is asked again when it has answered, so that there is never more than one. The canary is `Stages`' own, so it is sticky whatever the provider does. Stages are changed, and their
    history is kept, where the flags are.

    Attributes:
        read_only: True: stages are never changed here.
    """

    read_only: Final = True

    def __init__(
        self, client: OpenFeatureClient, flags: Mapping[str, str], *, poll_every: float = 5.0, timeout: float = 5.0
    ) -> None:
        """
        Args:
            client: A client of OpenFeature; give its provider to OpenFeature first.
            flags: The key of the flag for each operation or pattern. Each is evaluated with the operation as targeting key, so one key
                can serve several.
            poll_every: Seconds after which the flags are evaluated when no event has come.
            timeout: Seconds that the evaluation of all flags may take.

        Raises:
            ExtraMissing: ``openfeature-sdk`` is not installed.
        """
        self._client = client
        self._flags = dict(flags)
        self._poll_every = poll_every
        self._timeout = timeout
        self._evaluation: Future[dict[str, StageEntry]] | None = None
        self._events: Any = require("openfeature.event", extra=EXTRA).ProviderEvent
        self._context: Any = require("openfeature.evaluation_context", extra=EXTRA).EvaluationContext

    def __repr__(self) -> str:
        return f"OpenFeatureStageStore({self._client.provider.get_metadata().name!r})"

    async def load(self) -> Mapping[str, StageEntry]:
        """
        Evaluate every flag.

        Raises:
            StageStoreUnavailable: The provider has no answer for one, or not in time.
        """
        if self._evaluation is None or self._evaluation.done():
            self._evaluation = on_thread(self._evaluate, name="bridge.stages.openfeature")
        try:
            # Not `asyncio.wait_for`: see `wait_at_most`.
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(asyncio.wrap_future(self._evaluation))
        except TimeoutError:
            msg = f"{self!r} has not answered within {self._timeout:g} s"
            raise StageStoreUnavailable(msg) from None

    async def change(  # the arguments are those of every store
        self,
        operation: str,
        setting: str,  # noqa: ARG002 - as above
        *,
        who: str,  # noqa: ARG002 - as above
        why: str,  # noqa: ARG002 - as above
        expected: int | None,  # noqa: ARG002 - as above
    ) -> StageChange:
        """
        Raise.

        Raises:
            StageStoreReadOnly: Always.
        """
        key = self._flags.get(operation)
        where = f"change the flag {key!r}" if key else f"it has no flag for {operation!r}; change it"
        msg = f"{self!r} only follows flags: {where} where the flags are"
        raise StageStoreReadOnly(msg)

    async def history(
        self,
        operation: str | None = None,  # noqa: ARG002 - as above
        *,
        limit: int = 100,  # noqa: ARG002 - as above
    ) -> Sequence[StageChange]:
        """Return nothing: the history is where the flags are."""
        return []

    async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
        """
        Yield every entry, and again when the provider says that something has changed.

        Raises:
            StageStoreUnavailable: The provider has no answer for a flag.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake(_details: object) -> None:
            # On a thread of the provider's.
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(changed.set)

        events = [self._events[name] for name in EVENTS]
        for event in events:
            self._client.add_handler(event, wake)
        try:
            while True:
                changed.clear()
                yield await self.load()
                await wait_at_most(changed, self._poll_every)
        finally:
            for event in events:
                self._client.remove_handler(event, wake)

    async def close(self) -> None:
        """Do nothing: the client is whoever's gave it."""

    def _evaluate(self) -> dict[str, StageEntry]:
        entries = {}
        for operation, key in self._flags.items():
            context = self._context(targeting_key=operation, attributes={"operation": operation})
            details = self._client.get_string_details(key, "", context)
            if details.error_code is None:
                if details.value:
                    entries[operation] = StageEntry(details.value, 0)
            elif details.error_code.value != NOT_FOUND:
                msg = (
                    f"the flag {key!r} has no value: {details.error_code.value} {details.error_message or ''}".rstrip()
                )
                raise StageStoreUnavailable(msg)
        return entries
