"""A deterministic simulator of the desk: real handlers, fakes at the clients, every accident chosen.

See docs/simulation.md.
"""
