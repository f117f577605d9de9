import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { kafkaRecord } from "../../../../src/engines/statefun/types/egress-records.ts";
import {
  FromFunctionSchema,
  ToFunctionSchema,
} from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import type {
  Address,
  TypedValue,
} from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import type { ClusterEgress, ClusterIngress } from "handback/statefun";

/** Answers requests with bytes. */
type Handle = (request: Uint8Array) => Promise<Uint8Array>;

/** Parts a tenant's name from the ids of its addresses. */
const BAR = "|";

/**
 * Several engines with functions of the same names on one cluster: the ids of each begin with its
 * name. Starting a cluster takes seconds, so tests share one.
 */
export class Tenants {
  readonly #handles = new Map<string, Handle>();
  readonly #delayFactor: number;

  /** @param delayFactor - how much longer delays and expiry times are than functions ask for */
  constructor(delayFactor: number) {
    this.#delayFactor = delayFactor;
  }

  #scale(ms: bigint): bigint {
    return BigInt(Math.ceil(Number(ms) * this.#delayFactor));
  }

  /** Adds a tenant. Without a handle, its requests get no answer, as if its server were down. */
  set(name: string, handle: Handle | undefined): void {
    if (handle === undefined) this.#handles.delete(name);
    else this.#handles.set(name, handle);
  }

  /** Returns the ingress of a tenant. */
  ingress(name: string, cluster: ClusterIngress): ClusterIngress {
    return {
      send: (messages) =>
        cluster.send(
          messages.map(({ key, target, argument }) => ({
            key: `${name}${BAR}${key}`,
            target: { ...target, id: `${name}${BAR}${target.id}` },
            argument,
          })),
        ),
    };
  }

  /** Returns the egress of a tenant. The types of its records begin with its name. */
  egress(name: string, cluster: ClusterEgress): ClusterEgress {
    const prefix = `${name}${BAR}`;
    return {
      type: cluster.type,
      receive: (onRecord, onLost) =>
        cluster.receive(({ typename, bytes }) => {
          if (typename.startsWith(prefix))
            onRecord({ typename: typename.slice(prefix.length), bytes });
        }, onLost),
    };
  }

  /** Answers a request of the cluster with the functions of its tenant. */
  readonly handle: Handle = async (bytes) => {
    const request = fromBinary(ToFunctionSchema, bytes);
    if (request.request.case !== "invocation") return new Uint8Array();
    const { target, invocations } = request.request.value;
    const name = target?.id.split(BAR, 1)[0] ?? "";
    const handle = this.#handles.get(name);
    // The tests of a tenant that is gone are over.
    if (handle === undefined) return toBinary(FromFunctionSchema, NOTHING);
    for (const address of [target, ...invocations.map(({ caller }) => caller)])
      removeName(address, name);
    const response = fromBinary(
      FromFunctionSchema,
      await handle(toBinary(ToFunctionSchema, request)),
    );
    if (response.response.case === "incompleteInvocationContext") {
      for (const { expirationSpec } of response.response.value.missingValues)
        if (expirationSpec !== undefined)
          expirationSpec.expireAfterMillis = this.#scale(expirationSpec.expireAfterMillis);
    } else if (response.response.case === "invocationResult") {
      const { outgoingMessages, delayedInvocations, outgoingEgresses } = response.response.value;
      for (const { argument } of outgoingEgresses)
        if (argument !== undefined) addName(argument, name);
      for (const delayed of delayedInvocations) delayed.delayInMs = this.#scale(delayed.delayInMs);
      for (const { target: to } of [...outgoingMessages, ...delayedInvocations])
        if (to !== undefined) to.id = `${name}${BAR}${to.id}`;
    }
    return toBinary(FromFunctionSchema, response);
  };
}

const NOTHING = create(FromFunctionSchema, { response: { case: "invocationResult", value: {} } });

/** Puts a tenant's name before the type of a record, which the key of a Kafka record is. */
function addName(record: TypedValue, name: string): void {
  if (record.typename === kafkaRecord.typename) {
    const { key = "", ...rest } = kafkaRecord.decode(record.value);
    record.value = kafkaRecord.encode({ ...rest, key: `${name}${BAR}${key}` });
  } else record.typename = `${name}${BAR}${record.typename}`;
}

function removeName(address: Address | undefined, name: string): void {
  if (address?.id.startsWith(`${name}${BAR}`) === true)
    address.id = address.id.slice(name.length + BAR.length);
}
