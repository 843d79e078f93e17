"""The world behind the ports: the only code that imports boto3 or a provider's SDK."""
