"""What runs in a process of its own to be measured; each prints what it has to say as JSON, on its last line."""
