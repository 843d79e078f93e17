"""What can be learned from feedback: commands over files of it, with nothing deployed.

    python -m tools.insight polarity FEEDBACK [--write docs/polarity.md]
    python -m tools.insight themes FEEDBACK [--orders ORDERS]
    python -m tools.insight complaints FEEDBACK CASES [--orders ORDERS]
    python -m tools.insight export FOLDER --feedback FEEDBACK [--orders ORDERS] --cases CASES [--with-text]
    python -m tools.insight schema --write docs/export-schema.md

FEEDBACK and CASES are folders of what DynamoDB itself exports of those tables; FEEDBACK may also be JSON lines beside
those of its ORDERS, and is so for `polarity`.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "layers" / "aftersales"))
