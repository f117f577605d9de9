"""
Answers requests with the Python SDK 2.0: a line of JSON in, a line of JSON out.

Requests and effects are plain data, because the SDK 2.0 speaks another protocol than 3.x. This
program writes and reads the bytes of that protocol, and the SDK handles them as on a cluster.
"""

import json
import sys
import typing
from datetime import timedelta

from google.protobuf.wrappers_pb2 import BoolValue, BytesValue, Int32Value, StringValue
from statefun import (
    RequestReplyHandler,
    StatefulFunctions,
    kafka_egress_record,
    kinesis_egress_record,
)
from statefun.kafka_egress_pb2 import KafkaProducerRecord
from statefun.kinesis_egress_pb2 import KinesisEgressRecord
from statefun.request_reply_pb2 import FromFunction, ToFunction
from google.protobuf.any_pb2 import Any

functions = StatefulFunctions()
TARGET = "other/receiver"


def wrap(value):
    if isinstance(value, bool):
        return BoolValue(value=value)
    return Int32Value(value=value) if isinstance(value, int) else StringValue(value=value)


def run(context, step):
    kind = step["do"]
    if kind == "set":
        context.state("count").pack(Int32Value(value=step["n"]))
    elif kind == "add":
        count = context.state("count").unpack(Int32Value)
        total = (count.value if count else 0) + step["n"]
        context.state("count").pack(Int32Value(value=(total + 2**31) % 2**32 - 2**31))
    elif kind == "note":
        note = Any()
        note.Pack(StringValue(value=step["text"]))
        context["note"] = note
    elif kind == "forget":
        del context["count"]
    elif kind == "send":
        context.pack_and_send(TARGET, step["id"], wrap(step["value"]))
    elif kind == "later":
        delay = timedelta(milliseconds=step["ms"])
        context.pack_and_send_after(delay, TARGET, step["id"], wrap(step["value"]))
    elif kind == "reply":
        context.pack_and_reply(wrap(step["value"]))
    elif kind == "kafka":
        record = kafka_egress_record(step["topic"], wrap(step["value"]), step["key"])
        context.pack_and_send_egress("test/kafka", record)
    elif kind == "kinesis":
        record = kinesis_egress_record(step["stream"], wrap(step["value"]), step["key"])
        context.pack_and_send_egress("test/kinesis", record)
    elif kind == "emit":
        context.pack_and_send_egress("test/out", wrap(json.dumps(step["value"], sort_keys=True)))


@functions.bind("test/runner")
def runner(context, message: typing.Union[StringValue, BytesValue, Int32Value]):
    """Runs programs that come as text or as bytes, and passes numbers on."""
    if isinstance(message, Int32Value):
        context.pack_and_send(TARGET, f"{context.address.typename()} {context.address.identity}", message)
        return
    for step in json.loads(message.value):
        run(context, step)


@functions.bind("trap/in-place")
def in_place(context, _):
    context["count"].Pack(Int32Value(value=7))


@functions.bind("trap/async")
async def asynchronous(context, _):
    context.pack_and_send(TARGET, "1", StringValue(value="x"))


@functions.bind("trap/none")
def none(context, _):
    context["count"] = None


@functions.bind("trap/caller")
def caller(context, _):
    context.pack_and_send(TARGET, "1", BoolValue(value=context.caller is None))


@functions.bind("trap/reply")
def reply(context, _):
    context.pack_and_reply(StringValue(value="x"))


@functions.bind("trap/now")
def now(context, _):
    context.pack_and_send_after(timedelta(0), TARGET, "1", StringValue(value="x"))


@functions.bind("trap/past")
def past(context, _):
    context.pack_and_send_after(timedelta(milliseconds=-5), TARGET, "1", StringValue(value="x"))


@functions.bind("trap/short")
def short(context, _):
    context.pack_and_send_after(timedelta(milliseconds=1001), TARGET, "1", StringValue(value="x"))


@functions.bind("trap/misspelt")
def misspelt(context, _):
    context["cuont"]


@functions.bind("trap/raw-state")
def raw_state(context, _):
    context["count"] = Int32Value(value=7)


@functions.bind("trap/slashes")
def slashes(context, _):
    context.pack_and_send("a/b/c", "1", StringValue(value="x"))


TYPES = {cls.DESCRIPTOR.full_name: cls for cls in (BoolValue, BytesValue, Int32Value, StringValue)}


def packed(typed):
    name, value = typed
    any = Any()
    any.Pack(TYPES[name](value=value.encode() if name.endswith("BytesValue") else value))
    return any


def request_bytes(request):
    to_function = ToFunction()
    invocation = to_function.invocation
    namespace, type, id = request["target"].split("/", 2)
    invocation.target.namespace, invocation.target.type, invocation.target.id = namespace, type, id
    for name, value in request["state"].items():
        state = invocation.state.add()
        state.state_name = name
        if value is not None:
            state.state_value = packed(value).SerializeToString()
    for each in request["invocations"]:
        added = invocation.invocations.add()
        if each.get("caller"):
            namespace, type, id = each["caller"].split("/", 2)
            added.caller.namespace, added.caller.type, added.caller.id = namespace, type, id
        added.argument.CopyFrom(packed(each["argument"]))
    return to_function.SerializeToString()


def shown(any):
    """Returns an Any as the name of its type and its value."""
    name = any.TypeName()
    if name in TYPES:
        message = TYPES[name]()
        any.Unpack(message)
        return [name, message.value]
    record = (KafkaProducerRecord if name.endswith("KafkaProducerRecord") else KinesisEgressRecord)()
    any.Unpack(record)
    to, key = (
        (record.topic, record.key)
        if isinstance(record, KafkaProducerRecord)
        else (record.stream, record.partition_key)
    )
    return ["record", {"to": to, "key": key, "value": record.value_bytes.hex()}]


def shown_state(bytes):
    any = Any()
    any.ParseFromString(bytes)
    return shown(any)


def address(target):
    return f"{target.namespace}/{target.type}/{target.id}"


def effects(response):
    result = FromFunction()
    result.ParseFromString(response)
    result = result.invocation_result
    DELETE = FromFunction.PersistedValueMutation.DELETE
    return {
        "messages": [[address(m.target), shown(m.argument)] for m in result.outgoing_messages],
        "delayed": [
            [address(m.target), shown(m.argument), m.delay_in_ms] for m in result.delayed_invocations
        ],
        "egress": [
            [f"{m.egress_namespace}/{m.egress_type}", shown(m.argument)]
            for m in result.outgoing_egresses
        ],
        "state": {
            m.state_name: None if m.mutation_type == DELETE else shown_state(m.state_value)
            for m in result.state_mutations
        },
    }


handler = RequestReplyHandler(functions)
for line in sys.stdin:
    try:
        answer = effects(handler(request_bytes(json.loads(line))))
    except Exception as error:
        answer = {"error": type(error).__name__}
    print(json.dumps(answer), flush=True)
