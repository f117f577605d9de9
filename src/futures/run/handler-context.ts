import type { Activation } from "../../core/activation/activation.ts";
import type { Address } from "../../core/message/address.ts";
import type { Cancellation } from "../../core/activation/cancellation.ts";
import { checkOptions } from "../../core/validation/check-options.ts";
import type { Codec } from "../../core/codec/codec.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { addDuration, parseDuration, parseInstant } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { Log } from "../../core/host/log.ts";
import { MESSAGE_ID } from "../../core/message/message-id.ts";
import type { Stopwatch } from "../../core/activation/meter.ts";
import { checkFunctionType, checkId, checkName } from "../../core/validation/names.ts";
import { show } from "../../core/errors/show.ts";
import type { State } from "../../core/state/state.ts";
import type { CallControl } from "../protocol/call.ts";
import type { ReplyTo, Want } from "../protocol/consumer.ts";
import type { ContinueOptions, InvokeOptions, SendOptions, WaitOptions } from "../types/context.ts";
import { toError, toFailure } from "../types/failure.ts";
import { flush } from "./flush.ts";
import { codec } from "../protocol/codec.ts";
import type { Graph } from "../protocol/graph.ts";
import { isHandle } from "../types/handle.ts";
import { subscribeToCell } from "../combinators/cell.ts";
import { PendingFuture } from "../protocol/pending-future.ts";
import { isSettledPlan } from "../protocol/node.ts";
import type { CallPlan, Template, Need, Node } from "../protocol/node.ts";
import {
  failureOfSettlement,
  fulfilledSettlement,
  rejectedSettlement,
  rejectedWithCode,
} from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { resolveTarget } from "../define/target.ts";
import { systemAddress } from "../protocol/system.ts";
import { newToken } from "../protocol/token.ts";

/** What a handler context is made of. */
export interface ContextParts {
  readonly graph: Graph;
  readonly state: State | undefined;
  readonly readOnly: boolean;
  readonly control: CallControl;
  readonly stopwatch: Stopwatch;
  readonly cancellation: Cancellation;
}

/**
 * What handlers get as `ctx`: it checks what it is given, and adds nodes to the graph. See `Context` for the types and
 * what each method means.
 */
export class HandlerContext {
  readonly #graph: Graph;
  readonly #parts: ContextParts;
  readonly #activation: Activation;
  readonly #codec: Codec = codec;
  #state: object | undefined;
  #gets = 0;

  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.#graph = parts.graph;
    this.#activation = parts.graph.activation;
  }

  get state(): object {
    if (this.#state !== undefined) return this.#state;
    const { state, readOnly } = this.#parts;
    const guard = (): void => this.#graph.checkOpen();
    guard();
    if (state === undefined)
      throw new HandbackError(
        "UNKNOWN_VALUE",
        `${this.#type} is stateless: expected a function made by stateful()`,
      );
    return (this.#state = readOnly ? state.openReadOnly(guard) : state.open(guard));
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
    return this.#parts.control.redriven ?? this.#activation.envelope.id;
  }

  get log(): Log {
    return this.#activation.environment.log;
  }

  get signal(): AbortSignal {
    return this.#parts.cancellation.signal;
  }

  now(): number {
    return this.#activation.environment.clock.now();
  }

  random(): number {
    return this.#activation.environment.random();
  }

  invoke(f: unknown, input?: unknown, options: InvokeOptions = {}): PendingFuture {
    this.#start();
    checkOptions("options of ctx.invoke", options, ["id", "after"]);
    const { after } = options;
    const completions = after === undefined ? NONE : this.#needs(after, "after", "completion");
    return this.#plan(f, options, this.#filling(input, "input"), completions);
  }

  send(f: unknown, input?: unknown, options: SendOptions = {}): void {
    this.#start();
    checkOptions("options of ctx.send", options, ["id", "delay", "token", "replyTo"]);
    const { type, operation, spec } = resolveTarget(f, this.#activation.environment);
    const id = idOf(options, type);
    const { segments, needs } = this.#filling(input, "input");
    if (options.token !== undefined) {
      checkName(options.token, "token");
      if (options.delay === undefined)
        throw new HandbackError(
          "INVALID_OPTIONS",
          `a token names a delayed message, and this one to ${type} has no delay`,
        );
      if (needs.length > 0)
        throw new HandbackError(
          "INVALID_OPTIONS",
          `the message to ${type} waits for futures, so that it cannot be cancelled by a token`,
        );
    }
    const nodeId = this.#graph.nextId();
    const target = { type, id: id ?? (spec.state === undefined ? "" : `@${nodeId}`) };
    const reply: ReplyTo =
      options.replyTo === undefined
        ? this.#activation.envelope.name
        : this.#replyTo(options.replyTo);
    const delayMs =
      options.delay === undefined
        ? undefined
        : parseDuration(options.delay, "the delay of ctx.send");
    if (delayMs !== undefined) addDuration(this.now(), delayMs);
    this.#graph.add(
      {
        kind: "call",
        target,
        name: operation,
        segments,
        needs,
        creates: id === undefined && spec.state !== undefined,
        oneWay: true,
        reply,
        ...(delayMs !== undefined && { delayMs }),
        ...(options.token !== undefined && { token: options.token }),
      },
      nodeId,
    );
  }

  cancelSend(token: string): void {
    this.#start();
    checkName(token, "token");
    this.#graph.nodes = this.#graph.nodes.filter(
      ({ plan }) => plan.kind !== "call" || plan.token !== token,
    );
    this.#activation.cancelSend(token);
  }

  reply(value: unknown): void {
    this.#start();
    const { reply } = this.#parts.control;
    const to =
      typeof reply !== "string" ? reply : this.caller && { target: this.caller, name: reply };
    if (to === undefined)
      throw new HandbackError(
        "NO_CALLER",
        `${this.#type} has nobody to reply to: the message came from outside, or from a query`,
      );
    this.#graph.add({
      kind: "call",
      target: to.target,
      name: to.name,
      ...this.#filling(value, "reply"),
      creates: false,
      oneWay: true,
    });
  }

  egress(type: string, value: unknown): void {
    this.#start();
    checkFunctionType(type);
    if (!this.#activation.environment.knows(type)) {
      throw new HandbackError("UNKNOWN_EGRESS", `no egress ${type} is registered`, {
        details: { egress: type },
      });
    }
    const filling = this.#filling(value, "egress");
    this.#graph.add({
      kind: "call",
      target: { type, id: this.self.id },
      name: "egress",
      ...filling,
      creates: false,
      oneWay: true,
    });
  }

  onComplete(future: unknown, f: unknown, ...rest: readonly unknown[]): PendingFuture {
    return this.#continue({ node: this.#node(future, "future") }, f, rest);
  }

  onSettled(future: unknown, f: unknown, ...rest: readonly unknown[]): PendingFuture {
    return this.#continue({ node: this.#node(future, "future"), want: "settlement" }, f, rest);
  }

  all(futures: readonly unknown[]): PendingFuture {
    return this.#gather(futures, "all");
  }

  allSettled(futures: readonly unknown[]): PendingFuture {
    return this.#gather(futures, "allSettled", "settlement");
  }

  wait(futures: readonly unknown[], options: WaitOptions = {}): PendingFuture {
    this.#start();
    checkOptions("options of ctx.wait", options, ["count", "timeout"]);
    const needs = this.#needs(futures, "wait");
    const { count = needs.length } = options;
    if (!Number.isInteger(count) || count < 0 || count > needs.length) {
      throw new HandbackError(
        "INVALID_OPTIONS",
        `wait: expected a count from 0 to ${needs.length}, the number of futures, got ${show(count)}`,
      );
    }
    const dueAt =
      options.timeout === undefined
        ? undefined
        : this.#after(options.timeout, "the timeout of ctx.wait");
    return this.#future({ kind: "wait", needs, count, ...(dueAt !== undefined && { dueAt }) });
  }

  any(futures: readonly unknown[]): PendingFuture {
    this.#start();
    const needs = this.#needs(futures, "any");
    if (needs.length > 0) return this.#future({ kind: "race", needs, mode: "any" });
    return this.#future({
      kind: "settled",
      settled: rejectedSettlement(
        toFailure(new AggregateError([], "any: there are no futures"), this.#type),
      ),
    });
  }

  race(futures: readonly unknown[]): PendingFuture {
    this.#start();
    const needs = this.#needs(futures, "race");
    if (needs.length === 0)
      throw new HandbackError("EMPTY_RACE", "race: there are no futures, so it would never settle");
    return this.#future({ kind: "race", needs, mode: "race" });
  }

  timeout(future: unknown, duration: Duration): PendingFuture {
    this.#start();
    const node = this.#node(future, "future");
    const dueAt = this.#after(duration, "the duration of ctx.timeout");
    const settled = rejectedWithCode(
      "TIMEOUT",
      `a future of ${this.#type} had not settled in time`,
      {
        duration,
      },
    );
    return this.#future({
      kind: "race",
      needs: [{ node }, { node: this.#graph.add({ kind: "timer", dueAt, settled }) }],
      mode: "race",
    });
  }

  cancel(future: unknown): void {
    this.#start();
    const node = this.#node(future, "future");
    if (!isSettledPlan(node.plan)) node.cancelled = true;
  }

  resolved(value: unknown): PendingFuture {
    this.#start();
    return this.#future({ kind: "gather", ...this.#filling(value, "value") });
  }

  rejected(error: unknown): PendingFuture {
    this.#start();
    return this.#future({
      kind: "settled",
      settled: rejectedSettlement(toFailure(error, this.#type)),
    });
  }

  future(handle: unknown): PendingFuture {
    this.#start();
    if (typeof handle !== "object" || handle === null || !isHandle(handle)) {
      throw new HandbackError(
        "INVALID_ID",
        `ctx.future: expected a handle (of future.handle()), got ${show(handle)}`,
      );
    }
    const { id, storeId, retainUntil } = handle;
    if (typeof id !== "string" || !MESSAGE_ID.test(id) || !Number.isSafeInteger(retainUntil)) {
      throw new HandbackError(
        "INVALID_ID",
        "ctx.future: the handle is malformed; it was not made by future.handle()",
      );
    }
    if (storeId !== this.#activation.environment.storeId) {
      throw new HandbackError(
        "FOREIGN_HANDLE",
        `the handle ${id} belongs to the store ${storeId}, not to this one`,
        {
          details: { id, storeId },
        },
      );
    }
    return this.#future({ kind: "cell", cell: id, retainUntil });
  }

  sleep(duration: Duration): PendingFuture {
    this.#start();
    return this.#future({
      kind: "timer",
      dueAt: this.#after(duration, "the duration of ctx.sleep"),
    });
  }

  sleepUntil(instant: Date | number): PendingFuture {
    this.#start();
    return this.#future({
      kind: "timer",
      dueAt: parseInstant(instant, "the instant of ctx.sleepUntil"),
    });
  }

  promise(): PendingFuture {
    this.#start();
    const id = this.#graph.nextId();
    const { environment } = this.#activation;
    const { token, digest } = newToken(id, environment);
    const retainUntil = this.now() + environment.retentionMs;
    return new PendingFuture(
      this.#graph,
      this.#graph.add({ kind: "promise", digest, retainUntil }, id),
      { token },
    );
  }

  event(name: string): PendingFuture {
    this.#start();
    this.#requireFlow("ctx.event");
    return this.#future({ kind: "event", event: checkName(name, "event") });
  }

  setStatus(value: unknown): void {
    this.#start();
    const flow = this.#requireFlow("ctx.setStatus");
    const payload = this.#codec.encode(value, { limit: this.#limit, root: "status" });
    this.#graph.add({
      kind: "send",
      envelope: {
        id: this.#graph.nextId(),
        target: systemAddress("flow", flow),
        name: "status",
        payload,
        control: null,
      },
    });
  }

  async get(future: unknown): Promise<unknown> {
    this.#start();
    const node = this.#node(future, "future");
    const { blocking } = this.#activation;
    if (blocking === undefined) {
      throw new HandbackError(
        "UNSUPPORTED",
        `${this.#type} blocks with ctx.get, which this engine cannot; return the future, or use ctx.onComplete`,
      );
    }
    if (node.plan.kind === "settled" && !node.cancelled) return this.#open(node.plan.settled);
    if (this.#parts.cancellation.isCancelled)
      throw new HandbackError("CANCELLED", `the work of ${this.#type} was cancelled while it ran`);
    flush(this.#graph);
    if (node.plan.kind !== "cell")
      throw new HandbackError("NOT_A_FUTURE", "a flushed future has a cell");
    const key = `get/${this.#activation.envelope.id}/${this.#gets++}/${environmentKey(this.#activation)}`;
    subscribeToCell(this.#activation, node.plan, [{ to: "answer", key }]);
    blocking.flush(this.#activation.takeSends());
    this.#parts.stopwatch.block();
    try {
      const { payload, control } = await blocking.receive(this.#activation.envelope, key);
      this.#graph.checkOpen();
      return this.#open({ ok: (control as { ok: boolean }).ok, text: payload });
    } finally {
      this.#parts.stopwatch.unblock();
    }
  }

  expireAfter(duration: Duration): void {
    this.#start();
    this.#requireState("expireAfter");
    this.#activation.setAgeOut(parseDuration(duration, "the duration of ctx.expireAfter"));
  }

  terminate(): void {
    this.#start();
    this.#requireState("terminate");
    this.#graph.terminated = true;
  }

  /** Describes what the handler returned: a node, or a settled text when no future is in it. */
  finish(value: unknown): Node | Settled {
    const filling = this.#filling(value, "result");
    if (filling.needs.length === 0)
      return fulfilledSettlement((filling.segments[0] ?? UNDEFINED) as Encoded);
    return this.#graph.add({ kind: "gather", ...filling });
  }

  get #type(): string {
    return this.#activation.address.type;
  }

  get #limit(): number {
    return this.#activation.environment.payloadLimit;
  }

  /** Every call begins here: the context must be open, and a query starts nothing. */
  #start(): void {
    this.#graph.checkOpen();
    if (this.#parts.readOnly)
      throw new HandbackError(
        "READ_ONLY",
        `a query of ${this.#type} starts or sends something: expected a handler`,
      );
  }

  #open(settled: Settled): unknown {
    if (!settled.ok) throw toError(failureOfSettlement(settled));
    return this.#codec.decode(settled.text);
  }

  #after(duration: Duration, what: string): number {
    return addDuration(this.now(), parseDuration(duration, what));
  }

  /** A value as text, with holes where futures stand in it. */
  #filling(value: unknown, root: string): Template {
    const { segments, holes } = this.#codec.encodeTemplate(value, { limit: this.#limit, root });
    return {
      segments,
      needs: holes.length === 0 ? NONE : holes.map((hole) => ({ node: this.#node(hole, root) })),
    };
  }

  #node(value: unknown, what: string): Node {
    return PendingFuture.node(this.#graph, value, what);
  }

  #future(plan: Node["plan"]): PendingFuture {
    return new PendingFuture(this.#graph, this.#graph.add(plan));
  }

  #needs(futures: readonly unknown[], what: string, want?: Want): readonly Need[] {
    if (!Array.isArray(futures))
      throw new HandbackError(
        "NOT_A_FUTURE",
        `${what}: expected a list of futures, got ${show(futures)}`,
      );
    // Not `map`, which passes by the gaps of a sparse list.
    return Array.from(futures as readonly unknown[], (future, index) => {
      const node = this.#node(future, `${what}[${index}]`);
      return want === undefined ? { node } : { node, want };
    });
  }

  #gather(futures: readonly unknown[], what: string, want?: Want): PendingFuture {
    this.#start();
    const needs = this.#needs(futures, what, want);
    const segments = needs.length === 0 ? ["[]"] : ["[", ...needs.slice(1).map(() => ","), "]"];
    return this.#future({ kind: "gather", segments, needs });
  }

  /** `rest` is what came after the function: args, and options; whether there are args is told by their number. */
  #continue(need: Need, f: unknown, rest: readonly unknown[]): PendingFuture {
    this.#start();
    if (rest.length === 0) return this.#plan(f, {}, { segments: ["", ""], needs: [need] }, []);
    const [args, options = {}] = rest as readonly [args: unknown, options?: ContinueOptions];
    checkOptions("options of a continuation", options, ["id"]);
    const { segments, needs } = this.#filling(args, "args");
    const [head = "", ...tail] = segments;
    const whole = ['{"result":', `,"args":${head}`, ...tail];
    whole[whole.length - 1] += "}";
    return this.#plan(f, options, { segments: whole, needs: [need, ...needs] }, []);
  }

  /** Plans a call; what is in `after` is only waited for, and fills holes of no text at the end. */
  #plan(
    f: unknown,
    options: InvokeOptions,
    { segments, needs }: Template,
    after: readonly Need[],
  ): PendingFuture {
    const { type, operation, spec } = resolveTarget(f, this.#activation.environment);
    const nodeId = this.#graph.nextId();
    const stateful = spec.state !== undefined;
    const wantedId = idOf(options, type);
    const id = wantedId ?? (stateful ? `@${nodeId}` : "");
    const plan: CallPlan = {
      kind: "call",
      target: { type, id },
      name: operation,
      segments: after.length === 0 ? segments : [...segments, ...after.map(() => "")],
      needs: after.length === 0 ? needs : [...needs, ...after],
      creates: wantedId === undefined && stateful,
      oneWay: false,
      reply: this.#activation.envelope.name,
    };
    return new PendingFuture(
      this.#graph,
      this.#graph.add(plan, nodeId),
      stateful ? { stateId: id } : {},
    );
  }

  #replyTo(replyTo: NonNullable<SendOptions["replyTo"]>): ReplyTo {
    checkOptions("replyTo", replyTo, ["function", "id"]);
    const { function: f, id } = replyTo;
    const { type, operation } = resolveTarget(f, this.#activation.environment);
    return { target: { type, id: checkId(id, `id of ${type}`) }, name: operation };
  }

  #requireFlow(what: string): string {
    const { flow } = this.#graph;
    if (flow === undefined)
      throw new HandbackError(
        "NOT_FOUND",
        `${what}: ${this.#type} was sent a one-way message, which belongs to no flow`,
      );
    return flow;
  }

  #requireState(what: string): void {
    if (this.#parts.state === undefined)
      throw new HandbackError(
        "UNKNOWN_VALUE",
        `ctx.${what}: ${this.#type} is stateless and has no state`,
      );
  }
}

/** Most calls wait for nothing else. */
const NONE: readonly never[] = [];

/** The id that was asked for; one that is given as `undefined` is a mistake, not the wish for a new state. */
function idOf(options: { readonly id?: string }, type: string): string | undefined {
  return "id" in options ? checkId(options.id, `id of ${type}`) : undefined;
}

/** Tells answers to one run from those to an earlier run of the same message. */
function environmentKey(activation: Activation): string {
  return activation.environment.random().toString(36).slice(2);
}
