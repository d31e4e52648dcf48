"""What a contract manager should look at in a contract that can be settled: gaps that no rule forbids.

What only settling shows (jumps, bands that no worked example reaches) is in `settlement.review`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, pairwise

from pydantic import BaseModel

from contracts.components.arrangement import ArrangementComponent
from contracts.components.ceiling import CeilingComponent
from contracts.components.component import ComponentPart, ModifierPart, PricedPart
from contracts.components.consortium import ConsortiumComponent
from contracts.components.effort import EffortComponent
from contracts.components.guarantee import GuaranteeComponent
from contracts.components.outcome import OutcomeComponent
from contracts.components.population import PopulationComponent
from contracts.components.reduction import ReductionComponent
from contracts.components.risk_sharing import RiskSharingComponent
from contracts.documents import Document, KeyPath
from contracts.model import Component, Contract
from kernel.findings import Finding, Severity
from kernel.notation import format_date, format_number
from kernel.periods import Month, Period, is_last_of_month


@dataclass(frozen=True, slots=True)
class PriceLists:
    """The names of the price lists that there are, and by list and product the periods that have a price."""

    names: Collection[str]
    priced: Mapping[str, Mapping[str, Sequence[Period]]]


NO_PRICE_LISTS = PriceLists((), {})


def warnings(document: Document, price_lists: PriceLists) -> list[Finding]:
    """What is told of a document when it is recorded, given the price lists that exist: what is likely a mistake."""
    contract = document.contract
    return _findings(
        document,
        (*_unproven(contract), *_unread(contract), *_unpriced(contract, price_lists), *_ends_on_a_last_day(contract)),
    )


def review(document: Document, price_lists: PriceLists = NO_PRICE_LISTS) -> list[Finding]:
    """Everything to look at in a document before it is signed, also in the price lists that exist where it is known."""
    contract = document.contract
    remarks = (
        *_unpriced(contract, price_lists),
        *_ends_on_a_last_day(contract),
        *_unproven(contract),
        *_unread(contract),
        *_without_a_clause(contract),
        *_out_of_time(contract),
        *_without_effect(contract),
        *_on_one_side(contract),
        *_for_good(contract),
        *_on_nothing(contract),
    )
    return _findings(document, remarks)


def _findings(document: Document, remarks: Iterable["_Remark"]) -> list[Finding]:
    return [document.finding(code, path, message, hint, Severity.WARNING) for code, path, message, hint in remarks]


def review_catchments(documents: Sequence[Document], known: Mapping[str, Contract]) -> list[Finding]:
    """Warnings about areas that several contracts serve, of which the parts do not make the whole.

    Parts of one task field belong together, in contracts that are in force on the same days; `known` are by number.
    """
    contracts = {**known, **{document.contract.number: document.contract for document in documents}}
    findings = []
    for document in documents:
        for index, component in enumerate(document.contract.component):
            for area, field, _ in _catchments(document.contract, component):
                parts = {
                    contract.number: percent
                    for contract in contracts.values()
                    if contract.in_force.period.overlaps(document.contract.in_force.period)
                    for other in contract.component
                    for other_area, other_field, percent in _catchments(contract, other)
                    if (other_area, other_field) == (area, field)
                }
                if (percent := sum(parts.values())) != 100:
                    served = ", ".join(f"{number} {format_number(part)}%" for number, part in sorted(parts.items()))
                    message = f"van {area} is op taakveld {field} samen {format_number(percent)}% verdeeld ({served})"
                    hint = "leg de andere contracten vast, of verbeter catchment_percent: samen is het 100"
                    path = ("component", index, "catchment_percent")
                    findings.append(document.finding("W20", path, message, hint, Severity.WARNING))
    return findings


def _catchments(contract: Contract, component: Component) -> Iterator[tuple[str, str, Decimal]]:
    """The areas of which a component serves a part, with the task field and that part."""
    if isinstance(component, PopulationComponent) and component.catchment_percent is not None:
        own = component.division.own_areas if component.division else component.areas
        for area in own or (contract.municipality_of(component),):
            yield area, component.task_field, component.catchment_percent


_Remark = tuple[str, KeyPath, str, str]


def _unproven(contract: Contract) -> Iterator[_Remark]:
    """Components that no worked example says anything about."""
    if not contract.example:
        yield "W01", (), "het contract heeft geen rekenvoorbeeld", "neem de rekenvoorbeelden uit de bijlage op"
        return
    proven = {component for example in contract.example for component, *_ in example.expect}
    for index, component in enumerate(contract.component):
        if component.key not in proven:
            hint = "voeg een rekenvoorbeeld toe waarin het voorkomt"
            yield "W02", ("component", index), "geen rekenvoorbeeld verwacht iets van dit onderdeel", hint


def _unread(contract: Contract) -> Iterator[_Remark]:
    """What stands in the document and has no effect."""
    hint = "haal weg wat niet meetelt, of verbeter de naam"
    for index, component in enumerate(contract.component):
        reads_nothing = not contract.deliveries_read_by(component)
        if reads_nothing and "price_list" in component.model_fields_set:
            yield "W03", ("component", index, "price_list"), "zonder covers leest niets deze prijslijst", hint
    for index, example in enumerate(contract.example):
        delivered = {delivery.product for delivery in example.deliveries}
        delivered |= {assignment.product for assignment in example.assignments}
        delivered |= {trajectory.product for trajectory in example.trajectories}
        for place, (product, *_) in enumerate(example.prices):
            if product not in delivered:
                yield "W04", ("example", index, "prices", place), f"geen levering gebruikt de prijs van {product}", hint
        for name, prices in example.price_lists.items():
            place_of_list: KeyPath = ("example", index, "price_lists", name)
            if name not in contract.price_lists:
                yield "W04", place_of_list, f"geen onderdeel leest prijslijst {name}", hint
            for place, (product, *_) in enumerate(prices):
                if product not in delivered:
                    message = f"geen levering gebruikt de prijs van {product}"
                    yield "W04", (*place_of_list, place), message, hint
        for product in example.products:
            if product not in delivered:
                yield "W04", ("example", index, "products", product), f"er is geen levering van product {product}", hint


def _unpriced(contract: Contract, price_lists: PriceLists) -> Iterator[_Remark]:
    """Components that read a price list which does not exist, while others do, or one without a price of a product.

    Before the first price list contracts come first, and that is an order as good as the other.
    """
    if not price_lists.names:
        return
    for index, component in enumerate(contract.component):
        if not isinstance(component, PricedPart) or not contract.deliveries_read_by(component):
            continue
        for name in component.price_lists:
            key = "price_list" if name == component.price_list else "out_of_area_price_list"
            if name in price_lists.names:
                priced = price_lists.priced.get(name, {})
                without = sorted(
                    product
                    for product in _priced_by(contract, component, name)
                    if not any(period.overlaps(contract.in_force.period) for period in priced.get(product, ()))
                )
                if without:
                    message = f"prijslijst {name} heeft in de looptijd geen prijs voor {', '.join(without)}"
                    hint = f"neem die op (bekostiging tariff import prijzen.csv --list {name}), of verbeter de naam"
                    yield "W05", ("component", index, key), message, hint
            else:
                command = f"bekostiging tariff import prijzen.csv --list {name} --new"
                hint = f'lees hem in met "{command}", of verbeter de naam'
                yield "W06", ("component", index, key), f"prijslijst {name} bestaat nog niet", hint


def _priced_by(contract: Contract, component: PricedPart, price_list: str) -> set[str]:
    """The products of which a component values deliveries or assignments by a price list, and not by itself."""
    prices = component.prices if isinstance(component, ArrangementComponent) else ()
    agreed = {price.product for price in prices if price.price_eur is not None}
    read = {
        product
        for municipality, product in contract.deliveries_read_by(component)
        if contract.price_list_of(component, municipality) == price_list
    }
    return read - agreed


def _ends_on_a_last_day(contract: Contract) -> Iterator[_Remark]:
    """First days and months after that are likely meant as last ones."""
    until = contract.in_force.until
    if is_last_of_month(until):
        after = until + timedelta(days=1)
        message = f"until is de eerste dag na het contract: op {format_date(until)} geldt het niet meer"
        yield "W10", ("in_force", "until"), message, f"schrijf {after} als {format_date(until)} de laatste dag is"
    for index, component in enumerate(contract.component):
        for path, month in _months_of(component):
            if path[-1] == "until" and month.month == 12:
                message = f"until is de eerste maand erna: {month} telt niet meer mee"
                hint = f'schrijf "{month.next()}" als {month} de laatste maand is'
                yield "W10", ("component", index, *path), message, hint
    for index, example in enumerate(contract.example):
        lists = [(("prices",), example.prices), *((("price_lists", n), p) for n, p in example.price_lists.items())]
        for place, prices in lists:
            ends = {day for _, _, day, _ in prices if isinstance(day, date) and is_last_of_month(day)}
            if ends:
                days = ", ".join(map(format_date, sorted(ends)))
                message = f"de derde waarde is de eerste dag zonder deze prijs, en dat is hier {days}"
                yield "W10", ("example", index, *place), message, "schrijf de eerste van de maand erna"


# What is filled in where nobody knows the clause: a word that stands for nothing, or "artikel" without a number.
_PLACEHOLDER = re.compile(
    r"(artikel|art|lid|bijlage|paragraaf|clausule|hoofdstuk)?[\W_]*"
    r"(n\W?v\W?t|n\W?t\W?b|p\W?m|tbd|todo|x+|nader te bepalen|nog te bepalen|volgt|onbekend|geen)?[\W_]*"
)


def _without_a_clause(contract: Contract) -> Iterator[_Remark]:
    """What is agreed nowhere: nobody can say later where an amount comes from."""
    hint = "noem het artikel van de overeenkomst of de bijlage"
    for index, component in enumerate(contract.component):
        if _PLACEHOLDER.fullmatch(component.clause.casefold()):
            yield "W07", ("component", index, "clause"), f'"{component.clause}" is geen artikel', hint
    if contract.set_off != "full" and contract.set_off_clause is None:
        yield "W07", ("set_off",), "set_off_clause ontbreekt: er staat niet waar de verrekening is afgesproken", hint


def _out_of_time(contract: Contract) -> Iterator[_Remark]:
    """Years and months outside the period in force, years in between without a value, reductions on top of another."""
    months = list(contract.in_force.period.months())
    first, last = months[0], months[-1]
    for index, component in enumerate(contract.component):
        for path, month in _months_of(component):
            late = month > last.next() if path[-1] == "until" else month > last
            if late or month < first:
                message = f"{month} ligt buiten de looptijd ({first} tot en met {last})"
                yield "W08", ("component", index, *path), message, "verbeter de maand, of de looptijd van het contract"
        years = [one.year for one in getattr(component, "index", ())]
        hint = "geef elk jaar tot het einde van de looptijd een percentage, zo nodig 0"
        for place, year in enumerate(years):
            if year > last.year:
                message = f"in {year} is het contract niet meer van kracht: niets leest dit percentage"
                yield "W08", ("component", index, "index", place), message, "haal het jaar weg, of verleng de looptijd"
        asked = range(max(min(years, default=last.year), first.year), last.year + 1)
        if years and (without := [str(year) for year in asked if year not in years]):
            yield "W08", ("component", index, "index"), f"er is geen percentage voor {', '.join(without)}", hint
    reductions = [(i, one) for i, one in enumerate(contract.component) if isinstance(one, ReductionComponent)]
    for (_, one), (index, other) in combinations(reductions, 2):
        if max(one.start, other.start) < min(one.until, other.until) and _applied_to(contract, one) & _applied_to(
            contract, other
        ):
            message = f"van {max(one.start, other.start)} af geldt ook de korting {one.key}: de ene komt over de andere"
            yield "W08", ("component", index), message, "laat de maanden op elkaar aansluiten, of noem één percentage"


def _months_of(part: BaseModel) -> Iterator[tuple[KeyPath, Month]]:
    """Every month that a part of a document names, also in the tables within it."""
    for name, info in type(part).model_fields.items():
        value, key = getattr(part, name), info.alias or name
        for place, one in enumerate(value) if isinstance(value, tuple) else [(None, value)]:
            path: KeyPath = (key,) if place is None else (key, place)
            if isinstance(one, Month):
                yield path, one
            elif isinstance(one, BaseModel):
                yield from (((*path, *rest), month) for rest, month in _months_of(one))


def _applied_to(contract: Contract, modifier: ModifierPart) -> set[str]:
    keys = [component.key for component in contract.component]
    return set(modifier.applies_to or keys[: keys.index(modifier.key)])


def _without_effect(contract: Contract) -> Iterator[_Remark]:
    """Keys that change nothing beside what else is agreed."""
    for index, component in enumerate(contract.component):
        for path, message, hint in _neutral(contract, component):
            yield "W09", ("component", index, *path), message, hint


def _neutral(contract: Contract, component: ComponentPart) -> Iterator[tuple[KeyPath, str, str]]:
    remove = "haal het weg, of verbeter het"
    match component:
        case PopulationComponent():
            if "measure" in component.model_fields_set and component.segments:
                yield ("measure",), "segments noemt zelf wat er geteld wordt: niets leest measure", remove
            if (recount := component.recount) is not None:
                if "pays" in recount.model_fields_set and not recount.dead_band_percent:
                    message = "zonder drempel (dead_band_percent) telt alle groei: niets leest pays"
                    yield ("recount", "pays"), message, remove
                last_year = max(month.year for month in contract.in_force.period.months())
                if recount.counts == "yearly" and component.count_date and last_year <= component.count_date.year:
                    message = "het contract heeft geen jaar na count_date: er wordt nooit opnieuw geteld"
                    yield ("recount", "counts"), message, 'kies counts = "final", of haal recount weg'
        case EffortComponent():
            for place, (one, other) in enumerate(pairwise(component.bands), start=1):
                if one.price_eur == other.price_eur:
                    yield ("bands", place), f"dezelfde prijs ({other.price_eur}) als de schijf ervoor", remove
            if len(component.bands) == 1:
                yield ("bands",), "er is één schijf: dat is één prijs voor alles", "noem de grens, of haal bands weg"
            for place, no_show in enumerate(component.no_show):
                if no_show.paid_percent == 100:
                    yield ("no_show", place), "een gemiste afspraak wordt geheel betaald", remove
            for place, adjustment in enumerate(component.adjustments):
                if not adjustment.percent:
                    yield ("adjustments", place), "een toeslag van 0% verandert niets", remove
            most = {bound.per: bound.maximum_eur for bound in component.client_bounds if bound.maximum_eur is not None}
            if "month" in most and "year" in most and most["year"].exact >= 12 * most["month"].exact:
                place = [bound.per for bound in component.client_bounds].index("year")
                message = "twaalf keer het maximum per maand is niet meer dan het maximum per jaar: dat telt nooit"
                yield ("client_bounds", place), message, remove
        case CeilingComponent():
            if component.soft_band_percent == 0:
                yield ("soft_band_percent",), "een zachte band van 0% is er geen", remove
        case GuaranteeComponent():
            if "discount_on" in component.model_fields_set and not component.discounts:
                yield ("discount_on",), "er zijn geen kortingen (discounts): niets leest discount_on", remove
        case ReductionComponent() if not component.percent:
            yield ("percent",), "een korting van 0% verandert niets", remove
        case OutcomeComponent() if not component.at_stake_percent:
            yield ("at_stake_percent",), "er staat 0% op het spel: niets hangt van de scores af", remove
        case RiskSharingComponent():
            for name in ("both", "saving", "loss"):
                side = getattr(component, name)
                if side is None:
                    continue
                if side.bands and not any(band.share for band in side.bands):
                    yield (name, "bands"), "elke band deelt 0: er wordt niets gedeeld", remove
                for place, (one_band, other_band) in enumerate(pairwise(side.bands), start=1):
                    if one_band.share == other_band.share:
                        message = f"hetzelfde deel ({other_band.share}) als de band ervoor"
                        yield (name, "bands", place), message, remove
        case ConsortiumComponent():
            for place, member in enumerate(component.members):
                if member.percent == 0:
                    yield ("members", place), f"lid {member.provider} krijgt 0%", remove


def _on_one_side(contract: Contract) -> Iterator[_Remark]:
    """Risk sharing of which one party bears a side alone: that may be meant, and must be seen."""
    for index, component in enumerate(contract.component):
        if not isinstance(component, RiskSharingComponent):
            continue
        sides = (("een besparing", component.shared_saving), ("een overschrijding", component.shared_loss))
        bearer = "de aanbieder" if component.cost_borne_by == "provider" else "de gemeente"
        for what, side in sides:
            if side is None:
                message = f"{what} wordt niet gedeeld: die is geheel voor {bearer}"
                yield "W11", ("component", index), message, "zo bedoeld? geef anders saving en loss, of both"


def _for_good(contract: Contract) -> Iterator[_Remark]:
    """Guarantees that nobody can end before the contract does, or that never become less."""
    several_years = contract.in_force.start.year < contract.in_force.period.last_day.year
    for index, component in enumerate(contract.component):
        if isinstance(component, GuaranteeComponent):
            if component.notice_months is None and contract.notice_months is None:
                message = "de garantie heeft geen opzegtermijn, en het contract ook niet"
                yield "W12", ("component", index), message, "geef notice_months van de garantie of van het contract"
            if several_years and not any(discount.percent for discount in component.discounts):
                message = "de garantie wordt in geen jaar minder, tot het einde van het contract"
                yield "W12", ("component", index), message, "zo bedoeld? geef anders discounts"


def _on_nothing(contract: Contract) -> Iterator[_Remark]:
    """Modifiers of components that are never paid, and costs of components that count no deliveries."""
    by_key = {component.key: component for component in contract.component}
    hint = "noem een onderdeel dat betaald wordt"
    for index, component in enumerate(contract.component):
        place: KeyPath = ("component", index)
        if isinstance(component, CeilingComponent | ReductionComponent | ConsortiumComponent):
            unpaid = sorted(key for key in _applied_to(contract, component) if not _is_paid(by_key[key]))
            if len(unpaid) == len(_applied_to(contract, component)):
                yield "W13", place, "dit gaat over niets: geen onderdeel erboven wordt betaald", hint
            elif component.applies_to and unpaid:
                yield "W13", (*place, "applies_to"), f"{', '.join(unpaid)} wordt nooit betaald", hint
        if isinstance(component, RiskSharingComponent) and component.cost_borne_by == "provider":
            for key in component.cost.of:
                if not contract.deliveries_read_by(by_key[key]):
                    message = f"{key} telt geen leveringen: deze kosten zijn altijd nul"
                    yield "W13", (*place, "cost"), message, "noem in dat onderdeel de producten, of een cijfer (figure)"


def _is_paid(component: ComponentPart) -> bool:
    """Whether a component has lines that are paid: a consortium divides them, and a guarantee may only tell."""
    told_only = isinstance(component, GuaranteeComponent) and component.shortfall == "none"
    return not told_only and not isinstance(component, ConsortiumComponent)
