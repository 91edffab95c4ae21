"""A year of nights, simulated: the real jobs on the embedded AWS, with a fleet that lives and bad days at AWS."""
