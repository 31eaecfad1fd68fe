"""Name what became of the status, and of a path that has none."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.shadow.comparing.hints import Hints

__all__ = ["ending_rule", "status_rule"]

# The control's status, the candidate's.
PAIRS: Final = {
    (400, 422): "status.422_for_400",
    (404, 422): "status.422_for_404",
    (415, 422): "status.422_for_415",
    (200, 422): "status.422_for_200",
    (200, 405): "status.405_for_200",
    (308, 307): "status.307_for_308",
    (404, 307): "status.307_for_404",
    (302, 307): "status.307_for_302",
    (201, 200): "status.200_for_201",
    (500, 404): "status.404_for_500",
    (404, 500): "status.500_for_404",
    (409, 500): "status.500_for_409",
    (401, 403): "status.403_for_401",
}
LAZY: Final = frozenset({"MissingGreenlet", "LazyLoadOutsideSession", "LazyLoadUnderGuard", "DetachedInstanceError"})
LATE: Final = ("Timeout", "TimeoutError", "DeadlineExceeded", "TimedOut")


def status_rule(control: int, candidate: int, hints: Hints, raised: str | None = None) -> str:
    """Return the rule for two statuses that differ; *raised* names the exception that the candidate answered as a failure."""
    if _kind(candidate) == "failure" and raised in LAZY:
        return "candidate.lazy_load"
    if control == HTTPStatus.NOT_FOUND and hints.unlike_flask and candidate != HTTPStatus.TEMPORARY_REDIRECT:
        return "status.converter" if candidate < HTTPStatus.BAD_REQUEST else _known(control, candidate)
    return _known(control, candidate)


def ending_rule(error: str | None) -> str:
    """Return the rule for a candidate that ended with *error* and without an answer."""
    name = (error or "").rpartition(".")[2]
    if name in LAZY:
        return "candidate.lazy_load"
    return "candidate.timeout" if name.endswith(LATE) else "candidate.crashed"


def _known(control: int, candidate: int) -> str:
    if (control, candidate) in PAIRS:
        return PAIRS[control, candidate]
    kinds = _kind(control), _kind(candidate)
    rules = (
        (kinds[1] == "failure" != kinds[0], "status.500"),
        (kinds == ("failure", "success"), "status.success_for_500"),
        (kinds == ("error", "error"), "status.other_error"),
        ((kinds[0] == "redirect") != (kinds[1] == "redirect"), "status.redirect"),
        (kinds == ("error", "success"), "status.success_for_error"),
        (kinds == ("success", "error"), "status.error_for_success"),
    )
    return next((rule for holds, rule in rules if holds), "status.other")


def _kind(status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failure"
    if status >= HTTPStatus.BAD_REQUEST:
        return "error"
    redirects = status >= HTTPStatus.MULTIPLE_CHOICES and status != HTTPStatus.NOT_MODIFIED
    return "redirect" if redirects else "success"
