"""``python -m tools.payment_sandbox --port 0 --webhook-secret whsec_…``"""

from tools.payment_sandbox.sandbox import Settings
from tools.payment_sandbox.server import Server
from tools.sandbox import command


def main() -> None:
    parser = command.parser("payment_sandbox", "A local payment provider.", Settings.webhook_secret)
    parser.add_argument("--settle-seconds", type=float, default=Settings.settle_seconds)
    options = parser.parse_args()
    settings = Settings(options.webhook_secret, options.webhook_url, options.settle_seconds)
    command.serve(options, lambda port: Server(settings, port))


if __name__ == "__main__":
    main()
