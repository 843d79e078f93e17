"""What the sandboxes' command lines have in common."""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.sandbox.http import Server


def parser(prog: str, description: str, webhook_secret: str) -> argparse.ArgumentParser:
    """The options that all have."""
    options = argparse.ArgumentParser(prog=prog, description=description)
    options.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    options.add_argument("--port-file", type=Path, help="where to write the port once it answers")
    options.add_argument("--webhook-secret", default=webhook_secret)
    options.add_argument("--webhook-url", help="can be set later: POST /_sandbox/webhook")
    return options


def serve(options: argparse.Namespace, server: Callable[[int], Server[Any]]) -> None:
    """Answer until told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    with server(options.port) as it:
        if options.port_file:
            options.port_file.write_text(f"{it.server_port}\n")
        print(it.url, flush=True)
        it.serve_forever()
