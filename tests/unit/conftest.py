"""How much Hypothesis tries: little and the same in every run; much with --hypothesis-profile=deep."""

from hypothesis import settings

settings.register_profile("quick", max_examples=200, deadline=None, derandomize=True, database=None)
settings.register_profile("deep", max_examples=10_000, deadline=None, database=None)
settings.load_profile("quick")
