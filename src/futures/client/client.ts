import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { hmac } from "../../core/crypto/hmac.ts";
import type { Engine } from "../../core/engine/engine.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { rootId } from "../../core/message/message-id.ts";
import { checkFlowKey, checkName } from "../../core/validation/names.ts";
import { invalidOption, readOptions } from "../../core/validation/options.ts";
import { parseDuration } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { idNamesFlow } from "../define/flow-per-id.ts";
import { resolveTarget, stateOperation } from "../define/target.ts";
import { flowNotFound, statusOf } from "../flow/record/found-flow.ts";
import type { FoundFlow } from "../flow/record/found-flow.ts";
import { flowBill } from "../flow/bill.ts";
import type { FlowBill } from "../flow/bill.ts";
import { settledReplyKey } from "../flow/record/settled-reply.ts";
import { STORE_SECRET_ID } from "../flow/store-secret.ts";
import type { FlowWaits } from "../flow/wait-graph.ts";
import type { FlowsFilter, FlowsOptions } from "../listing/flow-filter.ts";
import type { FlowSummary } from "../listing/flow-summary.ts";
import { countFlows, listFlows } from "../listing/list-flows.ts";
import type { FlowsPage } from "../listing/list-flows.ts";
import type { Pages } from "../listing/pages.ts";
import { readFailOptions, readResumeOptions } from "../repair/repair-options.ts";
import type { FailOptions, ResumeOptions } from "../repair/repair-options.ts";
import { rejectedSettlement } from "../protocol/settled.ts";
import type { RestartOptions } from "../types/restart.ts";
import type { StatefulFunction } from "../types/define.ts";
import { toFailure } from "../types/failure.ts";
import type {
  AnyInvokable,
  AnyInvokableWithoutInput,
  InputOf,
  OutputOf,
  WithoutId,
} from "../types/function.ts";
import type { WithId } from "../types/new-state.ts";
import { cancelAll, pauseAll, purgeAll, restartAll, resumeAll } from "./bulk/bulk-operations.ts";
import type { BulkOptions, BulkReport } from "./bulk/run-in-bulk.ts";
import { pausedFunctions, pauseFunction, requirePause, resumeFunction } from "./pause-functions.ts";
import { isFilter, isFunction } from "./pause-target.ts";
import type { PausedFunction, PauseTarget } from "./pause-target.ts";
import { checkStartOptions } from "./check-start-options.ts";
import type { RequestedStart } from "./check-start-options.ts";
import { RESULT_OPTIONS, SIGNAL_OPTIONS, WAITS_OPTIONS } from "./flow-handle.ts";
import type {
  FlowHandle,
  FlowStatus,
  ResultOptions,
  SignalOptions,
  StartOptions,
  WaitsOptions,
} from "./flow-handle.ts";
import { awaitReply, decodeOutcome, settlementOfReply } from "./outcome.ts";
import { requestPause, readRestartOptions, requestRepair, requestRestart } from "./steer-flow.ts";
import type { DeadLetterReport } from "./stored/dead-letter.ts";
import { listDeadLetters } from "./stored/list-dead-letters.ts";
import type { DeadLettersOptions, DeadLettersPage } from "./stored/list-dead-letters.ts";
import { listStates } from "./stored/list-states.ts";
import type { ListedState, StatesOptions, StatesPage } from "./stored/list-states.ts";
import { queryFlow, readFlow, readWaits } from "./read-flow.ts";
import type {
  EventsOptions,
  FlowEvent,
  FlowHistoryOptions,
  HistoryEntry,
  ReadHistoryOptions,
} from "./journal/history-entry.ts";
import { flowKeyOf } from "../../core/validation/flow-key.ts";
import { readEvents, readHistory } from "./journal/read-history.ts";
import type { HistorySource } from "./journal/read-history.ts";
import { readFlowStream } from "./journal/read-stream.ts";
import type { StreamItem, StreamOptions } from "./journal/stream-item.ts";
import { readOnce } from "./read-once.ts";
import { readCommittedState } from "./stored/read-state.ts";
import type { Replies } from "./replies.ts";
import { keyedSignal, refusedSignal } from "./signal-outcome.ts";
import { pausesOf } from "../repair/pauses-of.ts";
import { settleByToken } from "./settle-by-token.ts";
import { askEngine, encodeFromOutside } from "./request.ts";
import type { Answer, MessageName, Request } from "./request.ts";
import { startGiven } from "./start-given.ts";
import { requireStarted } from "./start-outcome.ts";

export type {
  FlowHandle,
  FlowStatus,
  ResultOptions,
  SignalOptions,
  StartOptions,
  WaitsOptions,
} from "./flow-handle.ts";

/**
 * Starts flows and talks to them from outside. Every request is a message, so a client works on
 * every engine.
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
  readonly #readSecret = readOnce(async () => {
    const asked = { key: this.#engine.nextRequest() };
    const { control } = await this.#ask("secret", {
      id: STORE_SECRET_ID,
      name: "read",
      control: asked,
    });
    return control.secret;
  });

  constructor(engine: Engine, payloadLimit: number) {
    this.#engine = engine;
    this.#readsSnapshots = engine.capabilities.has("snapshotRead");
    this.#payloadLimit = payloadLimit;
  }

  /**
   * Starts a flow and waits for its result, without asking for it: the answer comes with the start.
   * In a handler, prefer `ctx.invoke`: this wait blocks it.
   * @throws as {@link Client.start}; the flow's rejection, with `FUNCTION_FAILED` if a function
   * threw; in a handler as {@link FlowHandle.result}
   */
  async call<Function extends AnyInvokableWithoutInput & WithoutId>(
    f: Function,
  ): Promise<OutputOf<Function>>;
  async call<Function extends AnyInvokable>(
    f: Function,
    input: InputOf<Function>,
    options: WithId<StartOptions>,
  ): Promise<OutputOf<Function>>;
  async call<Function extends AnyInvokable & WithoutId>(
    f: Function,
    input: InputOf<Function>,
    options?: StartOptions,
  ): Promise<OutputOf<Function>>;
  async call<Function extends AnyInvokable>(
    f: Function,
    input?: InputOf<Function>,
    options?: StartOptions,
  ): Promise<OutputOf<Function>> {
    return this.#call(f, input, options);
  }

  #call<Output>(f: unknown, input: unknown, options?: StartOptions): Promise<Output> {
    return this.#begin(f, { input, options, awaits: true }, (flow, { control, payload }) =>
      control.outcome === undefined
        ? decodeOutcome<Output>({ ok: control.ok, text: payload })
        : this.#result<Output>(flow, undefined),
    );
  }

  /**
   * Starts a flow. Once the promise resolves, the flow is durable and will run to its end. A start
   * is idempotent by key.
   *
   * An operation of a stateful function needs an `id`. `NEW_STATE` makes a new state, which the
   * handle's `stateId` names.
   *
   * @throws `INVALID_OPTIONS`, also for an operation without an `id`; `UNKNOWN_FUNCTION`,
   * `INVALID_KEY`, `INVALID_IDEMPOTENCY_KEY`, `UNSERIALIZABLE`, `TOO_DEEP`, `PAYLOAD_TOO_LARGE`,
   * `IDEMPOTENCY_CONFLICT`, `OVERLOADED`, `CLOSED`; `STORE_FULL`, `STORE_BUSY` or
   * `CLUSTER_UNAVAILABLE`, with `definite` in its details; `STORE_FAILED` if the outcome is unknown
   */
  start<Function extends AnyInvokableWithoutInput & WithoutId>(
    f: Function,
  ): Promise<FlowHandle<OutputOf<Function>>>;
  start<Function extends AnyInvokable>(
    f: Function,
    input: InputOf<Function>,
    options: WithId<StartOptions>,
  ): Promise<FlowHandle<OutputOf<Function>>>;
  start<Function extends AnyInvokable & WithoutId>(
    f: Function,
    input: InputOf<Function>,
    options?: StartOptions,
  ): Promise<FlowHandle<OutputOf<Function>>>;
  start<Function extends AnyInvokable>(
    f: Function,
    input?: InputOf<Function>,
    options?: StartOptions,
  ): Promise<FlowHandle<OutputOf<Function>>> {
    return this.#begin(f, { input, options, awaits: false }, (flow, { control }) =>
      this.#handle(flow, control.outcome === undefined ? undefined : control.stateId),
    );
  }

  /**
   * Returns the handle of a flow by its key. The handle's methods throw `NOT_FOUND` if there is no
   * such flow.
   */
  flow<Output = unknown>(id: string): FlowHandle<Output> {
    return this.#handle(checkFlowKey(id), undefined);
  }

  /**
   * Settles a `ctx.promise()` by its token. A second settlement with the same value changes
   * nothing.
   * @throws `INVALID_ID`, `NOT_FOUND`, `UNSERIALIZABLE`, `CANCELLED`; `ALREADY_COMPLETED` if it was
   * settled with another value
   */
  async settle(token: string, value: unknown): Promise<void> {
    await settleByToken(this.#engine, token, { ok: true, text: this.#encode(value, "value") });
  }

  /**
   * Rejects a `ctx.promise()` by its token, with an error or a reason. @throws as {@link
   * Client.settle}
   */
  async reject(token: string, error: unknown): Promise<void> {
    const { stack: _, ...failure } = toFailure(error);
    await settleByToken(this.#engine, token, rejectedSettlement(failure));
  }

  /**
   * Sends an event to a flow. The event is kept until the flow waits for it. With a `key` it counts
   * once, so a program that lost the answer can send it again: it gets the first answer, even if
   * the flow has ended meanwhile.
   * @throws `INVALID_NAME`, `INVALID_IDEMPOTENCY_KEY`, `UNSERIALIZABLE`, `NOT_FOUND`, `FLOW_OVER`;
   * `IDEMPOTENCY_CONFLICT` if the key belongs to another event or value; `OVERLOADED` if the flow
   * has 10,000 keys
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const paid = fn("docs/paid", (ctx) => ctx.all([ctx.event<number>("coin"), ctx.event("coin")]));
   * const engine = await embedded({ functions: [paid], store: memory() });
   * const flow = await engine.client.start(paid);
   * await engine.client.signal(flow, "coin", 5, { key: "payment-1" });
   * await engine.client.signal(flow, "coin", 5, { key: "payment-1" }); // changes nothing
   * await engine.client.signal(flow, "coin", 5, { key: "payment-2" });
   * console.log(await flow.result()); // [ 5, 5 ]
   * await engine.close();
   */
  async signal(
    flow: string | FlowHandle<unknown>,
    event: string,
    value?: unknown,
    options: SignalOptions = {},
  ): Promise<void> {
    const id = flowKeyOf(flow);
    const name = checkName(event, "event");
    readOptions("signal", SIGNAL_OPTIONS, options);
    const payload = this.#encode(value, "value");
    const once = "key" in options ? keyedSignal(options.key, name, payload) : undefined;
    const key = this.#engine.nextRequest();
    const asked = { event: name, key, ...(once !== undefined && { once }) };
    const { control } = await this.#ask("flow", { id, name: "signal", control: asked, payload });
    if (control.outcome !== "signalled") throw refusedSignal(id, control.outcome);
  }

  /**
   * Cancels a flow. Its result is a rejection with `CANCELLED` at once. Its parked work is deleted,
   * continuations of `onSettled` still run, and running handlers see `ctx.signal`. Resolves to
   * false, and changes nothing, if the flow has ended.
   * @throws `NOT_FOUND`
   */
  async cancel(flow: string | FlowHandle<unknown>): Promise<boolean> {
    return (await this.#endFlow(flow, "cancel")) === "cancelled";
  }

  /**
   * Deletes the record of an ended flow before its retention is over: its status, result and bill.
   * The key is free again. Resolves to false, and changes nothing, if the flow is pending.
   * @throws `NOT_FOUND`
   */
  async purge(flow: string | FlowHandle<unknown>): Promise<boolean> {
    return (await this.#endFlow(flow, "purge")) === "purged";
  }

  /**
   * Pauses a flow, a function (`{ function }` and no other condition), or all flows that meet a
   * filter. Running handlers end. No other handler of the flow, or of the function, starts until
   * {@link Client.resume}, also after a restart. Timers keep their instants, and timeouts fire. What
   * is paused already stays so.
   *
   * A flow that is paused can be canceled. One-way messages and clean-up belong to no flow, and go
   * on.
   * @throws `NOT_FOUND`; `FLOW_OVER` if the flow has ended; `UNKNOWN_FUNCTION`, `INVALID_OPTIONS`;
   * for a filter as {@link Client.flows}; `UNSUPPORTED` if the engine cannot hold messages back
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const pack = fn("docs/pack", (_, item: string) => `packed ${item}`);
   * const engine = await embedded({ functions: [pack], store: memory() });
   * await engine.client.pause({ function: pack });
   * const flow = await engine.client.start(pack, "pen", { key: "order-1" });
   * console.log(await engine.client.pausedFunctions()); // [ "docs/pack" ]
   * await engine.client.resume({ function: pack });
   * console.log(await flow.result()); // packed pen
   * await engine.close();
   */
  pause(flow: string | FlowHandle<unknown>): Promise<void>;
  pause(f: PausedFunction): Promise<void>;
  pause(filter: FlowsFilter, options?: BulkOptions): Promise<BulkReport>;
  async pause(target: PauseTarget, options: BulkOptions = {}): Promise<BulkReport | void> {
    requirePause(this.#engine);
    if (isFunction(target)) return pauseFunction(this.#engine, target);
    if (isFilter(target)) return pauseAll(this, target, options);
    await requestPause(this.#engine, flowKeyOf(target));
  }

  /**
   * Ends a pause: of a flow that {@link Client.pause} has paused, of a function, or of all flows that
   * meet a filter, as {@link Client.resumeAll}. Messages that waited are handled in their order.
   *
   * If the flow itself is not paused, a call of it that failed (`whenFailed: "pause"`) runs once more,
   * with the same `ctx.idempotencyKey`. Its retry policy starts afresh, and its attempts count on. The
   * function that runs is the registered one, so a deploy can mend it first.
   * @throws `NOT_FOUND`; `NOT_PAUSED` if the flow, or the named call, is not paused;
   * `INVALID_OPTIONS` also if several calls are paused and none is named; `UNSERIALIZABLE`,
   * `TOO_DEEP`, `PAYLOAD_TOO_LARGE`
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * let isUp = false;
   * const charge = fn("docs/charge-later", { whenFailed: "pause" }, (_, cents: number) => {
   *   if (!isUp) throw new Error("the bank is down");
   *   return `paid ${cents}`;
   * });
   * const engine = await embedded({ functions: [charge], store: memory() });
   * const flow = await engine.client.start(charge, 500, { id: "order-7" });
   * while ((await flow.status()).status === "pending") await new Promise((done) => setTimeout(done, 5));
   * console.log((await flow.status()).paused[0]?.failure.message); // the bank is down
   * isUp = true;
   * await engine.client.resume(flow);
   * console.log(await flow.result()); // paid 500
   * await engine.close();
   */
  resume(flow: string | FlowHandle<unknown>, options?: ResumeOptions): Promise<void>;
  resume(f: PausedFunction): Promise<void>;
  resume(filter: FlowsFilter, options?: BulkOptions): Promise<BulkReport>;
  async resume(
    target: PauseTarget,
    options: ResumeOptions & BulkOptions = {},
  ): Promise<BulkReport | void> {
    if (isFunction(target)) return resumeFunction(this.#engine, target);
    if (isFilter(target)) return this.resumeAll(target, options);
    const { input, ...repair } = readResumeOptions(options);
    const payload = repair.hasInput === true ? this.#encode(input, "input") : UNDEFINED;
    await requestRepair(this.#engine, { flow: flowKeyOf(target), repair, payload });
  }

  /**
   * Returns the types of the functions that {@link Client.pause} has paused. @throws `UNSUPPORTED`,
   * `CLOSED`
   */
  async pausedFunctions(): Promise<readonly string[]> {
    return pausedFunctions(this.#engine);
  }

  /**
   * Lets the failure of a paused call pass on to all that wait for it.
   * @throws `NOT_FOUND`; `NOT_PAUSED` if the flow, or the named call, is not paused;
   * `INVALID_OPTIONS` also if several calls are paused and none is named
   */
  async fail(flow: string | FlowHandle<unknown>, options: FailOptions = {}): Promise<void> {
    const repair = { action: "fail", ...readFailOptions(options) } as const;
    await requestRepair(this.#engine, { flow: flowKeyOf(flow), repair, payload: UNDEFINED });
  }

  /**
   * Runs a flow again from its start, if it has failed or was canceled: the same function with the
   * same input. The commit that starts the new run cancels what is left of the run before. Whoever
   * has heard of the first failure keeps it, and from then on `result()` is that of the new run.
   *
   * With the same keys, no step of a saga may have been undone, and none is from then on. See
   * [restart](https://handback.dev/steering#run-it-again-from-its-start).
   * @throws `NOT_FOUND`; `NOT_RESTARTABLE` with `reason` and `status` in its details: the flow is
   * `"running"`, has `"completed"`, has `"compensated"` and is to have the same keys, or is of an
   * earlier release (`"inputNotKept"`); `UNKNOWN_FUNCTION` if its function is not registered;
   * `INVALID_OPTIONS`
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const charged = new Map<string, number>();
   * const charge = fn("docs/charge-once", (ctx, cents: number) => {
   *   charged.set(ctx.idempotencyKey, cents); // the bank
   *   return cents;
   * });
   * let inStock = false;
   * const pack = fn("docs/pack-late", (_, cents: number) => {
   *   if (!inStock) throw new Error("sold out");
   *   return `packed for ${cents}`;
   * });
   * const order = fn("docs/order-again", (ctx, cents: number) =>
   *   ctx.onComplete(ctx.invoke(charge, cents), pack),
   * );
   * const engine = await embedded({ functions: [order, charge, pack], store: memory() });
   * const flow = await engine.client.start(order, 500, { key: "order-7" });
   * await flow.result().catch((error: Error) => console.log(error.message)); // FUNCTION_FAILED: docs/pack-late failed: sold out
   * inStock = true;
   * await engine.client.restart(flow, { keys: "same" });
   * console.log(await flow.result(), charged.size); // packed for 500 1
   * await engine.close();
   */
  async restart(flow: string | FlowHandle<unknown>, options: RestartOptions): Promise<void> {
    await requestRestart(this.#engine, flowKeyOf(flow), options);
  }

  /**
   * Restarts all flows that meet a filter and have failed or were canceled, as {@link Client.restart}.
   * Flows that cannot be restarted stay as they are, and do not count as `done`.
   * @throws as {@link Client.flows}; `INVALID_OPTIONS` also for another status than `failed` or
   * `cancelled`. The last `onProgress` tells where to go on
   */
  async restartAll(
    filter: FlowsFilter,
    { keys, ...options }: RestartOptions & BulkOptions,
  ): Promise<BulkReport> {
    return restartAll(this, filter, { ...readRestartOptions({ keys }), ...options });
  }

  /**
   * Resumes the paused calls of all flows that meet a filter, as {@link Client.resume}.
   * @throws as {@link Client.flows}; `INVALID_OPTIONS` also for another status than `paused`. The
   * last `onProgress` tells where to go on
   */
  async resumeAll(filter: FlowsFilter, options: BulkOptions = {}): Promise<BulkReport> {
    return resumeAll(this, filter, options);
  }

  /**
   * Cancels all flows that meet a filter and have not ended, as {@link Client.cancel}.
   * @throws as {@link Client.flows}. The last `onProgress` tells where to go on
   */
  async cancelAll(filter: FlowsFilter, options: BulkOptions = {}): Promise<BulkReport> {
    return cancelAll(this, filter, options);
  }

  /**
   * Deletes the records of all flows that meet a filter and have ended, as {@link Client.purge}.
   * @throws as {@link Client.flows}. The last `onProgress` tells where to go on
   */
  async purgeAll(filter: FlowsFilter, options: BulkOptions = {}): Promise<BulkReport> {
    return purgeAll(this, filter, options);
  }

  /** Returns the status of a flow. @throws `NOT_FOUND` */
  async status(flow: string | FlowHandle<unknown>): Promise<FlowStatus> {
    return statusOf(await this.#find(flowKeyOf(flow)));
  }

  /** Returns the bill of a flow so far. @throws `NOT_FOUND` */
  async bill(flow: string): Promise<FlowBill> {
    const { record, settled } = await this.#find(checkFlowKey(flow));
    return flowBill(record.tally, settled !== undefined);
  }

  /**
   * Returns who waits for what in a pending flow, from the flow down to its running and parked
   * work.
   * `toMermaid` of `handback/patterns` draws it. It is meant for people, because it reads the whole
   * backlog.
   * @throws `NOT_FOUND`, `INVALID_OPTIONS`, `UNSUPPORTED`
   */
  async waits(flow: string | FlowHandle<unknown>, options: WaitsOptions = {}): Promise<FlowWaits> {
    const id = flowKeyOf(flow);
    if (!this.#readsSnapshots)
      throw new HandbackError("UNSUPPORTED", "waits: this engine cannot be read from outside");
    const { limit } = readOptions("waits", WAITS_OPTIONS, options);
    return this.#engine.read(() => readWaits(id, limit, this.#engine.now()));
  }

  /**
   * Reads the committed values of one state, without waiting for a running handler. Values that
   * were never written are initial.
   * @throws `NOT_FOUND` if nothing is stored, `INVALID_KEY`, `UNKNOWN_FUNCTION`, `UNSUPPORTED`
   */
  async readState<State>(f: StatefulFunction<State>, id: string): Promise<State> {
    return readCommittedState(this.#engine, f, id);
  }

  /**
   * Deletes a state, after the messages that wait for it. It is a flow like a call of an operation,
   * and the promise resolves when the state is gone.
   * @throws `NOT_FOUND` if there is no such state; `UNKNOWN_FUNCTION`, `INVALID_KEY`, and as
   * {@link Client.call}
   * @example
   * import { embedded, memory, stateful, value } from "handback";
   *
   * const cart = stateful("docs/ended-cart", {
   *   state: { items: value(0) },
   *   handlers: { add: (ctx) => ctx.state.items++ },
   * });
   * const engine = await embedded({ functions: [cart], store: memory() });
   * for (const id of ["c-1", "c-2"]) await engine.client.call(cart.add, undefined, { id });
   * await engine.client.terminate(cart, "c-1");
   * await engine.client.expireAfter(cart, "c-2", "30m");
   * console.log((await engine.client.states(cart)).states.map(({ id }) => id)); // [ "c-2" ]
   * await engine.close();
   */
  async terminate(f: object, id: string): Promise<void> {
    await this.#call(stateOperation(f, "@terminate", "terminate"), undefined, { id });
  }

  /**
   * Sets the age-out time of a state, after the messages that wait for it, as `ctx.expireAfter` does:
   * the state is deleted that long after its last message.
   * @throws as {@link Client.terminate}; `INVALID_DELAY`
   */
  async expireAfter(f: object, id: string, duration: Duration): Promise<void> {
    const ms = parseDuration(duration, "the duration of expireAfter");
    await this.#call(stateOperation(f, "@expire-after", "expireAfter"), ms, { id });
  }

  /**
   * Lists flows by their starts, the newest first by default. Awaiting it gives a page; iterating
   * over it gives all flows, page by page. Flows that start or end meanwhile move no others, so none
   * is listed twice.
   *
   * A page can be short, or empty, although more flows follow: its `cursor` tells.
   * @throws `INVALID_OPTIONS`, `INVALID_NAME`, `INVALID_DELAY`, `INVALID_CURSOR`, `CLOSED`;
   * `UNSUPPORTED` if the engine has no index of flows
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const order = fn("docs/order", (_, fails: boolean) => {
   *   if (fails) throw new Error("sold out");
   * });
   * const engine = await embedded({ functions: [order], store: memory() });
   * await engine.client.call(order, false, { key: "order-1" });
   * await engine.client.call(order, true, { key: "order-2" }).catch(() => undefined);
   *
   * const { flows, cursor } = await engine.client.flows({ status: "failed", limit: 10 });
   * console.log(flows[0]?.id, cursor); // order-2 undefined
   * const ids: string[] = [];
   * for await (const { id } of engine.client.flows({ order: "oldest" })) ids.push(id);
   * console.log(ids); // [ "order-1", "order-2" ]
   * await engine.close();
   */
  flows(options: FlowsOptions = {}): Pages<FlowsPage, FlowSummary> {
    return listFlows(this.#engine, options, (id) => pausesOf(async () => this.#find(id)));
  }

  /**
   * Counts flows. With `function` and `status` only, it reads counters. Any other filter makes it
   * look at the flows one by one, and then it is not of one instant.
   * @throws as {@link Client.flows}
   */
  async countFlows(filter: FlowsFilter = {}): Promise<number> {
    return countFlows(this.#engine, filter);
  }

  /**
   * Reads the history of a flow so far, oldest entry first: its start, its runs, messages and
   * timers, what it received, and its end. After a restart, it is that of the last run; `run: 1` reads
   * that of the first. The option `history` of the engine turns it on.
   * @throws `INVALID_OPTIONS`, `UNSUPPORTED`, `INVALID_CURSOR` also for the cursor of another
   * flow; the iterator rejects with `NOT_FOUND`, `CLOSED`, or the reason of the signal
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const greet = fn("docs/history", () => "hello");
   * const engine = await embedded({ functions: [greet], store: memory(), history: true });
   * await engine.client.call(greet, undefined, { key: "g" });
   * const types: string[] = [];
   * for await (const { type } of engine.client.history("g")) types.push(type);
   * console.log(types); // [ "started", "ran", "completed" ]
   * await engine.close();
   */
  history(
    flow: string | FlowHandle<unknown>,
    options?: FlowHistoryOptions,
  ): AsyncGenerator<HistoryEntry, void, void> {
    return readHistory(this.#historySource, flowKeyOf(flow), { until: "now", options });
  }

  /**
   * Follows the starts and ends of flows: all that are kept, then new ones as they become durable.
   * A reader that goes on after the cursor of its last event misses none, also after a restart. The
   * option `history` of the engine turns it on.
   * @throws `INVALID_OPTIONS`, `INVALID_NAME`, `UNSUPPORTED`, `INVALID_CURSOR` also for the cursor of
   * another filter; the iterator rejects with `NOT_FOUND`, `CLOSED`, or the reason of the signal
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const greet = fn("docs/events", () => "hello");
   * const engine = await embedded({ functions: [greet], store: memory(), history: true });
   * await engine.client.call(greet, undefined, { key: "g" });
   * const seen: string[] = [];
   * for await (const { flow, type } of engine.client.events({ function: greet }))
   *   if (seen.push(`${flow} ${type}`) === 2) break;
   * console.log(seen); // [ "g started", "g completed" ]
   * await engine.close();
   */
  events(options?: EventsOptions): AsyncGenerator<FlowEvent, void, void> {
    return readEvents(this.#historySource, options);
  }

  /**
   * Lists the states of a function, in the order of their ids: those that `readState` finds. Awaiting
   * it gives a page; iterating over it gives all states. A page can be short although more states
   * follow: its `cursor` tells.
   * @throws `INVALID_OPTIONS`, `INVALID_CURSOR`, `UNKNOWN_FUNCTION`, `CLOSED`; `UNSUPPORTED` if the
   * engine cannot list them
   * @example
   * import { embedded, memory, stateful, value } from "handback";
   *
   * const cart = stateful("docs/cart", {
   *   state: { items: value(0) },
   *   handlers: { add: (ctx) => ctx.state.items++ },
   * });
   * const engine = await embedded({ functions: [cart], store: memory() });
   * for (const id of ["eu-1", "eu-2", "us-1"]) await engine.client.call(cart.add, undefined, { id });
   * const { states } = await engine.client.states(cart, { idPrefix: "eu-" });
   * console.log(states.map(({ id }) => id)); // [ "eu-1", "eu-2" ]
   * await engine.close();
   */
  states(f: object, options: StatesOptions = {}): Pages<StatesPage, ListedState> {
    return listStates(this.#engine, f, options);
  }

  /**
   * Lists the messages that were given up, the oldest first: one-way ones that failed, and
   * `POISONED` ones. Awaiting it gives a page; iterating over it gives all of them.
   * @throws `INVALID_OPTIONS`, `INVALID_CURSOR`, `CLOSED`; `UNSUPPORTED` if the engine keeps none
   * @example
   * import { fn } from "handback";
   * import { simulate } from "handback/testing";
   *
   * const note = fn("docs/note", () => {
   *   throw new Error("no paper");
   * });
   * const work = fn("docs/work", (ctx) => ctx.send(note));
   * await simulate({ functions: [work, note] }, async (t) => {
   *   await t.client.call(work);
   *   await t.idle();
   *   for await (const { id, target } of t.client.deadLetters()) {
   *     console.log(target.type); // docs/note
   *     await t.discard(id);
   *   }
   * });
   */
  deadLetters(options: DeadLettersOptions = {}): Pages<DeadLettersPage, DeadLetterReport> {
    return listDeadLetters(this.#engine, options);
  }

  /**
   * Signs a text with the secret of the store. Returns 64 hex digits that nothing else can compute,
   * the same each time. So a program can recognize what it has handed out. Begin the text with its
   * purpose, and never sign a text that a stranger chose.
   *
   * @throws `CLOSED`, `STORE_FULL`, `STORE_FAILED`, `CLUSTER_UNAVAILABLE`
   * @example
   * import { embedded, memory } from "handback";
   *
   * const engine = await embedded({ functions: [], store: memory() });
   * const signature = await engine.client.sign("link to order\n7");
   * console.log(signature.length, (await engine.client.sign("link to order\n7")) === signature); // 64 true
   * await engine.close();
   */
  async sign(text: string): Promise<string> {
    if (typeof text !== "string") throw invalidOption("sign()", "a text", text);
    return hmac(await this.#readSecret(), text);
  }

  async #endFlow(flow: string | FlowHandle<unknown>, name: "cancel" | "purge"): Promise<string> {
    const id = flowKeyOf(flow);
    const asked = { key: this.#engine.nextRequest() };
    const { control } = await this.#ask("flow", { id, name, control: asked });
    if (control.outcome === "unknown") throw flowNotFound(id);
    return control.outcome;
  }

  /**
   * Starts a flow, and makes a result of its key and the reply. With `awaits`, the reply is its
   * settlement, if the engine gives that.
   */
  async #begin<Result>(
    f: unknown,
    { input: value, options, awaits }: RequestedStart,
    resultOf: (flow: string, reply: Answer<"flow", "start">) => Result | Promise<Result>,
  ): Promise<Result> {
    const target = resolveTarget(f, this.#engine);
    const { type, operation, spec } = target;
    const payload = this.#encode(value, "input");
    const { id, key: flowKey, traceparent } = checkStartOptions(options, target);
    const stateful = spec.state !== undefined;
    const next = this.#engine.nextFlow();
    const number = typeof next === "string" ? next : await next;
    const isKey = id !== undefined && idNamesFlow(spec, operation);
    const flow = flowKey ?? (isKey ? checkFlowKey(id) : number);
    const isGiven = flow !== number;
    const stateId = stateful ? (id ?? `@${rootId(number)}`) : undefined;
    const control = {
      type,
      name: operation,
      number,
      stateId,
      digest: undefined,
      creates: stateful && id === undefined ? true : undefined,
      awaits: awaits ? true : undefined,
      events: spec.events,
      traceparent,
      key: this.#engine.nextRequest(),
    } as const;
    const request = {
      id: flow,
      name: "start",
      control,
      payload,
      fresh: !isGiven,
      begins: true,
      outcome: awaits ? settledReplyKey(flow) : undefined,
    } as const;
    const reply = await (isGiven
      ? startGiven(request, target, {
          id: stateful ? (id ?? "") : "",
          nextRequest: () => this.#engine.nextRequest(),
          ask: (again) => this.#ask("flow", again),
        })
      : this.#ask("flow", request));
    requireStarted(flow, reply.control, flowKey !== undefined);
    return resultOf(flow, reply);
  }

  #handle<Output>(id: string, stateId: string | undefined): FlowHandle<Output> {
    return {
      id,
      stateId,
      result: (options?: ResultOptions) => this.#result<Output>(id, options),
      status: () => this.status(id),
      changes: (options?: ReadHistoryOptions) =>
        readHistory(this.#historySource, id, { until: "flow", options }),
      stream: <T>(channel: string, options?: StreamOptions) =>
        readFlowStream({ ...this.#historySource, id }, channel, options) as AsyncGenerator<
          StreamItem<T>,
          void,
          void
        >,
    };
  }

  get #historySource(): HistorySource {
    return { engine: this.#engine, find: async (flow) => this.#find(flow) };
  }

  /** Listens before it asks, because the flow may settle before the answer comes. */
  async #result<Output>(id: string, options: ResultOptions | undefined): Promise<Output> {
    const { signal } =
      options === undefined ? {} : readOptions("result()", RESULT_OPTIONS, options);
    signal?.throwIfAborted();
    const listening = this.#engine.listen(settledReplyKey(id));
    try {
      const found = this.#find(id);
      const { settled } = "record" in found ? found : await found;
      const known = settled ?? settlementOfReply(await awaitReply(listening, signal));
      return decodeOutcome<Output>(known);
    } finally {
      listening.stop();
    }
  }

  #find(id: string): FoundFlow | Promise<FoundFlow> {
    return this.#readsSnapshots
      ? this.#engine.read(() => readFlow(id, this.#engine.now()))
      : queryFlow(this.#engine, id);
  }

  /** Sends a message that asks for a reply. */
  #ask<Kind extends keyof Replies, Name extends keyof Replies[Kind] & MessageName<Kind>>(
    kind: Kind,
    request: Request<Kind, Name>,
  ): Promise<Answer<Kind, Name>> {
    return askEngine(this.#engine, kind, request);
  }

  #encode(value: unknown, root: string): Encoded {
    return encodeFromOutside(value, { limit: this.#payloadLimit, root });
  }
}
