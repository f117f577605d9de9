import { logFacts } from "../../../core/errors/log-facts.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { StoredValue } from "../../../core/activation/effects.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import type { Json } from "../../../core/data/json.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { formatAddress } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { readRequest } from "../wire/request.ts";
import type { BatchRequest, Invocation, TypedBytes } from "../wire/request.ts";
import { writeMissingValues, writeNothing, writeResponse } from "../wire/response.ts";
import type { OutgoingMessage } from "../wire/response.ts";
import type { CrashGuard } from "../poison/crash-guard.ts";
import { attempt } from "./attempt.ts";
import { runBatch } from "./batch.ts";
import type { BatchResults } from "./batch.ts";
import { readRelayed, writeRelayed } from "./message-format.ts";
import { Outgoing } from "./outgoing.ts";
import type { Routes } from "./outgoing.ts";
import { RunningRequests } from "./running-requests.ts";
import type { ValueFormats } from "./value-formats.ts";

/** A registered function, and the formats of its values. */
export interface ServedFunction {
  readonly definition: Definition;
  readonly formats: ValueFormats;
}

/** Collaborators of a {@link RequestHandler}. */
export interface RequestHandlerParts {
  /** Returns the function of a type, if it is registered. */
  readonly find: (type: string) => ServedFunction | undefined;
  readonly environment: Environment;
  readonly routes: Routes;
  /** Returns the envelope of a message that came over the wire. @throws `UNSERIALIZABLE` */
  readonly decode: (request: BatchRequest, invocation: Invocation) => Envelope;
  /** Returns what is known of an error, as data for a dead letter. */
  readonly describe: (error: unknown) => Json;
  /** Time after which a message that could not be handled is tried again. */
  readonly parkedForMs: number;
  /** Bounds the crashes of user code, if there is a place for marks. */
  readonly crashGuard: CrashGuard | undefined;
  /** Largest answer in bytes. */
  readonly responseLimit: number;
}

/**
 * Answers requests of a cluster: a pure function of their bytes, except for user code.
 *
 * R1 A request that lacks a declared value runs no code. Its answer asks for the value. The cluster
 * forgets registered values when it restarts, so nothing about them is remembered.
 * R2 A batch is answered whole, and no message makes the answer fail, because the cluster would
 * restart the job of all functions. A message that this code cannot handle waits for a later try. A
 * message that no code can handle becomes a dead letter.
 * R3 A message for a function that is not registered waits for a later try, too.
 * R4 An answer over the limit is made of half of the messages, and so on. The others are sent again,
 * and lose their place. A message whose own effects are over the limit becomes a dead letter.
 * R5 A renamed function keeps its first name on the cluster, because its states cannot move. A
 * message to another of its names is sent on.
 * R6 User code of one address runs one at a time, also while a request is repeated.
 */
export class RequestHandler {
  readonly #parts: RequestHandlerParts;
  readonly #running = new RunningRequests();

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
  }

  /** Handles the bytes of a request. @throws `INVALID_INPUT` if they are no request */
  async handle(bytes: Uint8Array): Promise<Uint8Array> {
    const request = readRequest(bytes);
    if (request === undefined) return writeNothing();
    const served = this.#parts.find(request.target.type);
    if (served === undefined) return this.#parkAll(request, "the function is not registered");
    const type = this.#parts.routes.nameOnWire(request.target.type);
    if (type !== request.target.type) return this.#forwardAll(request, type);
    const missing = [...served.formats.values()]
      .map(({ registration }) => registration)
      .filter(({ name }) => !request.values.has(name));
    if (missing.length > 0) return writeMissingValues(missing);
    const stored = attempt(() => storedValues(request, served.formats));
    if ("error" in stored) return this.#parkAll(request, "its stored state cannot be read");
    const readable = { request, formats: served.formats, stored: stored.value };
    const run = (): Promise<Uint8Array> => this.#run(served.definition, readable);
    return served.definition.system ? run() : this.#running.answer(request.target, bytes, run);
  }

  /** Handles the first `count` messages, and sends the others again. */
  async #run(
    definition: Definition,
    { request, formats, stored }: ReadableRequest,
    count: number = request.invocations.length,
  ): Promise<Uint8Array> {
    const { environment, decode, responseLimit, crashGuard } = this.#parts;
    const outgoing = this.#outgoing(request, formats);
    const batch = {
      definition,
      target: request.target,
      stored,
      formats,
      invocations: request.invocations.slice(0, count),
      decode: (invocation: Invocation) => decode(request, readRelayed(invocation)),
      environment,
      crashGuard,
    };
    const results = await runBatch(batch, outgoing);
    this.#keepUnhandled(request, results, outgoing);
    for (const invocation of request.invocations.slice(count))
      outgoing.postpone(again(request, invocation), 0);
    const answer = writeResponse(outgoing.response());
    if (answer.length <= responseLimit) return answer;
    return count > 1
      ? this.#run(definition, { request, formats, stored }, count >> 1)
      : this.#refuseFirst(request, answer.length);
  }

  /** Answers without the effects of the first message, which are over the limit alone. */
  #refuseFirst(request: BatchRequest, size: number): Uint8Array {
    const { responseLimit } = this.#parts;
    const [invocation, ...rest] = request.invocations;
    const outgoing = this.#outgoing(request);
    const why = `the effects of a message have ${size} bytes, over the limit of ${responseLimit}`;
    const error = new HandbackError("PAYLOAD_TOO_LARGE", why, {
      details: { size, limit: responseLimit },
    });
    const refused = invocation === undefined ? [] : [{ invocation, error }];
    this.#keepUnhandled(request, { parked: [], refused }, outgoing);
    for (const each of rest) outgoing.postpone(again(request, each), 0);
    return writeResponse(outgoing.response());
  }

  #keepUnhandled(
    request: BatchRequest,
    { parked, refused }: BatchResults,
    outgoing: Outgoing,
  ): void {
    const { environment, describe, parkedForMs } = this.#parts;
    const { target } = request;
    for (const { invocation, error } of parked) {
      environment.log.error(`a message for ${formatAddress(target)} cannot be handled now`, {
        ...logFacts(error),
      });
      outgoing.postpone(again(request, invocation), parkedForMs);
    }
    for (const { invocation, error } of refused) {
      const { caller, argument = NO_VALUE } = invocation;
      outgoing.addDeadLetter({ target, caller, message: argument, failure: describe(error) });
    }
  }

  #parkAll(request: BatchRequest, because: string): Uint8Array {
    const { environment, parkedForMs } = this.#parts;
    const { target, invocations } = request;
    const count = invocations.length;
    environment.log.warn(
      `${count} ${count === 1 ? "message" : "messages"} for ${target.type} must wait: ${because}`,
      { type: target.type, messages: count },
    );
    const outgoing = this.#outgoing(request);
    for (const invocation of invocations)
      outgoing.postpone(again(request, invocation), parkedForMs);
    return writeResponse(outgoing.response());
  }

  #forwardAll(request: BatchRequest, type: string): Uint8Array {
    const outgoing = this.#outgoing(request);
    const target = { type, id: request.target.id };
    for (const invocation of request.invocations)
      outgoing.forward({ target, argument: writeRelayed(invocation) });
    return writeResponse(outgoing.response());
  }

  #outgoing({ target, values }: BatchRequest, formats: ValueFormats = new Map()): Outgoing {
    const { routes, environment, parkedForMs: heldForMs } = this.#parts;
    const now = (): number => environment.clock.now();
    return new Outgoing({ routes, self: target, heldForMs, formats, current: values, now });
  }
}

/** A request whose values were read. */
interface ReadableRequest {
  readonly request: BatchRequest;
  readonly formats: ValueFormats;
  readonly stored: ReadonlyMap<string, StoredValue>;
}

function storedValues(
  { values }: BatchRequest,
  formats: ValueFormats,
): ReadonlyMap<string, StoredValue> {
  const stored = new Map<string, StoredValue>();
  for (const [name, value] of values) {
    const format = formats.get(name);
    if (value !== undefined && format !== undefined) stored.set(name, format.read(value.bytes));
  }
  return stored;
}

const NO_VALUE: TypedBytes = { typename: "", bytes: new Uint8Array() };

/** Returns a message as it came, for the same address. */
function again({ target }: BatchRequest, invocation: Invocation): OutgoingMessage {
  return { target, argument: writeRelayed(invocation) };
}
