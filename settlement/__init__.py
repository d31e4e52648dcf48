"""What is owed: pricing, funding, corrections, runs, statements and journal."""
