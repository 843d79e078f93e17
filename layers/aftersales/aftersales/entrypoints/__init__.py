"""Where AWS calls in: HTTP, steps of the execution, events; and the one place that names concrete adapters."""
