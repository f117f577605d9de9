import type { Activation } from "../../core/activation/activation.ts";
import { noteWork } from "../../core/activation/work-note.ts";
import type { Effects, Send } from "../../core/activation/effects.ts";
import type { CancellableRun } from "../../core/activation/cancellation.ts";
import { Cancellation } from "../../core/activation/cancellation.ts";
import { isThenable } from "../../core/data/kind.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { setLongTimer } from "../../core/host/long-timer.ts";
import { NO_USAGE, Stopwatch, usageOfRun, usageOfRunWith } from "../../core/activation/meter.ts";
import type { Run, UsageTotals } from "../../core/activation/meter.ts";
import { State } from "../../core/state/state.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { isLate } from "../protocol/consumer.ts";
import type { Consumer } from "../protocol/consumer.ts";
import {
  addDeadLetter,
  carryOrBillUsage,
  deliverSettlement,
  reportUnhandled,
} from "../protocol/deliver.ts";
import { systemFailure, toError, toFailure } from "../types/failure.ts";
import type { Failure } from "../types/failure.ts";
import { isCancellation, runEndingOf } from "../types/run-ending.ts";
import type { RunEnding } from "../types/run-ending.ts";
import { handlerTimeoutLine, retryLine } from "./attempt-lines.ts";
import type { Attempt } from "./attempt-lines.ts";
import type { HistoryFacts } from "../history/history-facts.ts";
import { historyCode } from "../history/note-history.ts";
import { noteMessage } from "../history/note-work.ts";
import { settleRecord } from "./cancel-call.ts";
import { isOwnFailure, mayPause, pauseCall } from "./pause-call.ts";
import { openGates, releaseGates } from "./flush.ts";
import type { Settlement } from "../types/future.ts";
import { codec } from "../protocol/codec.ts";
import { Graph } from "../protocol/graph.ts";
import { controlForAttempt } from "../protocol/idempotency-key.ts";
import { HandlerContext } from "./handler-context.ts";
import { checkInput } from "../define/input.ts";
import { addTakers } from "../protocol/node.ts";
import type { Node } from "../protocol/node.ts";
import { retryDelay } from "../define/retry.ts";
import {
  cancelledSettlement,
  failureOfSettlement,
  rejectedSettlement,
} from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { receiverOf } from "../define/receiver.ts";
import type { Receiver } from "../define/receiver.ts";
import { CREATE, findOperation, MESSAGE, STATE_OPERATIONS } from "../define/spec.ts";
import type { FunctionSpec, OperationSpec } from "../define/spec.ts";
import { isGeneratedId } from "../../core/message/message-id.ts";
import { compileGraph } from "./compile-graph.ts";

/**
 * Runs a user's handler for one message, and turns its actions into effects.
 *
 * H1 The handler runs once. Its state, messages and outcome leave together when it ends.
 * H2 A throw undoes everything and rejects the consumers. Under a retry policy it becomes a delayed
 * message to the same address.
 * H3 The handler returns its outcome, or a future of it. A future takes over the consumers of the
 * handler, and nothing of the handler remains.
 * H4 A context is closed once its handler has ended, and stale once its attempt was abandoned.
 * H5 A run whose message is canceled meanwhile keeps its state and one-way messages. Its consumers
 * are late: only clean-up takes its outcome. The engine cancels its scope once more with its
 * effects, so its futures do not start.
 */
export function runHandler(spec: FunctionSpec, activation: Activation): void | Promise<void> {
  const control = callControlOf(activation.envelope);
  if (control.counted === true) return settleRecord(activation, control);
  const run = new HandlerRun(spec, activation, control);
  return run.start();
}

/** The operation of the message that only creates a state. */
const CREATION: OperationSpec = { handler: () => undefined, readOnly: false };

class HandlerRun implements CancellableRun {
  readonly #spec: FunctionSpec;
  readonly #activation: Activation;
  readonly #control: CallControl;
  readonly #graph: Graph;
  readonly #stopwatch: Stopwatch;
  readonly #cancellation: Cancellation;
  readonly #state: State | undefined;
  /** The user's handler was called. What fails before that is no failure of it. */
  #hasBegun = false;

  constructor(spec: FunctionSpec, activation: Activation, control: CallControl) {
    this.#spec = spec;
    this.#activation = activation;
    this.#control = control;
    this.#graph = new Graph(activation, {
      flow: control.flow,
      epoch: control.retries ?? 0,
      noPause: control.noPause,
      keyId: control.keyId,
    });
    this.#stopwatch = new Stopwatch(activation.environment.clock);
    this.#cancellation = activation.cancellation ?? new Cancellation();
    this.#cancellation.handlerRun = this;
    this.#state = spec.state === undefined ? undefined : new State(activation, spec.state, codec);
  }

  start(): void | Promise<void> {
    const named = this.#operation();
    try {
      const { operation, input: raw } = this.#receiver(named);
      this.#checkExists();
      const context = new HandlerContext({
        graph: this.#graph,
        state: this.#state,
        readOnly: operation.readOnly,
        control: this.#control,
        stopwatch: this.#stopwatch,
        events: this.#spec.events,
        cancellation: this.#cancellation,
      });
      const input = checkInput(this.#spec, operation, raw);
      const handle = (checked: unknown): unknown => {
        this.#hasBegun = true;
        return operation.handler(context, checked);
      };
      const returned = isThenable(input) ? Promise.resolve(input).then(handle) : handle(input);
      if (isThenable(returned)) return this.#finishLater(context, Promise.resolve(returned));
      this.#succeed(context, returned);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Returns the handler's input. A clean-up function that was canceled before its turn gets the
   * cancellation as its settlement, with the value that it would have cleaned up.
   */
  #input(): unknown {
    const input = codec.decode(this.#activation.envelope.payload);
    const { settles, cancelled: isCancelled } = this.#control;
    if (isCancelled !== true) return input;
    const came = (
      settles === "input" ? input : (input as { readonly result: unknown }).result
    ) as Settlement<unknown>;
    const settlement = cancelledOutcome(came);
    return settles === "input" ? settlement : { ...(input as object), result: settlement };
  }

  async #finishLater(context: HandlerContext, returned: Promise<unknown>): Promise<void> {
    try {
      this.#succeed(context, await this.#withinTime(returned));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #withinTime(returned: Promise<unknown>): Promise<unknown> {
    const { timeoutMs, type } = this.#spec;
    if (timeoutMs === undefined) return returned;
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = setLongTimer(this.#activation.environment.clock, timeoutMs, () => {
      this.#graph.close("STALE_ATTEMPT");
      const why = `${type} ran longer than ${timeoutMs} ms and was abandoned`;
      const about = { details: { timeoutMs }, function: type };
      const error = toError(systemFailure("HANDLER_TIMEOUT", why, about));
      noteWork(this.#activation.environment, handlerTimeoutLine(this.#attempt(), timeoutMs));
      this.#cancellation.abort(error);
      reject(error);
    });
    // An abandoned attempt may still fail. Its failure is dropped.
    returned.catch(() => undefined);
    return Promise.race([returned, promise]).finally(cancel);
  }

  #succeed(context: HandlerContext, returned: unknown): void {
    const outcome = context.finish(returned);
    this.#state?.save();
    this.#endState();
    const run = this.#stop(false);
    this.#note(run, "plan" in outcome ? "handedBack" : outcome.ok ? "returned" : "failed");
    if ("plan" in outcome) this.#handBack(outcome, run);
    compileGraph(this.#graph);
    // The outcome leaves last, after earlier messages to the same address, such as a status.
    if (!("plan" in outcome)) this.#settle(outcome, run);
    releaseGates(this.#graph);
  }

  cancel(): readonly Send[] {
    return this.#activation.collectSends(() => openGates(this.#graph));
  }

  abandon(): Effects {
    this.#activation.rollBack();
    this.#graph.nodes = [];
    releaseGates(this.#graph);
    return { ...this.#activation.takeSends(), run: this.#stopwatch.stop(true) };
  }

  /** The consumers of the outcome. Those of a canceled run are late. */
  get #consumers(): readonly Consumer[] {
    const { record } = this.#cancellation;
    return record === undefined ? this.#control.consumers : callControlOf(record).consumers;
  }

  /** Passes the handler's consumers to the future that it returned: the tail call. */
  #handBack(node: Node, run: Run): void {
    const { flow } = this.#control;
    const endedAt = this.#activation.environment.clock.now();
    addTakers(
      node,
      this.#graph.scope,
      carryOrBillUsage(this.#activation, this.#consumers, {
        tally: this.#billed(run),
        parked: [1, endedAt],
        flow,
      }),
    );
  }

  #settle(settled: Settled, run: Run): void {
    const { flow, oneWay } = this.#control;
    const consumers = this.#consumers;
    deliverSettlement(
      this.#activation,
      carryOrBillUsage(this.#activation, consumers, { tally: this.#billed(run), flow }),
      settled,
      flow,
    );
    if (settled.ok || this.#cancellation.isCancelled || !consumers.every(isLate)) return;
    if (oneWay === true)
      addDeadLetter(this.#activation, this.#activation.envelope, failureOfSettlement(settled));
    else reportUnhandled(this.#activation, settled, flow);
  }

  #fail(error: unknown): void {
    if (HandbackError.is(error, "STATE_SCHEMA_MISMATCH") && this.#state?.isMisfit(error) === true)
      throw error;
    // While the context is open: the error may hold ctx.state, which closes with it.
    const failure = toFailure(error, this.#spec.type);
    this.#activation.rollBack();
    this.#graph.nodes = [];
    const run = this.#stop(true);
    const { retries = 0 } = this.#control;
    const isCancelled = this.#cancellation.isCancelled && this.#cancellation.isAborted;
    if (isCancelled) {
      this.#note(run, "cancelled");
      this.#settle(cancelledSettlement(`the call of ${this.#spec.type}`, "unknown"), run);
    } else this.#settleOrRetry({ thrown: error, failure, attempt: retries + 1 }, run);
    releaseGates(this.#graph);
  }

  #settleOrRetry({ thrown, failure, attempt: retries }: Failed, run: Run): void {
    const now = this.#activation.environment.clock.now();
    const attempt = retries - (this.#control.resumedAfter ?? 0);
    const delay = retryDelay(this.#spec.retry, { failure, attempt, now });
    this.#note(run, delay === undefined ? "failed" : "retries", failure);
    if (delay === undefined && this.#pauses(thrown, failure)) {
      const { scope } = this.#graph;
      const control = { retries };
      const tally = usageOfRun(run);
      return pauseCall(this.#activation, { thrown, failure, tally, control, scope: scope.id });
    }
    if (delay === undefined)
      return this.#settle({ ...rejectedSettlement(failure), attempt: retries }, run);
    noteWork(this.#activation.environment, retryLine(this.#attempt(), failure, delay));
    this.#retry(run, now + delay, retries);
  }

  /** Tells whether the call waits for a person in place of failing. */
  #pauses(thrown: unknown, failure: Failure): boolean {
    return (
      this.#hasBegun &&
      !this.#cancellation.isCancelled &&
      mayPause(this.#spec, this.#activation) &&
      isOwnFailure(thrown, failure, this.#spec.type)
    );
  }

  /**
   * Retries later, with a delayed message of the same id and consumers. The address is free
   * meanwhile.
   */
  #retry(run: Run, dueAt: number, retries: number): void {
    const { envelope } = this.#activation;
    const { flow } = this.#control;
    const loaded = carryOrBillUsage(this.#activation, this.#consumers, {
      tally: usageOfRun(run),
      flow,
    });
    this.#activation.send(
      {
        ...envelope,
        control: { ...controlForAttempt(envelope, this.#control), consumers: loaded, retries },
        scope: this.#graph.scope.id,
      },
      dueAt,
    );
  }

  #note(
    { billedNs, blockedNs }: Run,
    outcome: HistoryFacts["ran"]["outcome"],
    failure?: Failure,
  ): void {
    const { environment, envelope, now: beganAt, queuedAt } = this.#activation;
    if (environment.history === undefined) return;
    const at = environment.clock.now();
    const { flow, retries = 0 } = this.#control;
    const code = failure && historyCode(failure);
    const ran = { attempt: retries + 1, queuedAt, beganAt, endedAt: at, billedNs, blockedNs };
    noteMessage(
      this.#activation,
      { ...envelope, flow },
      { type: "ran", at, ...ran, outcome, code },
    );
  }

  #attempt(): Attempt {
    const { address } = this.#activation;
    const { retries = 0 } = this.#control;
    return { address, attempt: retries + 1, maxAttempts: this.#spec.retry?.maxAttempts ?? 1 };
  }

  #stop(failed: boolean): Run {
    this.#graph.close("CONTEXT_CLOSED");
    this.#cancellation.end();
    return (this.#activation.run = this.#stopwatch.stop(failed));
  }

  /** Returns the run's usage for its flow: its time, its own mark, and the marks of its calls. */
  #billed(run: Run): UsageTotals {
    if (this.#control.flow === undefined) return NO_USAGE;
    const ids = [this.#activation.envelope.id];
    this.#graph.addCalls(ids);
    return usageOfRunWith(run, ids);
  }

  /** Returns the operation and its input. The type of a message chooses the operation. */
  #receiver(named: OperationSpec | undefined): Receiver {
    const input = this.#input();
    return named === undefined ? receiverOf(this.#spec, input) : { operation: named, input };
  }

  /**
   * Returns the operation that the message names, and `undefined` for a message of a type. A missing
   * operation is not a failure of the call: an engine keeps the message until the operation is there.
   * @throws `UNKNOWN_FUNCTION`
   */
  #operation(): OperationSpec | undefined {
    const { name } = this.#activation.envelope;
    if (name === MESSAGE) return undefined;
    const operation =
      findOperation(this.#spec, name) ?? (name === CREATE ? CREATION : STATE_OPERATIONS.get(name));
    if (operation !== undefined) return operation;
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      `${this.#spec.type} has no operation ${JSON.stringify(name)}; it has ${[...this.#spec.operations.keys()].join(", ")}`,
    );
  }

  /**
   * Checks that the state exists. One with a generated id exists from its first message until it
   * ends.
   */
  #checkExists(): void {
    if (this.#state === undefined) return;
    const { address, envelope } = this.#activation;
    const { ageOutMs, isAgeless } = this.#spec.state ?? {};
    // To end a state must not make one.
    const endsNone = STATE_OPERATIONS.has(envelope.name) && !this.#isStored();
    if (endsNone) throw this.#noState();
    if (this.#control.creates === true)
      this.#activation.setAgeOut(ageOutMs ?? this.#activation.environment.ageOutMs);
    else if (isGeneratedId(address.id) && this.#activation.ageOutMs() === undefined)
      throw this.#noState();
    else {
      const { givenAgeOutMs } = this.#activation.environment;
      const ofGiven = ageOutMs ?? (isAgeless === true ? undefined : givenAgeOutMs);
      if (ofGiven !== undefined && this.#activation.ageOutMs() === undefined)
        this.#activation.setAgeOut(ofGiven);
    }
  }

  #isStored(): boolean {
    return this.#activation.storedNames().some((name) => this.#activation.read(name) !== undefined);
  }

  #noState(): HandbackError {
    const { address } = this.#activation;
    return new HandbackError(
      "NOT_FOUND",
      `${address.type} has no state ${address.id}: it was never made, was terminated, or has aged out`,
      { details: { ...address } },
    );
  }

  #endState(): void {
    if (this.#state === undefined) return;
    const ageOutMs = this.#activation.ageOutMs();
    if (this.#graph.terminated) this.#activation.deleteAll();
    else if (ageOutMs !== undefined) this.#activation.setAgeOut(ageOutMs);
  }
}

/** A failed attempt: the thrown value, its failure, and the number of attempts so far. */
interface Failed {
  readonly thrown: unknown;
  readonly failure: Failure;
  readonly attempt: number;
}

/** Returns the settlement that a function gets which cleans up after a canceled future. */
function cancelledOutcome(came: Settlement<unknown>): Settlement<unknown> {
  if (came.status === "fulfilled")
    return { ...rejection("fulfilled"), fulfilled: { value: came.value } };
  const { reason } = came;
  if (isCancellation(reason)) return rejection(runEndingOf(reason) ?? "unknown");
  const { reason: cancellation, ...rest } = rejection("threw");
  return { ...rest, reason: { ...cancellation, cause: reason } };
}

function rejection(run: RunEnding) {
  const reason = failureOfSettlement(cancelledSettlement("the future", run));
  return { status: "rejected", reason, run } as const;
}
