"""A payment provider for development: the part of Stripe's API that refunds need, on this machine alone.

The official ``stripe`` SDK talks to it unmodified. `rules` holds what Stripe documents, `ledger` the payments
and refunds, `idempotency` the saved answers, `events` the signed webhooks, `faults` what may go wrong on
demand, `api` and `control` the two sets of addresses; what it shares with other sandboxes is `tools.sandbox`.
"""
