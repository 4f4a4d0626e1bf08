"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """What a check counted, and the first thing that does not hold (empty when the promise is kept). Nothing personal."""

    counts: dict[str, int] = field(default_factory=dict)
    fault: str = ""

    @property
    def kept(self) -> bool:
        return not self.fault
