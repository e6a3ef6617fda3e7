#!/usr/bin/env python3
"""AWS on loopback: moto's server, on a port of the kernel's choosing that is printed once it listens.

moto 5.2.5 takes a KMS key's tags from CloudFormation as Key/Value and then looks for TagKey/TagValue, and fails; the
registry stack of awslabs.ecs-mcp-server has such a key. The tags are renamed here before moto stores them.
"""

from __future__ import annotations

import logging
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.utilities.tagging_service import TaggingService
from werkzeug.serving import make_server

_store = TaggingService.tag_resource


def _rename_and_store(self: TaggingService, arn: str, tags: list[dict[str, Any]] | None) -> None:
    if self.key_name == "TagKey":
        tags = [
            tag if "TagKey" in tag else {"TagKey": tag["Key"], "TagValue": tag.get("Value", "")} for tag in tags or []
        ]
    _store(self, arn, tags)


if __name__ == "__main__":
    TaggingService.tag_resource = _rename_and_store
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()
