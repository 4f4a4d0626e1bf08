"""A month as bars: integer values in, coordinates as text out, for the fragment ``web/chart.html``.

Pure: no Django, no clock, no float. Across, places are percentages, so that one drawing fits every width and its words keep
their size; down, they are pixels. The texts come ready in the reader's language from the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

PLOT = 150  # pixels from the highest bar to the lowest
HEAD = 12  # room above for half a word at the topmost rule
FOOT = 22  # room below for the days
# Parts of a day's place in thousandths: what it leaves free on each side.
_WIDE, _SLIM = 90, 235


@dataclass(frozen=True)
class Day:
    """What is known of one day. A value of None has no bar; ``note`` is the sentence a pointer or a screen reader gets."""

    tick: str
    note: str
    now: int | None = None
    before: int | None = None
    ahead: int | None = None


@dataclass(frozen=True)
class Bar:
    """A rectangle: ``kind`` is ``now``, ``before`` or ``ahead`` and is its class."""

    kind: str
    x: str
    width: str
    y: int
    height: int


@dataclass(frozen=True)
class Slot:
    """A day's place across: its bars, one over the other, and the whole height to point at."""

    note: str
    x: str
    width: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Mark:
    """A word at a place: across for a day, down for a rule."""

    at: str
    text: str


@dataclass(frozen=True)
class Chart:
    """Everything the fragment draws. ``gutter`` is the width in pixels that the rules' words need."""

    height: int
    top: int
    bottom: int
    ground: int
    gutter: int
    slots: tuple[Slot, ...]
    rules: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    ticks_at: int

    @property
    def reach(self) -> int:
        """Height to point at."""
        return self.bottom - self.top


def draw(*, days: Sequence[Day], scale_text: Callable[[int], str], tick_every: int = 7) -> Chart | None:
    """The chart of ``days``; None when there is nothing to show, so that a page says so in words instead.

    ``scale_text`` writes a value (in the unit of the days' own integers) beside its rule.
    """
    values = [value for day in days for value in (day.now, day.before, day.ahead) if value is not None]
    if not any(values):
        return None
    high, low = max(0, *values), min(0, *values)
    ground = HEAD + _pixels(high, high - low)
    texts = [(value, scale_text(value)) for value in rules(low=low, high=high)]
    return Chart(
        height=HEAD + PLOT + FOOT,
        top=HEAD,
        bottom=HEAD + PLOT,
        ground=ground,
        gutter=8 + 7 * max(len(text) for _, text in texts),
        slots=tuple(_slot(place, len(days), day, ground, high - low) for place, day in enumerate(days)),
        rules=tuple(Mark(str(ground - _signed_pixels(value, high - low)), text) for value, text in texts),
        ticks=tuple(
            Mark(_percent((2 * place + 1) * 500, len(days)), day.tick)
            for place, day in enumerate(days)
            if place % tick_every == 0
        ),
        ticks_at=HEAD + PLOT + FOOT - 5,
    )


def rules(*, low: int, high: int) -> list[int]:
    """Round values (multiples of 1, 2 or 5 times a power of ten) from ``low`` to ``high``, nought among them."""
    reach = max(high, -low)
    step = 1
    while True:
        for factor in (1, 2, 5):
            if reach <= 4 * factor * step:
                size = factor * step
                return [value * size for value in range(-(-low // size), high // size + 1)]
        step *= 10


def _slot(place: int, count: int, day: Day, ground: int, reach: int) -> Slot:
    bars = []
    for kind, value, free in (("before", day.before, _WIDE), ("ahead", day.ahead, _SLIM), ("now", day.now, _SLIM)):
        if value:
            height = max(1, _pixels(abs(value), reach))  # a little use is still seen
            bars.append(
                Bar(
                    kind=kind,
                    x=_percent(place * 1000 + free, count),
                    width=_percent(1000 - 2 * free, count),
                    y=ground - height if value > 0 else ground,
                    height=height,
                )
            )
    return Slot(note=day.note, x=_percent(place * 1000, count), width=_percent(1000, count), bars=tuple(bars))


def _pixels(value: int, reach: int) -> int:
    """``value`` of ``reach`` on the plot's height, to the nearest pixel."""
    return (2 * value * PLOT + reach) // (2 * reach)


def _signed_pixels(value: int, reach: int) -> int:
    return _pixels(value, reach) if value >= 0 else -_pixels(-value, reach)


def _percent(thousandths: int, count: int) -> str:
    """Thousandths of one of ``count`` equal places, as a percentage with two decimals and a dot in every language."""
    hundredths = thousandths * 10 // count
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
