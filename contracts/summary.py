"""A contract in words, for the terminal."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from contracts.components.arrangement import ArrangementComponent
from contracts.components.ceiling import CeilingComponent
from contracts.components.component import BudgetPart, ModifierPart, PricedPart
from contracts.components.consortium import ConsortiumComponent
from contracts.components.effort import EffortComponent
from contracts.components.figures import AnnualAmount, FigureShare
from contracts.components.frequency import Frequency
from contracts.components.guarantee import GuaranteeComponent
from contracts.components.indexation import IndexedPart
from contracts.components.lump_sum import LumpSumComponent
from contracts.components.outcome import OutcomeComponent
from contracts.components.output import OutputComponent
from contracts.components.population import PopulationComponent, Recount, Unspent
from contracts.components.reduction import ReductionComponent
from contracts.components.risk_sharing import RiskSharingComponent, Side
from contracts.model import Component, Contract
from contracts.parties import Parties
from contracts.values import word_of_measure
from kernel.notation import counted, format_date, format_eur, format_number, plain
from tariffs.task_fields import TASK_FIELDS

_SET_OFF = {
    "full": "geheel verrekend met de eerstvolgende afrekening",
    "up_to_payable": "verrekend tot ten hoogste wat er te betalen is",
}
_KINDS = {
    "population": "populatiebekostiging",
    "effort": "inspanningsgericht",
    "output": "outputgericht",
    "lump_sum": "lumpsum",
    "ceiling": "plafond",
    "reduction": "tijdelijke korting",
    "guarantee": "budgetgarantie",
    "risk_sharing": "risicodeling",
    "outcome": "bonus of malus op resultaten",
    "arrangement": "arrangementen",
    "consortium": "consortium",
}
_SHORTFALL = {
    "none": "wordt niet betaald",
    "pay_difference": "wordt betaald",
    "carry_over": "schuift door naar het volgende jaar",
}
_CORRECTION = {
    "ratio": "de definitieve cijfers werken door in het jaar erna, als verhouding",
    "difference": "de definitieve cijfers werken door in het jaar erna, als verschil",
    "final": "een definitief cijfer komt in de plaats van het voorlopige",
    "none": "zonder correctie op definitieve cijfers",
}
_ACCOUNTABILITY = {
    "production_statement": "productieverantwoording",
    "annual_accounts": "jaarrekening",
    "auditor_statement": "controleverklaring",
    "board_declaration": "bestuursverklaring",
    "quality_report": "kwaliteitsverantwoording",
}
_TURNS = {"monthly": "maand", "quarterly": "kwartaal", "yearly": "jaar"}


def summary(contract: Contract, parties: Parties) -> list[str]:
    """The lines that sum up a contract; they may be longer than a screen is wide."""
    provider = parties.providers.get(contract.provider)
    municipalities = [_named(code, parties) for code in contract.municipalities]
    clause = f" ({contract.set_off_clause})" if contract.set_off_clause else ""
    begin, end = (format_date(day) for day in (contract.in_force.start, contract.in_force.until))
    lines = [
        f"Contract {contract.number}: {contract.title}",
        f"Aanbieder: {contract.provider} {provider.name if provider else ''}".rstrip(),
        f"Gemeenten: {', '.join(municipalities)}",
        f"Wetten: {', '.join(contract.laws)}",
        f"Looptijd: {begin} tot {end}, van alle onderdelen",
    ]
    if contract.notice_months is not None:
        lines.append(f"Opzegtermijn: {contract.notice_months} {_months(contract.notice_months)}")
    lines.append(f"Voorschotten: {_SET_OFF[contract.set_off]}{clause}")
    for component in contract.component:
        lines += ["", *_component(contract, component, parties)]
    lines.append("")
    for example in contract.example:
        lines.append(f"Rekenvoorbeeld: {example.name}, tot en met {example.through}")
    return lines


def _component(contract: Contract, component: Component, parties: Parties) -> Iterator[str]:
    yield f'Onderdeel "{component.key}": {_KINDS[component.kind]} ({component.clause})'
    match component:
        case EffortComponent():
            yield from _effort(component)
        case OutputComponent():
            yield from _output(component)
        case PopulationComponent():
            yield from _population(contract, component)
        case LumpSumComponent():
            yield from _lump_sum(component)
        case CeilingComponent():
            yield from _ceiling(component)
        case RiskSharingComponent():
            yield from _risk_sharing(component)
        case OutcomeComponent():
            yield from _outcome(component)
        case ReductionComponent():
            yield f"  Korting: {format_number(component.percent)}%, van {component.start} tot {component.until}"
        case GuaranteeComponent():
            yield from _guarantee(component)
        case ArrangementComponent():
            yield from _arrangement(component)
        case ConsortiumComponent():
            yield from _consortium(component)
    if isinstance(component, BudgetPart):
        yield f"  Betaald door: {_named(contract.municipality_of(component), parties)}"
        yield _task_field(component.task_field)
    elif isinstance(component, PricedPart) and len(contract.municipalities) > 1:
        yield "  Betaald door: elke gemeente voor haar eigen cliënten"
    if isinstance(component, ModifierPart):
        yield f"  Over: {', '.join(component.applies_to) or 'alle onderdelen erboven'}"
        if component.spread_over != component.applies_to:
            spread = ", ".join(component.spread_over) or "alle onderdelen erboven"
            yield f"  Betaald door de gemeenten van {spread}, naar wat elk daarvan betaalt"
        if component.task_field is not None:
            yield _task_field(component.task_field)


def _named(code: str, parties: Parties) -> str:
    return f"{code} {parties.municipalities[code].name}" if code in parties.municipalities else code


def _effort(component: EffortComponent) -> Iterator[str]:
    day = "eerste" if component.price_of == "first_day" else "laatste"
    yield f"  Producten: {', '.join(component.products)}"
    yield f"  Prijs: prijslijst {component.price_list}, zoals op de {day} dag van de levering"
    yield from _effort_rules(component)


def _lump_sum(component: LumpSumComponent) -> Iterator[str]:
    if component.amount_eur is not None:
        yield f"  Bedrag: {format_eur(component.amount_eur)} per jaar"
    for one in component.years:
        yield f"  Bedrag {one.year}: {format_eur(one.amount_eur)}"
    yield from _indexed(component)
    schedule = component.schedule
    when = (
        f"per {_TURNS[schedule]}"
        if isinstance(schedule, str)
        else ", ".join(f"{format_number(due.percent)}% in maand {due.month}" for due in schedule)
    )
    withheld = "" if component.advance_percent == 100 else f"; {format_number(component.advance_percent)}% vooraf"
    yield f"  Betaling: {when}{withheld}"
    most = ", nooit hoger dan verleend" if component.legal_form == "subsidy" else ""
    yield f"  Vaststelling: na afloop van elk jaar{most}"


def _guarantee(component: GuaranteeComponent) -> Iterator[str]:
    for one in component.guaranteed:
        whose = f"{one.provider} {one.segment}".rstrip()
        yield f"  Garantie van {whose}: {format_eur(one.base_year_amount_eur)} in {component.base_year}"
    yield from _indexed(component)
    over = "het basisjaar" if component.discount_on == "base_year_amount" else "het jaar ervoor"
    for discount in component.discounts:
        yield f"  Korting {discount.year}: {format_number(discount.percent)}% op {over}"
    last = f"; het laatste jaar: {_SHORTFALL[component.last_year]}" if component.last_year else ""
    yield f"  Tekort: {_SHORTFALL[component.shortfall]}{last}"
    if component.spend_of:
        yield f"  Besteed is wat {', '.join(component.spend_of)} betaalt"
    if component.notice_months is not None:
        yield f"  Opzegtermijn van de garantie: {component.notice_months} {_months(component.notice_months)}"


def _arrangement(component: ArrangementComponent) -> Iterator[str]:
    for one in component.prices:
        price = f"prijslijst {component.price_list}" if one.price_eur is None else format_number(one.price_eur)
        yield f"  Profiel {one.profile}, intensiteit {one.intensity}: {one.product}, {price}"
    per = "per maand" if component.per == "month" else "één keer, voor het geheel"
    whole = {"whole": "; een begonnen maand telt geheel", "days": "; een deel van een maand per dag", None: ""}
    yield f"  Betaling: {per}{whole[component.partial_month]}"
    whose = "cliënt" if component.holder == "client" else "huishouden"
    beside = f", behalve {', '.join(component.beside)}" if component.beside else ""
    yield f"  Eén tegelijk per {whose}{beside}"
    for source in component.funding_sources:
        yield f"  Uit de {source.law}: {format_number(source.percent)}%, taakveld {source.task_field}"
    if component.task_field is not None:
        yield _task_field(component.task_field)
    yield _shadow(component.products_counted, component.price_list)


def _shadow(products: Sequence[str], price_list: str) -> str:
    return f"  Leveringen van {', '.join(products)} tellen mee als schaduw (prijslijst {price_list})"


def _consortium(component: ConsortiumComponent) -> Iterator[str]:
    yield f"  Verdeling: {'naar afgesproken deel' if component.by == 'percent' else 'naar waarde van de leveringen'}"
    for member in component.members:
        parts = [f"{format_number(member.percent)}%"] if member.percent is not None else [*member.products]
        parts += ["levert aan onder eigen code"] if member.own_code else []
        yield f"  Lid {member.provider}: {', '.join(parts)}"


def _months(number: int) -> str:
    return "maand" if number == 1 else "maanden"


def _task_field(field: str) -> str:
    return f"  Taakveld: {field} {TASK_FIELDS.get(field, '')}".rstrip()


def _population(contract: Contract, component: PopulationComponent) -> Iterator[str]:
    yield f"  Budget: {_base(component)}{_counted(contract, component)}"
    if component.catchment_percent is not None:
        yield f"  Daarvan: {format_number(component.catchment_percent)}%, het deel dat deze aanbieder bedient"
    yield from _indexed(component)
    for reopening in component.reopenings:
        yield f"  Bijgesteld vanaf {reopening.start}: {format_eur(reopening.amount_eur)} ({reopening.decision})"
    yield f"  Betaling: per {_TURNS[component.instalments]}"
    if component.withheld is not None:
        document = _ACCOUNTABILITY[component.withheld.until]
        yield f"  Ingehouden: {format_number(component.withheld.percent)}%, tot de {document} over het jaar er is"
    if component.count_date is not None:
        yield f"  Hertelling: {_recount(component.recount)}"
    if component.covers:
        yield _shadow(component.covers, component.price_list)
    if component.carve_outs:
        named = ", ".join(component.carve_outs)
        yield f"  Buiten het budget, betaald per levering: {named} (prijslijst {component.price_list})"
    if component.out_of_area:
        named, priced_by = ", ".join(component.out_of_area), component.out_of_area_price_list or component.price_list
        yield f"  Voor cliënten van andere gemeenten, betaald per levering: {named} (prijslijst {priced_by})"
    if component.unspent is not None:
        yield f"  Niet besteed: {_unspent(component.unspent)}"


def _indexed(component: IndexedPart) -> Iterator[str]:
    for index in component.index:
        yield f"  Indexering: {format_number(index.percent)}% vanaf {index.year}"
    if component.indexation is not None:
        weights = ", ".join(f"{format_number(w)} {name}" for name, w in component.indexation.weights.items())
        apart = ", elk deel apart" if component.indexation.apart else ""
        correction = _CORRECTION[component.indexation.method]
        yield f"  Indexering: vanaf {component.indexation.first_year} met {weights}{apart}; {correction}"
        rounded = (
            (component.indexation.component_correction_decimals, "elke correctie"),
            (component.indexation.weighted_final_decimals, "de gewogen definitieve cijfers"),
            (component.indexation.weighted_preliminary_decimals, "de gewogen voorlopige cijfers"),
            (component.indexation.weighted_decimals, "de gewogen cijfers"),
            (component.indexation.index_decimals, "het percentage"),
        )
        on = ", ".join(f"{what} op {decimals}" for decimals, what in rounded if decimals is not None)
        yield f"  Decimalen van de indexering: {on}"


def _unspent(unspent: Unspent) -> str:
    match unspent.rule:
        case "keep":
            return "blijft bij de aanbieder"
        case "return":
            return "wordt terugbetaald"
        case "split":
            return f"{format_number(unspent.share_percent or 0)}% wordt terugbetaald"
        case "reserve":
            most = format_number(unspent.reserve_percent or 0)
            return f"blijft als reserve tot {most}% van het budget, het meerdere terug"
        case "earmark":
            return "blijft bij de aanbieder voor het afgesproken doel"


def _ceiling(component: CeilingComponent) -> Iterator[str]:
    per = {"year": "per jaar", "month": "per maand", "contract": "over de hele looptijd"}[component.per]
    whole = "het hele bedrag" if component.partial_year == "whole" else "naar rato van de maanden"
    partly = f"; voor een deel van een jaar {whole}" if component.per == "year" and not component.years else ""
    if component.amount_eur is not None:
        yield f"  Plafond: {format_eur(component.amount_eur)} {per}{partly}"
    for one in component.years:
        yield f"  Plafond {one.year}: {format_eur(one.amount_eur)}"
    if component.soft_band_percent is not None and component.soft_band_rate is not None:
        paid = _percent(component.soft_band_rate)
        yield f"  Zachte band: de eerste {format_number(component.soft_band_percent)}% erboven voor {paid}% betaald"
    if component.warning_percents:
        yield f"  Waarschuwing: bij {', '.join(format_number(one) for one in component.warning_percents)}%"


_PER = {"month": "maand", "year": "jaar", "assignment": "toewijzing", "four_weeks": "vier weken"}


def _frequency(frequency: Frequency) -> str:
    checked = f" van {', '.join(frequency.products)}" if frequency.products else ""
    six = f"; met zes weken per periode: {', '.join(frequency.six_weeks)}" if frequency.six_weeks else ""
    return f"  Frequentie: wat{checked} boven de toewijzing geleverd is wordt niet betaald{six}"


def _effort_rules(component: EffortComponent) -> Iterator[str]:
    if component.bands:
        bands = [
            f"tot {format_number(band.up_to)}: {format_number(band.price_eur)}"
            if band.up_to is not None
            else f"daarboven: {format_number(band.price_eur)}"
            for band in component.bands
        ]
        yield f"  Staffel per {_PER[component.bands_per]}: {'; '.join(bands)}"
    if component.frequency:
        yield _frequency(component.frequency)
    for one in component.no_show:
        yield f"  Niet verschenen: van product {one.product} wordt {format_number(one.paid_percent)}% betaald"
    for adjustment in component.adjustments:
        products = ", ".join(adjustment.products) or "alle producten"
        start = f", vanaf {adjustment.start}" if adjustment.start is not None else ""
        until = f", tot {adjustment.until}" if adjustment.until is not None else ""
        percent = format_number(adjustment.percent)
        yield f"  Toeslag of korting: {adjustment.label}, {percent}% op {products}{start}{until}"
    for bound in component.client_bounds:
        least = f" minstens {format_eur(bound.minimum_eur)}" if bound.minimum_eur is not None else ""
        most = f" hooguit {format_eur(bound.maximum_eur)}" if bound.maximum_eur is not None else ""
        yield f"  Per cliënt en {_PER[bound.per]}:{least}{most}"


_DUE = {"start": "bij de start", "month": "in maand {month}", "end": "bij het einde", "result": "bij resultaat"}
_EARLY_STOP = {
    "pro_rata": "naar rato van wat gedaan is",
    "none": "wat tot dan betaald is",
    "start_only": "alleen wat bij de start verschuldigd is",
}


def _output(component: OutputComponent) -> Iterator[str]:
    if component.products:
        yield f"  Stuks: {', '.join(component.products)}, prijslijst {component.price_list}"
    if component.frequency:
        yield _frequency(component.frequency)
    if periods := component.periods:
        when = "met zorg" if periods.when == "care" else "met een toewijzing"
        yield f"  Per {_PER[periods.per]} {when}: {', '.join(periods.products)}, prijslijst {component.price_list}"
    if trajectories := component.trajectories:
        parts = [
            f"{format_number(one.percent)}% {_DUE[one.on].format(month=one.month)}" for one in trajectories.instalments
        ]
        products = ", ".join(trajectories.products)
        yield f"  Trajecten: {products}, prijslijst {component.price_list}; {', '.join(parts)}"
        yield f"  Bij voortijdig stoppen: {_EARLY_STOP[trajectories.early_stop]}"
        if trajectories.restart_months:
            months = counted(trajectories.restart_months, "maand", "maanden")
            yield f"  Herstart binnen {months} na de laatste dag: geen nieuwe start"


def _risk_sharing(component: RiskSharingComponent) -> Iterator[str]:
    bearer = "de aanbieder" if component.cost_borne_by == "provider" else "de gemeente"
    yield f"  Budget: {_annual_amount(component.budget)}"
    yield f"  Kosten: {_annual_amount(component.cost)}, gedragen door {bearer}"
    for name, side in (("besparing", component.shared_saving), ("overschrijding", component.shared_loss)):
        yield f"  Bij {name}: {_side(side)}"


def _annual_amount(said: AnnualAmount) -> str:
    if said.eur is not None:
        return f"{format_eur(said.eur)} per jaar"
    if said.of:
        return f"van {', '.join(said.of)}"
    return f"cijfer {said.figure}" + (f" × cijfer {said.times}" if said.times else "")


def _side(side: Side | None) -> str:
    """What is shared, in the order in which it is computed; a side that is left out is named, as one-sided risk."""
    if side is None:
        return "niets gedeeld (eenzijdig)"
    words = []
    if side.minimum_rate is not None:
        words.append(f"vanaf {_rate(side.minimum_rate)} van het budget")
    for band in side.bands:
        until = "daarboven" if band.up_to_percent is None else f"tot {format_number(band.up_to_percent)}%"
        words.append(f"{until} {_rate(band.share)}")
    for step in side.steps:
        if step.share is not None:
            words.append(f"× {_rate(step.share)}")
        elif step.withhold_percent is not None:
            words.append(f"{format_number(step.withhold_percent)}% ingehouden")
        elif step.cap_eur is not None:
            words.append(f"hooguit {format_eur(step.cap_eur)}")
        elif step.cap_percent_of_budget is not None:
            words.append(f"hooguit {format_number(step.cap_percent_of_budget)}% van het budget")
        else:
            words.append(f"+ cijfer {step.add_figure}")
    return ", ".join(words)


def _rate(said: Decimal | FigureShare) -> str:
    if isinstance(said, Decimal):
        return f"{_percent(said)}%"
    words = f"1 − cijfer {said.figure}" if said.complement else f"cijfer {said.figure}"
    bounds = [
        f"{word} {_percent(bound)}%"
        for word, bound in (("minstens", said.at_least), ("hooguit", said.at_most))
        if bound is not None
    ]
    return f"{words} ({', '.join(bounds)})" if bounds else words


def _percent(said: Decimal) -> str:
    return format_number(plain(said * 100))


def _outcome(component: OutcomeComponent) -> Iterator[str]:
    yield f"  Budget: {_annual_amount(component.budget)}"
    sign = "±" if component.malus else "+"
    yield f"  Op het spel: {sign}{format_number(component.at_stake_percent)}% van het budget"
    for indicator in component.indicators:
        scale = ""
        if indicator.worst is not None and indicator.best is not None:
            scale = f", van {format_number(indicator.worst)} (slechtst) tot {format_number(indicator.best)} (best)"
        yield f"  Indicator {indicator.name}: gewicht {_percent(indicator.weight)}%{scale}"


def _base(component: PopulationComponent) -> str:
    if component.historical:
        years = ", ".join(f"{one.year} {format_eur(one.amount_eur)}" for one in component.historical)
        return f"gemiddelde besteding van {years}"
    if component.objective is not None:
        percent, macro = component.objective.share_percent, component.objective.macro_budget_eur
        return f"{format_number(percent)}% van het macrobudget van {format_eur(macro)}"
    if component.budget_eur is None:
        amounts = [f"{format_eur(part.amount_eur)} per {_measure(part.measure)}" for part in component.measured_amounts]
        return " en ".join(amounts)
    budget = f"{format_eur(component.budget_eur)} per jaar"
    if component.division is None:
        return budget
    weights = [
        f"{word_of_measure(measure)} {format_number(weight)}" for measure, weight in component.division.weights.items()
    ]
    return (
        f"aandeel van {', '.join(component.division.own_areas)} in {budget}, "
        f"verdeeld over {', '.join(component.division.areas)} naar {', '.join(weights)}"
    )


def _counted(contract: Contract, component: PopulationComponent) -> str:
    if component.count_date is None:
        return ""
    areas = component.areas or (contract.municipality_of(component),)
    where = "" if component.division else f" in {', '.join(areas)}"
    return f"; geteld{where} op {format_date(component.count_date)}"


def _measure(measure: str) -> str:
    one = {"inhabitants": "inwoner", "households": "huishouden", "dwellings": "woning"}
    return one.get(measure, word_of_measure(measure))


def _recount(recount: Recount | None) -> str:
    if recount is None:
        return "geen; de definitieve telling komt geheel in de plaats van de voorlopige"
    counts = "de definitieve telling" if recount.counts == "final" else "de telling van elk volgend jaar"
    if recount.dead_band_percent == 0:
        return f"{counts}; alle groei telt"
    pays = "alleen het meerdere" if recount.pays == "excess" else "dan de hele groei"
    return f"{counts}; groei boven {format_number(recount.dead_band_percent)}% telt, {pays}"
