"""Cloud Custodian's own command, told its account: `.venv/peer/bin/python -P bench/workers/custodian.py run ...`.

The command has no option for the account, and asks STS for it with a client that nothing else needs; Nightshift's is
given to it. So c7n is spared a tenth of its CPU at the start, and 8 MiB.
"""

from c7n import cli, utils

# Not that of bench.records: this runs in c7n's environment, which has nothing of ours.
utils.get_account_id_from_sts = lambda _session: "123456789012"

if __name__ == "__main__":
    cli.main()
