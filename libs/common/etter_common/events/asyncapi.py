"""One AsyncAPI 3 document of all events, from the models that the code publishes.

python -m etter_common.events.asyncapi docs/asyncapi.json
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from etter_common.events import contracts, streams
from etter_common.events.envelope import SUBJECT_ROOT, EventPayload, known_types
from etter_common.events.evolution import breaks

_EXAMPLES: Final = resources.files(contracts) / "examples"
_HEADERS: Final[dict[str, dict[str, str]]] = {
    "ce-specversion": {"type": "string", "const": "1.0"},
    "ce-id": {"type": "string", "format": "uuid", "description": "of the event; the same at every delivery"},
    "ce-source": {"type": "string", "description": "/etter/<publishing service>"},
    "ce-type": {"type": "string"},
    "ce-time": {"type": "string", "format": "date-time"},
    "ce-subject": {"type": "string", "format": "uuid", "description": "the aggregate; its events are in order"},
    "ce-datacontenttype": {"type": "string", "const": "application/json"},
    "ce-companyid": {"type": "string", "format": "uuid", "description": "left out for an event of no company"},
    "ce-requestid": {"type": "string", "description": "of the request it began with"},
    "traceparent": {"type": "string", "description": "W3C trace context"},
}
_REQUIRED: Final = ["ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-subject", "ce-datacontenttype"]


def contract_types() -> list[type[EventPayload]]:
    """Every published payload, by type."""
    prefix = f"{contracts.__name__}."
    return [kind for _, kind in sorted(known_types().items()) if kind.__module__.startswith(prefix)]


def example(kind: type[EventPayload]) -> Any:
    """The stored example of a contract, as JSON data; Any: that is what JSON is."""
    return json.loads((_EXAMPLES / f"{kind.type}.json").read_text(encoding="utf-8"))


def document() -> dict[str, Any]:
    """The whole document; Any: it is JSON."""
    kinds = contract_types()
    _, schemas = models_json_schema(
        [(kind, "serialization") for kind in kinds], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Etter events",
            "version": "1",
            "description": f"CloudEvents 1.0, binary mode over NATS JetStream, stream {streams.EVENTS}.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {kind.type: _channel(kind) for kind in kinds},
        "operations": {_operation_name(kind): _operation(kind) for kind in kinds},
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in kinds},
            "messageTraits": {
                "cloudEvent": {"headers": {"type": "object", "properties": dict(_HEADERS), "required": list(_REQUIRED)}}
            },
            "schemas": schemas["$defs"],
        },
    }


def _channel(kind: type[EventPayload]) -> dict[str, Any]:
    return {
        "address": f"{SUBJECT_ROOT}.{kind.type}.{{company_id}}.{{aggregate_id}}",
        "parameters": {
            "company_id": {"description": "UUID of the company; `-` for none"},
            "aggregate_id": {"description": "UUID of the aggregate the event is about"},
        },
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}},
    }


def _message(kind: type[EventPayload]) -> dict[str, Any]:
    message: dict[str, Any] = {"name": kind.type, "contentType": "application/json"}
    if kind.__doc__ and kind.__doc__ != EventPayload.__doc__:
        message["summary"] = " ".join(kind.__doc__.split())
    return message | {
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "examples": [{"payload": example(kind)}],
    }


def _operation_name(kind: type[EventPayload]) -> str:
    return "publish_" + kind.type.replace(".", "_")


def _operation(kind: type[EventPayload]) -> dict[str, Any]:
    channel = f"#/channels/{kind.type}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{kind.__name__}"}],
        "tags": [{"name": kind.type.split(".", 1)[0]}],
    }


def render() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def write(path: Path) -> list[str]:
    """Write the document to `path`, unless it breaks what is written there: then why, and nothing is written."""
    broken = breaks(json.loads(path.read_bytes()), document()) if path.exists() else []
    if not broken:
        path.write_text(render(), encoding="utf-8")
    return broken


if __name__ == "__main__":
    sys.exit("\n".join(write(Path(sys.argv[1]))) or 0)
