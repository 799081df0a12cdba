"""The labs' content, and how well the grader judges it: right answers in many styles, mutants, faults outside the catalogue."""
