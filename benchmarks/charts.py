"""Charts as SVG, without a library."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["bars", "lines", "number"]

COLOURS: Final = (
    "#0b6e4f",
    "#3d9970",
    "#457b9d",
    "#8d99ae",
    "#a8c5da",
    "#b0a8b9",
    "#c9ada7",
    "#d9c5a0",
)
INK, GRID = "#222", "#ddd"
WIDTH, ROW, LABEL, VALUE, TOP = 760, 20, 230, 80, 44
PLOT_HEIGHT, PLOT_LEFT, LEGEND = 260, 64, 190


def number(value: float) -> str:
    """Return *value* with about three digits."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """
    Return a picture of one group of horizontal bars for each key of *groups*, each group on a scale of its own.

    Args:
        title: Shown above.
        groups: Value by label by group; a label has one colour in all groups, and the first the darkest.
    """
    labels = list(dict.fromkeys(label for values in groups.values() for label in values))
    parts: list[str] = []
    y = TOP
    for group, values in groups.items():
        if group:
            parts.append(_text(8, y + 13, group, 'font-weight="bold"'))
            y += ROW
        largest = max(values.values(), default=0.0) or 1.0
        for label, value in values.items():
            width = (WIDTH - LABEL - VALUE) * value / largest
            parts.append(_text(LABEL - 8, y + 12, label, 'text-anchor="end"'))
            parts.append(
                f'<rect x="{LABEL}" y="{y}" width="{max(width, 1):.1f}" height="{ROW - 5}" '
                f'fill="{_colour(labels.index(label))}"/>'
            )
            parts.append(_text(LABEL + width + 6, y + 12, number(value)))
            y += ROW
        y += ROW // 2
    return _document(title, y, parts)


def lines(title: str, series: Mapping[str, Mapping[float, float]], *, x_title: str, y_title: str) -> str:
    """
    Return a picture of one line for each key of *series*, over positions that are equally far apart.

    Args:
        title: Shown above.
        series: Value by position by label.
        x_title: What the positions are.
        y_title: What the values are, with their unit.
    """
    positions = sorted({x for values in series.values() for x in values})
    largest = max((value for values in series.values() for value in values.values()), default=0.0) or 1.0
    right, top = WIDTH - LEGEND, TOP + 24
    bottom = top + PLOT_HEIGHT
    step = (right - PLOT_LEFT) / max(len(positions) - 1, 1)
    across = {x: PLOT_LEFT + index * step for index, x in enumerate(positions)}
    parts = [_text(8, TOP + 6, y_title), _text((PLOT_LEFT + right) / 2, bottom + 38, x_title, 'text-anchor="middle"')]
    ticks = list(_ticks(largest))
    scale = PLOT_HEIGHT / ticks[-1]
    for tick in ticks:
        y = bottom - tick * scale
        parts.append(f'<path d="M{PLOT_LEFT} {y:.1f}H{right}" stroke="{GRID}"/>')
        parts.append(_text(PLOT_LEFT - 8, y + 4, f"{tick:,g}", 'text-anchor="end"'))
    parts += [_text(x, bottom + 18, f"{position:g}", 'text-anchor="middle"') for position, x in across.items()]
    for index, (label, values) in enumerate(series.items()):
        colour = _colour(2 * index)
        points = [(across[x], bottom - values[x] * scale) for x in sorted(values)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        height = top + 8 + index * ROW
        parts.append(f'<rect x="{right + 18}" y="{height - 9}" width="14" height="10" fill="{colour}"/>')
        parts.append(_text(right + 38, height, label))
    return _document(title, bottom + 52, parts)


def _ticks(largest: float) -> Iterable[float]:
    """Yield round numbers from 0 up to the first that is not below *largest*."""
    magnitude = 10.0 ** (len(f"{int(largest)}") - 1)
    step = next(part * magnitude for part in (0.1, 0.2, 0.5, 1, 2) if largest / (part * magnitude) <= 6)
    tick = 0.0
    while tick < largest:
        yield tick
        tick += step
    yield tick


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


def _document(title: str, height: float, parts: Iterable[str]) -> str:
    heading = _text(8, 24, title, 'font-size="15" font-weight="bold"')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif" '
        f'font-size="12" fill="{INK}"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>'
        f"{heading}{''.join(parts)}</svg>\n"
    )
