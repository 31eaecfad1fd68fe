"""Bar charts as SVG, without a library."""

from __future__ import annotations

from html import escape

__all__ = ["bars"]

COLOURS = ("#0b6e4f", "#8d99ae", "#b0a8b9", "#457b9d", "#a8c5da", "#c9ada7")
WIDTH, ROW, LABEL, TOP = 760, 18, 180, 40


def bars(title: str, groups: dict[str, dict[str, float]]) -> str:
    """
    Return a picture of one group of horizontal bars for each key of *groups*, all on one scale for each group.

    Args:
        title: Shown above.
        groups: Value by label by group; the first label is highlighted.
    """
    parts: list[str] = []
    y = TOP
    for group, values in groups.items():
        parts.append(f'<text x="8" y="{y + 12}" font-weight="bold">{escape(group)}</text>')
        largest = max(values.values(), default=1.0) or 1.0
        for colour, (label, value) in zip(COLOURS, values.items(), strict=False):
            width = (WIDTH - LABEL - 110) * value / largest
            parts.append(f'<text x="{LABEL - 6}" y="{y + 12}" text-anchor="end">{escape(label)}</text>')
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{ROW - 4}" fill="{colour}"/>')
            parts.append(f'<text x="{LABEL + width + 6:.1f}" y="{y + 12}">{value:,.0f}</text>')
            y += ROW
        y += ROW // 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="12">'
        f'<title>{escape(title)}</title><rect width="{WIDTH}" height="{y}" fill="#fff"/>'
        f'<text x="8" y="22" font-size="15">{escape(title)}</text>{"".join(parts)}</svg>\n'
    )
