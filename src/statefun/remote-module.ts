import type { Reply } from "../core/activation/effects.ts";
import { writeEmptiedReply, writeReply } from "../engines/statefun/client/reply-format.ts";
import { checkUnwrapped } from "../engines/statefun/wire/relayed.ts";
import type { EgressRecord } from "../engines/statefun/wire/response.ts";
import { knowsFunction } from "../core/activation/definition.ts";
import type { Definition } from "../core/activation/definition.ts";
import type { Address } from "../core/message/address.ts";
import type { Environment } from "../core/activation/environment.ts";
import { toBase64 } from "../core/codec/base64.ts";
import type { Encoded } from "../core/codec/encoded.ts";
import type { Json } from "../core/data/json.ts";
import { HandbackError } from "../core/errors/errors.ts";
import { toHex } from "../core/crypto/hex.ts";
import type { Log } from "../core/host/log.ts";
import { WorkLog } from "../core/host/work-log.ts";
import type { Envelope } from "../core/message/envelope.ts";
import { FLOW_DIGITS, rootId } from "../core/message/message-id.ts";
import type { MessageId } from "../core/message/message-id.ts";
import type { ReadOptions } from "../core/validation/options.ts";
import { secret } from "../engines/embedded/host/secure-random.ts";
import {
  MESSAGE_TYPES,
  readEnvelope,
  writeEnvelope,
} from "../engines/statefun/request/message-format.ts";
import type { LostMessage, ReplyRecord, Routes } from "../engines/statefun/request/outgoing.ts";
import { RemoteFunctions } from "../engines/statefun/request/remote-functions.ts";
import { RequestHandler } from "../engines/statefun/request/request-handler.ts";
import type { ServedFunction } from "../engines/statefun/request/request-handler.ts";
import { valueFormats } from "../engines/statefun/request/value-formats.ts";
import type { ValueFormats } from "../engines/statefun/request/value-formats.ts";
import { kafkaRecord } from "../engines/statefun/types/egress-records.ts";
import { isMessageType } from "../engines/statefun/types/message-type.ts";
import { CrashGuard } from "../core/host/crash-guard.ts";
import { CrashMarkFile } from "../machine/crash-mark-file.ts";
import { MessageValues } from "../engines/statefun/types/message-values.ts";
import type { BatchRequest, Invocation, TypedBytes } from "../engines/statefun/wire/request.ts";
import { checkTypename } from "../engines/statefun/wire/typename.ts";
import { MESSAGE } from "../futures/define/spec.ts";
import type { FunctionSpec } from "../futures/define/spec.ts";
import { codec } from "../futures/protocol/codec.ts";
import { outsideEnvelope, outsideValue } from "../futures/run/outside-message.ts";
import { EGRESS, withEgress } from "../futures/run/egress.ts";
import { refusalOf } from "../futures/run/refused-message.ts";
import { defineAll, specsOf, unregistered } from "../futures/run/registry.ts";
import { requireUnlimited } from "../futures/run/require-unlimited.ts";
import { toFailure } from "../futures/types/failure.ts";
import type { TypedMessage } from "../futures/types/message.ts";
import { DEAD_LETTER } from "./dead-letters.ts";
import type { DeadLetterRecord } from "./dead-letters.ts";
import type { MODULE_OPTIONS } from "./options.ts";

/** The functions of this program, the routes of their messages, and the handler of requests. */
export class RemoteModule implements Routes {
  readonly #used: ReadOptions<typeof MODULE_OPTIONS>;
  readonly #remotes: RemoteFunctions;
  readonly #egress: ReadonlySet<string>;
  readonly #replies: string | undefined;
  readonly #values: MessageValues;
  readonly #requests: RequestHandler;
  readonly #faces: object[] = [];
  readonly #formats = new Map<string, ValueFormats>();
  #definitions: ReadonlyMap<string, Definition>;
  #specs: ReadonlyMap<string, FunctionSpec> = new Map();

  /** @param replies - the egress of replies to clients. Default: none */
  constructor(used: ReadOptions<typeof MODULE_OPTIONS>, replies?: string) {
    this.#replies = replies;
    this.#used = used;
    this.#remotes = new RemoteFunctions(used.remotes);
    this.#egress = new Set(
      [...used.egresses, ...(replies === undefined ? [] : [replies])].map(checkTypename),
    );
    this.#values = new MessageValues(used.types);
    this.#definitions = this.#define([]);
    for (const face of used.functions) this.register(face);
    this.#requests = new RequestHandler({
      find: (type) => this.#find(type),
      environment: this.#environment(),
      routes: this,
      decode: (request, invocation) => this.#decode(request, invocation),
      describe: (error) => toFailure(error),
      unregistered,
      refusalOf: (definition, envelope, error) => refusalOf(definition, envelope, toFailure(error)),
      parkedForMs: used.parkedFor,
      crashGuard: makeCrashGuard(used),
      responseLimit: used.responseLimit,
    });
  }

  get log(): Log {
    return this.#used.log;
  }

  async handle(bytes: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#requests.handle(bytes);
    } catch (error) {
      const { name, code } = toFailure(error);
      this.#used.log.error("a request of the cluster failed, and the cluster will repeat it", {
        error: name,
        code,
      });
      throw error;
    }
  }

  register(face: object): void {
    const faces = [...this.#faces, face];
    this.#definitions = this.#define(faces);
    this.#faces.push(face);
    this.#specs = specsOf(faces);
    for (const { accepts } of this.#specs.values())
      for (const schema of accepts?.values() ?? [])
        if (isMessageType(schema)) this.#values.add(schema);
  }

  #define(faces: readonly object[]): ReadonlyMap<string, Definition> {
    return requireUnlimited(withEgress(defineAll(faces), this.#used.sinks), "Stateful Functions");
  }

  /**
   * Tells whether a function or egress of this type can get messages and, if an operation is named,
   * such messages. A function that another program serves takes messages of its own types only.
   */
  knows(type: string, operation?: string, payload?: Encoded): boolean {
    if (this.#definitions.has(type))
      return knowsFunction(this.#definitions, type, operation, payload);
    if (this.#egress.has(type)) return operation === undefined || operation === EGRESS;
    return this.#remotes.has(type) && (operation === undefined || operation === MESSAGE);
  }

  types(): readonly string[] {
    return [...this.#definitions.keys()];
  }

  nameOnWire(type: string): string {
    const definition = this.#definitions.get(type);
    return definition?.aliases?.[0] ?? definition?.type ?? type;
  }

  isEgress(type: string): boolean {
    return this.#egress.has(type);
  }

  encode(envelope: Envelope): TypedBytes {
    const { type } = envelope.target;
    if (this.#definitions.has(type)) return writeEnvelope(envelope);
    const argument = this.#values.encode(outsideValue(envelope.payload));
    const [size, limit] = [argument.bytes.length, this.#recordLimit(type)];
    if (size <= limit) return argument;
    const why = `a record of ${size} bytes for the egress ${type} is over its limit of ${limit}`;
    throw new HandbackError("PAYLOAD_TOO_LARGE", why, { details: { size, limit } });
  }

  encodeReply(reply: Reply): ReplyRecord | undefined {
    const egress = this.#replies;
    if (egress === undefined) return undefined;
    const record = this.#recordFor(egress, writeReply(reply));
    const empty = (): EgressRecord => this.#recordFor(egress, writeEmptiedReply(reply));
    return { record: this.#fits(record) ? record : empty(), empty };
  }

  get keepsDeadLetters(): boolean {
    return this.#used.deadLetters !== undefined;
  }

  encodeDeadLetter(lost: LostMessage): EgressRecord | undefined {
    const { deadLetters } = this.#used;
    if (deadLetters === undefined) return undefined;
    const { id, operation, target, caller, failure } = lost;
    const at = this.#used.clock.now();
    const write = (parts: Pick<DeadLetterRecord, "message" | "failure">): EgressRecord => {
      const value: DeadLetterRecord = { id, operation, target, caller, ...parts, at };
      return this.#recordFor(deadLetters, this.#values.encode({ type: DEAD_LETTER, value }));
    };
    const whole = write({ message: shownMessage(lost), failure });
    if (this.#fits(whole)) return whole;
    const brief = write({ message: undefined, failure });
    return this.#fits(brief)
      ? brief
      : write({ message: undefined, failure: roomlessLetter(whole) });
  }

  /** Returns the largest record of an egress in bytes. */
  #recordLimit(egress: string): number {
    const { recordLimits } = this.#used;
    return Object.hasOwn(recordLimits, egress) ? (recordLimits[egress] ?? Infinity) : Infinity;
  }

  #fits({ egress, argument }: EgressRecord): boolean {
    return argument.bytes.length <= this.#recordLimit(egress);
  }

  /** Makes a record of this library for an egress. */
  #recordFor(egress: string, { typename, bytes: value }: TypedBytes): EgressRecord {
    const topic = Object.hasOwn(this.#used.kafkaTopics, egress)
      ? this.#used.kafkaTopics[egress]
      : undefined;
    if (topic === undefined) return { egress, argument: { typename, bytes: value } };
    const bytes = kafkaRecord.encode({ topic, key: typename, value });
    return { egress, argument: { typename: kafkaRecord.typename, bytes } };
  }

  #find(type: string): ServedFunction | undefined {
    const definition = this.#definitions.get(type);
    if (definition === undefined) return undefined;
    let formats = this.#formats.get(type);
    if (formats === undefined) {
      formats = valueFormats(definition.valueNames, this.#specs.get(definition.type)?.state, codec);
      this.#formats.set(type, formats);
    }
    return { definition, formats };
  }

  #decode(request: BatchRequest, invocation: Invocation): Envelope {
    const type = this.#definitions.get(request.target.type)?.type ?? request.target.type;
    const { argument } = invocation;
    if (argument?.typename === MESSAGE_TYPES.message) {
      const envelope = readEnvelope(argument);
      return { ...envelope, target: { type, id: envelope.target.id } };
    }
    checkUnwrapped(invocation);
    const target = { type, id: request.target.id };
    const id = newMessageId();
    const caller = callerOf(invocation, target);
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
    const { storeId, clock, log, payloadLimit, retention, ageOut, random } = this.#used;
    const { whenFailed } = this.#used;
    return {
      storeId,
      clock,
      log,
      workLog: new WorkLog(log, clock),
      payloadLimit,
      retentionMs: retention,
      ageOutMs: ageOut,
      givenAgeOutMs: this.#used.ageOutOfGivenIds,
      random,
      secret,
      whenFailed,
      holdsDeadLetters: false,
      repeatsRequests: true,
      scopedCancel: false,
      knows: (...asked) => this.knows(...asked),
    };
  }
}

function makeCrashGuard({
  crashMarks,
  crashLimit: limit,
  clock,
  log,
}: ReadOptions<typeof MODULE_OPTIONS>): CrashGuard | undefined {
  if (crashMarks === undefined) return undefined;
  return new CrashGuard({ marks: new CrashMarkFile(crashMarks, log), clock, limit });
}

/**
 * Returns the caller of a message of another library. One that comes from its own target waited until
 * the function was registered, and nothing is known of its caller.
 */
function callerOf({ caller }: Invocation, target: Address): Address | undefined {
  return caller?.type === target.type && caller.id === target.id ? undefined : caller;
}

/** Describes why a record of an egress is not sent. */
function roomlessLetter({ egress, argument: { bytes } }: EgressRecord): Json {
  const why = `a dead letter of ${bytes.length} bytes has no room in a record of ${egress}`;
  return toFailure(
    new HandbackError("PAYLOAD_TOO_LARGE", why, { details: { size: bytes.length } }),
  );
}

/** Returns a message as data for a dead letter. */
function shownMessage({ message }: LostMessage): DeadLetterRecord["message"] {
  if (typeof message === "string") return { payload: message };
  return message && { type: message.typename, base64: toBase64(message.bytes) };
}

/**
 * Makes the id of a message from outside, which has none. A cluster that repeats a request gets
 * other ids, and keeps the effects of one run only.
 */
function newMessageId(): MessageId {
  return rootId(toHex(secret(FLOW_DIGITS / 2)));
}
