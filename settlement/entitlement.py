"""What the steps of a settlement hand to each other: priced volumes, entitlements, causes and lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from kernel.explanations import Step
from kernel.money import Eur
from kernel.periods import Month
from tariffs.units import PriceRule


class Treatment(StrEnum):
    """What becomes of an amount.

    `payable`: is paid. `shadow`: counts and is shown, but is paid for in another way (a budget, an arrangement).
    `unfunded`: was delivered above a maximum, and is not paid. `passed_on`: the part of what is payable that the main
    contractor passes on to a subcontractor.
    """

    PAYABLE = "payable"
    SHADOW = "shadow"
    UNFUNDED = "unfunded"
    PASSED_ON = "passed_on"


INSTALMENT = "instalment"
DETERMINATION = "determination"
WITHHELD = "withheld"
REOPENING = "reopening"
UNSPENT = "unspent"
EARMARKED = "earmarked"
CEILING = "ceiling"
UNFUNDED = "unfunded"
REDUCTION = "reduction"
PASSED_ON = "passed_on"
SHORTFALL = "shortfall"
PLAN = "plan"

# What follows from the volumes and trajectories of effort and output.
ON_VOLUMES = (
    "bands", "frequency", "unfunded_frequency", "no_show", "unfunded_no_show", "supplement", "minimum", "maximum",
    "unfunded_maximum", "periods", "trajectory", "early_stop",
)  # fmt: skip
RISK_SHARING = "risk_sharing"
OUTCOME = "outcome"

# The first word of what a line is about when it is not a product. What follows it (a product, a law, a provider) names
# which. A line on a product is of deliveries; a line under one of these words follows from the contract and is computed
# for every month in every run. No product may be called so (`tariffs.rule_words`).
LABEL_WORDS = frozenset(
    (
        INSTALMENT, WITHHELD, REOPENING, UNSPENT, EARMARKED, DETERMINATION, SHORTFALL, CEILING, UNFUNDED, REDUCTION,
        RISK_SHARING, OUTCOME, PASSED_ON, PLAN, *ON_VOLUMES,
    )
)  # fmt: skip


def of_contract(label: str) -> bool:
    """Whether a label is a word of the contract rather than the product of deliveries."""
    return label.split(" ", 1)[0] in LABEL_WORDS


class Timing(StrEnum):
    """When a line is said: in its own month, later in the same year, or in a later year."""

    CURRENT = "current"
    CORRECTION = "correction"
    PRIOR_YEAR = "prior_year"


@dataclass(frozen=True, slots=True)
class RowEffect:
    """What rows recorded since the previous settlement changed, in rows and in euros at the present price.

    Of a month before the run's own, `references` holds the first and the last reference: with one or two rows, all.
    """

    rows: int = 0
    amount: Eur = field(default_factory=Eur.zero)
    references: tuple[str, ...] = ()

    def __add__(self, other: "RowEffect") -> "RowEffect":
        references = sorted({*self.references, *other.references})
        return RowEffect(self.rows + other.rows, self.amount + other.amount, tuple(references))


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What an amount is for. `label` is a product code, or a word of `LABEL_WORDS` with what it is about."""

    component: str
    municipality: str
    month: Month
    label: str
    treatment: Treatment

    @property
    def of_contract(self) -> bool:
        return of_contract(self.label)


@dataclass(frozen=True, slots=True)
class PricedVolume:
    """The deliveries of a component, municipality, month and product at one price, summed.

    `quantity` is in the unit of delivery of `rule`; `billed_quantity` in its billed unit (hours, where minutes are
    summed and rounded per client and month). Credits count negative, also in `rows`. `member`: the member of a
    consortium under whose code they came; '' for the provider of the contract.
    """

    component: str
    municipality: str
    month: Month
    product: str
    treatment: Treatment
    rule: PriceRule
    price: Decimal
    price_version_id: int
    rows: int
    quantity: int
    billed_quantity: int
    amount: Eur
    late: RowEffect = RowEffect()
    credited: RowEffect = RowEffect()
    withdrawn: RowEffect = RowEffect()
    member: str = ""

    @property
    def key(self) -> LineKey:
        return LineKey(self.component, self.municipality, self.month, self.product, self.treatment)


def of_all_members(volumes: Iterable[PricedVolume]) -> list[PricedVolume]:
    """Volumes with those of the members of a consortium taken together, as a run stores them."""
    found: dict[tuple[object, ...], PricedVolume] = {}
    for one in volumes:
        where = (one.key, one.price, one.rule)
        before = found.get(where)
        if before is None:
            found[where] = replace(one, member="")
            continue
        found[where] = replace(
            before,
            rows=before.rows + one.rows,
            quantity=before.quantity + one.quantity,
            billed_quantity=before.billed_quantity + one.billed_quantity,
            amount=before.amount + one.amount,
            late=before.late + one.late,
            credited=before.credited + one.credited,
            withdrawn=before.withdrawn + one.withdrawn,
        )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a provider is entitled to under a key, to date, and why."""

    key: LineKey
    amount: Eur
    task_field: str
    explanation: Step


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entitlement differs from what was posted: part of the difference, in euros, with the numbers behind it."""

    kind: str
    amount: Eur
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """What a run says about a key: the entitlement to date, less what was posted before."""

    key: LineKey
    timing: Timing
    task_field: str
    entitled: Eur
    posted_before: Eur
    causes: tuple[Cause, ...]
    explanation: Step

    @property
    def amount(self) -> Eur:
        return self.entitled - self.posted_before


@dataclass(frozen=True, slots=True)
class PostedVolume:
    """Rows and quantities at a price by a rule, as the last posted run that priced the month had them."""

    rows: int
    quantity: int
    billed_quantity: int


# A price, and the rule by which a volume became an amount: a product's rule may change while its price does not.
PricedAt = tuple[Decimal, PriceRule]


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted on one contract. `sequence` is the number of posted runs, `cutoff` the last one's cut-off."""

    sequence: int = 0
    cutoff: int = 0
    last_period: Month | None = None
    amounts: Mapping[LineKey, Eur] = field(default_factory=dict)
    task_fields: Mapping[LineKey, str] = field(default_factory=dict)
    explanations: Mapping[LineKey, Step] = field(default_factory=dict)
    volumes: Mapping[LineKey, Mapping[PricedAt, PostedVolume]] = field(default_factory=dict)
    month_hashes: Mapping[Month, str] = field(default_factory=dict)
    set_off: Mapping[str, Eur] = field(default_factory=dict)
