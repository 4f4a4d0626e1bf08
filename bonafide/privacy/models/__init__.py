"""What is held about what was done with people's data: looks, visits, holds, releases, sweeps, erasures. Most has triggers."""

from bonafide.privacy.models.erasures import Erasure
from bonafide.privacy.models.holds import LONGEST_MONTHS, Hold
from bonafide.privacy.models.looks import LONGEST_MINUTES, Look, Visit, answered_for_by
from bonafide.privacy.models.releases import Release
from bonafide.privacy.models.sweeps import SweepRun
from bonafide.privacy.models.told import Told

__all__ = [
    "LONGEST_MINUTES",
    "LONGEST_MONTHS",
    "Erasure",
    "Hold",
    "Look",
    "Release",
    "SweepRun",
    "Told",
    "Visit",
    "answered_for_by",
]
