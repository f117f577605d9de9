import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { setLongTimer } from "../../../../src/core/host/long-timer.ts";
import {
  FromFunctionSchema,
  ToFunction_InvocationSchema,
  ToFunctionSchema,
} from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import type {
  Address as WireAddress,
  FromFunction_InvocationResponse as InvocationResponse,
  FromFunction_PersistedValueSpec as ValueSpec,
  ToFunction_Invocation as Invocation,
  TypedValue,
} from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import { PROCESS_NUMBERS_ID } from "../../../../src/futures/flow/process-numbers.ts";
import { SYSTEM } from "../../../../src/futures/protocol/system.ts";
import type { Clock } from "handback";
import type { ClusterEgress, ClusterIngress } from "handback/statefun";
import type { SeededRandom } from "handback/testing";

/** Options of a {@link WireCluster}. */
export interface WireClusterOptions {
  /** Answers requests. Read anew for each request. */
  readonly handle: () => (request: Uint8Array) => Promise<Uint8Array>;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Namespaces of functions, and types of egresses. A message to any other fails the job. */
  readonly namespaces: readonly string[];
  readonly egresses: readonly string[];
  /** Largest answer, and largest record of an egress, in bytes. A larger one fails the job. */
  readonly answerLimit?: number;
  readonly recordLimit?: number;
  /** Share of the requests that are sent again, after their answer or while they run. */
  readonly lost?: number;
}

interface StoredValue {
  readonly value: TypedValue;
  readonly expiresAt?: number;
}

interface Instance {
  readonly address: WireAddress;
  readonly queue: Invocation[];
  readonly values: Map<string, StoredValue>;
  isBusy: boolean;
}

/**
 * A cluster in memory that follows the wire, with the rules of a real one. Where a real cluster
 * would restart its job forever, it stops.
 *
 * WC1 One request at a time per address, with all messages that have come meanwhile.
 * WC2 A request carries the registered values of its type. An answer may ask for more.
 * WC3 The effects of an answer count together: messages, delayed messages and cancellations in
 * order, egresses, values.
 * WC4 Delay tokens belong to the id of their sender, not to its type. A live token cannot be used.
 */
export class WireCluster {
  /** The reason for which the job cannot go on, if there is one. */
  failure: Error | undefined;
  readonly #options: WireClusterOptions;
  readonly #namespaces: Set<string>;
  readonly #specs = new Map<string, Map<string, ValueSpec>>();
  readonly #instances = new Map<string, Instance>();
  readonly #tokens = new Map<string, () => void>();
  readonly #timers = new Set<() => void>();
  readonly #readers = new Set<(egress: string, record: TypedValue) => void>();

  constructor(options: WireClusterOptions) {
    this.#options = options;
    this.#namespaces = new Set(options.namespaces);
  }

  /** Adds a namespace, as a new module file does. */
  serve(namespace: string): void {
    this.#namespaces.add(namespace);
  }

  get ingress(): ClusterIngress {
    return {
      send: async (messages) => {
        for (const { target, argument } of messages) {
          const { typename, bytes } = argument;
          const [namespace = "", type = ""] = target.type.split("/");
          const address = { namespace, type, id: target.id } as WireAddress;
          const value = { typename, hasValue: true, value: bytes };
          this.#deliver(address, create(ToFunction_InvocationSchema, { argument: value }));
        }
      },
    };
  }

  egress(type: string): ClusterEgress {
    return {
      type,
      receive: (onRecord) => {
        const read = (egress: string, { typename, value }: TypedValue): void => {
          if (egress === type) onRecord({ typename, bytes: value });
        };
        this.#readers.add(read);
        return () => this.#readers.delete(read);
      },
    };
  }

  /** Number of unexpired values, without the number of claimed processes, which never expires. */
  stored(): number {
    const now = this.#options.clock.now();
    const values = [...this.#instances.values()]
      .filter(({ address }) => !countsProcesses(address))
      .flatMap((instance) => [...instance.values.values()]);
    return values.filter(({ expiresAt = now + 1 }) => expiresAt > now).length;
  }

  /** Forgets the registered values, as a restart of the job does. No request may be under way. */
  restart(): void {
    this.#specs.clear();
  }

  /** Drops all work. */
  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#instances.clear();
    this.#readers.clear();
  }

  #deliver(address: WireAddress, invocation: Invocation): void {
    const type = typeOf(address);
    if (!this.#namespaces.has(address.namespace)) return this.#fail(`no program serves ${type}`);
    const key = `${type}/${address.id}`;
    let instance = this.#instances.get(key);
    if (instance === undefined) {
      instance = { address, queue: [], values: new Map(), isBusy: false };
      this.#instances.set(key, instance);
    }
    instance.queue.push(invocation);
    if (!instance.isBusy) void this.#serve(instance);
  }

  async #serve(instance: Instance): Promise<void> {
    instance.isBusy = true;
    try {
      while (instance.queue.length > 0 && this.failure === undefined)
        await this.#request(instance, instance.queue.splice(0));
    } catch (error) {
      this.#fail(String(error));
    }
    instance.isBusy = false;
  }

  async #request(instance: Instance, invocations: Invocation[]): Promise<void> {
    const answer = await this.#exchange(this.#encode(instance, invocations));
    if (answer.length > (this.#options.answerLimit ?? Infinity))
      return this.#fail(`an answer has ${answer.length} bytes`);
    const { response } = fromBinary(FromFunctionSchema, answer);
    if (response.case === "incompleteInvocationContext") {
      this.#register(typeOf(instance.address), response.value.missingValues);
      return this.#request(instance, invocations);
    }
    if (response.case !== "invocationResult") return;
    this.#apply(instance, response.value);
  }

  async #exchange(request: Uint8Array): Promise<Uint8Array> {
    const { random, lost = 0, handle } = this.#options;
    if (!random.chance(lost)) return handle()(request);
    const first = handle()(request);
    if (random.chance(0.5)) await first;
    return handle()(request);
  }

  #encode({ address, values }: Instance, invocations: Invocation[]): Uint8Array {
    const now = this.#options.clock.now();
    const names = this.#specs.get(typeOf(address)) ?? new Map<string, ValueSpec>();
    for (const [name, { expiresAt = now + 1 }] of values) if (expiresAt <= now) values.delete(name);
    const state = [...names.keys()].map((stateName) => {
      const stored = values.get(stateName);
      return stored === undefined ? { stateName } : { stateName, stateValue: stored.value };
    });
    const value = { target: address, state, invocations };
    return toBinary(
      ToFunctionSchema,
      create(ToFunctionSchema, { request: { case: "invocation", value } }),
    );
  }

  #register(type: string, specs: readonly ValueSpec[]): void {
    const known = this.#specs.get(type) ?? new Map<string, ValueSpec>();
    for (const spec of specs) if (!known.has(spec.stateName)) known.set(spec.stateName, spec);
    this.#specs.set(type, known);
  }

  #apply(instance: Instance, response: InvocationResponse): void {
    const { address } = instance;
    for (const { target, argument } of response.outgoingMessages)
      this.#deliver(some(target), messageOf(address, argument));
    for (const each of response.delayedInvocations) {
      const token = `${address.id} ${each.cancellationToken}`;
      if (each.isCancellationRequest) this.#tokens.get(token)?.();
      else {
        const { target, argument, delayInMs, cancellationToken } = each;
        if (cancellationToken !== "" && this.#tokens.has(token))
          return this.#fail(`the token ${cancellationToken} is in use`);
        if (delayInMs < 0) return this.#fail(`the delay ${delayInMs} is negative`);
        const deliver = (): void => this.#deliver(some(target), messageOf(address, argument));
        this.#delay(Number(delayInMs), deliver, cancellationToken === "" ? undefined : token);
      }
    }
    for (const { egressNamespace, egressType, argument } of response.outgoingEgresses) {
      const egress = `${egressNamespace}/${egressType}`;
      if (!this.#options.egresses.includes(egress)) return this.#fail(`no egress ${egress}`);
      const record = some(argument);
      if (record.value.length > (this.#options.recordLimit ?? Infinity))
        return this.#fail(`a record for ${egress} has ${record.value.length} bytes`);
      for (const read of this.#readers) read(egress, record);
    }
    this.#change(instance, response);
  }

  #change({ address, values }: Instance, { stateMutations }: InvocationResponse): void {
    const specs = this.#specs.get(typeOf(address));
    for (const { stateName, mutationType, stateValue } of stateMutations) {
      const spec = specs?.get(stateName);
      if (spec === undefined) return this.#fail(`the value ${stateName} is not registered`);
      if (mutationType === 0) values.delete(stateName);
      else {
        const value = some(stateValue);
        if (value.typename !== spec.typeTypename)
          return this.#fail(`${stateName} is not of type ${spec.typeTypename}`);
        const ttl = Number(spec.expirationSpec?.expireAfterMillis ?? 0);
        const stored =
          ttl === 0 ? { value } : { value, expiresAt: this.#options.clock.now() + ttl };
        values.set(stateName, stored);
      }
    }
  }

  #delay(delayMs: number, deliver: () => void, token: string | undefined): void {
    const over = (): void => {
      this.#timers.delete(cancel);
      if (token !== undefined) this.#tokens.delete(token);
    };
    const stop = setLongTimer(this.#options.clock, delayMs, () => {
      over();
      deliver();
    });
    const cancel = (): void => {
      stop();
      over();
    };
    this.#timers.add(cancel);
    if (token !== undefined) this.#tokens.set(token, cancel);
  }

  #fail(why: string): void {
    this.failure ??= new Error(`the job restarts forever: ${why}`);
  }
}

function typeOf({ namespace, type }: WireAddress): string {
  return `${namespace}/${type}`;
}

function countsProcesses(address: WireAddress): boolean {
  return typeOf(address) === SYSTEM.process && address.id === PROCESS_NUMBERS_ID;
}

function messageOf(caller: WireAddress, argument: TypedValue | undefined): Invocation {
  return create(
    ToFunction_InvocationSchema,
    argument === undefined ? { caller } : { caller, argument },
  );
}

function some<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("expected a value in the answer");
  return value;
}
