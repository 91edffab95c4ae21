"""The embedded AWS: moto corrected to AWS's behaviour, with a seeded fleet. Serves demo and tests, never shipped."""

import os

# Read by moto when it is imported: without it each region starts with 1,285 public snapshots of other accounts.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
