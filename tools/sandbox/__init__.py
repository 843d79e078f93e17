"""What the sandboxes of providers have in common: time, webhooks, faults on demand, HTTP, a control plane."""
