"""The sheets Regels (this month), Herrekening (what corrected months come to now) and Schaduw (counts, is not paid)."""

from collections.abc import Mapping

from kernel.notation import format_month
from settlement.entitlement import Timing, Treatment
from settlement.statements.book import Book, Page
from settlement.statements.corrections import Corrections, write_block
from settlement.statements.facts import Statement
from settlement.statements.formulas import Cell
from settlement.statements.volumes import WIDTHS, Amounts, write_volumes
