"""What care is called and what it costs: products, units and rounding, price lists in whole versions."""
