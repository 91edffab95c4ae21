"""`make bench`: what Nightshift costs in calls, CPU, memory and time, beside boto3 itself and Cloud Custodian."""
