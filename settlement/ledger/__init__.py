"""The journal: entries that arise at posting, and their export to finance."""
