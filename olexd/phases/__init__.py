"""Apache's request phases: one table, one master function, one exit for refusals."""
