"""Nightshift: the night crew for an EC2 fleet."""

__version__ = "0.1.0"
