import type { Definition } from "./core/activation/definition.ts";
import type { Environment } from "./core/activation/environment.ts";
import { DEFAULT_PAYLOAD_LIMIT } from "./core/codec/encode.ts";
import { toBase64 } from "./core/codec/base64.ts";
import { HEX } from "./core/crypto/hex.ts";
import type { Clock } from "./core/host/clock.ts";
import { CLOCK_METHODS, LOG_METHODS } from "./core/host/host-methods.ts";
import { WorkLog } from "./core/host/work-log.ts";
import { consoleLog } from "./engines/embedded/host/console-log.ts";
import { guardedHost } from "./engines/embedded/host/guarded-host.ts";
import type { Log } from "./core/host/log.ts";
import type { Envelope } from "./core/message/envelope.ts";
import { FLOW_DIGITS, rootId } from "./core/message/message-id.ts";
import type { MessageId } from "./core/message/message-id.ts";
import type { Duration } from "./core/validation/duration.ts";
import {
  callback,
  durationMs,
  list,
  objectWith,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "./core/validation/options.ts";
import type { OptionTable, ReadOptions } from "./core/validation/options.ts";
import { secret } from "./engines/embedded/host/secure-random.ts";
import { systemClock } from "./engines/embedded/host/system-clock.ts";
import { answerFetch } from "./engines/statefun/http/fetch-handler.ts";
import { answerNode } from "./engines/statefun/http/node-handler.ts";
import {
  MESSAGE_TYPE,
  readEnvelope,
  writeEnvelope,
} from "./engines/statefun/request/message-format.ts";
import type { NodeRequest, NodeResponse } from "./engines/statefun/http/node-handler.ts";
import type { LostMessage, Routes } from "./engines/statefun/request/outgoing.ts";
import { RemoteFunctions } from "./engines/statefun/request/remote-functions.ts";
import { RequestHandler } from "./engines/statefun/request/request-handler.ts";
import type { ServedFunction } from "./engines/statefun/request/request-handler.ts";
import { valueFormats } from "./engines/statefun/request/value-formats.ts";
import type { ValueFormats } from "./engines/statefun/request/value-formats.ts";
import { isMessageType } from "./engines/statefun/types/message-type.ts";
import type { MessageType } from "./engines/statefun/types/message-type.ts";
import { MessageValues } from "./engines/statefun/types/message-values.ts";
import type { BatchRequest, Invocation } from "./engines/statefun/wire/request.ts";
import { checkTypename } from "./engines/statefun/wire/typename.ts";
import { fn } from "./futures/define/fn.ts";
import { specOf } from "./futures/define/spec.ts";
import type { FunctionSpec } from "./futures/define/spec.ts";
import { codec } from "./futures/protocol/codec.ts";
import { outsideEnvelope, outsideValue } from "./futures/run/outside-message.ts";
import { defineAll } from "./futures/run/registry.ts";
import type { Handler } from "./futures/types/define.ts";
import { toFailure } from "./futures/types/failure.ts";
import type { TypedMessage } from "./futures/types/message.ts";

/** Options of {@link requestReply}. */
export interface RequestReplyOptions {
  /** Functions to serve. Each brings the functions that it is made of. Default: none. */
  readonly functions?: readonly object[];
  /**
   * Functions that other programs serve, as `namespace/name` or `namespace/*`. Messages may go to
   * them. Default: none.
   */
  readonly remotes?: readonly string[];
  /** Types of the cluster's egresses, `namespace/name`. Default: none. */
  readonly egress?: readonly string[];
  /**
   * Egress that receives the messages that failed, as JSON. Default: they are logged and dropped.
   */
  readonly deadLetters?: string;
  /** Message types beside the built-in ones. Those in `accepts` need not be repeated. */
  readonly types?: readonly MessageType<unknown>[];
  /** Largest answer in bytes, not above the cluster's `payload_max_bytes`. Default: 33,554,432. */
  readonly responseLimit?: number;
  /** Largest encoded value, in characters. Default: 33,554,432. */
  readonly payloadLimit?: number;
  /** Age-out time of states that were created without an id. Default: 7 days. */
  readonly ageOut?: Duration;
  /** How long a message waits that cannot be handled yet. Default: 1 minute. */
  readonly parkedFor?: Duration;
  /**
   * Log of handlers and of messages that wait. Default: warnings and errors go to `console`.
   */
  readonly log?: Log;
  /** Clock of the functions. Default: the machine's. */
  readonly clock?: Clock;
  /** Source of `ctx.random()`: a number in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** Answers the requests of a Stateful Functions cluster. */
export interface RequestReply {
  /**
   * Handles the bytes of a request: messages for one function, with its values. Returns the bytes of
   * its effects.
   * @throws `INVALID_INPUT` if the bytes are no request. No failure of a function rejects.
   */
  handle(this: void, request: Uint8Array): Promise<Uint8Array>;
  /** Answers a Fetch-standard request, for Hono, Deno, Bun and workers. */
  fetch(this: void, request: Request): Promise<Response>;
  /** Answers a request of `node:http`, and of Express. */
  node(this: void, request: NodeRequest, response: NodeResponse): Promise<void>;
  /**
   * Adds a function later, by its type and handler. @throws `DUPLICATE_FUNCTION`, `INVALID_NAME`,
   * `INVALID_HANDLER`
   */
  register<Input, Return>(type: string, handler: Handler<Input, Return>): void;
  /** Types of the functions that are served, for `moduleYaml`. */
  readonly functions: readonly string[];
}

const positive = wholeNumber({ from: 1 });

const OPTIONS = {
  functions: withDefault([], list<object>()),
  remotes: withDefault([], list<string>()),
  egress: withDefault([], list<string>()),
  deadLetters: optional({ read: checkTypename }),
  types: withDefault([], list<MessageType<unknown>>()),
  responseLimit: withDefault(33_554_432, positive),
  payloadLimit: withDefault(DEFAULT_PAYLOAD_LIMIT, positive),
  ageOut: withDefault("7d", durationMs()),
  parkedFor: withDefault("1m", durationMs()),
  log: withDefault(consoleLog, objectWith<Log>(LOG_METHODS)),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
  random: withDefault(Math.random, callback<() => number>()),
} satisfies OptionTable<RequestReplyOptions>;

/**
 * Serves functions to an existing Stateful Functions cluster, beside functions in other languages.
 * The cluster keeps messages and state, and sends each batch of messages as one request. Any HTTP
 * framework can carry the requests.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_NAME`, `DUPLICATE_FUNCTION`
 * @example
 * import { fn } from "handback";
 * import { requestReply } from "handback/statefun";
 *
 * const hello = fn("docs/hello", (ctx, name: string) => {
 *   ctx.send("mail/sender", name, `hello ${name}`);
 * });
 * const module = requestReply({ functions: [hello], remotes: ["mail/sender"] });
 * export default { fetch: module.fetch };
 */
export function requestReply(options: RequestReplyOptions = {}): RequestReply {
  const used = guardedHost("requestReply", readOptions("requestReply", OPTIONS, options));
  const module = new RemoteModule(used);
  const handle = (bytes: Uint8Array): Promise<Uint8Array> => module.handle(bytes);
  return {
    handle,
    fetch: (request) => answerFetch(request, handle),
    node: (request, response) => answerNode(request, response, handle),
    register: (type, handler) => module.register(fn(type, handler)),
    get functions() {
      return module.types();
    },
  };
}

/** Type of the records in the egress of dead letters. */
const DEAD_LETTER = "handback/dead-letter";

/** The functions of this program, the routes of their messages, and the handler of requests. */
class RemoteModule implements Routes {
  readonly #used: ReadOptions<typeof OPTIONS>;
  readonly #remotes: RemoteFunctions;
  readonly #egress: ReadonlySet<string>;
  readonly #values: MessageValues;
  readonly #requests: RequestHandler;
  readonly #faces: object[] = [];
  readonly #formats = new Map<string, ValueFormats>();
  #definitions: ReadonlyMap<string, Definition> = new Map();
  #specs: ReadonlyMap<string, FunctionSpec> = new Map();

  constructor(used: ReadOptions<typeof OPTIONS>) {
    this.#used = used;
    this.#remotes = new RemoteFunctions(used.remotes);
    this.#egress = new Set(used.egress.map(checkTypename));
    this.#values = new MessageValues(used.types);
    for (const face of used.functions) this.register(face);
    this.#requests = new RequestHandler({
      find: (type) => this.#find(type),
      environment: this.#environment(),
      routes: this,
      decode: (request, invocation) => this.#decode(request, invocation),
      describe: (error) => toFailure(error),
      parkedForMs: used.parkedFor,
      responseLimit: used.responseLimit,
    });
  }

  handle(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#requests.handle(bytes);
  }

  register(face: object): void {
    const faces = [...this.#faces, face];
    this.#definitions = defineAll(faces);
    this.#faces.push(face);
    const spec = specOf(face);
    if (spec === undefined) return;
    this.#specs = new Map([...this.#specs, [spec.type, spec]]);
    for (const schema of spec.accepts?.values() ?? [])
      if (isMessageType(schema)) this.#values.add(schema);
  }

  types(): readonly string[] {
    return [...this.#definitions.keys()];
  }

  isEgress(type: string): boolean {
    return this.#egress.has(type);
  }

  encode(envelope: Envelope): ReturnType<MessageValues["encode"]> {
    return this.#definitions.has(envelope.target.type)
      ? writeEnvelope(envelope)
      : this.#values.encode(outsideValue(envelope.payload));
  }

  encodeDeadLetter(lost: LostMessage): ReturnType<Routes["encodeDeadLetter"]> {
    const { deadLetters, log } = this.#used;
    const { target, caller, failure } = lost;
    if (deadLetters === undefined) {
      log.error(`a message for ${target.type} failed and is dropped`, { type: target.type });
      return undefined;
    }
    const message =
      typeof lost.message === "string"
        ? { payload: lost.message }
        : { type: lost.message.typename, base64: toBase64(lost.message.bytes) };
    const value = { target, caller, message, failure };
    return { egress: deadLetters, argument: this.#values.encode({ type: DEAD_LETTER, value }) };
  }

  #find(type: string): ServedFunction | undefined {
    const definition = this.#definitions.get(type);
    if (definition === undefined) return undefined;
    let formats = this.#formats.get(type);
    if (formats === undefined) {
      formats = valueFormats(definition.valueNames, this.#specs.get(type)?.state, codec);
      this.#formats.set(type, formats);
    }
    return { definition, formats };
  }

  #decode(request: BatchRequest, { caller, argument }: Invocation): Envelope {
    const { target } = request;
    if (argument?.typename === MESSAGE_TYPE) return readEnvelope(argument);
    const id = newMessageId();
    if (argument === undefined) return outsideEnvelope({ id, target, caller, message: undefined });
    const { typename } = argument;
    const spec = this.#specs.get(target.type);
    const isJson = spec?.accepts?.has(typename) === true;
    const value = this.#values.decode(argument, isJson);
    const isPlain = spec?.state === undefined && spec?.accepts === undefined;
    const message: unknown =
      isPlain && this.#values.knows(typename)
        ? value
        : ({ type: typename, value } satisfies TypedMessage);
    return outsideEnvelope({ id, target, caller, message });
  }

  #environment(): Environment {
    const { clock, log, payloadLimit, ageOut, random } = this.#used;
    return {
      storeId: "statefun",
      clock,
      log,
      workLog: new WorkLog(log, clock),
      payloadLimit,
      retentionMs: ageOut,
      ageOutMs: ageOut,
      random,
      secret,
      scopedCancel: false,
      knows: (type) =>
        this.#definitions.has(type) || this.#egress.has(type) || this.#remotes.has(type),
    };
  }
}

/**
 * Makes the id of a message from outside, which has none. A cluster that repeats a request gets
 * other ids, and keeps the effects of one run only.
 */
function newMessageId(): MessageId {
  const digits = Array.from(secret(FLOW_DIGITS / 2), (byte) => HEX[byte]).join("");
  return rootId(digits);
}

export { moduleYaml } from "./engines/statefun/module/module-yaml.ts";
export type { ModuleOptions } from "./engines/statefun/module/module-yaml.ts";
export { bool, double, float, int, long, string } from "./engines/statefun/types/built-in.ts";
export { bytes, json, protobuf } from "./engines/statefun/types/custom.ts";
export { kafkaRecord, kinesisRecord } from "./engines/statefun/types/egress-records.ts";
export type { KafkaRecord, KinesisRecord } from "./engines/statefun/types/egress-records.ts";
export type { MessageType } from "./engines/statefun/types/message-type.ts";
export { typed } from "./engines/statefun/types/message-values.ts";
