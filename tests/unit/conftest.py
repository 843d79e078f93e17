"""Unit tests reach nothing outside their process."""

import pytest


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """No test of this folder opens a socket or resolves a name."""
