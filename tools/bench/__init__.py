"""What the desk costs: AWS calls and units counted, dollars by formula, CPU and import time as ratios.

    python -m tools.bench              everything, and docs/benchmarks.md
    python -m tools.bench --counts     only what is counted, printed

Counts come from the real handlers, definition and template, run in this process on moto; units and dollars are
arithmetic on what was counted. Only CPU and import time are measured, and only ever shown beside a measure of
the same run.
"""

import sys
from pathlib import Path

# Behind whatever is installed, so that a layer which is already on the path goes first.
sys.path.append(str(Path(__file__).parent.parent.parent / "layers" / "aftersales"))
