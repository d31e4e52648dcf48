"""English, for providers that ask for it. Findings and what was typed stay as they are."""

from collections.abc import Mapping

from settlement.languages.language import Language

_STEPS: Mapping[str, str] = {
    "payable": "product {product}: sum of the deliveries",
    "shadow": "product {product}: sum of the deliveries, counted and not paid",
    "volume_times_price": "{rows:delivery/deliveries}: {billed} × {price_eur}",
    "volume_times_price.divided": "{rows:delivery/deliveries}: {billed} × {price_eur} / {units_per_price}",
    "volume_times_price.client_month": (
        "{rows:delivery/deliveries}: {quantity:minute/minutes}, rounded per client and month to {billed} × {price_eur}"
    ),
    "volume_times_price.member": "under the code of {member}: {product}",
    "volume_times_price.rounded": "{product}, each delivery rounded to the cent ({rounding_eur} together)",
    "instalment": "instalment {number} of {of}: {year_eur} / {year_months}, cut off below the cent",
    "instalment.months": "instalment {number} of {of}: {year_eur} × {months} / {year_months}, cut off below the cent",
    "last_instalment": "instalment {number} of {of}, the last: {year_eur} − {earlier_eur} of the earlier instalments",
    "last_instalment.only": "only instalment of {year}: {year_eur}",
    "scheduled_instalment": "instalment {number} of {of}: {percent}% of {year_eur}, cut off below the cent",
    "scheduled_instalment.last": (
        "instalment {number} of {of}, the last: {year_eur} − {earlier_eur} of the earlier instalments"
    ),
    "granted": "granted for {year} in the contract",
    "paid_in_advance": "{percent}% of {year_eur} is paid in advance, the rest after determination",
    "determination": "determination of {year}: {determined_eur} − {paid_eur} paid",
    "base_year_amount": "amount of the base year {year}",
    "discount": "discount {year}: {before_eur} − {percent}%",
    "with_carried_over": "{guarantee_eur} + {carried_eur} carried over from {year}",
    "shortfall": "{whose}, {year}: guaranteed {guarantee_eur}, spent {spent_eur}; the shortfall, never below nil",
    "passed_on": "part of {provider}: {part_eur} up to the end of {through} − {before_eur} of earlier months",
    "percent_of_whole": "{percent}% of {whole_eur}, divided to the cent (largest remainder)",
    "delivered_of_whole": (
        "{whole_eur} × delivered {delivered_eur} / {all_eur}, divided to the cent (largest remainder)"
    ),
    "plan": "arrangements {product}, profile {profile}, intensity {intensity}",
    "plan_month": (
        "{arrangements:arrangement/arrangements} × {price_eur}, each rounded to the cent (assignment {numbers})"
    ),
    "plan_days": (
        "{arrangements:arrangement/arrangements} × {price_eur} × {days} / {of_days} days, each rounded to the cent "
        "(assignment {numbers})"
    ),
    "plan_source": "{percent}% of {whole_eur} under the {law}, divided to the cent (largest remainder)",
    "part_of_year": "{months} of 12 months in force: {year_eur} × {months} / 12",
    "budget": "fixed budget of the contract",
    "per_person": "{persons} {measure} × {amount_eur} (count of {areas} on {count_date})",
    "sum_of_segments": "sum of the groups",
    "division": "part of {areas} in {whole_eur}, by the count of {count_date}",
    "area_share": "{area}: share {share}, divided to the cent (largest remainder)",
    "measure_share": "{measure}: weight {weight} × {persons} / {persons_all}",
    "index": "index {year}: {before_eur} + {percent}%",
    "index_percent": "index {year}, in percent",
    "weighted_figures": "weighted figure {year}, in percent",
    "provisional_figure": "{name} {year}, provisional, weight {weight}",
    "final_figure": "{name} {year}, final, weight {weight}",
    "weighted_ratios": "correction over {year}, weighted, in percent",
    "ratio_of_figures": (
        "{name} {year}, weight {weight}: (100 + {final_percent} final) / (100 + {preliminary_percent} provisional) "
        "− 1, in percent"
    ),
    "difference_of_figures": "correction over {year}: final − provisional, in percent",
    "indexed_apart": "sum of the parts, each indexed apart",
    "part_of_amount": "part {name}: {whole_eur} × {weight}, divided to the cent (largest remainder)",
    "historical": "average of earlier years: {spent_eur} / {number}",
    "spent_in_year": "spent in {year}",
    "objective": "{percent}% of the macro budget of {macro_eur}",
    "catchment": "{percent}% of {whole_eur}, the part of the area that this provider serves",
    "less_withheld": "{year_eur} − {percent}%, withheld until the accountability of the year is there",
    "withheld": "withheld over {year} and released now: {year_eur} − {paid_eur} paid",
    "reopening": "budget changed from {month}: {decision}",
    "left_over": "not spent in {year}: budget {budget_eur} − value of the deliveries {realised_eur}, never below nil",
    "paid_back": "to be paid back: {percent}% of {left_eur}",
    "above_reserve": "to be paid back: {left_eur} − reserve {reserve_eur} (at most {percent}% of {budget_eur})",
    "earmarked": "stays with the provider for the purpose agreed",
    "recount": (
        "recount {counted} → {recounted}: growth {growth_percent}%, dead band {dead_band_percent}%, "
        "paid {paid_percent}% of {before_eur}"
    ),
    "recount.fraction": (
        "recount {counted} → {recounted}: growth {recounted} / {counted} − 1 = {growth_percent}%, "
        "dead band {dead_band_percent}%, paid {paid_percent}% of {before_eur}"
    ),
    "recount.within": (
        "recount {counted} → {recounted}: growth {growth_percent}%, within the dead band of {dead_band_percent}%; "
        "{before_eur} stays"
    ),
    "ceiling": "above the ceiling: is not paid",
    "ceiling.given_back": "less above the ceiling than in earlier months: the difference is paid after all",
    "unfunded": "above the ceiling: {to_date_eur} up to and including {month} − {before_eur} of earlier months",
    "unfunded.given_back": (
        "above the ceiling: {to_date_eur} up to and including {month} − {before_eur} of earlier months; "
        "below nil: that part is paid after all"
    ),
    "above_ceiling": "delivered {delivered_eur} − ceiling {ceiling_eur}, never below nil",
    "above_soft_ceiling": (
        "delivered {delivered_eur} − ceiling {ceiling_eur} − paid from the soft band {paid_eur}, never below nil"
    ),
    "ceiling_amount": "ceiling of the contract",
    "ceiling_of_year": "ceiling for {year} in the contract",
    "soft_band": (
        "soft band of {percent}% of {ceiling_eur}, so {width_eur} wide: delivered within it {within_eur} × {share}"
    ),
    "reduction": "temporary reduction: {percent}% of {paid_eur}",
    "deviation": "cost {cost_eur} − budget {budget_eur}",
    "agreed_amount": "fixed amount of the contract",
    "figure": "figure {name} of {year}",
    "figure_times": "figure {name} of {year}: {each_eur} × {factor} ({times})",
    "sum_of_year.paid": "paid for {components} over {year}",
    "sum_of_year.delivered": "worth of the deliveries of {components} over {year}",
    "lines_of": "{component}, {municipality}, {span}",
    "nothing_stated": "{components} over {year}: nothing delivered, as the production statement says",
    "with_withheld": "{paid_eur} paid + {withheld_eur} still withheld",
    "risk_sharing": (
        "risk sharing over {year}, rounded to the cent: above nil the municipality pays, below nil the provider"
    ),
    "not_shared": "this contract does not share a deviation to this side",
    "below_minimum": "deviation {deviation_eur}, less than {percent}% of the budget ({minimum_eur}): nothing shared",
    "minimum_reached": "deviation {deviation_eur}, at least {percent}% of the budget ({minimum_eur}): it all counts",
    "sharing_bands": "what the bands count of the deviation, in percent of {budget_eur}",
    "sharing_band": "between {from_percent}% and {to_percent}%: {within_eur} × {share}",
    "last_sharing_band": "above {from_percent}%: {within_eur} × {share}",
    "share_of": "share: {before_eur} × {share}",
    "withhold": "{percent}% withheld: {before_eur} × (100 − {percent}) / 100",
    "cap": "at most {cap_eur} of {before_eur}",
    "cap_of_budget": "at most {percent}% of the budget ({budget_eur} × {percent} / 100 = {cap_eur}) of {before_eur}",
    "add_figure": "figure {name}: {before_eur} + {figure_eur}, not below nil",
    "outcome": "outcome {year}: {percent}% of {budget_eur} × score {score}, rounded to the cent",
    "score": "{name}: score {score}, weight {weight}",
    "measured_score": "{name}: {measured} on a scale from {worst} to {best} is score {score}, weight {weight}",
    "municipality_to_date": (
        "part of {municipality} up to this month: {whole_eur} × {paid"
        "_eur} / {all_eur} = {to_date_eur}, less {before_eur} of earlier months"
    ),
    "municipality_to_date.given_back": (
        "part of {municipality} up to this month: {whole_eur} × {paid_eur} / {all_eur} = {to_date_eur}, less "
        "{before_eur} of earlier months; below nil: this part became smaller"
    ),
    "municipality_part": (
        "part of {municipality}: {whole_eur} × {paid_eur} / {all_eur}, divided to the cent (largest remainder)"
    ),
    "nothing_left": "no entitlement any more",
    "posted": "posted before",
    # by effort
    "not_paid": "not paid: {amount_eur}",
    "not_paid.given_back": "belongs to deliveries that were taken back, and is given back",
    "bands.year": "price bands: {to_date_eur} of the year up to the end of {month} − {earlier_eur} of earlier months",
    "bands.month": "price bands of {month}: {to_date_eur}",
    "in_bands.only": ("{units:{unit}} in {month}, each at the price of its band; rounded to the cent once, together"),
    "in_bands.added": (
        "{units_before} of earlier months + {units_now} in {month} = {units:{unit}}, each at the price of its band; "
        "rounded to the cent once, together"
    ),
    "in_bands.earlier": (
        "{units:{unit}} of earlier months, each at the price of its band; rounded to the cent once, together"
    ),
    "band.only": "{units:{unit}} × {price_eur}",
    "band.upper": "band up to {upper}: {units:{unit}} × {price_eur}",
    "band.lower_upper": "band from {lower} to {upper}: {units:{unit}} × {price_eur}",
    "band.lower": "band above {lower}: {units:{unit}} × {price_eur}",
    "part_by_units": (
        "part of this municipality: {whole_eur} × {units} / {units_all:{unit}}, divided to the cent (largest remainder)"
    ),
    "frequency": "product {product}: delivered above what was assigned",
    "above_frequency": (
        "assignment {assignment}: {delivered:{unit}} delivered in {month}, {allowed} allowed; {above} above it × "
        "{price_eur}"
    ),
    "above_frequency.divided": (
        "assignment {assignment}: {delivered:{unit}} delivered in {month}, {allowed} allowed; {above} above it × "
        "{price_eur} / {units_per_price}"
    ),
    "above_frequency.client_month": (
        "assignment {assignment}: {delivered:{unit}} delivered in {month}, {allowed} allowed; {above} above it; in "
        "rounded hours {hours} delivered − {hours_left} without those {above} × {price_eur}"
    ),
    "allowed.weeks": (
        "allowed: {volume:{unit}} per week × {number} = {allowed}; every week from Monday to Sunday with a day in "
        "{first_date} to {last_date} counts"
    ),
    "allowed.six_weeks": (
        "allowed: {volume:{unit}} per week × {number} = {allowed}; for this product every month counts as six weeks"
    ),
    "allowed.sundays": (
        "allowed: {volume:{unit}} per week × {number} = {allowed}; every Sunday in {first_date} to {last_date} counts"
    ),
    "allowed.broken_week": (
        "allowed: {volume:{unit}} per week × {number} = {allowed}; every Sunday in {first_date} to {last_date} counts, "
        "and the broken week at the end of the assignment"
    ),
    "allowed.month": (
        "allowed: {volume:{unit}} per month × {number} = {allowed}; every month in {first_date} to {last_date} counts, "
        "also part of one"
    ),
    "allowed.total": "allowed: {volume:{unit}} for the whole assignment",
    "outside_assignment": "allowed: 0, the month lies outside the assignment",
    "left_of_assignment": ("allowed: {whole:{unit}} for the whole assignment − {used} in earlier months = {left}"),
    "no_show": (
        "product {product}: {before_eur} × {percent}% = {exact_eur}, to the cent {paid_eur}, is paid; not paid "
        "{before_eur} − {paid_eur}"
    ),
    "line_of_product": "{line}",
    "supplement": "{label}: {percent}%",
    "adjustment": "product {product}: {before_eur} × {percent}%",
    "adjustment_of_bands": "price bands: {before_eur} × {percent}%",
    "client_maximum.assignment": (
        "{clients:client/clients} above the maximum of {maximum_eur} per assignment, for {products}"
    ),
    "client_maximum.month": ("{clients:client/clients} above the maximum of {maximum_eur} per month, for {products}"),
    "client_maximum.year": ("{clients:client/clients} above the maximum of {maximum_eur} per year, for {products}"),
    "above_maximum.assignment": (
        "assignment {assignment}: {to_date_eur} up to the end of {month} − {maximum_eur} − {earlier_eur} of earlier "
        "months"
    ),
    "above_maximum.month": "client of delivery {reference}: {to_date_eur} in {month} − {maximum_eur}",
    "above_maximum.year": (
        "client of delivery {reference}: {to_date_eur} of the year up to the end of {month} − {maximum_eur} − "
        "{earlier_eur} of earlier months"
    ),
    "client_minimum.assignment": (
        "{clients:client/clients} below the minimum of {minimum_eur} per assignment, for {products}"
    ),
    "client_minimum.month": ("{clients:client/clients} below the minimum of {minimum_eur} per month, for {products}"),
    "client_minimum.year": ("{clients:client/clients} below the minimum of {minimum_eur} per year, for {products}"),
    "below_minimum.assignment": "assignment {assignment}: {minimum_eur} − {had_eur}",
    "below_minimum.month": "client of delivery {reference}: {minimum_eur} − {had_eur} in {month}",
    "below_minimum.year": "client of delivery {reference}: {minimum_eur} − {had_eur} in the year",
    "client_part": "{line}, {span}",
    "client_part.factor": "{line}, {span}: {amount_eur} × {factors} (no-shows, supplements, discounts)",
    # by output
    "period_of_care.care": (
        "product {product}: {clients:client/clients} with care from {first_date} up to and including "
        "{last_date} × {price_eur} (of delivery {numbers})"
    ),
    "period_of_care.assigned": (
        "product {product}: {clients:client/clients} assigned from {first_date} up to and including "
        "{last_date} × {price_eur} (assignment {numbers})"
    ),
    "sum_of_periods": "sum of the periods that end in the month",
    "trajectories": "product {product}: sum of the trajectories",
    "trajectory_part.start": "trajectory {trajectory}, at the start on {start_date}: {percent}% of {price_eur}",
    "trajectory_part.month": (
        "trajectory {trajectory} from {start_date}, part of the agreed month: {percent}% of {price_eur}"
    ),
    "trajectory_part.end": (
        "trajectory {trajectory} from {start_date}, at the end on {end_date}: {percent}% of {price_eur}"
    ),
    "trajectory_part.result": (
        "trajectory {trajectory} from {start_date}, at the result on {end_date}: {percent}% of {price_eur}"
    ),
    "trajectory_rest.start": (
        "trajectory {trajectory}, at the start on {start_date}: {price_eur} − {earlier_eur} of the other parts"
    ),
    "trajectory_rest.month": (
        "trajectory {trajectory} from {start_date}, part of the agreed month: {price_eur} − {earlier_eur} of the "
        "other parts"
    ),
    "trajectory_rest.end": (
        "trajectory {trajectory} from {start_date}, at the end on {end_date}: {price_eur} − {earlier_eur} of the other "
        "parts"
    ),
    "trajectory_rest.result": (
        "trajectory {trajectory} from {start_date}, at the result on {end_date}: {price_eur} − {earlier_eur} of the "
        "other parts"
    ),
    "early_stop": (
        "trajectory {trajectory} from {start_date}, stopped early on {end_date}: {due_eur} due − {paid_eur} paid before"
    ),
    "done": "pro rata: {price_eur} × {percent}%",
    "done_after_restart": "pro rata, after a restart without the start: ({price_eur} − {start_eur}) × {percent}%",
    "start_only": "only what is due at the start",
}

_CAUSES: Mapping[str, str] = {
    "late": "late delivery of {rows:row/rows}",
    "late.named": "late delivery {references}",
    "credit": "credit of {rows:row/rows}",
    "credit.named": "credit {references}",
    "withdrawn": "withdrawal of {rows:row/rows} whose reference was used for different deliveries",
    "withdrawn.named": "withdrawal of {references}, a reference used for different deliveries",
    "price": "price {before_eur} → {now_eur}",
    "recount": _STEPS["recount"],
    "recount.fraction": _STEPS["recount.fraction"],
    "recount.within": _STEPS["recount.within"],
    "count": "count {before} → {now}",
    "share": "division by the count: share {before} → {now}",
    "first": "not settled before",
    "recomputed": "computed again with what is known now: {before_eur} → {now_eur}",
    "index": "index {before_percent}% → {now_percent}%",
    "terms": "changed terms of the contract",
    "terms.recorded": "changed terms of the contract (recording {recording})",
    "product.recorded": "changed product in the catalogue (recording {recording})",
    "price_list.recorded": "changed price list (recording {recording})",
}

# The measures of contracts are Dutch words, but for those that have a name of their own.
# What a line is about, by the first word of its label.
_LABELS: Mapping[str, str] = {
    "instalment": "instalment",
    "withheld": "withheld",
    "reopening": "reopening",
    "unspent": "unspent",
    "earmarked": "earmarked",
    "determination": "determination",
    "ceiling": "ceiling",
    "unfunded": "unfunded",
    "reduction": "reduction",
    "shortfall": "shortfall on guarantee",
    "passed_on": "passed on to",
    "bands": "price bands",
    "frequency": "above assignment",
    "unfunded_frequency": "not paid above assignment",
    "no_show": "no-show",
    "unfunded_no_show": "not paid for no-show",
    "supplement": "supplement or discount",
    "minimum": "minimum per client",
    "maximum": "maximum per client",
    "unfunded_maximum": "not paid above maximum per client",
    "periods": "periods",
    "trajectory": "trajectory",
    "early_stop": "trajectory stopped early",
    "month": "per month",
    "year": "per year",
    "assignment": "per assignment",
    "risk_sharing": "risk sharing",
    "outcome": "outcome",
    "plan": "arrangement",
}

_MEASURES: Mapping[str, str] = {"inhabitants": "inhabitants"}

# Singular and plural.
_UNITS: Mapping[str, str] = {
    "minute": "minute/minutes",
    "hour": "hour/hours",
    "day_part": "day part/day parts",
    "day": "day/days",
    "piece": "piece/pieces",
}

_TEXTS: Mapping[str, str] = {
    "recount.counted": "{said} ({measure} of {areas}, provisional and final count of {count_date})",
    "recount.counted_later": "{said} ({measure} of {areas}, counts of {count_date} and {recount_date})",
    "cause.groups": "{cause} ({groups})",
    "cause.count_of_groups": "count {groups}",
    "cause.hours": (
        "the month now comes to {quantity:minute/minutes}, rounded to {billed_quantity} hours instead of "
        "{billed_quantity_before}"
    ),
    "sheet.summary": "Summary",
    "sheet.lines": "Lines",
    "sheet.population": "Population",
    "sheet.corrections": "Corrections",
    "sheet.recomputation": "Recomputation",
    "sheet.shadow": "Shadow",
    "sheet.deliveries": "Deliveries",
    "sheet.year": "Year",
    "sheet.rejected": "Rejected",
    "sheet.notes": "Notes",
    "title": "Statement for {month}",
    "title.of_file": "Statement for {month}, contract {contract}, provider {provider}",
    "draft": "DRAFT",
    "draft.warning": "DRAFT: this statement is not posted yet and may still change",
    "page": "Page &P of &N",
    "recording": "recording {recording} of {day}",
    "instalment.number": "instalment {number} of {of}",
    "unit.minute": "minutes",
    "unit.hour": "hours",
    "unit.day_part": "day parts",
    "unit.day": "days",
    "unit.piece": "pieces",
    "column.line": "Line",
    "column.month": "Month",
    "column.component": "Component",
    "column.municipality": "Municipality",
    "column.product": "Product",
    "column.description": "Description",
    "column.deliveries": "Deliveries",
    "column.quantity": "Quantity",
    "column.unit": "Unit",
    "column.price": "Price",
    "column.per": "Per",
    "column.computed": "Computed",
    "column.rounding": "Rounding by delivery",
    "column.amount": "Amount",
    "column.entitled": "New entitlement",
    "column.posted_before": "Posted before",
    "column.correction": "Correction",
    "column.reason": "Reason",
    "column.step": "Step",
    "column.given": "Given",
    "column.source": "Source",
    "column.this_month": "This month",
    "column.corrections": "Corrections",
    "column.earlier_years": "Earlier years",
    "column.total": "Total",
    "column.place": "Where",
    "column.finding": "Finding",
    "column.remedy": "What to do",
    "column.code": "Code",
    "column.funding": "Funding",
    "column.previous": "Previous",
    "column.now": "This one",
    "column.difference": "Difference",
    "column.said": "In this statement",
    "column.together": "Together",
    "column.cumulative": "Cumulative",
    "column.months": "Months",
    "column.budget": "Budget up to the month",
    "column.reference": "Reference",
    "column.debit": "Credits",
    "column.first_day": "From",
    "column.last_day": "Up to and including",
    "column.group": "Group",
    "column.group_quantity": "Minutes of group",
    "column.hours": "Hours of group",
    "column.remark": "Remark",
    "column.on_line": "On the line",
    "column.file": "File",
    "column.row": "Row",
    "total": "Total",
    "shadow": "Shadow: counts, is not paid",
    "summary.provider": "Provider",
    "summary.contract": "Contract",
    "summary.in_force": "In force",
    "summary.from_until": "{first} up to and including {last}",
    "summary.municipalities": "Municipalities",
    "summary.period": "Period",
    "summary.run": "Run",
    "summary.known": "Data as of",
    "summary.known_until": "everything up to and including {recording}",
    "summary.posted": "posted on {day} ({recording})",
    "summary.approved": "approved, not posted yet",
    "summary.drafted": "draft of {day}, not approved yet",
    "summary.amounts": "Amounts in euros",
    "summary.this_month": "This month ({month})",
    "summary.corrections": "Corrections of months of {year}",
    "summary.earlier_years": "Corrections of earlier years",
    "summary.set_off": "Advance {reference} set off",
    "summary.to_pay": "To be paid",
    "summary.to_pay_back": "To be paid back",
    "summary.year": "{year} up to and including {month}",
    "summary.posted_before": "Posted before over months of {year}",
    "summary.said": "In this statement over months of {year}",
    "summary.together": "Together over {year}",
    "summary.advance_left": "Advance still to be set off",
    "summary.set_off_in_year": "Advances set off in {year}",
    "summary.shadow": "For information, over {year}: shadow, counts and is not paid by itself",
    "summary.unfunded": "For information, over {year}: delivered above a maximum, is not paid",
    "summary.passed_on": "For information, over {year}: part for subcontractors",
    "summary.split": "By component and municipality",
    "changes": "What changed since the previous statement",
    "changes.none_before": "This is the first statement of this contract.",
    "changes.previous": "Previous: {month}, run {run}. This one: {now}, run {run_now}.",
    "changes.month": "The month itself: {now} instead of {before}",
    "changes.same_month": "The month itself: {now}",
    "changes.late": "Deliveries that came in after their month",
    "changes.credit": "Deliveries that were taken back (credits)",
    "changes.withdrawn": "Deliveries that lapsed by a reference used twice",
    "changes.price": "Prices that changed over an earlier month",
    "changes.price_list": "A price list that changed over an earlier month",
    "changes.product": "A product that changed over an earlier month",
    "changes.recount": "The recount of persons",
    "changes.count": "Another count of persons",
    "changes.share": "Another division of the budget over areas",
    "changes.index": "Another index figure",
    "changes.recomputed": "What was computed again with what is known now",
    "changes.first": "Months that were not settled before",
    "changes.terms": "Other terms in the contract",
    "changes.total": "Total of the statement, before advances are set off",
    "lines": "Lines of {month}",
    "lines.none": "There are no lines over this month.",
    "corrections": "Corrections",
    "corrections.note": (
        "New entitlement − posted before = correction. The new entitlement follows from the sheet that the cell names."
    ),
    "corrections.year": "Months of {year}",
    "corrections.earlier_years": "Earlier years",
    "corrections.none": "No corrections",
    "recomputation": "Recomputation of corrected months",
    "recomputation.note": (
        "The new entitlement over the whole month. What was posted of it stands on the sheet Corrections."
    ),
    "shadow.note": "The value by the price list of deliveries that are paid in another way, such as from a budget.",
    "population": "Budgets and their instalments",
    "population.note": "The budget of the year step by step, and the instalments that follow from it.",
    "population.budget": "{component}, {municipality}: budget {year}",
    "population.year_months": "months in force in {year}",
    "population.months": "months in force",
    "population.earlier": "earlier instalments of the year ({count})",
    "population.persons": "{measure} of {areas} on {day}",
    "population.per_person": "amount per person",
    "population.index": "index {year}",
    "population.macro_budget": "macro budget",
    "population.objective": "share in the macro budget",
    "population.catchment": "part of the area that you serve",
    "population.withheld": "withheld",
    "population.counted_eur": "count that the budget rests on, in euros",
    "population.recounted_eur": "recount, in euros",
    "population.counted": "count that the budget rests on",
    "population.recounted": "recount",
    "population.dead_band": "dead band",
    "population.growth": "growth",
    "population.paid": "part of the growth that is paid",
    "population.weight": "weight of {measure}",
    "population.in_area": "{measure} in {area}",
    "population.in_all": "{measure} in all areas together",
    "population.share": "share of {area}",
    "population.remainder": "division of the remaining cents",
    "deliveries": "Deliveries under your own reference",
    "deliveries.note": (
        "All deliveries that count in the months of this statement, with the line they belong to. "
        "Credits count negative."
    ),
    "deliveries.groups": (
        "Where hours are rounded per client and month, deliveries form a group; the amount stands beside the first."
    ),
    "deliveries.late": "received after the previous statement",
    "deliveries.withdrawn": "lapsed: reference used for different deliveries",
    "deliveries.no_price": "no price",
    "deliveries.left_out": "The deliveries are not in this file. You can ask us for them.",
    "year": "The course of {year}",
    "year.note": "What is paid over each month with all that is known now, corrections included.",
    "year.budget": "From budgets and other clauses of the contract",
    "year.effort": "By quantity × price",
    "year.budget_of": "budget of the year {component}, {municipality}",
    "year.budget_total": "Budget of the year",
    "year.chart": "Paid in {year}, added up by month (euros)",
    "rejected": "Rejected and waiting rows",
    "rejected.note": "These rows are not in the amount. A corrected row can be sent again.",
    "rejected.language": "Reasons and remedies are in Dutch, as they were told when the file was read.",
    "rejected.rows": "Rows rejected since the previous statement, of files with rows of yours alone",
    "rejected.in_column": 'column "{column}": {message}',
    "rejected.more": "And {rows:more rejected row/more rejected rows}.",
    "rejected.mixed": (
        "In files with rows of others too, or of which that is not certain, {rows:row was/rows were} rejected since "
        "the previous statement. Whose they are is not kept; compare your file with the column Reference of the sheet "
        "Deliveries."
    ),
    "rejected.by_reference": "Rows under your reference that do not count",
    "notes": "Notes",
    "notes.how_to_read": "How to read this statement",
    "notes.read.summary": "Summary: what is paid, and what it consists of.",
    "notes.read.lines": (
        "Lines: the month itself. Corrections: earlier months, with the reason. The column Line numbers them."
    ),
    "notes.read.population": "Population: the budget of the year and the instalments, step by step.",
    "notes.read.recomputation": "Recomputation: what corrected months are worth now.",
    "notes.read.shadow": "Shadow: deliveries that count and are not paid one by one, but from a budget or otherwise.",
    "notes.read.deliveries": "Deliveries: each delivery under your reference, added up to the line.",
    "notes.read.year": "Year: the year to date, with a chart.",
    "notes.read.rejected": "Rejected: rows that do not count, and what to do about them.",
    "notes.how_to_compute": "How to recompute it",
    "notes.method.formulas": (
        "Click an amount: the formula refers to the quantities and prices in sight. It counts in whole cents."
    ),
    "notes.method.price": (
        "A delivery counts in the month of its first day. The price is that of the day the contract names."
    ),
    "notes.method.rounding": "Each delivery is rounded to the cent by itself, half a cent up.",
    "notes.method.difference": (
        "The column Rounding by delivery names the difference with quantity × price over the whole line."
    ),
    "notes.method.hours": (
        "Where hours count per client and month, minutes are added up first and then rounded to whole hours."
    ),
    "notes.method.to_date": (
        "What runs over the year is rounded once up to the month, less the same up to the month before. Equal months "
        "may therefore differ by a cent; together they are the year."
    ),
    "notes.method.correction": (
        "A correction is the new entitlement over a month, less what was posted over that month before."
    ),
    "notes.terms": "Terms",
    "notes.term.entitled": "Entitlement",
    "notes.term.entitled.is": "What is to be paid over a month, with all that is known at the cut-off.",
    "notes.term.posted": "Posted",
    "notes.term.posted.is": "Made final. What is posted never changes; a correction is added to it.",
    "notes.term.recording": "Recording",
    "notes.term.recording.is": "The number under which a file, contract, price list or count was received.",
    "notes.term.dead_band": "Dead band",
    "notes.term.dead_band.is": "Growth or decline up to this percentage does not change the budget.",
    "notes.findings": "Findings",
    "notes.findings.language": "What was found is in Dutch, as it was recorded.",
    "notes.findings.none": "Nothing about this contract asks for your attention.",
    "notes.not_settled": "Not in this statement",
    "notes.not_settled.wait": "You need not do anything. We solve this, and the amount comes in a later statement.",
    "notes.versions": "Data that was used",
    "notes.version.cutoff": "Cut-off",
    "notes.version.contract": "Contract",
    "notes.version.contract.is": "{number}, {recording}",
    "notes.version.price_list": "Price list {name}",
    "notes.version.price_list.is": "version {version}, {recording}",
    "notes.version.count": "Count",
    "notes.components": "Components of the contract",
    "notes.component.population": "population: a budget in instalments",
    "notes.component.effort": "effort: quantity × price",
    "notes.component.lump_sum": "lump sum: a fixed amount in instalments",
    "notes.component.ceiling": "ceiling: the most that is paid",
    "notes.component.reduction": "reduction: temporarily a percentage less",
    "notes.component.risk_sharing": "risk sharing: the difference of cost and budget is shared",
    "notes.component.outcome": "outcome: a bonus or malus by scores",
    "sheet.calculation": "Calculation",
    "calculation": "What follows from clauses of the contract",
    "calculation.note": (
        "Below each result stands what it is made of. It is rounded to the cent, half a cent up, unless something else "
        "is said or more decimals are shown."
    ),
    "calculation.as_line": "as for line {line}",
    "calculation.unfunded": "unfunded: is not paid",
    "calculation.unfunded.given_back": "unfunded, below nil: less than in earlier months",
    "calculation.shadow": "for information: counts and is not paid",
    "calculation.passed_on": "for information: part of a subcontractor",
    "notes.read.calculation": "Calculation: amounts that follow from clauses, step by step.",
    "notes.component.guarantee": "guarantee: the shortfall of an original provider",
    "notes.component.arrangement": "arrangement: one price for all care",
    "notes.component.consortium": "consortium: what goes on to the members",
    "notes.component.output": "output: pieces, periods and trajectories",
    "notes.ask": "Questions?",
    "notes.ask.whom": (
        "Ask your contract manager at {municipalities}. Name contract {contract}, run {run} and the number in the "
        "column Line."
    ),
}

_REMEDIES: Mapping[str, str] = {
    "P01": "You need not do anything. We record the price; what you are paid for it comes in a later statement.",
    "P03": "Do you want its own price for each part? Credit the delivery and send it split on the day of the change.",
    "P04": (
        "The computed amount counts. Compare your price with the one in this statement, and consult us where "
        "they differ."
    ),
    "P06": "Is it other care? Then you need not do anything. If not, credit what is there twice.",
    "P05": "Consult us whether a contract covers these deliveries. Credit them when none does.",
    "F05": "Consult us about the rest of the period.",
    "F07": "You need not do anything. We complete this, and the amount comes in a later statement.",
    "F09": "It is divided as soon as the deliveries of the members are there.",
    "F10": "Consult us when both must run; the assignment is then changed.",
    "F20": "Check the assignment number of these deliveries. When it is right, we complete the assignment.",
    "F31": "Send the deliveries of the year. When nothing was delivered, say so in your production statement.",
}

ENGLISH = Language(
    code="en",
    separators=",.",
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    text_date="{day.day} {month} {day.year}",
    cell_date="[$-809]d mmm yyyy",
    steps=_STEPS,
    causes=_CAUSES,
    labels=_LABELS,
    measures=_MEASURES,
    units=_UNITS,
    texts=_TEXTS,
    remedies=_REMEDIES,
)  # fmt: skip
