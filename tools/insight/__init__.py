"""What can be learned from feedback: commands over files of it, with nothing deployed.

    python -m tools.insight polarity FEEDBACK [--write docs/polarity.md]
    python -m tools.insight themes FEEDBACK ORDERS
    python -m tools.insight complaints FEEDBACK ORDERS CASES
    python -m tools.insight export FOLDER --feedback FEEDBACK --orders ORDERS --cases CASES [--with-text]
    python -m tools.insight schema --write docs/export-schema.md

FEEDBACK and ORDERS are JSON lines; CASES is a folder of what DynamoDB itself exports of the table of cases.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "layers" / "aftersales"))
