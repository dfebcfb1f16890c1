# SPDX-License-Identifier: Apache-2.0
"""The messages of Salesforce's Pub/Sub API, `eventbus.v1`, as far as listening needs them. Needs the extra `cdc`.

Source of names and numbers: Pub/Sub API guide, "Pub/Sub API as a gRPC API".
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE, SERVICE = "eventbus.v1", "eventbus.v1.PubSub"
LATEST, CUSTOM = 0, 2  # where to begin: with what comes from now on, behind a replay id

# fields in the order of their numbers, from 1; texts where nothing else is said; * are lists
_MESSAGES = {
    "TopicRequest": "topic_name",
    "TopicInfo": "topic_name tenant_guid can_publish:bool can_subscribe:bool schema_id rpc_id",
    "SchemaRequest": "schema_id",
    "SchemaInfo": "schema_json schema_id rpc_id",
    "EventHeader": "key value:bytes",
    "ProducerEvent": "id schema_id payload:bytes headers:*EventHeader",
    "ConsumerEvent": "event:ProducerEvent replay_id:bytes",
    "FetchRequest": "topic_name replay_preset:ReplayPreset replay_id:bytes num_requested:int32 auth_refresh",
    "FetchResponse": "events:*ConsumerEvent latest_replay_id:bytes rpc_id pending_num_requested:int32",
}
_ENUMS = {"ReplayPreset": ("LATEST", "EARLIEST", "CUSTOM")}
_Field = descriptor_pb2.FieldDescriptorProto
_PLAIN = {"": _Field.TYPE_STRING, "bytes": _Field.TYPE_BYTES, "bool": _Field.TYPE_BOOL, "int32": _Field.TYPE_INT32}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="hub_salesforce/eventbus", package=PACKAGE, syntax="proto3")
    for name, values in _ENUMS.items():
        enum = file.enum_type.add(name=name)
        for number, value in enumerate(values):
            enum.value.add(name=value, number=number)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, said in enumerate(fields.split(), start=1):
            message.field.add(number=number, **_described(*said.partition(":")))
    return file


def _described(name: str, _: str, kind: str) -> dict[str, Any]:
    label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
    kind = kind.removeprefix("*")
    if kind in _PLAIN:
        return {"name": name, "label": label, "type": _PLAIN[kind]}
    type_ = _Field.TYPE_ENUM if kind in _ENUMS else _Field.TYPE_MESSAGE
    return {"name": name, "label": label, "type": type_, "type_name": f".{PACKAGE}.{kind}"}


_pool = descriptor_pool.DescriptorPool()  # of our own: the process may hold Salesforce's file, too
_pool.Add(_file())


def message(name: str) -> Any:
    """The class of a message, by its name."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


TopicRequest, TopicInfo = message("TopicRequest"), message("TopicInfo")
SchemaRequest, SchemaInfo = message("SchemaRequest"), message("SchemaInfo")
FetchRequest, FetchResponse = message("FetchRequest"), message("FetchResponse")
ConsumerEvent, ProducerEvent = message("ConsumerEvent"), message("ProducerEvent")
