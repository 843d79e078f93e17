"""The sandbox behind HTTP."""

from tools.payment_sandbox.sandbox import Sandbox, Settings
from tools.sandbox import http


class Server(http.Server[Sandbox]):
    def __init__(self, settings: Settings, port: int = 0) -> None:
        super().__init__(Sandbox(settings), port)
