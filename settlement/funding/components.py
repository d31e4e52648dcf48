"""What a contract entitles to: its components one after another, each seeing what those above it come to."""

from contracts.components.arrangement import ArrangementComponent
from contracts.components.ceiling import CeilingComponent
from contracts.components.component import ComponentPart
from contracts.components.consortium import ConsortiumComponent
from contracts.components.effort import EffortComponent
from contracts.components.guarantee import GuaranteeComponent
from contracts.components.lump_sum import LumpSumComponent
from contracts.components.outcome import OutcomeComponent
from contracts.components.output import OutputComponent
from contracts.components.population import PopulationComponent
from contracts.components.reduction import ReductionComponent
from contracts.components.risk_sharing import RiskSharingComponent
from contracts.model import Contract
from kernel.findings import Finding
from kernel.periods import Month
from settlement.entitlement import Entitlement
from settlement.funding import (
    arrangement,
    ceiling,
    consortium,
    effort,
    guarantee,
    lump_sum,
    outcome,
    output,
    population,
    reduction,
    risk_sharing,
    volumes,
)
from settlement.funding.facts import Entitled, Facts


def entitle(contract: Contract, facts: Facts, through: Month) -> Entitled:
    """What every component entitles to over every month up to and including `through`, in the order of the document.

    A component that lacks a fact gives a finding and no entitlement at all: absent is never zero.
    """
    entitlements: list[Entitlement] = []
    findings: list[Finding] = []
    for component in contract.component:
        delivered = [volume for volume in facts.volumes if volume.component == component.key]
        entitlements += volumes.entitle(delivered, component.clause, facts.task_fields)
        entitled, missing = _by_kind(contract, component, facts, [*facts.posted, *entitlements], through)
        entitlements += entitled
        findings += missing
    return entitlements, findings


def _by_kind(
    contract: Contract, component: ComponentPart, facts: Facts, above: list[Entitlement], through: Month
) -> Entitled:
    """What a component entitles to besides the volume times price of its deliveries.

    `above` holds the entitlements of the components above it, and those of its own deliveries.
    """
    match component:
        case PopulationComponent():
            return population.entitle(contract, component, facts, above, through)
        case LumpSumComponent():
            return lump_sum.entitle(contract, component, facts, through)
        case CeilingComponent():
            return ceiling.entitle(contract, component, above, through)
        case ReductionComponent():
            return reduction.entitle(contract, component, above, through)
        case GuaranteeComponent():
            return guarantee.entitle(contract, component, facts, above, through)
        case ConsortiumComponent():
            return consortium.entitle(contract, component, facts, above, through)
        case EffortComponent():
            return effort.entitle(contract, component, facts, above, through)
        case OutputComponent():
            return output.entitle(contract, component, facts, above, through)
        case RiskSharingComponent():
            return risk_sharing.entitle(contract, component, facts, above, through)
        case OutcomeComponent():
            return outcome.entitle(contract, component, facts, above, through)
        case ArrangementComponent():
            return arrangement.entitle(contract, component, facts, through)
        case _:
            return [], []
