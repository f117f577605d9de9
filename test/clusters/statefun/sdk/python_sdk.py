"""Answers requests with the Python SDK 3.x: one line of hex digits in, one line of hex digits out."""

import sys
from datetime import timedelta

from statefun import (
    BoolType,
    IntType,
    RequestReplyHandler,
    StatefulFunctions,
    StringType,
    ValueSpec,
    egress_message_builder,
    kafka_egress_message,
    make_json_type,
    message_builder,
)

PROGRAM = make_json_type("test/program")
# The bytes of JSON differ between languages, so they are compared as values.
RECORD = make_json_type("test/record")
functions = StatefulFunctions()


def run(context, step):
    storage = context.storage
    kind = step["do"]
    target = "other/receiver"
    if kind == "set":
        storage.count = step["n"]
    elif kind == "add":
        total = (storage.count or 0) + step["n"]
        storage.count = (total + 2**31) % 2**32 - 2**31
    elif kind == "note":
        storage.note = step["text"]
    elif kind == "forget":
        del storage.count
    elif kind == "send":
        value = step["value"]
        typed = BoolType if isinstance(value, bool) else IntType if isinstance(value, int) else StringType
        context.send(message_builder(target, step["id"], value=value, value_type=typed))
    elif kind == "later":
        message = message_builder(target, step["id"], str_value=step["value"])
        context.send_after(timedelta(milliseconds=step["ms"]), message)
    elif kind == "reply":
        caller = context.caller
        context.send(message_builder(caller.typename, caller.id, str_value=step["value"]))
    elif kind == "kafka":
        context.send_egress(
            kafka_egress_message("test/kafka", topic=step["topic"], key=step["key"], value=step["value"])
        )
    elif kind == "emit":
        context.send_egress(egress_message_builder("test/out", step["value"], RECORD))


@functions.bind(
    "test/runner",
    specs=[
        ValueSpec("count", IntType),
        ValueSpec("note", StringType, expire_after_call=timedelta(minutes=1)),
    ],
)
def runner(context, message):
    for step in message.as_type(PROGRAM):
        run(context, step)


handler = RequestReplyHandler(functions)
for line in sys.stdin:
    print(handler.handle_sync(bytes.fromhex(line.strip())).hex(), flush=True)
