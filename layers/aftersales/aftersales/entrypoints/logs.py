"""Structured logs: one line an invocation, ids only, no word, address, token or link of a person."""

from aws_lambda_powertools import Logger

# The service name comes from POWERTOOLS_SERVICE_NAME, set for all functions in the template.
logger = Logger(utc=True, use_rfc3339=True)
