"""The sandbox behind HTTP."""

from tools.carrier_sandbox.sandbox import Sandbox, Settings
from tools.sandbox import http


class Server(http.Server[Sandbox]):
    def __init__(self, settings: Settings, port: int = 0) -> None:
        super().__init__(Sandbox(settings), port)
        self.sandbox.depot.url = self.url

    def reset(self) -> None:
        super().reset()
        self.sandbox.depot.url = self.url
