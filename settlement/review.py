"""What a contract manager should look at in a contract, as far as settling its worked examples shows it.

Every clause whose pay-off has edges is computed just below, at and above each of them: a jump, or a next euro that
brings more than a euro, is a remark. So is a band that no example reaches, and a fact of an example without an effect.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from contracts.components.ceiling import CeilingComponent
from contracts.components.effort import EffortComponent
from contracts.components.risk_sharing import RiskSharingComponent
from contracts.documents import Document, KeyPath
from contracts.model import Component, Contract, Example, ExampleResult
from contracts.values import share
from kernel.explanations import Step
from kernel.findings import Finding, Refusal, Severity
from kernel.money import Eur, half_up
from kernel.notation import format_eur, format_number, plain
from settlement.entitlement import Entitlement
from settlement.funding.components import entitle
from settlement.funding.facts import NOT_COMPUTED
from settlement.funding.oddities import oddities
from settlement.payoff import Curve, curves
from settlement.simulation import facts_of_document, settle_example, simulate

_Remark = tuple[str, KeyPath, str, str]
_CENT = Fraction(1, 100)


def review_settled(document: Document) -> list[Finding]:
    """Remarks about a contract whose worked examples come out; of those that do not, nothing is said here."""
    contract = document.contract
    settled = list(_settled(contract))
    jumps_and_slopes = list(_edges(contract, settled))
    remarks = [
        *jumps_and_slopes,
        *_odd(contract, {path for code, path, *_ in jumps_and_slopes if code == "W25"}),
        *_unreached(contract, settled),
        *_not_computed(settled),
        *_idle_facts(contract, settled),
    ]
    return [
        document.finding(code, path, message, hint, Severity.WARNING)
        for code, path, message, hint in dict.fromkeys(remarks)
    ]


@dataclass(frozen=True, slots=True)
class _Settled:
    """A worked example, by its place in the document, and what it comes to."""

    index: int
    example: Example
    entitlements: Sequence[Entitlement]
    findings: Sequence[Finding]


def _settled(contract: Contract) -> Iterator[_Settled]:
    for index, example in enumerate(contract.example):
        try:
            yield _Settled(index, example, *simulate(contract, example))
        except Refusal:
            continue


def _odd(contract: Contract, jumps: Collection[KeyPath]) -> Iterator[_Remark]:
    """What is odd about modifiers; the jump at a minimum only where no example has shown it with its own amounts."""
    for path, message, hint in oddities(contract):
        if path[-1] != "minimum_rate":
            yield "W21", path, message, hint
        elif path[:2] not in jumps:
            yield "W25", path, message, hint


# --- edges ------------------------------------------------------------------------------------------------------------


def _edges(contract: Contract, settled: Sequence[_Settled]) -> Iterator[_Remark]:
    """Jumps and wrong slopes of every curve, once for a clause, on the facts of the first example that shows it."""
    places = {component.key: index for index, component in enumerate(contract.component)}
    told: set[tuple[str, str, Fraction]] = set()
    for one in settled:
        facts, _ = facts_of_document(contract, one.example)
        for year in sorted({month.year for month in contract.in_force.period.months() if month <= one.example.through}):
            for curve in curves(contract, facts, one.entitlements, year)[0]:
                component = contract.component[places[curve.component]]
                for code, edge, message, hint in (*_jumps(curve, component), *_slopes(curve)):
                    key = (code, curve.component, edge / curve.base if curve.base else edge)
                    if key not in told:
                        told.add(key)
                        yield code, ("component", places[curve.component]), message, hint


_Found = tuple[str, Fraction, str, str]


def _jumps(curve: Curve, component: Component) -> Iterator[_Found]:
    """Edges at which a cent more changes what is settled by more than a cent more does on either side of it.

    A minimum rate that counts from the first euro jumps by its nature: then that is what is told.
    """
    for edge in curve.edges:
        if edge < 2 * _CENT:
            continue
        before, below, at, above, after = (curve.amount_at(edge + n * _CENT).cents for n in (-2, -1, 0, 1, 2))
        for low, high, where in ((below, at, "bij"), (at, above, "boven")):
            beside = max(abs(below - before), abs(after - above)) + 1  # each amount is rounded by itself
            if abs(high - low) > beside:
                message = (
                    f"{where} {_at(curve, edge)} springt de uitkomst van {_eur(low)} naar {_eur(high)}: "
                    f"{_eur(abs(high - low))} ineens"
                )
                hint = "controleer de grens en de bedragen van de banden aan weerszijden"
                if _has_minimum(component, loss=edge > curve.base):
                    message += ", want vanaf het minimum telt elke euro"
                    hint = "zo bedoeld? geef anders de eerste band share 0, zodat alleen het meerdere gedeeld wordt"
                yield "W25", edge, message, hint


def _has_minimum(component: Component, *, loss: bool) -> bool:
    if not isinstance(component, RiskSharingComponent):
        return False
    side = component.shared_loss if loss else component.shared_saving
    return side is not None and side.minimum_rate is not None


def _slopes(curve: Curve) -> Iterator[_Found]:
    """Stretches between edges on which a next euro brings more than a euro, or an amount falls as volume rises."""
    last = max(curve.edges, default=curve.base)
    ends = sorted({Fraction(0), *curve.edges, last + max(curve.base, Fraction(1))})
    for low, high in pairwise(ends):
        inside = [low + (high - low) * part / 4 for part in (1, 3)]
        first, second = (curve.amount_at(value).exact for value in inside)
        rise, run = second - first, inside[1] - inside[0]
        hint = "controleer de delen en prijzen van dit artikel"
        if curve.varied != "volume" and abs(rise) > run + 2 * _CENT:
            message = f"boven {_at(curve, low)} verandert een euro meer de uitkomst met meer dan een euro"
            yield "W22", low, message, hint
        if curve.varied != "cost" and rise < -2 * _CENT:
            yield "W22", low, f"boven {_at(curve, low)} daalt het bedrag terwijl er meer geleverd wordt", hint


def _at(curve: Curve, value: Fraction) -> str:
    """'kosten van 1.050.000,00 (105% van het budget)'."""
    if curve.varied == "volume":
        return f"een volume van {format_number(plain(value))}"
    what, of = ("kosten van", "het budget") if curve.varied == "cost" else ("een levering van", "het plafond")
    amount = format_eur(half_up(value))
    if not curve.base:
        return f"{what} {amount}"
    return f"{what} {amount} ({format_number(plain(half_up(value / curve.base * 100).exact))}% van {of})"


def _eur(cents: int) -> str:
    return format_eur(Eur.of_cents(cents))


# --- bands that no example reaches ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Band:
    """A part of a clause that counts above `low`, in the measure of `side`."""

    path: KeyPath
    side: str
    low: Fraction
    said: str


def _unreached(contract: Contract, settled: Sequence[_Settled]) -> Iterator[_Remark]:
    """Bands that no worked example comes in: a mistake in their edge or share shows nowhere."""
    if not settled:
        return
    reached: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for one in settled:
        for entitlement in one.entitlements:
            for side, value in _values(entitlement.explanation):
                key = (entitlement.key.component, side)
                reached[key] = max(reached[key], value)
    for index, component in enumerate(contract.component):
        for band in _bands(component):
            if reached[(component.key, band.side)] <= band.low:
                message = f"geen rekenvoorbeeld komt in {band.said}"
                yield "W23", ("component", index, *band.path), message, "neem een rekenvoorbeeld op dat hier komt"


_SIDES = (("saving", "besparing"), ("loss", "overschrijding"))


def _bands(component: Component) -> Iterator[_Band]:
    match component:
        case EffortComponent():
            low = Fraction(0)
            for place, band in enumerate(component.bands):
                yield _Band(("bands", place), "volume", low, f"de schijf boven {format_number(plain(low))}")
                low = Fraction(band.up_to) if band.up_to is not None else low
        case CeilingComponent():
            yield _Band((), "ceiling", Fraction(0), "wat boven het plafond ligt")
            if component.soft_band_percent:
                width = share(component.soft_band_percent)
                yield _Band(("soft_band_percent",), "ceiling", width, "wat boven de zachte band ligt")
        case RiskSharingComponent():
            sides = (("saving", component.saving), ("loss", component.loss), ("both", component.both))
            for key, side in sides:
                for name, what in _SIDES if key == "both" else [one for one in _SIDES if one[0] == key]:
                    low = Fraction(0)
                    for place, up_to in enumerate(
                        [band.up_to_percent for band in side.bands] or [None] if side else []
                    ):
                        said = f"een {what} van meer dan {format_number(plain(low * 100))}% van het budget"
                        path: KeyPath = (key, "bands", place) if side and side.bands else (key,)
                        yield _Band(path, name, low, said)
                        low = low if up_to is None else share(up_to)


def _values(step: Step) -> Iterator[tuple[str, Fraction]]:
    """How far an explanation comes in the bands of its clause: units, parts of a ceiling or of a budget."""
    match step.code:
        case "in_bands":
            yield "volume", Fraction(step.values["units"])
        case "above_ceiling" | "above_soft_ceiling" if ceiling := Fraction(step.values["ceiling_eur"]):
            yield "ceiling", Fraction(step.values["delivered_eur"]) / ceiling - 1
        case "deviation" if budget := Fraction(step.values["budget_eur"]):
            deviation = Fraction(step.values["cost_eur"]) / budget - 1
            yield ("loss" if deviation > 0 else "saving"), abs(deviation)
    for part in step.steps:
        yield from _values(part)


def _not_computed(settled: Sequence[_Settled]) -> Iterator[_Remark]:
    """Examples that miss what a component needs: it is left out of them, and no edge of it is looked at."""
    for one in settled:
        for finding in one.findings:
            if finding.code in NOT_COMPUTED:
                hint = "geef het in het rekenvoorbeeld, of laat het eindigen voordat dit onderdeel uitgerekend wordt"
                yield "W26", ("example", one.index), f"{finding.place}: {finding.message}", hint


# --- facts that change nothing ----------------------------------------------------------------------------------------

# Facts that are told one by one; what is delivered is always a line, and of prices and products W04 tells.
_FACTS = (
    "counts", "assignments", "households", "trajectories", "figures", "index_figures", "accountability",
    "determinations", "spend",
)  # fmt: skip


def _idle_facts(contract: Contract, settled: Sequence[_Settled]) -> Iterator[_Remark]:
    """Facts without which an example comes out just the same: nothing reads them, or their name is mistyped.

    A figure that another example needs may be told in every one of them, for the sake of the reader.
    """
    hint = "haal het weg, of verbeter wat erin staat"
    idle: dict[tuple[str, str | int, int], bool] = {}
    for one in settled:
        results = settle_example(contract, one.example)
        counted = _counts_read(contract, one.example)
        for name in _FACTS:
            for key, fact, others in _without_one(getattr(one.example, name)):
                less = one.example.model_copy(update={name: others})
                read = name == "counts" and fact[:4] in counted
                idle[(name, key, one.index)] = not read and _comes_to(contract, less) == results
    for (name, key, index), nothing_changes in idle.items():
        needed = isinstance(key, str) and not all(same for (n, k, _), same in idle.items() if (n, k) == (name, key))
        if nothing_changes and not needed:
            yield "W24", ("example", index, name, key), "zonder dit feit komt het voorbeeld net zo uit", hint


def _comes_to(contract: Contract, example: Example) -> Sequence[ExampleResult] | None:
    try:
        return settle_example(contract, example)
    except Refusal:
        return None


def _without_one(facts: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """Each fact's key or place, the fact, and the others."""
    if isinstance(facts, Mapping):
        for key, fact in facts.items():
            yield key, fact, {other: value for other, value in facts.items() if other != key}
        return
    for place, fact in enumerate(facts):
        yield place, fact, (*facts[:place], *facts[place + 1 :])


class _Noted(dict[Any, Any]):
    """Counts that note which of them are read: one within a dead band is, and changes nothing."""

    def __init__(self, counts: Mapping[Any, Any]) -> None:
        super().__init__(counts)
        self.read: set[Any] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.read.add(key)
        return super().__getitem__(key)


def _counts_read(contract: Contract, example: Example) -> set[Any]:
    facts, _ = facts_of_document(contract, example)
    noted = _Noted(facts.counts)
    entitle(contract, replace(facts, counts=noted), example.through)
    return noted.read
