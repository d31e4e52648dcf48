"""Findings about deliveries, which hold apart from their sentence what they are about."""

from dataclasses import dataclass

from kernel.findings import Finding
from kernel.periods import Month


@dataclass(frozen=True, slots=True)
class DeliveriesFinding(Finding):
    """A finding about the deliveries of one product by a provider (its AGB code), to a municipality, in a month."""

    provider: str
    municipality: str
    product: str
    month: Month
