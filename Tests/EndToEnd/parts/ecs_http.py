#!/usr/bin/env python3
"""`awslabs.ecs-mcp-server` over Streamable HTTP on loopback, at /mcp; prints its port before it listens."""

from __future__ import annotations

import socket

from awslabs.ecs_mcp_server.main import mcp

with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
print(port, flush=True)
mcp.run(transport="http", host="127.0.0.1", port=port)
