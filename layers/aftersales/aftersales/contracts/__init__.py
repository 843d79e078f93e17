"""What crosses the edges: API bodies and answers, step inputs, settings. Everything is checked here, once."""
