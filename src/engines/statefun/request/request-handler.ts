import { logFacts } from "../../../core/errors/log-facts.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { StoredValue } from "../../../core/activation/effects.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import type { Json } from "../../../core/data/json.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { formatAddress } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { readRelayed } from "../wire/relayed.ts";
import { readRequest } from "../wire/request.ts";
import type { BatchRequest, Invocation, TypedBytes } from "../wire/request.ts";
import { writeMissingValues, writeNothing, writeResponse } from "../wire/response.ts";
import type { BatchResponse } from "../wire/response.ts";
import type { CrashGuard } from "../../../core/host/crash-guard.ts";
import { attempt } from "./attempt.ts";
import { runBatch } from "./batch.ts";
import type { Batch, FindRefusal, Unhandled } from "./batch.ts";
import { addLeftovers, fitLeftovers } from "./leftovers.ts";
import type { AnswerFrame, FittedAnswer, Leftover } from "./leftovers.ts";
import { sentAgain } from "./message-format.ts";
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
  /** Takes messages of types without a function, to fail them. */
  readonly unregistered: Definition;
  /** Finds how a message fails for those that wait for it. */
  readonly refusalOf: FindRefusal;
  /** Describes an error as data for a dead letter. */
  readonly describe: (error: unknown) => Json;
  /** Time after which a message that could not be handled is tried again. */
  readonly parkedForMs: number;
  /** Bounds the crashes of user code, if there is a place for marks. */
  readonly crashGuard: CrashGuard | undefined;
  /** Largest answer in bytes. */
  readonly responseLimit: number;
}

/**
 * Answers requests of a cluster.
 *
 * RH1 A request that lacks a declared value runs no code. Its answer asks for the value. The cluster
 * forgets registered values when it restarts, so nothing about them is remembered.
 * RH2 A batch is answered whole, and no message makes the answer fail, because the cluster would
 * restart the job of all functions. A message that this code cannot handle waits for a later try. A
 * message that no code can handle becomes a dead letter.
 * RH3 A message for a function that is not registered waits for a later try, too. A message that is
 * sent again keeps its caller, or its lack of one.
 * RH4 If an answer is over the limit, the first half of the messages is handled again, alone, and so on:
 * the handlers of these messages run once more each time. The others are sent again, and lose their
 * place. If the effects of one message are over the limit, its replies lack their values. If that does
 * not help, or another message has no room beside them, it becomes a dead letter, and it fails for those
 * that wait for it.
 * RH5 A renamed function keeps its first name on the cluster, because its states cannot move. A
 * message to another of its names is sent on.
 * RH6 User code of one address runs one at a time, also while a request is repeated.
 * RH7 No answer is over the limit. If the messages to send again are, those without room become dead
 * letters that lack the message, and they fail for those that wait for them.
 */
export class RequestHandler {
  readonly #parts: RequestHandlerParts;
  readonly #running = new RunningRequests();

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
  }

  /** Handles the bytes of a request. @throws `INVALID_INPUT` if they are no request */
  async handle(bytes: Uint8Array): Promise<Uint8Array> {
    const received = readRequest(bytes);
    if (received === undefined) return writeNothing();
    const { target } = received;
    const invocations = received.invocations.map(readRelayed);
    const request = { ...received, invocations };
    const served = this.#parts.find(target.type);
    const idle = { request, definition: served?.definition ?? this.#parts.unregistered };
    if (served === undefined) {
      const because = "the function is not registered";
      return this.#postponeAll(idle, because, { again: forLater });
    }
    const type = this.#parts.routes.nameOnWire(target.type);
    if (type !== target.type) return this.#forwardAll(idle, type);
    const missing = [...served.formats.values()]
      .map(({ registration }) => registration)
      .filter(({ name }) => !request.values.has(name));
    if (missing.length > 0) return writeMissingValues(missing);
    const stored = attempt(() => storedValues(request, served.formats));
    if ("error" in stored) {
      const because = "its stored state cannot be read";
      return this.#postponeAll(idle, because, { again: sentAgain, error: stored.error });
    }
    const work = { ...served, request, stored: stored.value };
    const run = (): Promise<Uint8Array> =>
      this.#run(work, { refusals: new Map(), count: invocations.length });
    return served.definition.system ? run() : this.#running.answer(target, bytes, run);
  }

  /**
   * Handles `count` messages beside the ones that are refused, and sends the others again. Replies give
   * up their values before a message gives up its effects.
   */
  async #run(work: Work, part: Part): Promise<Uint8Array> {
    const { request } = work;
    const { parkedForMs, responseLimit: limit } = this.#parts;
    const { refusals, count } = part;
    const { handled, rest } = splitMessages(request.invocations, part);
    const outgoing = this.#outgoing(request, work.formats);
    const { parked, refused } = await runBatch(this.#batch(work, handled, refusals), outgoing);
    const leftovers = [
      ...refused,
      ...parked.map(({ invocation }) => later(invocation, parkedForMs)),
      ...rest.map((invocation) => later(invocation, 0)),
    ];
    const report = { parked, lost: outgoing.lost + refused.length };
    const frame = this.#frame(request);
    const whole = addLeftovers(outgoing.response(), leftovers, frame);
    if (whole.length <= limit) return this.#reported(request, whole, report);
    if (count > 1) return this.#run(work, { refusals, count: count >> 1 });
    const effects = outgoing.response({ emptyReplies: true });
    const fitted = fitLeftovers(effects, leftovers, frame);
    const lacking = refusalsFor(fitted, handled, { refusals, effects, limit });
    if (lacking.size > 0) {
      const left = fitted.hasRoom ? count : rest.length;
      return this.#run(work, { refusals: new Map([...refusals, ...lacking]), count: left });
    }
    if (!fitted.hasRoom) return this.#answerWith(work, leftovers, { parked, refusals });
    return this.#reported(request, fitted.bytes, { ...report, shed: fitted.shed.length });
  }

  #batch(work: IdleWork, invocations: Batch["invocations"], refusals: Batch["refusals"]): Batch {
    const { definition, request, formats = NO_FORMATS, stored = new Map() } = work;
    const { environment, decode, crashGuard, refusalOf } = this.#parts;
    return {
      definition,
      target: request.target,
      stored,
      formats,
      invocations,
      decode: (invocation) => decode(request, invocation),
      environment,
      crashGuard,
      refusals,
      refusalOf,
    };
  }

  /** Answers that all messages of a request are to be sent again. */
  #postponeAll(
    work: IdleWork,
    because: string,
    { again, error }: { readonly again: Again; readonly error?: unknown },
  ): Promise<Uint8Array> {
    const { environment, parkedForMs } = this.#parts;
    const { target, invocations } = work.request;
    const count = invocations.length;
    environment.log.warn(`${countOf(count)} for ${target.type} must wait: ${because}`, {
      type: target.type,
      messages: count,
      ...logFacts(error),
    });
    const leftovers = invocations.map((invocation) => ({
      invocation,
      again: again(invocation),
      delayMs: parkedForMs,
    }));
    return this.#answerWith(work, leftovers);
  }

  /**
   * Answers a request whose messages have no effects. Those without room fail for those that wait for
   * them, as far as these failures have room.
   */
  async #answerWith(
    work: IdleWork,
    leftovers: readonly Leftover[],
    { parked = [], refusals: known = new Map() }: Pick<Report, "parked"> & Partial<Part> = {},
  ): Promise<Uint8Array> {
    const { request } = work;
    const limit = this.#parts.responseLimit;
    let refusals = known;
    let most = leftovers.length;
    for (;;) {
      const told = new Set([...refusals.keys()].slice(0, most));
      const outgoing = this.#outgoing(request, work.formats);
      const { refused } = await runBatch(this.#batch(work, [...told], refusals), outgoing);
      const rest = leftovers.filter(({ invocation }) => !told.has(invocation));
      const effects = outgoing.response();
      const fitted = fitLeftovers(effects, [...refused, ...rest], this.#frame(request));
      const lacking = refusalsFor(fitted, [...told], { refusals, effects, limit });
      if (fitted.hasRoom ? lacking.size === 0 : told.size === 0) {
        const lost = refused.length + rest.filter((each) => "error" in each).length;
        return this.#reported(request, fitted.bytes, { parked, lost, shed: fitted.shed.length });
      }
      if (!fitted.hasRoom) most = told.size >> 1;
      refusals = new Map([...refusals, ...lacking]);
    }
  }

  /** Reports the messages that had no effects, and returns the answer. */
  #reported({ target }: BatchRequest, answer: Uint8Array, report: Report): Uint8Array {
    const { environment, routes, responseLimit } = this.#parts;
    const { parked = [], lost = 0, shed = 0 } = report;
    const { log } = environment;
    const { type } = target;
    for (const { error } of parked) {
      const what = `a message for ${formatAddress(target)} cannot be handled now`;
      log.error(what, { ...logFacts(error) });
    }
    if (lost > 0 && !routes.keepsDeadLetters)
      log.error(`${countOf(lost)} for ${type} dropped: no egress for dead letters`, {
        type,
        messages: lost,
      });
    if (shed > 0) {
      const why = `no room in an answer of at most ${responseLimit} bytes`;
      log.error(`${countOf(shed)} for ${type} dropped: ${why}`, { type, messages: shed });
    }
    return answer;
  }

  #frame({ target }: BatchRequest): AnswerFrame {
    const { routes, describe, responseLimit: limit } = this.#parts;
    return { target, limit, describe, encodeDeadLetter: (lost) => routes.encodeDeadLetter(lost) };
  }

  /** Answers that all messages of a request are sent on to another name of their function. */
  #forwardAll(work: IdleWork, type: string): Promise<Uint8Array> {
    const { target, invocations } = work.request;
    const to = { type, id: target.id };
    const leftovers = invocations.map((invocation) => ({
      invocation,
      again: sentAgain(invocation),
      to,
    }));
    return this.#answerWith(work, leftovers);
  }

  #outgoing({ target, values }: BatchRequest, formats = NO_FORMATS): Outgoing {
    const { routes, environment, parkedForMs: heldForMs } = this.#parts;
    const now = (): number => environment.clock.now();
    return new Outgoing({ routes, self: target, heldForMs, formats, current: values, now });
  }
}

/** A request whose function is known and whose values were read. */
interface Work extends ServedFunction {
  readonly request: BatchRequest;
  readonly stored: ReadonlyMap<string, StoredValue>;
}

/** A request whose messages are not handled. */
type IdleWork = Pick<Work, "request" | "definition"> & Partial<Work>;

const NO_FORMATS: ValueFormats = new Map();

/** The messages of a request to handle now. */
interface Part {
  /** Messages that are refused, because there is no room for them or their effects. */
  readonly refusals: Batch["refusals"];
  /** The number of other messages. */
  readonly count: number;
}

/** Splits messages into those to handle now, in order, and the rest. */
function splitMessages(invocations: Batch["invocations"], { refusals, count }: Part) {
  let left = count;
  const handled: Invocation[] = [];
  const rest: Invocation[] = [];
  for (const invocation of invocations)
    (refusals.has(invocation) || left-- > 0 ? handled : rest).push(invocation);
  return { handled, rest };
}

/**
 * Finds the messages to refuse next: those that would wait, and have no room, or the one that was
 * handled, if there is no room for its effects.
 */
function refusalsFor(
  { shed, hasRoom }: FittedAnswer,
  handled: Batch["invocations"],
  known: { readonly effects: BatchResponse; readonly limit: number } & Pick<Part, "refusals">,
): Batch["refusals"] {
  const { refusals, effects, limit } = known;
  if (hasRoom)
    return new Map(
      shed
        .filter((leftover) => "again" in leftover && !refusals.has(leftover.invocation))
        .map(({ invocation }) => [invocation, noRoomBesideOthers(invocation, limit)]),
    );
  const first = handled.find((invocation) => !refusals.has(invocation));
  if (first === undefined || isNothing(effects)) return new Map();
  return new Map([[first, overLimit(writeResponse(effects).length, limit)]]);
}

/** The messages of a request that had no effects. */
interface Report {
  readonly parked?: readonly Unhandled[];
  /** The number of messages that failed. */
  readonly lost?: number;
  /** The number of messages without room in the answer. */
  readonly shed?: number;
}

/** Writes a message to be sent again. */
type Again = (invocation: Invocation) => TypedBytes;

const NO_VALUE: TypedBytes = { typename: "", bytes: new Uint8Array() };

/**
 * Writes a message for a function that is not registered. One without a caller stays as it came: then
 * another program may serve the function later.
 */
const forLater: Again = (invocation) =>
  invocation.caller === undefined ? (invocation.argument ?? NO_VALUE) : sentAgain(invocation);

function later(invocation: Invocation, delayMs: number): Leftover {
  return { invocation, again: sentAgain(invocation), delayMs };
}

/** @throws `STATE_SCHEMA_MISMATCH`, `UNSERIALIZABLE`, `FORMAT_TOO_NEW` */
function storedValues(
  { target, values }: BatchRequest,
  formats: ValueFormats,
): ReadonlyMap<string, StoredValue> {
  const stored = new Map<string, StoredValue>();
  for (const [name, value] of values) {
    const format = formats.get(name);
    if (value === undefined || format === undefined) continue;
    const { typename } = format.registration;
    // The cluster would restart its job at the first change of the value.
    if (value.typename !== typename)
      throw new HandbackError(
        "STATE_SCHEMA_MISMATCH",
        `the value ${name} of ${target.type} is stored as ${value.typename}; expected ${typename}`,
        { details: { function: target.type, value: name } },
      );
    stored.set(name, format.read(value.bytes));
  }
  return stored;
}

function countOf(messages: number): string {
  return messages === 1 ? "1 message" : `${messages} messages`;
}

function isNothing({ messages, delayed, egress, mutations }: BatchResponse): boolean {
  return [messages, delayed, egress, mutations].every(({ length }) => length === 0);
}

function noRoomBesideOthers({ argument }: Invocation, limit: number): HandbackError {
  const size = argument?.bytes.length ?? 0;
  const why = `a message of ${size} bytes has no room beside others in an answer of at most ${limit}`;
  return new HandbackError("PAYLOAD_TOO_LARGE", why, { details: { size, limit } });
}

function overLimit(size: number, limit: number): HandbackError {
  const why = `the effects of a message have ${size} bytes, without room in an answer of at most ${limit}`;
  return new HandbackError("PAYLOAD_TOO_LARGE", why, { details: { size, limit } });
}
