import { AGE_OUT_VALUE } from "../../core/activation/activation.ts";
import type { Address } from "../../core/message/address.ts";
import { checkOptions } from "../../core/validation/check-options.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Reply, Content, StoredValue } from "../../core/activation/effects.ts";
import type { Engine, ReplyListener } from "../../core/engine/engine.ts";
import { digest } from "../../core/crypto/digest.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { Json } from "../../core/data/json.ts";
import { rootId } from "../../core/message/message-id.ts";
import { checkFlowKey, checkId, checkName } from "../../core/validation/names.ts";
import { toError, toFailure } from "../types/failure.ts";
import type { Failure } from "../types/failure.ts";
import { show } from "../../core/errors/show.ts";
import { loadState } from "../../core/state/stored-state.ts";
import { settledReplyKey, STATUS_VALUE } from "../flow/flow.ts";
import type { Start } from "../flow/flow.ts";
import { FLOW_VALUE, decodeFlowRecord } from "../flow/flow-record.ts";
import type { FlowRecord } from "../flow/flow-record.ts";
import type {
  AnyInvokable,
  AnyInvokableWithoutInput,
  InputOf,
  OutputOf,
} from "../types/function.ts";
import { codec } from "../protocol/codec.ts";
import { flowWaits } from "../flow/wait-graph.ts";
import type { FlowWaits } from "../flow/wait-graph.ts";
import { flowBill } from "../flow/bill.ts";
import type { FlowBill } from "../flow/bill.ts";
import type { StatefulFunction } from "../types/define.ts";
import { failureOfSettlement, rejectedSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { idNamesFlow } from "../define/flow-per-id.ts";
import { specOf } from "../define/spec.ts";
import { SYSTEM, systemAddress } from "../protocol/system.ts";
import { resolveTarget } from "../define/target.ts";
import { parseToken } from "../protocol/token.ts";

/** Under which address and key a flow is started. */
export interface StartOptions {
  /**
   * Id of the state of a stateful function. For a stateless one, and for an approval, it is the
   * flow's key too, unless `key` is given.
   */
  readonly id?: string;
  /** The flow's key: a second start with the same key, function and input attaches to the first. At most 256 characters. */
  readonly key?: string;
}

/** How the outcome of a flow is waited for. */
export interface ResultOptions {
  /** Stops waiting when it is aborted: the promise then rejects with its reason, and the flow goes on. */
  readonly signal?: AbortSignal;
}

/** How much of a flow is looked at. */
export interface WaitsOptions {
  readonly limit?: number;
}

/** A flow from outside: durable, and found again by its id. */
export interface FlowHandle<out Output> {
  /** The flow's key, given or made. */
  readonly id: string;
  /** Id of the state that a stateful function was started on. */
  readonly stateId: string | undefined;
  /** Waits for the outcome; rejects as the flow was. May be called again, and after a restart. @throws `NOT_FOUND`, `CLOSED` */
  result(options?: ResultOptions): Promise<Output>;
  /** How the flow stands. @throws `NOT_FOUND` */
  status(): Promise<FlowStatus>;
}

/** How a flow stands. */
export interface FlowStatus {
  /** Type of the function that was started, `namespace/name`. */
  readonly function: string;
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
  readonly #readsSnapshots: boolean;
  #asked = 0;

  constructor(engine: Engine, payloadLimit: number) {
    this.#engine = engine;
    this.#readsSnapshots = engine.capabilities.has("snapshotRead");
    this.#payloadLimit = payloadLimit;
  }

  /**
   * Starts a flow and waits for its result.
   * @throws as {@link Client.start}; rejects as the flow was, with `FUNCTION_FAILED` when a function threw
   */
  async call<Function extends AnyInvokableWithoutInput>(f: Function): Promise<OutputOf<Function>>;
  async call<Function extends AnyInvokable>(
    f: Function,
    input: InputOf<Function>,
    options?: StartOptions,
  ): Promise<OutputOf<Function>>;
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
   * `IDEMPOTENCY_CONFLICT`, `OVERLOADED`, `CLOSED`; `STORE_FULL`, whose details say whether that is `definite`; `STORE_FAILED` when it is not
   * known whether it was started
   */
  start<Function extends AnyInvokableWithoutInput>(
    f: Function,
  ): Promise<FlowHandle<OutputOf<Function>>>;
  start<Function extends AnyInvokable>(
    f: Function,
    input: InputOf<Function>,
    options?: StartOptions,
  ): Promise<FlowHandle<OutputOf<Function>>>;
  start<Function extends AnyInvokable>(
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
    await this.#settleByToken(token, rejectedSettlement(failure));
  }

  /**
   * Gives a flow an event; it is kept until the flow waits for it.
   * @throws `INVALID_NAME`, `UNSERIALIZABLE`, `NOT_FOUND`, `FLOW_OVER`
   */
  async signal(flow: string | FlowHandle<unknown>, event: string, value?: unknown): Promise<void> {
    const id = flowKeyOf(flow);
    const { control } = await this.#ask(
      systemAddress("flow", id),
      "signal",
      { event: checkName(event, "event"), key: this.#nextKey() },
      { payload: this.#encode(value, "value") },
    );
    const { outcome } = control as { outcome: string };
    if (outcome === "unknown") throw flowNotFound(id);
    if (outcome === "over")
      throw new HandbackError("FLOW_OVER", `the flow ${id} has ended and takes no more events`, {
        details: { flow: id },
      });
  }

  /**
   * Cancels a flow: its result is a rejection with `CANCELLED` at once. What is parked for it is gone, continuations of `onSettled`
   * still run, and running handlers see `ctx.signal`. Tells whether it did so: a flow that has ended stays as it is.
   * @throws `NOT_FOUND`
   */
  async cancel(flow: string | FlowHandle<unknown>): Promise<boolean> {
    const id = flowKeyOf(flow);
    const { control } = await this.#ask(systemAddress("flow", id), "cancel", {
      key: this.#nextKey(),
    });
    const { outcome } = control as { outcome: string };
    if (outcome === "unknown") throw flowNotFound(id);
    return outcome === "cancelled";
  }

  /**
   * Forgets a flow that has ended: its status, result and bill, before its retention is over; its key is free again. Tells whether it did
   * so: a flow that goes on stays as it is.
   * @throws `NOT_FOUND`
   */
  async purge(flow: string | FlowHandle<unknown>): Promise<boolean> {
    const id = flowKeyOf(flow);
    const { control } = await this.#ask(systemAddress("flow", id), "purge", {
      key: this.#nextKey(),
    });
    const { outcome } = control as { outcome: string };
    if (outcome === "unknown") throw flowNotFound(id);
    return outcome === "purged";
  }

  /** How a flow stands. @throws `NOT_FOUND` */
  async status(flow: string | FlowHandle<unknown>): Promise<FlowStatus> {
    const id = flowKeyOf(flow);
    const { record, settled, custom } = await this.#find(id);
    const { cancelled, startedAt, settledAt, unhandled = [] } = record;
    return {
      function: record.type,
      status:
        settled === undefined
          ? "pending"
          : cancelled === true
            ? "cancelled"
            : settled.ok
              ? "completed"
              : "failed",
      custom: codec.decode(custom),
      startedAt,
      settledAt,
      failure: settled === undefined || settled.ok ? undefined : failureOfSettlement(settled),
      unhandled,
    };
  }

  /** What a flow has been billed so far. @throws `NOT_FOUND` */
  async bill(flow: string): Promise<FlowBill> {
    const { record, settled } = await this.#find(checkFlowKey(flow));
    return flowBill(record.tally, settled !== undefined);
  }

  /**
   * Tells who waits for what in a flow that goes on, from the flow down to what is at work or parked now; at most `limit` messages and as many
   * futures, from 1, default 100. The function `toMermaid` of `handback/patterns` draws it. For people to look at: it reads the whole backlog.
   * @throws `NOT_FOUND`, `INVALID_OPTIONS`, `UNSUPPORTED`
   */
  async waits(
    flow: string | FlowHandle<unknown>,
    { limit = 100 }: WaitsOptions = {},
  ): Promise<FlowWaits> {
    const id = flowKeyOf(flow);
    if (!this.#readsSnapshots)
      throw new HandbackError("UNSUPPORTED", "waits: this engine cannot be read from outside");
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new HandbackError(
        "INVALID_OPTIONS",
        `limit of waits: expected a whole number from 1, got ${show(limit)}`,
      );
    const { status, function: started } = await this.status(id);
    const { record } = this.#snapshot(id);
    const node = {
      id: `${SYSTEM.flow}/${id}`,
      kind: "flow",
      name: id,
      status: `${started}, ${status}`,
    } as const;
    const parked =
      status === "pending"
        ? this.#engine.pendingWork(record.number ?? id)
        : { messages: [], addresses: [] };
    const read = (address: Address, name: string): Json | undefined =>
      this.#engine.snapshot(address).find((each) => each.name === name)?.value.content.json;
    return flowWaits({ flow: node, parked, read, limit });
  }

  /**
   * Reads the committed values of one state, without waiting for a running handler. Values never written are initial.
   * @throws `NOT_FOUND` when nothing is stored, `INVALID_KEY`, `UNKNOWN_FUNCTION`, `UNSUPPORTED`
   */
  async readState<State>(f: StatefulFunction<State>, id: string): Promise<State> {
    const spec = specOf(f);
    if (spec?.state === undefined || !this.#engine.knows(spec.type)) {
      throw new HandbackError(
        "UNKNOWN_FUNCTION",
        "readState: expected a function made by stateful() and registered with this engine",
      );
    }
    if (!this.#readsSnapshots)
      throw new HandbackError(
        "UNSUPPORTED",
        "readState: this engine cannot read state from outside",
      );
    const stored = this.#engine.snapshot({
      type: spec.type,
      id: checkId(id, `id of ${spec.type}`),
    });
    const isAlive = (value: StoredValue | undefined): boolean =>
      value !== undefined && (value.expiresAt ?? Number.POSITIVE_INFINITY) > this.#engine.now();
    const life = stored.find(({ name }) => name === AGE_OUT_VALUE)?.value;
    const alive =
      life !== undefined && !isAlive(life) ? [] : stored.filter(({ value }) => isAlive(value));
    if (alive.length === 0)
      throw new HandbackError("NOT_FOUND", `${spec.type} has no state ${id}`, {
        details: { function: spec.type, id },
      });
    const read = (wanted: string): Content | undefined =>
      alive.find(({ name }) => name === wanted)?.value.content;
    return { ...loadState(spec.state, read, codec).values } as State;
  }

  async #start<Output>(
    f: unknown,
    input: unknown,
    options: StartOptions,
  ): Promise<FlowHandle<Output>> {
    const { type, operation, spec } = resolveTarget(f, this.#engine);
    const payload = this.#encode(input, "input");
    const { id, key: flowKey } = checkStartOptions(options, type);
    const stateful = spec.state !== undefined;
    const number = this.#engine.nextFlow();
    const isKey = id !== undefined && idNamesFlow(spec, operation);
    const flow = flowKey ?? (isKey ? checkFlowKey(id) : number);
    const isGiven = flow !== number;
    const stateId = stateful ? (id ?? `@${rootId(number)}`) : undefined;
    const digestAs = (named: string): string =>
      digest(`${named}\n${operation}\n${stateful ? (id ?? "") : ""}\n${payload}`);
    const start: Start = {
      number,
      type,
      stateId,
      name: operation,
      digest: isGiven ? digestAs(type) : undefined,
      creates: stateful && id === undefined ? true : undefined,
      key: this.#nextKey(),
    };
    const [target, asking] = [
      systemAddress("flow", flow),
      { payload, fresh: !isGiven, begins: true },
    ];
    let kept = (await this.#ask(target, "start", start, asking)).control as Kept;
    if (kept.outcome === "conflict" && spec.aliases.includes(kept.type)) {
      // The flow was started when the function had another name.
      const former: Start = {
        ...start,
        type: kept.type,
        digest: digestAs(kept.type),
        key: this.#nextKey(),
      };
      kept = (await this.#ask(target, "start", former, asking)).control as Kept;
    }
    if (kept.outcome === "conflict") {
      throw new HandbackError(
        "IDEMPOTENCY_CONFLICT",
        `the flow ${flow} was started with another function or input, which ${kept.type} keeps`,
        {
          details: { flow, function: kept.type },
        },
      );
    }
    return this.#handle(flow, kept.stateId);
  }

  #handle<Output>(id: string, stateId: string | undefined): FlowHandle<Output> {
    return {
      id,
      stateId,
      result: ({ signal }: ResultOptions = {}) => this.#result<Output>(id, signal),
      status: () => this.status(id),
    };
  }

  async #result<Output>(id: string, signal: AbortSignal | undefined): Promise<Output> {
    signal?.throwIfAborted();
    if (!this.#readsSnapshots) return this.#resultByQuery(id, signal);
    const { settled } = this.#snapshot(id);
    return decodeOutcome<Output>(
      settled ??
        settlementOfReply(await awaitReply(this.#engine.listen(settledReplyKey(id)), signal)),
    );
  }

  /** Listens before it asks: the flow may be settled before the answer comes. */
  async #resultByQuery<Output>(id: string, signal: AbortSignal | undefined): Promise<Output> {
    const listening = this.#engine.listen(settledReplyKey(id));
    // Nobody awaits it while the query is under way, which tells of the engine's end as well.
    listening.reply.catch(() => undefined);
    try {
      const { settled } = await this.#query(id);
      if (settled !== undefined) {
        listening.stop();
        return decodeOutcome<Output>(settled);
      }
    } catch (error) {
      listening.stop();
      throw error;
    }
    return decodeOutcome<Output>(settlementOfReply(await awaitReply(listening, signal)));
  }

  async #find(id: string): Promise<Found> {
    return this.#readsSnapshots ? this.#snapshot(id) : this.#query(id);
  }

  #snapshot(id: string): Found {
    const values = this.#engine.snapshot(systemAddress("flow", id));
    const flow = values.find(({ name }) => name === FLOW_VALUE)?.value;
    if (
      flow === undefined ||
      (flow.expiresAt !== undefined && flow.expiresAt <= this.#engine.now())
    )
      throw flowNotFound(id);
    const { json = null, text = UNDEFINED } = flow.content;
    return foundFlow(
      decodeFlowRecord(json),
      text,
      values.find(({ name }) => name === STATUS_VALUE)?.value.content.text,
    );
  }

  async #query(id: string): Promise<Found> {
    const { control, payload } = await this.#ask(systemAddress("flow", id), "query", {
      key: this.#nextKey(),
    });
    const { record, outcome = UNDEFINED } = control as {
      readonly record: FlowRecord | null;
      readonly outcome?: Encoded;
    };
    if (record === null) throw flowNotFound(id);
    return foundFlow(record, outcome, payload);
  }

  async #settleByToken(token: string, settled: Settled): Promise<void> {
    const { cell, digest } = parseToken(token);
    const { control, payload } = await this.#ask(
      systemAddress("cell", cell),
      "settleByToken",
      { ok: settled.ok, digest, key: this.#nextKey() },
      { payload: settled.text },
    );
    const { outcome } = control as { outcome: string };
    if (outcome === "unknown")
      throw new HandbackError(
        "NOT_FOUND",
        "there is no future of this token; it may be past its retention",
      );
    if (outcome === "cancelled")
      throw new HandbackError(
        "CANCELLED",
        "the future of this token was cancelled before it was settled",
      );
    if (outcome === "fulfilled" || outcome === "rejected") {
      throw new HandbackError(
        "ALREADY_COMPLETED",
        `the future was ${outcome} before, with another outcome`,
        {
          details: { outcome, ...(payload.length < 1024 && { text: payload }) },
        },
      );
    }
  }

  #nextKey(): string {
    return `ask/${this.#asked++}`;
  }

  #ask(
    target: Address,
    name: string,
    control: Json & { readonly key: string },
    { payload = UNDEFINED, fresh = false, begins = false }: Asking = {},
  ): Promise<Reply> {
    return this.#engine.ask(
      { id: target.id, target, name, payload, control, fresh: fresh ? true : undefined },
      control.key,
      begins,
    );
  }

  #encode(value: unknown, root: string): Encoded {
    const { segments, holes } = codec.encodeTemplate(value, { limit: this.#payloadLimit, root });
    if (holes.length === 0) return (segments[0] ?? UNDEFINED) as Encoded;
    throw new HandbackError(
      "FOREIGN_FUTURE",
      `the ${root} holds a future, which ends with its handler; pass its handle()`,
    );
  }
}

/** What a request is beside its control data. */
interface Asking {
  readonly payload?: Encoded;
  /** Nothing can be stored at its target yet. */
  readonly fresh?: boolean;
  /** It begins work. */
  readonly begins?: boolean;
}

/** What is there once a start has been asked for: started by it, or before. */
type Kept = { readonly outcome: string; readonly type: string; readonly stateId?: string };

/** A flow as it stands. */
interface Found {
  readonly record: FlowRecord;
  readonly settled: Settled | undefined;
  /** What it set as its status. */
  readonly custom: Encoded;
}

function foundFlow(record: FlowRecord, outcome: Encoded, custom: Encoded = UNDEFINED): Found {
  return {
    record,
    settled: record.ok === undefined ? undefined : { ok: record.ok, text: outcome },
    custom,
  };
}

/** What a settled flow announces. */
function settlementOfReply({ payload, control }: Reply): Settled {
  return { ok: (control as { ok: boolean }).ok, text: payload };
}

/** Waits for an answer, or until nobody wants it any more. */
function awaitReply(listening: ReplyListener, signal: AbortSignal | undefined): Promise<Reply> {
  return signal === undefined ? listening.reply : untilAborted(listening, signal);
}

async function untilAborted(listening: ReplyListener, signal: AbortSignal): Promise<Reply> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    listening.stop();
    aborted.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([listening.reply, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function flowKeyOf(flow: string | FlowHandle<unknown>): string {
  return checkFlowKey(
    typeof flow === "object" && flow !== null && "result" in flow ? flow.id : flow,
  );
}

function checkStartOptions(
  options: StartOptions,
  type: string,
): { readonly id: string | undefined; readonly key: string | undefined } {
  checkOptions(`options of ${type}`, options, ["id", "key"]);
  const id = "id" in options ? checkId(options.id, `id of ${type}`) : undefined;
  return { id, key: "key" in options ? checkFlowKey(options.key) : undefined };
}

function decodeOutcome<Output>(settled: Settled): Output {
  if (!settled.ok) throw toError(failureOfSettlement(settled));
  return codec.decode(settled.text) as Output;
}

function flowNotFound(id: string): HandbackError {
  return new HandbackError(
    "NOT_FOUND",
    `there is no flow ${id}; it was never started, or is past its retention`,
    {
      details: { flow: id },
    },
  );
}
