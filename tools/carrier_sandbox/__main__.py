"""``python -m tools.carrier_sandbox --port 0 --webhook-secret …``"""

from tools.carrier_sandbox.sandbox import Settings
from tools.carrier_sandbox.server import Server
from tools.sandbox import command


def main() -> None:
    options = command.parser("carrier_sandbox", "Local carriers.", Settings.webhook_secret).parse_args()
    settings = Settings(options.webhook_secret, options.webhook_url)
    command.serve(options, lambda port: Server(settings, port))


if __name__ == "__main__":
    main()
