"""From deliveries to priced volumes: one set-based query, and the same thing priced by hand in Python."""
