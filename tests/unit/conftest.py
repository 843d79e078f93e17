"""Unit tests reach nothing outside their process."""

import os

import pytest
from hypothesis import settings


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """No test of this folder opens a socket or resolves a name."""


# How long one example takes says nothing about the rules, and much about what else the machine is doing.
settings.register_profile("patient", deadline=None)
# `make mutants` runs the same tests some thousand times: few examples, and each time the same.
settings.register_profile("mutants", deadline=None, max_examples=15, derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))
