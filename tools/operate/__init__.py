"""What an operator does to a deployed desk: look at dead letters and cases, send them once more, send a case on.

    python -m tools.operate letters
    python -m tools.operate redrive mail | alerts | evidence | executions | timeline | feedback
    python -m tools.operate case | ring | restart CASE_ID
    python -m tools.operate ratings | balances SELLER_ID

Without options it works on the local stack (`make up`), with `--stack NAME` on a stack of the AWS account that the
environment is signed in to. Nothing it prints is personal: ids, codes and times.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "layers" / "aftersales"))
