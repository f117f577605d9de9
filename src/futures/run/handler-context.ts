import type { Activation } from "../../core/activation/activation.ts";
import type { Cancellation } from "../../core/activation/cancellation.ts";
import type { Stopwatch } from "../../core/activation/meter.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { CALL_ID } from "../../core/activation/call-id.ts";
import { NOTE, noteWork } from "../../core/activation/work-note.ts";
import type { WorkLine } from "../../core/host/work-log.ts";
import type { Log } from "../../core/host/log.ts";
import type { Address } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { State } from "../../core/state/state.ts";
import { parseDuration } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { EXPIRE_AFTER, TERMINATE } from "../define/spec.ts";
import { stateOperation } from "../define/target.ts";
import { checkName } from "../../core/validation/names.ts";
import { templatePlan } from "../combinators/all.ts";
import { subscribeToCell } from "../combinators/cell.ts";
import { questionPlan } from "../combinators/question.ts";
import { COMBINATORS } from "../combinators/table.ts";
import type { CallControl } from "../protocol/call.ts";
import { codec } from "../protocol/codec.ts";
import type { Graph } from "../protocol/graph.ts";
import { keyOfCall } from "../protocol/idempotency-key.ts";
import { isSettledPlan } from "../protocol/node.ts";
import type { Node } from "../protocol/node.ts";
import type { PendingFuture } from "../protocol/pending-future.ts";
import {
  failureOfSettlement,
  fulfilledSettlement,
  rejectedSettlement,
} from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { checkAttributes } from "../flow/attributes.ts";
import { systemAddress } from "../protocol/system.ts";
import type { Context, HandlerEnvironment, InvokeOptions, NoState } from "../types/context.ts";
import type {
  AnyInvokable,
  AnyInvokableWithoutInput,
  FutureOf,
  InputOf,
} from "../types/function.ts";
import type { Future } from "../types/future.ts";
import { MAY_COMPENSATE } from "../types/restart.ts";
import type { Resolvable } from "../types/resolvable.ts";
import { toError, toFailure } from "../types/failure.ts";
import type { RunEnding } from "../types/run-ending.ts";
import { RunStreams } from "./run-streams.ts";
import { flush } from "./flush.ts";
import { HandlerFutures } from "./future-maker.ts";
import { planContinuation, planEgress, planInvoke, planReply, planSend } from "./plan-call.ts";

/** The parts of a handler's context. */
export interface ContextParts {
  readonly graph: Graph;
  readonly state: State | undefined;
  readonly readOnly: boolean;
  readonly control: CallControl;
  readonly stopwatch: Stopwatch;
  /** The names of the events that the function declares. */
  readonly events: readonly string[] | undefined;
  readonly cancellation: Cancellation;
}

/** The methods of `Context` that come from the table of combinators. */
type CombinatorMethods = Omit<Context, keyof HandlerEnvironment | OwnMethod>;
type OwnMethod =
  | "state"
  | "invoke"
  | "send"
  | "cancelSend"
  | "reply"
  | "egress"
  | "onComplete"
  | "onSettled"
  | "cancel"
  | "resolved"
  | "rejected"
  | "setStatus"
  | "setAttributes"
  | "emit"
  | "get"
  | "expireAfter"
  | "terminate"
  | "terminateState"
  | "expireStateAfter";

// oxlint-disable-next-line no-unsafe-declaration-merging -- a test finds each method in the class or the table
export interface HandlerContext extends CombinatorMethods {}

/**
 * The `ctx` of a handler. It checks arguments and adds nodes to the graph. The types and the
 * meaning of its methods are those of `Context`. The table of combinators adds the methods that
 * join, race and await futures.
 */
export class HandlerContext implements Context {
  readonly #graph: Graph;
  readonly #parts: ContextParts;
  readonly #activation: Activation;
  readonly #futures: HandlerFutures;
  #state: NoState | undefined;
  #gets = 0;
  #key: string | undefined;
  #streams: RunStreams | undefined;

  static {
    for (const { methods = {} } of COMBINATORS) {
      for (const [name, method] of Object.entries(methods)) {
        const value = function (this: HandlerContext, ...args: readonly unknown[]): PendingFuture {
          return method(this.#open(), ...args);
        };
        Object.defineProperty(this.prototype, name, { value, configurable: true, writable: true });
      }
    }
  }

  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.#graph = parts.graph;
    this.#activation = parts.graph.activation;
    this.#futures = new HandlerFutures(parts.graph, parts.events);
  }

  get state(): NoState {
    if (this.#state !== undefined) return this.#state;
    const { state, readOnly } = this.#parts;
    const guard = (): void => this.#graph.checkOpen();
    guard();
    if (state === undefined) {
      const why = "is stateless: expected a function made by stateful()";
      throw new HandbackError("UNKNOWN_VALUE", `${this.#type} ${why}`);
    }
    return (this.#state = state.open(guard, { readOnly }));
  }

  get self(): Address {
    return this.#activation.address;
  }

  get caller(): Address | undefined {
    return this.#activation.envelope.caller;
  }

  get attempt(): number {
    return (this.#parts.control.retries ?? 0) + 1;
  }

  get idempotencyKey(): string {
    return (this.#key ??= keyOfCall(this.#activation.envelope));
  }

  get [CALL_ID](): string {
    return this.#parts.control.redriven ?? this.#activation.envelope.id;
  }

  get traceparent(): string | undefined {
    return this.#parts.control.traceparent;
  }

  get cancelledRun(): RunEnding | undefined {
    return this.#parts.control.actsFor?.run;
  }

  get log(): Log {
    return this.#activation.environment.log;
  }

  get signal(): AbortSignal {
    return this.#parts.cancellation.signal;
  }

  [MAY_COMPENSATE](): PendingFuture | undefined {
    const { flow } = this.#graph;
    if (flow === undefined) return undefined;
    return this.#open().add(questionPlan({ about: "compensate", of: flow }));
  }

  [NOTE](line: WorkLine): void {
    noteWork(this.#activation.environment, line);
  }

  now(): number {
    return this.#activation.environment.clock.now();
  }

  random(): number {
    return this.#activation.environment.random();
  }

  invoke<Function extends AnyInvokableWithoutInput>(f: Function): FutureOf<Function>;
  invoke<Function extends AnyInvokable>(
    f: Function,
    input: Resolvable<InputOf<Function>>,
    options?: InvokeOptions,
  ): FutureOf<Function>;
  invoke(f: unknown, input?: unknown, options?: InvokeOptions): Future<unknown> {
    return planInvoke(this.#open(), f, input, options);
  }

  send(f: unknown, ...rest: readonly unknown[]): void {
    const { plan, id } = planSend(this.#open(), f, rest);
    this.#graph.add(plan, id);
  }

  cancelSend(token: string): void {
    this.#open();
    checkName(token, "token");
    this.#graph.nodes = this.#graph.nodes.filter(
      ({ plan }) => plan.kind !== "call" || plan.token !== token,
    );
    this.#activation.cancelSend(token);
  }

  reply(value: unknown): void {
    this.#graph.add(planReply(this.#open(), value, this.#parts.control.reply));
  }

  egress(type: string, value: unknown): void {
    this.#graph.add(planEgress(this.#open(), type, value));
  }

  onComplete(future: unknown, f: unknown, ...rest: readonly unknown[]): PendingFuture {
    const futures = this.#open();
    return planContinuation(futures, futures.need(future), f, rest);
  }

  onSettled(future: unknown, f: unknown, ...rest: readonly unknown[]): PendingFuture {
    const futures = this.#open();
    const need = { ...futures.need(future), want: "settlement" } as const;
    return planContinuation(futures, need, f, rest);
  }

  cancel(future: unknown): void {
    const node = this.#open().node(future, "future");
    if (!isSettledPlan(node.plan)) node.cancelled = true;
  }

  resolved(value: unknown): PendingFuture {
    const futures = this.#open();
    return futures.add(templatePlan(futures.template(value, "value")));
  }

  rejected(error: unknown): PendingFuture {
    const settled = rejectedSettlement(toFailure(error, this.#type));
    return this.#open().add({ kind: "settled", settled });
  }

  setStatus(value: unknown): void {
    const flow = this.#open().requireFlow("ctx.setStatus");
    const limit = this.#activation.environment.payloadLimit;
    const payload = codec.encode(value, { limit, root: "status" });
    this.#sendToFlow(flow, { name: "status", payload, control: null });
  }

  setAttributes(attributes: unknown): void {
    const flow = this.#open().requireFlow("ctx.setAttributes");
    const changes = checkAttributes(attributes);
    this.#sendToFlow(flow, { name: "attributes", payload: UNDEFINED, control: { changes } });
  }

  #sendToFlow(flow: string, message: Pick<Envelope, "name" | "payload" | "control">): void {
    const envelope = { id: this.#graph.nextId(), target: systemAddress("flow", flow), ...message };
    this.#graph.add({ kind: "send", envelope });
  }

  emit(channel: string, value: unknown): Promise<void> {
    const futures = this.#open();
    if (this.#parts.cancellation.isCancelled) throw this.#cancelled();
    return (this.#streams ??= new RunStreams()).emit(futures, channel, value);
  }

  get<T>(future: Future<T>): Promise<T>;
  async get(future: unknown): Promise<unknown> {
    const node = this.#open().node(future, "future");
    const { blocking, envelope } = this.#activation;
    if (blocking === undefined) {
      const why = "blocks with ctx.get, which this engine cannot";
      const advice = "return the future, or use ctx.onComplete";
      throw new HandbackError("UNSUPPORTED", `${this.#type} ${why}; ${advice}`);
    }
    if (node.plan.kind === "settled" && !node.cancelled) return decode(node.plan.settled);
    if (this.#parts.cancellation.isCancelled) throw this.#cancelled();
    blocking.admit(envelope);
    flush(this.#graph);
    if (node.plan.kind !== "cell")
      throw new HandbackError("NOT_A_FUTURE", "a flushed future has a cell");
    // The random part keeps replies to an earlier run of the same message apart.
    const run = this.#activation.environment.random().toString(36).slice(2);
    const key = `get/${envelope.id}/${this.#gets++}/${run}`;
    const { scope } = this.#graph;
    subscribeToCell(this.#activation, { ...node.plan, scope: scope.id }, [{ to: "answer", key }]);
    blocking.flush(this.#activation.takeSends());
    this.#parts.stopwatch.block();
    try {
      const { payload, control } = await blocking.receive(envelope, key);
      this.#graph.checkOpen();
      // The reply came when the work that it waits for had ended, however that was.
      const { isCancelled, isAborted } = this.#parts.cancellation;
      if (isCancelled && isAborted) throw this.#cancelled();
      return decode({ ok: (control as { ok: boolean }).ok, text: payload });
    } finally {
      this.#parts.stopwatch.unblock();
    }
  }

  expireAfter(duration: Duration): void {
    this.#open();
    this.#requireState("expireAfter");
    this.#activation.setAgeOut(parseDuration(duration, "the duration of ctx.expireAfter"));
  }

  terminate(): void {
    this.#open();
    this.#requireState("terminate");
    this.#graph.terminated = true;
  }

  terminateState(f: unknown, id: string): Future<void> {
    const operation = stateOperation(f, TERMINATE, "ctx.terminateState");
    return planInvoke(this.#open(), operation, undefined, { id });
  }

  expireStateAfter(f: unknown, id: string, duration: Duration): Future<void> {
    const operation = stateOperation(f, EXPIRE_AFTER, "ctx.expireStateAfter");
    const ms = parseDuration(duration, "the duration of ctx.expireStateAfter");
    return planInvoke(this.#open(), operation, ms, { id });
  }

  /** Describes the handler's result: a node, or its text if no future is in it. */
  finish(value: unknown): Node | Settled {
    const template = this.#futures.template(value, "result");
    if (template.needs.length > 0) return this.#graph.add(templatePlan(template));
    return fulfilledSettlement((template.segments[0] ?? UNDEFINED) as Encoded);
  }

  #cancelled(): HandbackError {
    const why = `the work of ${this.#type} was cancelled while it ran`;
    return new HandbackError("CANCELLED", why);
  }

  get #type(): string {
    return this.#activation.address.type;
  }

  /**
   * Checks that the handler may start or send something. @throws `CONTEXT_CLOSED`, `STALE_ATTEMPT`,
   * `READ_ONLY`
   */
  #open(): HandlerFutures {
    this.#graph.checkOpen();
    if (!this.#parts.readOnly) return this.#futures;
    const why = "starts or sends something: expected a handler";
    throw new HandbackError("READ_ONLY", `a query of ${this.#type} ${why}`);
  }

  #requireState(what: string): void {
    if (this.#parts.state !== undefined) return;
    const why = `${this.#type} is stateless and has no state`;
    throw new HandbackError("UNKNOWN_VALUE", `ctx.${what}: ${why}`);
  }
}

function decode(settled: Settled): unknown {
  if (!settled.ok) throw toError(failureOfSettlement(settled));
  return codec.decode(settled.text);
}
