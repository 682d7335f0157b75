"""Rate laws: one function each, with formula, units and source."""
