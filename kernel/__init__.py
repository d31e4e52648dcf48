"""Values every other package speaks in: money, periods, identifiers, findings, explanations. Standard library only."""
