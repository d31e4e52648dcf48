"""Sentences for the steps of an explanation and for the causes of a correction.

A sentence is a template under the code of its step or the kind of its cause, in each language. A step or cause that
reads differently in a special case has a template for that case, named after a dot.

Numbers are shown in the notation of the language and in full, so that every step can be redone on a desk calculator;
only a fraction without an end is cut off, and then the numbers it was made of stand beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from kernel.explanations import Step
from kernel.money import Eur, half_up
from kernel.notation import format_months
from kernel.periods import Month
from settlement.entitlement import Cause
from settlement.languages.dutch import DUTCH
from settlement.languages.language import Count, Language
from settlement.reading import Run
from tariffs.units import MINUTES_PER_HOUR, Rounding

_SHOWN_DECIMALS = 6
_LONGEST_FRACTION = 21

_NUMBERS = frozenset(("weight", "factor", "score", "measured", "worst", "best"))
_BAND_UNITS = frozenset(("units", "units_all", "units_before", "units_now"))
_BAND_EDGES = frozenset(("lower", "upper"))
_COUNTS = frozenset(
    (
        "rows", "arrangements", "quantity", "billed_quantity", "billed_quantity_before",
        "persons", "persons_all", "counted", "recounted", "before", "now",
        "clients", "delivered", "allowed", "above", "volume", "whole", "used", "left",
    )
)  # fmt: skip


def step_sentence(step: Step, language: Language = DUTCH) -> str:
    """What a step did, with the numbers it used: 'termijn 3 van 12: 1.206.000,00 / 12, …'."""
    steps = language.steps
    if step.code == "volume_times_price":
        return _volume_sentence(step, language)
    if step.code == "above_frequency":
        return _above_sentence(step, language)
    if step.code == "last_instalment":
        earlier = Eur(step.values["year_eur"]) - Eur(step.result)
        case = "last_instalment" if earlier else "last_instalment.only"
        return _filled(steps[case], {**step.values, "earlier_eur": str(earlier)}, language)
    if step.code == "instalment" and step.values["months"] != "1":
        return _filled(steps["instalment.months"], step.values, language)
    if step.code == "scheduled_instalment" and "earlier_eur" in step.values:
        return _filled(steps["scheduled_instalment.last"], step.values, language)
    if _gives_back(step):
        return _filled(steps[f"{step.code}.given_back"], step.values, language)
    if step.code == "recount":
        return _recount_sentence(step.values, language, in_euros=len(step.steps) > 1)
    cases = [f"{step.code}.{step.values[name]}" for name in ("per", "on") if name in step.values]
    code = next((case for case in cases if case in steps), step.code)
    return _filled(steps[code], step.values, language)


def cause_sentence(cause: Cause, explanation: Step, language: Language = DUTCH) -> str:
    """Why an amount differs from what was posted: 'nalevering r10'. `explanation` is that of the amount."""
    if cause.kind == "recount":
        groups = _recounted_groups(explanation, language)
        sentence = _recount_sentence(cause.values, language, in_euros=bool(groups))
        return language.say("cause.groups", cause=sentence, groups=groups) if groups else sentence
    if cause.kind == "count" and " / " in cause.values["now"]:
        measures = [step.values["measure"] for step in _steps(explanation, "per_person")]
        before, now = (cause.values[name].split(" / ") for name in ("before", "now"))
        return language.say("cause.count_of_groups", groups=_groups(measures, before, now, language))
    for value, case in (("references", ".named"), ("recording", ".recorded")):
        if value in cause.values:
            return _filled(language.causes[cause.kind + case], cause.values, language)
    return _filled(language.causes[cause.kind], cause.values, language)


def hours_sentence(causes: Sequence[Cause], language: Language = DUTCH) -> str:
    """What became of the hours of the month by all causes together; nothing where no hours are rounded."""
    template = language.texts["cause.hours"]
    return next(
        (_filled(template, cause.values, language) for cause in causes if "billed_quantity" in cause.values), ""
    )


def causes_sentence(causes: Sequence[Cause], explanation: Step, language: Language = DUTCH, between: str = "; ") -> str:
    """All causes of one correction; of several each with its part: 'nalevering r10 +30,00; creditering r11 -50,00'."""
    sentences = [cause_sentence(cause, explanation, language) for cause in causes]
    if len(causes) > 1:
        sentences = [f"{said} {_signed(cause.amount, language)}" for said, cause in zip(sentences, causes, strict=True)]
    hours = hours_sentence(causes, language)
    return between.join([*sentences, hours] if hours else sentences)


def explanation_lines(
    step: Step, depth: int = 0, source: str = "", language: Language = DUTCH
) -> list[tuple[int, str, str]]:
    """A tree of steps as lines of depth, sentence and result ('100.500,00'), each step before those it used.

    A sentence ends with its clause where that is another one than the clause of the step above it.
    """
    sentence = step_sentence(step, language)
    if step.source and step.source != source:
        sentence = f"{sentence} ({step.source})"
    lines = [(depth, sentence, shown_fraction(step.result, language) if step.result else "")]
    for child in step.steps:
        lines += explanation_lines(child, depth + 1, step.source or source, language)
    return lines


def shown_fraction(text: str, language: Language = DUTCH) -> str:
    """'4.96' as '4,96'; a fraction without an end as '1,535974…': cut off, never rounded."""
    if "/" not in text:
        return language.number(text)
    exact = Fraction(text)
    scale = 10**_SHOWN_DECIMALS
    cut = int(exact * scale)  # towards zero
    sign = "-" if exact < 0 and cut == 0 else ""
    return f"{sign}{language.number(Decimal(cut).scaleb(-_SHOWN_DECIMALS))}…"


def _undivided(text: str, language: Language) -> str:
    """'1.5' as '1,5'; a number without an end as what it was made of: hours from minutes, '19/12' as '(95 / 60)'."""
    if "/" not in text:
        return language.number(text)
    exact = Fraction(text)
    parts = MINUTES_PER_HOUR if MINUTES_PER_HOUR % exact.denominator == 0 else exact.denominator
    return f"({language.number(int(exact * parts))} / {parts})"


def not_settled_before_sentence(run: Run) -> str:
    """'maanden zonder afrekening: 2026-01 t/m 2026-02', of which contracts where not all are meant; '' when none."""
    parts = [
        format_months(months) + (f" ({', '.join(numbers)})" if len(numbers) < len(run.contracts) else "")
        for months, numbers in run.not_settled_before.items()
    ]
    return f"maanden zonder afrekening: {'; '.join(parts)}" if parts else ""


def counted(number: int, words: str, language: Language = DUTCH) -> str:
    """'1 regel' or '1.200 regels', of the words 'regel/regels'."""
    return format(language.count(number), words)


def _recount_sentence(values: Mapping[str, str], language: Language, *, in_euros: bool) -> str:
    """The growth of a count; of several groups that of the euros they come to, since each has its own amount."""
    case = "recount.fraction" if "/" in values["growth_percent"] else "recount"
    if values["paid_percent"] == "0":
        case = "recount.within"
    if in_euros:
        values = {**values, **{name: f"{Decimal(values[name]):.2f}" for name in ("counted", "recounted")}}
    said = _filled(language.steps[case], values, language)
    if "recount_date" not in values:
        return said
    counted_at = "recount.counted" if values["count_date"] == values["recount_date"] else "recount.counted_later"
    return _filled(language.texts[counted_at], {**values, "said": said}, language)


def _recounted_groups(explanation: Step, language: Language) -> str:
    """'jeugd 1.237 → 1.222, ouderen 4.391 → 4.333'; nothing where persons are counted under one measure only."""
    recount = next(_steps(explanation, "recount"), None)
    if recount is None or len(recount.steps) < 2:
        return ""
    before = {step.values["measure"]: step.values["persons"] for step in _steps(recount.steps[0], "per_person")}
    now = {step.values["measure"]: step.values["persons"] for step in recount.steps[1:]}
    return _groups(list(now), [before[measure] for measure in now], list(now.values()), language)


def _groups(measures: Sequence[str], before: Sequence[str], now: Sequence[str], language: Language) -> str:
    return ", ".join(
        f"{language.measures.get(measure, measure)} {language.number(was)} → {language.number(is_now)}"
        for measure, was, is_now in zip(measures, before, now, strict=True)
    )


def _gives_back(step: Step) -> bool:
    """Whether a step undoes what it did in an earlier month: what was not paid then is paid after all."""
    taken_off, shown = ("ceiling", "not_paid"), ("unfunded", "municipality_to_date")
    if step.code in taken_off:
        return Eur(step.result) > Eur.zero()
    return step.code in shown and Eur(step.result) < Eur.zero()


def _steps(step: Step, code: str) -> Iterator[Step]:
    """Every step with that code in a tree, from the top."""
    if step.code == code:
        yield step
    for child in step.steps:
        yield from _steps(child, code)


def _volume_sentence(step: Step, language: Language) -> str:
    """Volume x price; what rounding row by row adds to the product is named."""
    values = step.values
    units_per_price = int(values["units_per_price"])
    case = "volume_times_price"
    if values["rounding"] == Rounding.CLIENT_MONTH:
        case = "volume_times_price.client_month"
    elif units_per_price != 1:
        case = "volume_times_price.divided"
    billed = counted(int(values["billed_quantity"]), language.units[values["billed_unit"]], language)
    sentence = _filled(language.steps[case], {**values, "billed": billed}, language)
    if "member" in values:
        said = language.steps["volume_times_price.member"]
        sentence = said.format(member=values["member"], product=sentence)
    product = Fraction(values["price_eur"]) * int(values["billed_quantity"]) / units_per_price
    return _with_rounding(sentence, Eur(step.result) - half_up(product), language)


def _above_sentence(step: Step, language: Language) -> str:
    """What is above an assignment x price, as `_volume_sentence`."""
    case = f"above_frequency.{step.values['per']}" if "per" in step.values else "above_frequency"
    sentence = _filled(language.steps[case], step.values, language)
    return _with_rounding(sentence, Eur(step.values["rounding_eur"]), language)


def _with_rounding(sentence: str, rounding: Eur, language: Language) -> str:
    if not rounding:
        return sentence
    said = language.steps["volume_times_price.rounded"]
    return said.format(product=sentence, rounding_eur=_signed(rounding, language))


def _signed(amount: Eur, language: Language) -> str:
    return ("+" if amount > Eur.zero() else "") + language.eur(amount)


def _filled(template: str, values: Mapping[str, str], language: Language) -> str:
    return template.format_map({name: _shown(name, text, language) for name, text in values.items()})


def _shown(name: str, text: str, language: Language) -> object:
    """A value by what its name says it is; a name that says nothing is text, and so are codes and numbers of order."""
    if name in _COUNTS:
        return Count(shown_fraction(text, language), text in ("1", "-1"))
    if name in _BAND_UNITS:
        return Count(_undivided(text, language), text in ("1", "-1"))
    if name in _BAND_EDGES:
        return language.number(text)
    if name.endswith("_eur"):
        return " / ".join(language.number(amount) for amount in text.split(" / "))
    if name.endswith("percent") or name in _NUMBERS:
        return shown_fraction(text, language)
    if name.endswith("_date"):
        return language.day(date.fromisoformat(text))
    if name == "share":
        short = "/" in text and len(text) <= _LONGEST_FRACTION
        if short:
            return " / ".join(language.number(number) for number in text.split("/"))
        return shown_fraction(text, language)
    if name == "measure":
        return language.measures.get(text, text)
    if name == "factors":
        return " × ".join(shown_fraction(factor, language) for factor in text.split(" "))
    if name == "line":
        return language.label(text)
    if name == "span":
        return " – ".join(language.month(Month.parse(month).first_day) for month in text.split("/"))
    if name == "unit":
        return language.units[text]
    if name in ("month", "through"):
        return language.month(Month.parse(text).first_day)
    return text
