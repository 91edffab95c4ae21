"""Commands for people who work on Nightshift; never shipped."""
