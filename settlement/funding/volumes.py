"""Funding by effort: volume x price, per product and month. Also values the shadow lines of population funding."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from kernel.explanations import Step
from kernel.money import total
from kernel.periods import Month
from settlement.entitlement import Entitlement, LineKey, PricedVolume


def entitle(
    volumes: Iterable[PricedVolume], clause: str, task_fields: Mapping[tuple[str, Month], str]
) -> list[Entitlement]:
    """One entitlement per municipality, month and product: the sum of its priced volumes.

    `volumes` are those of one component, `clause` the article it comes from, `task_fields` the Iv3 field by product and
    month.
    """
    by_key: dict[LineKey, list[PricedVolume]] = defaultdict(list)
    for volume in volumes:
        by_key[volume.key].append(volume)
    return [
        _entitlement(
            key,
            sorted(by_key[key], key=lambda volume: (volume.price, volume.member)),
            clause,
            task_fields[(key.label, key.month)],
        )
        for key in sorted(by_key)
    ]


def _entitlement(key: LineKey, volumes: list[PricedVolume], clause: str, task_field: str) -> Entitlement:
    amount = total(volume.amount for volume in volumes)
    steps = tuple(
        Step(
            "volume_times_price",
            {
                "rows": str(volume.rows),
                "quantity": str(volume.quantity),
                "billed_quantity": str(volume.billed_quantity),
                "billed_unit": str(volume.rule.billed_unit),
                "units_per_price": str(volume.rule.units_per_price),
                "rounding": str(volume.rule.rounding),
                "price_eur": str(volume.price),
                "price_version_id": str(volume.price_version_id),
                **({"member": volume.member} if volume.member else {}),
            },
            str(volume.amount),
        )
        for volume in volumes
    )
    return Entitlement(
        key, amount, task_field, Step(str(key.treatment), {"product": key.label}, str(amount), clause, steps)
    )
