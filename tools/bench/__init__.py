"""What the desk costs: AWS calls and units counted, dollars by formula, CPU and import time as ratios.

Counts come from the real handlers, definition and template, run in this process on moto; units and dollars are
arithmetic on what was counted. Only CPU and import time are measured, and only ever shown beside a measure of
the same run.
"""
