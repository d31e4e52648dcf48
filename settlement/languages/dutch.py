"""Dutch: the language of the terminal, and of statements unless another is asked for."""

from collections.abc import Mapping

from contracts.values import MEASURE_WORDS
from settlement.languages.language import Language

_STEPS: Mapping[str, str] = {
    "payable": "product {product}: som van de leveringen",
    "shadow": "product {product}: som van de leveringen, telt mee en wordt niet betaald",
    "volume_times_price": "{rows:levering/leveringen}: {billed} × {price_eur}",
    "volume_times_price.divided": "{rows:levering/leveringen}: {billed} × {price_eur} / {units_per_price}",
    "volume_times_price.client_month": (
        "{rows:levering/leveringen}: {quantity:minuut/minuten}, per cliënt en maand afgerond op {billed} × {price_eur}"
    ),
    "volume_times_price.member": "onder de code van {member}: {product}",
    "volume_times_price.rounded": "{product}, per levering afgerond op centen (samen {rounding_eur})",
    "instalment": "termijn {number} van {of}: {year_eur} / {year_months}, naar beneden afgerond op centen",
    "instalment.months": (
        "termijn {number} van {of}: {year_eur} × {months} / {year_months}, naar beneden afgerond op centen"
    ),
    "last_instalment": "termijn {number} van {of}, de laatste: {year_eur} − {earlier_eur} van de eerdere termijnen",
    "last_instalment.only": "enige termijn van {year}: {year_eur}",
    "scheduled_instalment": "termijn {number} van {of}: {percent} % van {year_eur}, naar beneden afgerond op centen",
    "scheduled_instalment.last": (
        "termijn {number} van {of}, de laatste: {year_eur} − {earlier_eur} van de eerdere termijnen"
    ),
    "granted": "toegekend voor {year} volgens het contract",
    "paid_in_advance": "{percent} % van {year_eur} wordt vooruit betaald, de rest na vaststelling",
    "determination": "vaststelling {year}: {determined_eur} − {paid_eur} betaald",
    "base_year_amount": "bedrag van het basisjaar {year}",
    "discount": "korting {year}: {before_eur} − {percent} %",
    "with_carried_over": "{guarantee_eur} + {carried_eur} doorgeschoven uit {year}",
    "shortfall": "{whose}, {year}: gegarandeerd {guarantee_eur}, besteed {spent_eur}; het tekort, nooit onder nul",
    "passed_on": "deel van {provider}: {part_eur} tot en met {through} − {before_eur} van eerdere maanden",
    "percent_of_whole": "{percent} % van {whole_eur}, verdeeld op centen (grootste rest)",
    "delivered_of_whole": "{whole_eur} × geleverd {delivered_eur} / {all_eur}, verdeeld op centen (grootste rest)",
    "plan": "arrangementen {product}, profiel {profile}, intensiteit {intensity}",
    "plan_month": (
        "{arrangements:arrangement/arrangementen} × {price_eur}, elk afgerond op centen (toewijzing {numbers})"
    ),
    "plan_days": (
        "{arrangements:arrangement/arrangementen} × {price_eur} × {days} / {of_days} dagen, elk afgerond op centen "
        "(toewijzing {numbers})"
    ),
    "plan_source": "{percent} % van {whole_eur} uit de {law}, verdeeld op centen (grootste rest)",
    "part_of_year": "{months} van 12 maanden van kracht: {year_eur} × {months} / 12",
    "budget": "vast budget volgens het contract",
    "per_person": "{persons} {measure} × {amount_eur} (telling {areas} op {count_date})",
    "sum_of_segments": "som van de groepen",
    "division": "deel van {areas} in {whole_eur}, naar de telling van {count_date}",
    "area_share": "{area}: aandeel {share}, verdeeld op centen (grootste rest)",
    "measure_share": "{measure}: gewicht {weight} × {persons} / {persons_all}",
    "index": "index {year}: {before_eur} + {percent} %",
    "index_percent": "index {year}, in procenten",
    "weighted_figures": "gewogen cijfer {year}, in procenten",
    "provisional_figure": "{name} {year}, voorlopig, gewicht {weight}",
    "final_figure": "{name} {year}, definitief, gewicht {weight}",
    "weighted_ratios": "correctie over {year}, gewogen, in procenten",
    "ratio_of_figures": (
        "{name} {year}, gewicht {weight}: (100 + {final_percent} definitief) / (100 + {preliminary_percent} voorlopig) "
        "− 1, in procenten"
    ),
    "difference_of_figures": "correctie over {year}: definitief − voorlopig, in procenten",
    "indexed_apart": "som van de delen, elk apart geïndexeerd",
    "part_of_amount": "deel {name}: {whole_eur} × {weight}, verdeeld op centen (grootste rest)",
    "historical": "gemiddelde van eerdere jaren: {spent_eur} / {number}",
    "spent_in_year": "besteed in {year}",
    "objective": "{percent} % van het macrobudget van {macro_eur}",
    "catchment": "{percent} % van {whole_eur}, het deel van het gebied dat deze aanbieder bedient",
    "less_withheld": "{year_eur} − {percent} %, ingehouden tot de verantwoording over het jaar er is",
    "withheld": "ingehouden over {year} en nu vrijgegeven: {year_eur} − {paid_eur} betaald",
    "reopening": "budget bijgesteld vanaf {month}: {decision}",
    "left_over": (
        "niet besteed in {year}: budget {budget_eur} − waarde van de leveringen {realised_eur}, nooit onder nul"
    ),
    "paid_back": "terug te betalen: {percent} % van {left_eur}",
    "above_reserve": "terug te betalen: {left_eur} − reserve {reserve_eur} (hooguit {percent} % van {budget_eur})",
    "earmarked": "blijft bij de aanbieder voor het afgesproken doel",
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
    "ceiling": "boven het plafond: wordt niet betaald",
    "ceiling.given_back": "minder boven het plafond dan in eerdere maanden: het verschil wordt alsnog betaald",
    "unfunded": "boven het plafond: {to_date_eur} tot en met {month} − {before_eur} van eerdere maanden",
    "unfunded.given_back": (
        "boven het plafond: {to_date_eur} tot en met {month} − {before_eur} van eerdere maanden; "
        "onder nul: dat deel wordt alsnog betaald"
    ),
    "above_ceiling": "geleverd {delivered_eur} − plafond {ceiling_eur}, nooit onder nul",
    "above_soft_ceiling": (
        "geleverd {delivered_eur} − plafond {ceiling_eur} − uit de zachte band betaald {paid_eur}, nooit onder nul"
    ),
    "ceiling_amount": "plafond volgens het contract",
    "ceiling_of_year": "plafond over {year} volgens het contract",
    "soft_band": (
        "zachte band van {percent} % van {ceiling_eur}, dus {width_eur} breed: "
        "daarbinnen geleverd {within_eur} × {share}"
    ),
    "reduction": "tijdelijke korting: {percent} % van {paid_eur}",
    "deviation": "kosten {cost_eur} − budget {budget_eur}",
    "agreed_amount": "vast bedrag volgens het contract",
    "figure": "cijfer {name} over {year}",
    "figure_times": "cijfer {name} over {year}: {each_eur} × {factor} ({times})",
    "sum_of_year.paid": "betaald voor {components} over {year}",
    "sum_of_year.delivered": "waarde van de leveringen van {components} over {year}",
    "lines_of": "{component}, {municipality}, {span}",
    "nothing_stated": "{components} over {year}: niets geleverd, zoals de productieverantwoording zegt",
    "with_withheld": "{paid_eur} betaald + {withheld_eur} nog ingehouden",
    "risk_sharing": (
        "risicodeling over {year}, afgerond op centen: boven nul betaalt de gemeente, onder nul de aanbieder"
    ),
    "not_shared": "dit contract deelt een afwijking naar deze kant niet",
    "below_minimum": "afwijking {deviation_eur}, minder dan {percent} % van het budget ({minimum_eur}): niets gedeeld",
    "minimum_reached": "afwijking {deviation_eur}, minstens {percent} % van het budget ({minimum_eur}): telt geheel",
    "sharing_bands": "wat de banden van de afwijking meetellen, in procenten van {budget_eur}",
    "sharing_band": "tussen {from_percent} % en {to_percent} %: {within_eur} × {share}",
    "last_sharing_band": "boven {from_percent} %: {within_eur} × {share}",
    "share_of": "aandeel: {before_eur} × {share}",
    "withhold": "inhouding van {percent} %: {before_eur} × (100 − {percent}) / 100",
    "cap": "hooguit {cap_eur} van {before_eur}",
    "cap_of_budget": "hooguit {percent} % van het budget ({budget_eur} × {percent} / 100 = {cap_eur}) van {before_eur}",
    "add_figure": "cijfer {name}: {before_eur} + {figure_eur}, niet onder nul",
    "outcome": "resultaat {year}: {percent} % van {budget_eur} × score {score}, afgerond op centen",
    "score": "{name}: score {score}, gewicht {weight}",
    "measured_score": "{name}: {measured} op een schaal van {worst} tot {best} is score {score}, gewicht {weight}",
    "municipality_to_date": (
        "deel van {municipality} tot en met deze maand: {whole_eur} ×"
        " {paid_eur} / {all_eur} = {to_date_eur}, min {before_eur} van eerdere maanden"
    ),
    "municipality_to_date.given_back": (
        "deel van {municipality} tot en met deze maand: {whole_eur} × {paid_eur} / {all_eur} = {to_date_eur}, min "
        "{before_eur} van eerdere maanden; onder nul: dit deel werd kleiner"
    ),
    "municipality_part": (
        "deel van {municipality}: {whole_eur} × {paid_eur} / {all_eur}, verdeeld op centen (grootste rest)"
    ),
    "nothing_left": "geen recht meer",
    "posted": "eerder geboekt",
    # by effort
    "not_paid": "niet betaald: {amount_eur}",
    "not_paid.given_back": "hoort bij leveringen die werden teruggenomen, en komt terug",
    "bands.year": "staffel: {to_date_eur} van het jaar tot en met {month} − {earlier_eur} van eerdere maanden",
    "bands.month": "staffel van {month}: {to_date_eur}",
    "in_bands.only": (
        "{units:{unit}} in {month}, elk tegen de prijs van zijn schijf; samen eenmaal afgerond op centen"
    ),
    "in_bands.added": (
        "{units_before} van eerdere maanden + {units_now} in {month} = {units:{unit}}, elk tegen de prijs van zijn "
        "schijf; samen eenmaal afgerond op centen"
    ),
    "in_bands.earlier": (
        "{units:{unit}} van eerdere maanden, elk tegen de prijs van zijn schijf; samen eenmaal afgerond op centen"
    ),
    "band.only": "{units:{unit}} × {price_eur}",
    "band.upper": "schijf tot {upper}: {units:{unit}} × {price_eur}",
    "band.lower_upper": "schijf van {lower} tot {upper}: {units:{unit}} × {price_eur}",
    "band.lower": "schijf boven {lower}: {units:{unit}} × {price_eur}",
    "part_by_units": (
        "deel van deze gemeente: {whole_eur} × {units} / {units_all:{unit}}, verdeeld op centen (grootste rest)"
    ),
    "frequency": "product {product}: geleverd boven de toewijzingen",
    "above_frequency": (
        "toewijzing {assignment}: {delivered:{unit}} geleverd in {month}, {allowed} toegestaan; {above} erboven × "
        "{price_eur}"
    ),
    "above_frequency.divided": (
        "toewijzing {assignment}: {delivered:{unit}} geleverd in {month}, {allowed} toegestaan; {above} erboven × "
        "{price_eur} / {units_per_price}"
    ),
    "above_frequency.client_month": (
        "toewijzing {assignment}: {delivered:{unit}} geleverd in {month}, {allowed} toegestaan; {above} erboven; "
        "afgerond op uren {hours} geleverd − {hours_left} zonder die {above} × {price_eur}"
    ),
    "allowed.weeks": (
        "toegestaan: {volume:{unit}} per week × {number} = {allowed}; elke week van maandag tot en met zondag met een "
        "dag in {first_date} tot en met {last_date} telt"
    ),
    "allowed.six_weeks": (
        "toegestaan: {volume:{unit}} per week × {number} = {allowed}; bij dit product telt elke maand als zes weken"
    ),
    "allowed.sundays": (
        "toegestaan: {volume:{unit}} per week × {number} = {allowed}; elke zondag in {first_date} tot en met "
        "{last_date} telt"
    ),
    "allowed.broken_week": (
        "toegestaan: {volume:{unit}} per week × {number} = {allowed}; elke zondag in {first_date} tot en met "
        "{last_date} telt, en de gebroken week aan het einde van de toewijzing"
    ),
    "allowed.month": (
        "toegestaan: {volume:{unit}} per maand × {number} = {allowed}; elke maand in {first_date} tot en met "
        "{last_date} telt, ook een deel ervan"
    ),
    "allowed.total": "toegestaan: {volume:{unit}} voor de hele toewijzing",
    "outside_assignment": "toegestaan: 0, de maand ligt buiten de toewijzing",
    "left_of_assignment": ("toegestaan: {whole:{unit}} voor de hele toewijzing − {used} in eerdere maanden = {left}"),
    "no_show": (
        "product {product}: {before_eur} × {percent} % = {exact_eur}, op centen {paid_eur}, wordt betaald; niet "
        "betaald {before_eur} − {paid_eur}"
    ),
    "line_of_product": "{line}",
    "supplement": "{label}: {percent} %",
    "adjustment": "product {product}: {before_eur} × {percent} %",
    "adjustment_of_bands": "staffel: {before_eur} × {percent} %",
    "client_maximum.assignment": (
        "{clients:cliënt/cliënten} boven het maximum van {maximum_eur} per toewijzing, voor {products}"
    ),
    "client_maximum.month": (
        "{clients:cliënt/cliënten} boven het maximum van {maximum_eur} per maand, voor {products}"
    ),
    "client_maximum.year": ("{clients:cliënt/cliënten} boven het maximum van {maximum_eur} per jaar, voor {products}"),
    "above_maximum.assignment": (
        "toewijzing {assignment}: {to_date_eur} tot en met {month} − {maximum_eur} − {earlier_eur} van eerdere maanden"
    ),
    "above_maximum.month": "cliënt van levering {reference}: {to_date_eur} in {month} − {maximum_eur}",
    "above_maximum.year": (
        "cliënt van levering {reference}: {to_date_eur} van het jaar tot en met {month} − {maximum_eur} − "
        "{earlier_eur} van eerdere maanden"
    ),
    "client_minimum.assignment": (
        "{clients:cliënt/cliënten} onder het minimum van {minimum_eur} per toewijzing, voor {products}"
    ),
    "client_minimum.month": (
        "{clients:cliënt/cliënten} onder het minimum van {minimum_eur} per maand, voor {products}"
    ),
    "client_minimum.year": ("{clients:cliënt/cliënten} onder het minimum van {minimum_eur} per jaar, voor {products}"),
    "below_minimum.assignment": "toewijzing {assignment}: {minimum_eur} − {had_eur}",
    "below_minimum.month": "cliënt van levering {reference}: {minimum_eur} − {had_eur} in {month}",
    "below_minimum.year": "cliënt van levering {reference}: {minimum_eur} − {had_eur} in het jaar",
    "client_part": "{line}, {span}",
    "client_part.factor": "{line}, {span}: {amount_eur} × {factors} (niet verschenen, toeslagen, kortingen)",
    # by output
    "period_of_care.care": (
        "product {product}: {clients:cliënt/cliënten} met zorg van {first_date} tot en met {last_date} × {price_eur} "
        "(van levering {numbers})"
    ),
    "period_of_care.assigned": (
        "product {product}: {clients:cliënt/cliënten} met een toewijzing van {first_date} tot en met "
        "{last_date} × {price_eur} (toewijzing {numbers})"
    ),
    "sum_of_periods": "som van de perioden die in de maand eindigen",
    "trajectories": "product {product}: som van de trajecten",
    "trajectory_part.start": "traject {trajectory}, bij de start op {start_date}: {percent} % van {price_eur}",
    "trajectory_part.month": (
        "traject {trajectory} vanaf {start_date}, deel van de afgesproken maand: {percent} % van {price_eur}"
    ),
    "trajectory_part.end": (
        "traject {trajectory} vanaf {start_date}, bij het einde op {end_date}: {percent} % van {price_eur}"
    ),
    "trajectory_part.result": (
        "traject {trajectory} vanaf {start_date}, bij het resultaat op {end_date}: {percent} % van {price_eur}"
    ),
    "trajectory_rest.start": (
        "traject {trajectory}, bij de start op {start_date}: {price_eur} − {earlier_eur} van de andere delen"
    ),
    "trajectory_rest.month": (
        "traject {trajectory} vanaf {start_date}, deel van de afgesproken maand: {price_eur} − {earlier_eur} van "
        "de andere delen"
    ),
    "trajectory_rest.end": (
        "traject {trajectory} vanaf {start_date}, bij het einde op {end_date}: {price_eur} − {earlier_eur} van de "
        "andere delen"
    ),
    "trajectory_rest.result": (
        "traject {trajectory} vanaf {start_date}, bij het resultaat op {end_date}: {price_eur} − {earlier_eur} van de "
        "andere delen"
    ),
    "early_stop": (
        "traject {trajectory} vanaf {start_date}, voortijdig gestopt op {end_date}: {due_eur} verschuldigd − "
        "{paid_eur} eerder betaald"
    ),
    "done": "naar rato: {price_eur} × {percent} %",
    "done_after_restart": "naar rato, bij een herstart zonder de start: ({price_eur} − {start_eur}) × {percent} %",
    "start_only": "alleen wat bij de start verschuldigd is",
}

_CAUSES: Mapping[str, str] = {
    "late": "nalevering van {rows:regel/regels}",
    "late.named": "nalevering {references}",
    "credit": "creditering van {rows:regel/regels}",
    "credit.named": "creditering {references}",
    "withdrawn": "intrekking van {rows:regel/regels} met een referentie die tegenstrijdig gebruikt is",
    "withdrawn.named": "intrekking van {references}, een referentie die tegenstrijdig gebruikt is",
    "price": "prijs {before_eur} → {now_eur}",
    "recount": _STEPS["recount"],
    "recount.fraction": _STEPS["recount.fraction"],
    "recount.within": _STEPS["recount.within"],
    "count": "telling {before} → {now}",
    "share": "verdeling naar de telling: aandeel {before} → {now}",
    "first": "niet eerder afgerekend",
    "recomputed": "opnieuw berekend met wat nu bekend is: {before_eur} → {now_eur}",
    "index": "index {before_percent} % → {now_percent} %",
    "terms": "gewijzigde voorwaarden van het contract",
    "terms.recorded": "gewijzigde voorwaarden van het contract (vastlegging {recording})",
    "product.recorded": "gewijzigd product in de catalogus (vastlegging {recording})",
    "price_list.recorded": "gewijzigde prijslijst (vastlegging {recording})",
}

# What a line is about, by the first word of its label.
_LABELS: Mapping[str, str] = {
    "instalment": "termijn",
    "withheld": "ingehouden",
    "reopening": "bijstelling",
    "unspent": "niet besteed",
    "earmarked": "bestemd",
    "determination": "vaststelling",
    "ceiling": "plafond",
    "unfunded": "niet gefinancierd",
    "reduction": "korting",
    "shortfall": "tekort op garantie",
    "passed_on": "doorgegeven aan",
    "bands": "staffel",
    "frequency": "boven toewijzing",
    "unfunded_frequency": "niet betaald boven toewijzing",
    "no_show": "niet verschenen",
    "unfunded_no_show": "niet betaald wegens niet verschenen",
    "supplement": "toeslag of korting",
    "minimum": "minimum per cliënt",
    "maximum": "maximum per cliënt",
    "unfunded_maximum": "niet betaald boven maximum per cliënt",
    "periods": "perioden",
    "trajectory": "traject",
    "early_stop": "voortijdig gestopt traject",
    "month": "per maand",
    "year": "per jaar",
    "assignment": "per toewijzing",
    "risk_sharing": "risicodeling",
    "outcome": "resultaatafspraak",
    "plan": "arrangement",
}

_MEASURES: Mapping[str, str] = {measure: word for word, measure in MEASURE_WORDS.items()}

# Singular and plural.
_UNITS: Mapping[str, str] = {
    "minute": "minuut/minuten",
    "hour": "uur/uur",
    "day_part": "dagdeel/dagdelen",
    "day": "dag/dagen",
    "piece": "stuk/stuks",
}

_TEXTS: Mapping[str, str] = {
    # Said of a recount, where a budget has an amount for each of several groups and they are weighed together.
    "recount.counted": "{said} ({measure} van {areas}, voorlopige en definitieve telling {count_date})",
    "recount.counted_later": "{said} ({measure} van {areas}, telling {count_date} en {recount_date})",
    "cause.groups": "{cause} ({groups})",
    "cause.count_of_groups": "telling {groups}",
    # Said once of causes in rows, where hours are rounded over a month of a client: the month's, whatever the cause.
    "cause.hours": (
        "de maand telt nu {quantity:minuut/minuten}, afgerond {billed_quantity} uur in plaats van "
        "{billed_quantity_before}"
    ),
    # The names of sheets have no spaces: formulas refer to them.
    "sheet.summary": "Samenvatting",
    "sheet.lines": "Regels",
    "sheet.population": "Populatie",
    "sheet.corrections": "Correcties",
    "sheet.recomputation": "Herrekening",
    "sheet.shadow": "Schaduw",
    "sheet.deliveries": "Leveringen",
    "sheet.year": "Jaarverloop",
    "sheet.rejected": "Afgewezen",
    "sheet.notes": "Toelichting",
    "title": "Afrekening {month}",
    "title.of_file": "Afrekening {month}, contract {contract}, aanbieder {provider}",
    "draft": "CONCEPT",
    "draft.warning": "CONCEPT: deze afrekening is nog niet geboekt en kan nog veranderen",
    "page": "Pagina &P van &N",
    "recording": "vastlegging {recording} van {day}",
    "instalment.number": "termijn {number} van {of}",
    "unit.minute": "minuten",
    "unit.hour": "uren",
    "unit.day_part": "dagdelen",
    "unit.day": "dagen",
    "unit.piece": "stuks",
    # The names of columns.
    "column.line": "Regel",
    "column.month": "Maand",
    "column.component": "Onderdeel",
    "column.municipality": "Gemeente",
    "column.product": "Product",
    "column.description": "Omschrijving",
    "column.deliveries": "Leveringen",
    "column.quantity": "Aantal",
    "column.unit": "Eenheid",
    "column.price": "Prijs",
    "column.per": "Per",
    "column.computed": "Berekend",
    "column.rounding": "Afronding per levering",
    "column.amount": "Bedrag",
    "column.entitled": "Nieuw recht",
    "column.posted_before": "Eerder geboekt",
    "column.correction": "Correctie",
    "column.reason": "Reden",
    "column.step": "Stap",
    "column.given": "Gegeven",
    "column.source": "Bron",
    "column.this_month": "Deze maand",
    "column.corrections": "Correcties",
    "column.earlier_years": "Eerdere jaren",
    "column.total": "Totaal",
    "column.place": "Waar",
    "column.finding": "Bevinding",
    "column.remedy": "Wat te doen",
    "column.code": "Code",
    "column.funding": "Bekostiging",
    "column.previous": "Vorige",
    "column.now": "Deze",
    "column.difference": "Verschil",
    "column.said": "In deze afrekening",
    "column.together": "Samen",
    "column.cumulative": "Cumulatief",
    "column.months": "Maanden",
    "column.budget": "Budget tot en met de maand",
    "column.reference": "Referentie",
    "column.debit": "Crediteert",
    "column.first_day": "Van",
    "column.last_day": "Tot en met",
    "column.group": "Groep",
    "column.group_quantity": "Minuten groep",
    "column.hours": "Uren groep",
    "column.remark": "Opmerking",
    "column.on_line": "Op de regel",
    "column.file": "Bestand",
    "column.row": "Rij",
    "total": "Totaal",
    "shadow": "Schaduw: telt mee, wordt niet betaald",
    # Samenvatting
    "summary.provider": "Aanbieder",
    "summary.contract": "Contract",
    "summary.in_force": "Looptijd",
    "summary.from_until": "{first} tot en met {last}",
    "summary.municipalities": "Gemeenten",
    "summary.period": "Periode",
    "summary.run": "Run",
    "summary.known": "Stand van de gegevens",
    "summary.known_until": "alles tot en met {recording}",
    "summary.posted": "geboekt op {day} ({recording})",
    "summary.approved": "goedgekeurd, nog niet geboekt",
    "summary.drafted": "concept van {day}, nog niet goedgekeurd",
    "summary.amounts": "Bedragen in euro",
    "summary.this_month": "Deze maand ({month})",
    "summary.corrections": "Correcties over maanden van {year}",
    "summary.earlier_years": "Correcties over eerdere jaren",
    "summary.set_off": "Verrekend voorschot {reference}",
    "summary.to_pay": "Te betalen",
    "summary.to_pay_back": "Terug te betalen",
    "summary.year": "{year} tot en met {month}",
    "summary.posted_before": "Eerder geboekt over maanden van {year}",
    "summary.said": "In deze afrekening over maanden van {year}",
    "summary.together": "Samen over {year}",
    "summary.advance_left": "Voorschot dat nog verrekend wordt",
    "summary.set_off_in_year": "Verrekende voorschotten in {year}",
    "summary.shadow": "Ter informatie over {year}: schaduw, telt mee en wordt niet apart betaald",
    "summary.unfunded": "Ter informatie over {year}: geleverd boven een maximum, wordt niet betaald",
    "summary.passed_on": "Ter informatie over {year}: deel voor onderaannemers",
    "summary.split": "Per onderdeel en gemeente",
    # What changed since the previous statement
    "changes": "Wat er veranderde sinds de vorige afrekening",
    "changes.none_before": "Dit is de eerste afrekening van dit contract.",
    "changes.previous": "Vorige: {month}, run {run}. Deze: {now}, run {run_now}.",
    "changes.month": "De maand zelf: {now} in plaats van {before}",
    "changes.same_month": "De maand zelf: {now}",
    "changes.late": "Leveringen die na hun maand binnenkwamen",
    "changes.credit": "Leveringen die teruggenomen zijn (creditregels)",
    "changes.withdrawn": "Leveringen die vervielen door een tegenstrijdige referentie",
    "changes.price": "Prijzen die over een eerdere maand veranderden",
    "changes.price_list": "Een prijslijst die over een eerdere maand veranderde",
    "changes.product": "Een product dat over een eerdere maand veranderde",
    "changes.recount": "De hertelling van het aantal personen",
    "changes.count": "Een andere telling van het aantal personen",
    "changes.share": "Een andere verdeling van het budget over gebieden",
    "changes.index": "Een ander indexcijfer",
    "changes.recomputed": "Wat opnieuw berekend is met wat nu bekend is",
    "changes.first": "Maanden die niet eerder afgerekend waren",
    "changes.terms": "Andere voorwaarden in het contract",
    "changes.total": "Totaal van de afrekening, voor verrekening van voorschotten",
    # Regels, Correcties, Herrekening, Schaduw
    "lines": "Regels van {month}",
    "lines.none": "Over deze maand zijn er geen regels.",
    "corrections": "Correcties",
    "corrections.note": (
        "Nieuw recht − eerder geboekt = correctie. Het nieuwe recht volgt uit het blad dat de cel noemt."
    ),
    "corrections.year": "Maanden van {year}",
    "corrections.earlier_years": "Eerdere jaren",
    "corrections.none": "Geen correcties",
    "recomputation": "Herrekening van gecorrigeerde maanden",
    "recomputation.note": (
        "Het nieuwe recht over de hele maand. Wat ervan al geboekt was, staat op het blad Correcties."
    ),
    "shadow.note": (
        "De waarde volgens de prijslijst van leveringen die op een andere manier betaald worden, zoals uit een budget."
    ),
    # Populatie
    "population": "Budgetten en hun termijnen",
    "population.note": "Het jaarbudget stap voor stap en de termijnen die eruit volgen.",
    "population.budget": "{component}, {municipality}: budget {year}",
    "population.year_months": "maanden van kracht in {year}",
    "population.months": "maanden van kracht",
    "population.earlier": "eerdere termijnen van het jaar ({count})",
    "population.persons": "{measure} van {areas} op {day}",
    "population.per_person": "bedrag per persoon",
    "population.index": "index {year}",
    "population.macro_budget": "macrobudget",
    "population.objective": "aandeel in het macrobudget",
    "population.catchment": "deel van het gebied dat u bedient",
    "population.withheld": "ingehouden",
    "population.counted_eur": "telling waarop het budget rust, in euro",
    "population.recounted_eur": "hertelling, in euro",
    "population.counted": "telling waarop het budget rust",
    "population.recounted": "hertelling",
    "population.dead_band": "dode band",
    "population.growth": "groei",
    "population.paid": "betaald deel van de groei",
    "population.weight": "gewicht van {measure}",
    "population.in_area": "{measure} in {area}",
    "population.in_all": "{measure} in alle gebieden samen",
    "population.share": "aandeel van {area}",
    "population.remainder": "verdeling van de restcenten",
    # Leveringen
    "deliveries": "Leveringen onder uw eigen referentie",
    "deliveries.note": (
        "Alle leveringen die tellen in de maanden van deze afrekening, met de regel waar ze bij horen. "
        "Creditregels tellen negatief."
    ),
    "deliveries.groups": (
        "Waar uren per cliënt en maand worden afgerond, vormen leveringen een groep; het bedrag staat bij de eerste."
    ),
    "deliveries.late": "na de vorige afrekening ontvangen",
    "deliveries.withdrawn": "vervallen: referentie tegenstrijdig gebruikt",
    "deliveries.no_price": "geen prijs",
    "deliveries.left_out": "De leveringen staan niet in dit bestand. U kunt ze bij ons opvragen.",
    # Jaarverloop
    "year": "Verloop van {year}",
    "year.note": "Wat over elke maand betaald is, met alles wat nu bekend is, correcties inbegrepen.",
    "year.budget": "Uit budgetten en andere artikelen van het contract",
    "year.effort": "Naar aantal × prijs",
    "year.budget_of": "jaarbudget {component}, {municipality}",
    "year.budget_total": "Jaarbudget",
    "year.chart": "Betaald in {year}, opgeteld per maand (euro)",
    # Afgewezen
    "rejected": "Afgewezen en wachtende rijen",
    "rejected.note": "Deze rijen tellen niet mee in het bedrag. Een gecorrigeerde rij kan opnieuw worden aangeleverd.",
    "rejected.language": "",
    "rejected.rows": "Geweigerde rijen sinds de vorige afrekening, uit bestanden met alleen rijen van u",
    "rejected.in_column": 'kolom "{column}": {message}',
    "rejected.more": "En nog {rows:afgewezen rij/afgewezen rijen}.",
    "rejected.mixed": (
        "In bestanden met ook rijen van anderen, of waarvan dat niet vaststaat, zijn sinds de vorige afrekening nog "
        "{rows:rij/rijen} geweigerd. Van wie die zijn, wordt niet bewaard; vergelijk uw bestand met de kolom "
        "Referentie van het blad Leveringen."
    ),
    "rejected.by_reference": "Rijen onder uw referentie die niet tellen",
    # Toelichting
    "notes": "Toelichting",
    "notes.how_to_read": "Hoe u deze afrekening leest",
    "notes.read.summary": "Samenvatting: wat betaald wordt, en waaruit dat bestaat.",
    "notes.read.lines": "Regels: de maand zelf. Correcties: eerdere maanden, met de reden. De kolom Regel nummert ze.",
    "notes.read.population": "Populatie: het jaarbudget en de termijnen, stap voor stap.",
    "notes.read.recomputation": "Herrekening: wat gecorrigeerde maanden nu waard zijn.",
    "notes.read.shadow": (
        "Schaduw: leveringen die tellen en anders dan per levering betaald worden, zoals uit een budget."
    ),
    "notes.read.deliveries": "Leveringen: elke levering onder uw referentie, opgeteld tot de regel.",
    "notes.read.year": "Jaarverloop: het jaar tot nu toe, met een grafiek.",
    "notes.read.rejected": "Afgewezen: rijen die niet tellen, met wat eraan te doen is.",
    "notes.how_to_compute": "Hoe u narekent",
    "notes.method.formulas": (
        "Klik op een bedrag: de formule verwijst naar de aantallen en prijzen in zicht. Gerekend is in hele centen."
    ),
    "notes.method.price": (
        "Een levering telt in de maand van haar eerste dag. De prijs is die van de dag die het contract noemt."
    ),
    "notes.method.rounding": "Elke levering wordt apart op centen afgerond, een halve cent naar boven.",
    "notes.method.difference": (
        "De kolom Afronding per levering noemt het verschil met aantal × prijs over het totaal van de regel."
    ),
    "notes.method.hours": (
        "Waar uren per cliënt en maand tellen, worden eerst de minuten opgeteld en dan op hele uren afgerond."
    ),
    "notes.method.to_date": (
        "Wat over het jaar loopt, wordt tot en met de maand eenmaal afgerond, min dat tot en met de vorige maand. "
        "Gelijke maanden kunnen daardoor een cent verschillen; samen zijn zij het jaar."
    ),
    "notes.method.correction": (
        "Een correctie is het nieuwe recht over een maand, min wat over die maand al geboekt was."
    ),
    "notes.terms": "Begrippen",
    "notes.term.entitled": "Recht",
    "notes.term.entitled.is": "Wat over een maand betaald hoort te worden, met alles wat tot de stand bekend is.",
    "notes.term.posted": "Geboekt",
    "notes.term.posted.is": "Definitief gemaakt. Wat geboekt is verandert niet meer; een correctie komt erbij.",
    "notes.term.recording": "Vastlegging",
    "notes.term.recording.is": "Het nummer waaronder een bestand, contract, prijslijst of telling is ontvangen.",
    "notes.term.dead_band": "Dode band",
    "notes.term.dead_band.is": "Groei of krimp tot dit percentage verandert het budget niet.",
    "notes.findings": "Bevindingen",
    "notes.findings.language": "",
    "notes.findings.none": "Er is bij dit contract niets dat uw aandacht vraagt.",
    "notes.not_settled": "Niet in deze afrekening",
    "notes.not_settled.wait": (
        "U hoeft niets te doen. Wij lossen dit op, en het bedrag komt in een volgende afrekening."
    ),
    "notes.versions": "Gebruikte gegevens",
    "notes.version.cutoff": "Stand",
    "notes.version.contract": "Contract",
    "notes.version.contract.is": "{number}, {recording}",
    "notes.version.price_list": "Prijslijst {name}",
    "notes.version.price_list.is": "versie {version}, {recording}",
    "notes.version.count": "Telling",
    "notes.components": "Onderdelen van het contract",
    "notes.component.population": "populatie: een budget in termijnen",
    "notes.component.effort": "inspanning: aantal × prijs",
    "notes.component.lump_sum": "lumpsum: een vast bedrag in termijnen",
    "notes.component.ceiling": "plafond: het hoogste dat betaald wordt",
    "notes.component.reduction": "korting: tijdelijk een percentage minder",
    "notes.component.risk_sharing": "risicodeling: wat kosten en budget schelen, wordt gedeeld",
    "notes.component.outcome": "resultaatafspraak: bonus of malus naar scores",
    "sheet.calculation": "Berekening",
    "calculation": "Wat uit artikelen van het contract volgt",
    "calculation.note": (
        "Onder elke uitkomst staat waaruit zij bestaat. Zij is afgerond op centen, een halve cent naar boven, tenzij "
        "er iets anders bij staat of er meer decimalen staan."
    ),
    "calculation.as_line": "zoals bij regel {line}",
    "calculation.unfunded": "niet gefinancierd: wordt niet betaald",
    "calculation.unfunded.given_back": "niet gefinancierd, onder nul: minder dan in eerdere maanden",
    "calculation.shadow": "ter informatie: telt en wordt niet betaald",
    "calculation.passed_on": "ter informatie: deel voor een onderaannemer",
    "notes.read.calculation": "Berekening: bedragen die uit artikelen volgen, stap voor stap.",
    "notes.component.guarantee": "garantie: het tekort van een oorspronkelijke aanbieder",
    "notes.component.arrangement": "arrangement: één prijs voor alle zorg",
    "notes.component.consortium": "consortium: wat doorgaat naar de leden",
    "notes.component.output": "resultaat: stuks, perioden en trajecten",
    "notes.ask": "Vragen?",
    "notes.ask.whom": (
        "Vraag het uw contractmanager bij {municipalities}. Noem contract {contract}, run {run} en het nummer uit de "
        "kolom Regel."
    ),
}

_REMEDIES: Mapping[str, str] = {
    "P01": "U hoeft niets te doen. Wij leggen de prijs vast; wat u ervan krijgt, komt in een volgende afrekening.",
    "P03": (
        "Wilt u voor elk deel de eigen prijs? Crediteer de levering en lever haar gesplitst aan, op de dag van "
        "de wijziging."
    ),
    "P04": (
        "Het berekende bedrag telt. Vergelijk uw tarief met de prijs in deze afrekening, en overleg met ons als "
        "dat afwijkt."
    ),
    "P06": "Is het andere zorg? Dan hoeft u niets te doen. Zo niet, crediteer wat er dubbel staat.",
    "P05": "Overleg met ons of een contract deze leveringen dekt. Crediteer ze als dat niet zo is.",
    "F05": "Overleg met ons over de rest van de periode.",
    "F07": "U hoeft niets te doen. Wij vullen dit aan, en het bedrag komt in een volgende afrekening.",
    "F09": "Het wordt verdeeld zodra de leveringen van de leden er zijn.",
    "F10": "Overleg met ons als beide moeten lopen; de toewijzing wordt dan aangepast.",
    "F20": "Controleer het toewijzingsnummer van deze leveringen. Klopt het, dan vullen wij de toewijzing aan.",
    "F31": (
        "Lever de leveringen over het jaar aan. Is er niets geleverd, laat dat dan weten in uw productieverantwoording."
    ),
}

DUTCH = Language(
    code="nl",
    separators=".,",
    months=(
        "januari", "februari", "maart", "april", "mei", "juni",
        "juli", "augustus", "september", "oktober", "november", "december",
    ),
    text_date="{day:%d-%m-%Y}",
    cell_date="dd-mm-yyyy",
    steps=_STEPS,
    causes=_CAUSES,
    labels=_LABELS,
    measures=_MEASURES,
    units=_UNITS,
    texts=_TEXTS,
    remedies=_REMEDIES,
)  # fmt: skip
