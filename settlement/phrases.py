"""Dutch sentences for the steps of an explanation and for the causes of a correction.

A sentence is a template under the code of its step or the kind of its cause; another language is another pair of
tables. A step or cause that reads differently in a special case has a template for that case, named after a dot.
Numbers are shown in Dutch notation and in full, so that every step can be redone on a desk calculator; only a fraction
without an end is cut off, and then the numbers it was made of stand beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.model import MEASURE_WORDS
from kernel.explanations import Step
from kernel.money import Eur, half_up
from kernel.notation import format_date, format_eur, format_number
from settlement.entitlement import Cause
from tariffs.units import Rounding

_SHOWN_DECIMALS = 6
_LONGEST_FRACTION = 21

STEPS: Mapping[str, str] = {
    "payable": "product {product}: som van de leveringen",
    "shadow": "product {product}: som van de leveringen, telt mee en wordt niet betaald",
    "volume_times_price": "{rows:levering/leveringen}: {billed} × {price_eur}",
    "volume_times_price.divided": "{rows:levering/leveringen}: {billed} × {price_eur} / {units_per_price}",
    "volume_times_price.client_month": (
        "{rows:levering/leveringen}: {quantity:minuut/minuten}, per cliënt en maand afgerond op {billed} × {price_eur}"
    ),
    "volume_times_price.rounded": "{product}, per levering afgerond op centen (samen {rounding_eur})",
    "instalment": "termijn {number} van {of}: {year_eur} / {year_months}, naar beneden afgerond op centen",
    "instalment.months": (
        "termijn {number} van {of}: {year_eur} × {months} / {year_months}, naar beneden afgerond op centen"
    ),
    "last_instalment": "termijn {number} van {of}, de laatste: {year_eur} − {earlier_eur} van de eerdere termijnen",
    "last_instalment.only": "enige termijn van {year}: {year_eur}",
    "part_of_year": "{months} van 12 maanden van kracht: {year_eur} × {months} / 12",
    "budget": "vast budget volgens het contract",
    "per_person": "{persons} {measure} × {amount_eur} (telling {areas} op {count_date})",
    "sum_of_segments": "som van de groepen",
    "division": "deel van {areas} in {whole_eur}, naar de telling van {count_date}",
    "area_share": "{area}: aandeel {share}, verdeeld op centen (grootste rest)",
    "measure_share": "{measure}: gewicht {weight} × {persons} / {persons_all}",
    "index": "index {year}: {before_eur} + {percent} %",
    "recount": (
        "hertelling {counted} → {recounted}: groei {growth_percent} %, dode band {dead_band_percent} %, "
        "betaald {paid_percent} % over {before_eur}"
    ),
    "recount.fraction": (
        "hertelling {counted} → {recounted}: groei {recounted} / {counted} − 1 = {growth_percent} %, "
        "dode band {dead_band_percent} %, betaald {paid_percent} % over {before_eur}"
    ),
    "recount.within": (
        "hertelling {counted} → {recounted}: groei {growth_percent} %, binnen de dode band van {dead_band_percent} %; "
        "{before_eur} blijft"
    ),
    "nothing_left": "geen recht meer",
}

CAUSES: Mapping[str, str] = {
    "late": "nalevering van {rows:regel/regels}",
    "late.named": "nalevering {references}",
    "credit": "creditering van {rows:regel/regels}",
    "credit.named": "creditering {references}",
    "withdrawn": "intrekking van {rows:regel/regels} met een referentie die tegenstrijdig gebruikt is",
    "withdrawn.named": "intrekking van {references}, een referentie die tegenstrijdig gebruikt is",
    "price": "prijs {before_eur} → {now_eur}",
    "recount": STEPS["recount"],
    "recount.fraction": STEPS["recount.fraction"],
    "recount.within": STEPS["recount.within"],
    "count": "telling {before} → {now}",
    "share": "verdeling naar de telling: aandeel {before} → {now}",
    "first": "niet eerder afgerekend",
    "terms": "gewijzigde voorwaarden van het contract",
    "terms.recorded": "gewijzigde voorwaarden van het contract (vastlegging {recording})",
    "product.recorded": "gewijzigd product in de catalogus (vastlegging {recording})",
    "price_list.recorded": "gewijzigde prijslijst (vastlegging {recording})",
}

# Said of a recount, where a budget has an amount for each of several groups and they are weighed together.
GROUPS = "{cause} ({groups})"

# Said once of causes in rows, where hours are rounded over a month of a client: the month's, whatever the cause.
HOURS = (
    "de maand telt nu {quantity:minuut/minuten}, afgerond {billed_quantity} uur in plaats van {billed_quantity_before}"
)

MEASURES: Mapping[str, str] = {measure: word for word, measure in MEASURE_WORDS.items()}

# Singular and plural.
UNITS: Mapping[str, str] = {
    "minute": "minuut/minuten",
    "hour": "uur/uur",
    "day_part": "dagdeel/dagdelen",
    "day": "dag/dagen",
    "piece": "stuk/stuks",
}

_COUNTS = frozenset(
    (
        "rows", "quantity", "billed_quantity", "billed_quantity_before",
        "persons", "persons_all", "counted", "recounted", "before", "now",
    )
)  # fmt: skip


def step_sentence(step: Step) -> str:
    """What a step did, with the numbers it used: 'termijn 3 van 12: 1.206.000,00 / 12, …'."""
    if step.code == "volume_times_price":
        return _volume_sentence(step)
    if step.code == "last_instalment":
        earlier = Eur(step.values["year_eur"]) - Eur(step.result)
        case = "last_instalment" if earlier else "last_instalment.only"
        return _filled(STEPS[case], {**step.values, "earlier_eur": str(earlier)})
    if step.code == "instalment" and step.values["months"] != "1":
        return _filled(STEPS["instalment.months"], step.values)
    if step.code == "recount":
        return _recount_sentence(step.values, in_euros=len(step.steps) > 1)
    return _filled(STEPS[step.code], step.values)


def cause_sentence(cause: Cause, explanation: Step) -> str:
    """Why an amount differs from what was posted: 'nalevering r10'. `explanation` is that of the amount."""
    if cause.kind == "recount":
        groups = _recounted_groups(explanation)
        sentence = _recount_sentence(cause.values, in_euros=bool(groups))
        return GROUPS.format(cause=sentence, groups=groups) if groups else sentence
    if cause.kind == "count" and " / " in cause.values["now"]:
        measures = [step.values["measure"] for step in _steps(explanation, "per_person")]
        before, now = (cause.values[name].split(" / ") for name in ("before", "now"))
        return f"telling {_groups(measures, before, now)}"
    for value, case in (("references", ".named"), ("recording", ".recorded")):
        if value in cause.values:
            return _filled(CAUSES[cause.kind + case], cause.values)
    return _filled(CAUSES[cause.kind], cause.values)


def hours_sentence(causes: Sequence[Cause]) -> str:
    """What became of the hours of the month by all causes together; nothing where no hours are rounded."""
    return next((_filled(HOURS, cause.values) for cause in causes if "billed_quantity" in cause.values), "")


def causes_sentence(causes: Sequence[Cause], explanation: Step, between: str = "; ") -> str:
    """All causes of one correction; of several each with its part: 'nalevering r10 +30,00; creditering r11 -50,00'."""
    sentences = [cause_sentence(cause, explanation) for cause in causes]
    if len(causes) > 1:
        sentences = [f"{said} {_signed(cause.amount)}" for said, cause in zip(sentences, causes, strict=True)]
    hours = hours_sentence(causes)
    return between.join([*sentences, hours] if hours else sentences)


def explanation_lines(step: Step, depth: int = 0, source: str = "") -> list[tuple[int, str, str]]:
    """A tree of steps as lines of depth, sentence and result ('100.500,00'), each step before those it used.

    A sentence ends with its clause where that is another one than the clause of the step above it.
    """
    sentence = step_sentence(step)
    if step.source and step.source != source:
        sentence = f"{sentence} ({step.source})"
    lines = [(depth, sentence, format_number(step.result) if step.result else "")]
    for child in step.steps:
        lines += explanation_lines(child, depth + 1, step.source or source)
    return lines


def shown_fraction(text: str) -> str:
    """'4.96' as '4,96'; a fraction without an end as '1,535974…': cut off, never rounded."""
    if "/" not in text:
        return format_number(text)
    exact = Fraction(text)
    scale = 10**_SHOWN_DECIMALS
    cut = int(exact * scale)  # towards zero
    sign = "-" if exact < 0 and cut == 0 else ""
    return f"{sign}{format_number(Decimal(cut).scaleb(-_SHOWN_DECIMALS))}…"


def _recount_sentence(values: Mapping[str, str], *, in_euros: bool) -> str:
    """The growth of a count; of several groups that of the euros they come to, since each has its own amount."""
    case = "recount.fraction" if "/" in values["growth_percent"] else "recount"
    if values["paid_percent"] == "0":
        case = "recount.within"
    if in_euros:
        values = {**values, **{name: f"{Decimal(values[name]):.2f}" for name in ("counted", "recounted")}}
    return _filled(STEPS[case], values)


def _recounted_groups(explanation: Step) -> str:
    """'jeugd 1.237 → 1.222, ouderen 4.391 → 4.333'; nothing where persons are counted under one measure only."""
    recount = next(_steps(explanation, "recount"), None)
    if recount is None or len(recount.steps) < 2:
        return ""
    before = {step.values["measure"]: step.values["persons"] for step in _steps(recount.steps[0], "per_person")}
    now = {step.values["measure"]: step.values["persons"] for step in recount.steps[1:]}
    return _groups(list(now), [before[measure] for measure in now], list(now.values()))


def _groups(measures: Sequence[str], before: Sequence[str], now: Sequence[str]) -> str:
    return ", ".join(
        f"{MEASURES.get(measure, measure)} {format_number(was)} → {format_number(is_now)}"
        for measure, was, is_now in zip(measures, before, now, strict=True)
    )


def _steps(step: Step, code: str) -> Iterator[Step]:
    """Every step with that code in a tree, from the top."""
    if step.code == code:
        yield step
    for child in step.steps:
        yield from _steps(child, code)


def _volume_sentence(step: Step) -> str:
    """Volume x price; what rounding row by row adds to the product is named."""
    values = step.values
    units_per_price = int(values["units_per_price"])
    case = "volume_times_price"
    if values["rounding"] == Rounding.CLIENT_MONTH:
        case = "volume_times_price.client_month"
    elif units_per_price != 1:
        case = "volume_times_price.divided"
    billed = format(_Count(values["billed_quantity"]), UNITS[values["billed_unit"]])
    sentence = _filled(STEPS[case], {**values, "billed": billed})
    product = Fraction(values["price_eur"]) * int(values["billed_quantity"]) / units_per_price
    rounding = Eur(step.result) - half_up(product)
    if not rounding:
        return sentence
    return STEPS["volume_times_price.rounded"].format(product=sentence, rounding_eur=_signed(rounding))


def _signed(amount: Eur) -> str:
    return ("+" if amount > Eur.zero() else "") + format_eur(amount)


@dataclass(frozen=True, slots=True)
class _Count:
    """A number of things: '{rows}' shows '1.200', '{rows:regel/regels}' shows '1.200 regels'."""

    text: str

    def __format__(self, words: str) -> str:
        number = shown_fraction(self.text)
        if not words:
            return number
        one, many = words.split("/")
        return f"{number} {one if self.text in ('1', '-1') else many}"


def counted(number: int, words: str) -> str:
    """'1 regel' or '1.200 regels', of the words 'regel/regels'."""
    return format(_Count(str(number)), words)


def _filled(template: str, values: Mapping[str, str]) -> str:
    return template.format_map({name: _shown(name, text) for name, text in values.items()})


def _shown(name: str, text: str) -> object:
    """A value by what its name says it is; a name that says nothing is text, and so are codes and numbers of order."""
    if name in _COUNTS:
        return _Count(text)
    if name.endswith("_eur"):
        return " / ".join(format_number(amount) for amount in text.split(" / "))
    if name.endswith("percent") or name == "weight":
        return shown_fraction(text)
    if name.endswith("_date"):
        return format_date(date.fromisoformat(text))
    if name == "share":
        short = "/" in text and len(text) <= _LONGEST_FRACTION
        return " / ".join(format_number(number) for number in text.split("/")) if short else shown_fraction(text)
    if name == "measure":
        return MEASURES.get(text, text)
    return text
