"""Statements: one workbook per contract, in which every amount is a formula over the volumes and prices beside it."""
