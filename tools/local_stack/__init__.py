"""The whole desk on this machine: an embedded AWS engine, the payment sandbox and a real `sam deploy`.

    python -m tools.local_stack up | down | status | run -- <command>

Everything it starts listens on 127.0.0.1, and everything it writes lies in this checkout's `.local/`,
so two checkouts run side by side. Ports are free ones unless AFTERSALES_ENGINE_PORT and
AFTERSALES_PAYMENTS_PORT fix them. How to reach what runs is in `.local/stack.json`.
"""
