"""IAM for the embedded AWS: what a role may do, asked before every call."""
