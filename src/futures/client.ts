import { LIFE } from "../core/activation.ts";
import type { Address } from "../core/address.ts";
import { checkOptions } from "../core/check-options.ts";
import { UNDEFINED } from "../core/codec/encoded.ts";
import type { Encoded } from "../core/codec/encoded.ts";
import type { Answer, StoredValue } from "../core/effects.ts";
import type { Engine } from "../core/engine.ts";
import { digest } from "../core/digest.ts";
import { HandbackError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { rootId } from "../core/message-id.ts";
import { checkFlowKey, checkId, checkName } from "../core/names.ts";
import { toError, toFailure } from "./failure.ts";
import type { Failure } from "./failure.ts";
import { loadState } from "../core/stored-state.ts";
import { FLOW_VALUE, settledKey, STATUS_VALUE } from "./flow.ts";
import type { FlowRecord, Start } from "./flow.ts";
import type { AnyInvokable, AnyInvokableWithoutInput, InputOf, OutputOf } from "./function.ts";
import { codec } from "./future-codec.ts";
import { flowBill } from "./flow-bill.ts";
import type { FlowBill } from "./flow-bill.ts";
import type { StatefulFunction } from "./define.ts";
import { failureOf, rejected } from "./settled.ts";
import type { Settled } from "./settled.ts";
import { specOf } from "./spec.ts";
import { system } from "./system.ts";
import { resolveTarget } from "./target.ts";
import { parseToken } from "./token.ts";

/** Under which address and key a flow is started. */
export interface StartOptions {
  /** For a stateful function the id of its state; for a stateless one the flow's key. */
  readonly id?: string;
  /** The flow's key: a second start with the same key, function and input attaches to the first. At most 256 characters. */
  readonly key?: string;
}

/** A flow from outside: durable, and found again by its id. */
export interface FlowHandle<out Output> {
  /** The flow's key, given or made. */
  readonly id: string;
  /** Id of the state that a stateful function was started on. */
  readonly stateId: string | undefined;
  /** Waits for the outcome; rejects as the flow was. May be called again, and after a restart. @throws `NOT_FOUND`, `CLOSED` */
  result(): Promise<Output>;
  /** How the flow stands. @throws `NOT_FOUND` */
  status(): Promise<FlowStatus>;
}

/** How a flow stands. */
export interface FlowStatus {
  readonly status: "pending" | "completed" | "failed" | "cancelled";
  /** What the flow set with `ctx.setStatus`, last. */
  readonly custom: unknown;
  /** Instants, in ms since the epoch. */
  readonly startedAt: number;
  readonly settledAt: number | undefined;
  /** Why it failed. */
  readonly failure: Failure | undefined;
  /** Rejections of futures that nobody consumed, the last few. They do not fail the flow. */
  readonly unhandled: readonly Failure[];
}

/**
 * Starts flows and talks to them from outside. Every request is a message, so a client works on every engine.
 *
 * @example
 * import { embedded, fn, memory } from "handback";
 *
 * const greet = fn("docs/greet", (_, name: string) => `hello ${name}`);
 * const engine = await embedded({ functions: [greet], store: memory() });
 * const handle = await engine.client.start(greet, "Ada", { id: "greet-1" });
 * console.log(await handle.result(), (await handle.status()).status); // hello Ada completed
 * await engine.close();
 */
export class Client {
  readonly #engine: Engine;
  readonly #payloadLimit: number;
  #asked = 0;

  constructor(engine: Engine, payloadLimit: number) {
    this.#engine = engine;
    this.#payloadLimit = payloadLimit;
  }

  /**
   * Starts a flow and waits for its result.
   * @throws as {@link Client.start}; rejects as the flow was, with `FUNCTION_FAILED` when a function threw
   */
  async call<Function extends AnyInvokableWithoutInput>(f: Function): Promise<OutputOf<Function>>;
  async call<Function extends AnyInvokable>(f: Function, input: InputOf<Function>, options?: StartOptions): Promise<OutputOf<Function>>;
  async call<Function extends AnyInvokable>(
    f: Function,
    input?: InputOf<Function>,
    options: StartOptions = {},
  ): Promise<OutputOf<Function>> {
    const handle = await this.#start<OutputOf<Function>>(f, input, options);
    return handle.result();
  }

  /**
   * Starts a flow: once the promise resolves, it is durable and will run to its end. Idempotent by key.
   *
   * @throws `UNKNOWN_FUNCTION`, `INVALID_KEY`, `INVALID_IDEMPOTENCY_KEY`, `UNSERIALIZABLE`, `TOO_DEEP`, `PAYLOAD_TOO_LARGE`,
   * `IDEMPOTENCY_CONFLICT`, `CLOSED`; `STORE_FAILED` when it is not known whether it was started
   */
  async start<Function extends AnyInvokableWithoutInput>(f: Function): Promise<FlowHandle<OutputOf<Function>>>;
  async start<Function extends AnyInvokable>(
    f: Function,
    input: InputOf<Function>,
    options?: StartOptions,
  ): Promise<FlowHandle<OutputOf<Function>>>;
  async start<Function extends AnyInvokable>(
    f: Function,
    input?: InputOf<Function>,
    options: StartOptions = {},
  ): Promise<FlowHandle<OutputOf<Function>>> {
    return this.#start(f, input, options);
  }

  /** A handle of a flow that was started before, by its key. Whether there is one is known when it is asked. */
  flow<Output = unknown>(id: string): FlowHandle<Output> {
    return this.#handle(checkFlowKey(id), undefined);
  }

  /**
   * Settles a `ctx.promise()` by its token. A second settlement with the same value changes nothing.
   * @throws `INVALID_ID`, `NOT_FOUND`, `UNSERIALIZABLE`, `CANCELLED`; `ALREADY_COMPLETED` when it was settled otherwise
   */
  async settle(token: string, value: unknown): Promise<void> {
    await this.#settleByToken(token, { ok: true, text: this.#encode(value, "value") });
  }

  /** Rejects a `ctx.promise()` by its token, with an error or a reason. @throws as {@link Client.settle} */
  async reject(token: string, error: unknown): Promise<void> {
    const { stack: _, ...failure } = toFailure(error);
    await this.#settleByToken(token, rejected(failure));
  }

  /**
   * Gives a flow an event; it is kept until the flow waits for it.
   * @throws `INVALID_NAME`, `UNSERIALIZABLE`, `NOT_FOUND`, `FLOW_OVER`
   */
  async signal(flow: string | FlowHandle<unknown>, event: string, value?: unknown): Promise<void> {
    const id = flowKeyOf(flow);
    const { control } = await this.#ask(
      system("flow", id),
      "signal",
      { event: checkName(event, "event") },
      { payload: this.#encode(value, "value") },
    );
    const { outcome } = control as { outcome: string };
    if (outcome === "unknown") throw notFound(id);
    if (outcome === "over")
      throw new HandbackError("FLOW_OVER", `the flow ${id} has ended and takes no more events`, { details: { flow: id } });
  }

  /**
   * Cancels a flow: its result is a rejection with `CANCELLED` at once. What is parked for it is gone, continuations of `onSettled`
   * still run, and running handlers see `ctx.signal`. Tells whether it did so: a flow that has ended stays as it is.
   * @throws `NOT_FOUND`
   */
  async cancel(flow: string | FlowHandle<unknown>): Promise<boolean> {
    const id = flowKeyOf(flow);
    const { control } = await this.#ask(system("flow", id), "cancel", {});
    const { outcome } = control as { outcome: string };
    if (outcome === "unknown") throw notFound(id);
    return outcome === "cancelled";
  }

  /** How a flow stands. @throws `NOT_FOUND` */
  async status(flow: string | FlowHandle<unknown>): Promise<FlowStatus> {
    const id = flowKeyOf(flow);
    const { record, custom } = await this.#record(id);
    const { settled, cancelled, startedAt, settledAt, unhandled } = record;
    return {
      status: settled === undefined ? "pending" : cancelled === true ? "cancelled" : settled.ok ? "completed" : "failed",
      custom: codec.decode(custom),
      startedAt,
      settledAt,
      failure: settled === undefined || settled.ok ? undefined : failureOf(settled),
      unhandled,
    };
  }

  /** What a flow has been billed so far. @throws `NOT_FOUND` */
  async bill(flow: string): Promise<FlowBill> {
    const { record } = await this.#record(checkFlowKey(flow));
    return flowBill(record.tally, record.settled !== undefined);
  }

  /**
   * Reads the committed values of one state, without waiting for a running handler. Values never written are initial.
   * @throws `NOT_FOUND` when nothing is stored, `INVALID_KEY`, `UNKNOWN_FUNCTION`, `UNSUPPORTED`
   */
  async readState<State>(f: StatefulFunction<State>, id: string): Promise<State> {
    const spec = specOf(f);
    if (spec?.state === undefined || !this.#engine.knows(spec.type)) {
      throw new HandbackError("UNKNOWN_FUNCTION", "readState: expected a function made by stateful() and registered with this engine");
    }
    if (!this.#engine.capabilities.has("snapshotRead"))
      throw new HandbackError("UNSUPPORTED", "readState: this engine cannot read state from outside");
    const stored = this.#engine.snapshot({ type: spec.type, id: checkId(id, `id of ${spec.type}`) });
    const isAlive = (value: StoredValue | undefined): boolean =>
      value !== undefined && (value.expiresAt ?? Number.POSITIVE_INFINITY) > this.#engine.now();
    const life = stored.get(LIFE);
    const alive = life !== undefined && !isAlive(life) ? [] : [...stored].filter(([, value]) => isAlive(value));
    if (alive.length === 0)
      throw new HandbackError("NOT_FOUND", `${spec.type} has no state ${id}`, { details: { function: spec.type, id } });
    const values = new Map(alive);
    return { ...loadState(spec.state, (name) => values.get(name)?.content, codec).values } as State;
  }

  async #start<Output>(f: unknown, input: unknown, options: StartOptions): Promise<FlowHandle<Output>> {
    const { type, operation, spec } = resolveTarget(f, this.#engine);
    const payload = this.#encode(input, "input");
    const { id, key } = checkStartOptions(options, type);
    const stateful = spec.state !== undefined;
    const number = this.#engine.nextFlow();
    const flow = key ?? (stateful || id === undefined ? number : checkFlowKey(id));
    const address: Address = { type, id: stateful ? (id ?? `@${rootId(number)}`) : rootId(number) };
    const content = digest(`${type}\n${operation}\n${stateful ? (id ?? "") : ""}\n${payload}`);
    const start: Omit<Start, "key"> = {
      number,
      target: address,
      name: operation,
      digest: content,
      ...(stateful && id === undefined && { creates: true }),
    };
    const { control } = await this.#ask(system("flow", flow), "start", start, { payload, fresh: flow === number });
    const { outcome, target } = control as { outcome: string; target: Address };
    if (outcome === "conflict") {
      throw new HandbackError(
        "IDEMPOTENCY_CONFLICT",
        `the flow ${flow} was started with another function or input, which ${target.type} keeps`,
        {
          details: { flow, function: target.type },
        },
      );
    }
    return this.#handle(flow, stateful ? target.id : undefined);
  }

  #handle<Output>(id: string, stateId: string | undefined): FlowHandle<Output> {
    return { id, stateId, result: () => this.#result<Output>(id), status: () => this.status(id) };
  }

  async #result<Output>(id: string): Promise<Output> {
    const listening = this.#engine.listen(settledKey(id));
    try {
      const { settled } = (await this.#record(id)).record;
      if (settled !== undefined) {
        listening.stop();
        return open<Output>(settled);
      }
    } catch (error) {
      listening.stop();
      throw error;
    }
    const { payload, control } = await listening.answer;
    return open<Output>({ ok: (control as { ok: boolean }).ok, text: payload });
  }

  async #record(id: string): Promise<{ readonly record: FlowRecord; readonly custom: Encoded }> {
    const { record, custom } = this.#engine.capabilities.has("snapshotRead") ? this.#snapshot(id) : await this.#query(id);
    if (record === undefined) throw notFound(id);
    return { record, custom };
  }

  #snapshot(id: string): { readonly record: FlowRecord | undefined; readonly custom: Encoded } {
    const values = this.#engine.snapshot(system("flow", id));
    const flow = values.get(FLOW_VALUE);
    const expired = flow?.expiresAt !== undefined && flow.expiresAt <= this.#engine.now();
    return {
      record: expired ? undefined : (flow?.content.json as FlowRecord | undefined),
      custom: values.get(STATUS_VALUE)?.content.text ?? UNDEFINED,
    };
  }

  async #query(id: string): Promise<{ readonly record: FlowRecord | undefined; readonly custom: Encoded }> {
    const { control, payload } = await this.#ask(system("flow", id), "query", {});
    return { record: (control as { record: FlowRecord | null }).record ?? undefined, custom: payload };
  }

  async #settleByToken(token: string, settled: Settled): Promise<void> {
    const { cell, digest } = parseToken(token);
    const { control, payload } = await this.#ask(
      system("cell", cell),
      "settleByToken",
      { ok: settled.ok, digest },
      { payload: settled.text },
    );
    const { outcome } = control as { outcome: string };
    if (outcome === "unknown") throw new HandbackError("NOT_FOUND", "there is no future of this token; it may be past its retention");
    if (outcome === "cancelled") throw new HandbackError("CANCELLED", "the future of this token was cancelled before it was settled");
    if (outcome === "fulfilled" || outcome === "rejected") {
      throw new HandbackError("ALREADY_COMPLETED", `the future was ${outcome} before, with another outcome`, {
        details: { outcome, ...(payload.length < 1024 && { text: payload }) },
      });
    }
  }

  #ask(
    target: Address,
    name: string,
    control: { readonly [key: string]: Json | undefined },
    { payload = UNDEFINED, fresh = false }: { readonly payload?: Encoded; readonly fresh?: boolean } = {},
  ): Promise<Answer> {
    const key = `ask/${this.#asked++}`;
    const envelope = { id: target.id, target, name, payload, control: { ...control, key } };
    return this.#engine.ask(fresh ? { ...envelope, fresh } : envelope, key);
  }

  #encode(value: unknown, root: string): Encoded {
    const { segments, holes } = codec.encodeTemplate(value, { limit: this.#payloadLimit, root });
    if (holes.length === 0) return (segments[0] ?? UNDEFINED) as Encoded;
    throw new HandbackError("FOREIGN_FUTURE", `the ${root} holds a future, which ends with its handler; pass its handle()`);
  }
}

function flowKeyOf(flow: string | FlowHandle<unknown>): string {
  return checkFlowKey(typeof flow === "object" && flow !== null && "result" in flow ? flow.id : flow);
}

function checkStartOptions(options: StartOptions, type: string): { readonly id: string | undefined; readonly key: string | undefined } {
  checkOptions(`options of ${type}`, options, ["id", "key"]);
  const id = "id" in options ? checkId(options.id, `id of ${type}`) : undefined;
  return { id, key: "key" in options ? checkFlowKey(options.key) : undefined };
}

function open<Output>(settled: Settled): Output {
  if (!settled.ok) throw toError(failureOf(settled));
  return codec.decode(settled.text) as Output;
}

function notFound(id: string): HandbackError {
  return new HandbackError("NOT_FOUND", `there is no flow ${id}; it was never started, or is past its retention`, {
    details: { flow: id },
  });
}
