"""``python -m tools.payment_sandbox --port 0 --webhook-secret whsec_…``"""

import argparse
import signal
import sys
from pathlib import Path

from tools.payment_sandbox.sandbox import Settings
from tools.payment_sandbox.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="payment_sandbox", description="A local payment provider.")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port once it answers")
    parser.add_argument("--webhook-secret", default=Settings.webhook_secret)
    parser.add_argument("--webhook-url", help="can be set later: POST /_sandbox/webhook")
    parser.add_argument("--settle-seconds", type=float, default=Settings.settle_seconds)
    options = parser.parse_args()

    settings = Settings(options.webhook_secret, options.webhook_url, options.settle_seconds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    with Server(settings, options.port) as server:
        if options.port_file:
            options.port_file.write_text(f"{server.server_port}\n")
        print(server.url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
