"""Carriers for development: the part of EasyPost's API that returns need, on this machine alone.

The official ``easypost`` SDK talks to it unmodified (``api_base``). `rules` holds what EasyPost documents, `codes`
tracking codes as carriers give them, `depot` shipments, labels and trackers, `labels` what is printed, `events` the
signed webhooks, `faults` what may go wrong on demand, `api` and `control` the two sets of addresses; what it shares
with other sandboxes is `tools.sandbox`.
"""
