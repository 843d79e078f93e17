"""MiniStack, the embedded AWS engine, in an environment of its own.

Its Lambda workers see every package installed beside it, so it must not live in the development
environment: a dependency missing from a layer would go unnoticed.
"""

import os
from pathlib import Path

from tools.local_stack.checkout import REGION, Checkout
from tools.local_stack.daemon import Daemon, Running


def engine(checkout: Checkout) -> Daemon:
    return Daemon("engine", checkout.home, "AFTERSALES_ENGINE_PORT")


def start(checkout: Checkout) -> Running:
    """The engine that runs, or a new and empty one."""
    daemon = engine(checkout)
    if running := daemon.running():
        return running
    port = daemon.choose_port()
    return daemon.start(
        port,
        # Without this folder on the path, whose modules have everyday names.
        command=[str(checkout.engine_python), "-P", str(Path(__file__).with_name("ministack.py"))],
        environment=_environment(daemon, port),
        health_path="/_ministack/ready",
    )


def _environment(daemon: Daemon, port: int) -> dict[str, str]:
    """Built from nothing, because every function inherits the engine's environment."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(daemon.data),
        "TMPDIR": str(daemon.data),
        "S3_DATA_DIR": str(daemon.data / "s3"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AWS_DEFAULT_REGION": REGION,
        # An invocation holds one of these threads until its function answers, and that function's own calls need
        # further ones: with the engine's 64, fifty cases at once wait for each other.
        "MINISTACK_WORKER_THREADS": "256",
        # Every function runs under its own role, and a permission it lacks is refused.
        "AUTH": "true",
        # These two listeners would open a port on every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
