import { activate } from "../../../core/activation/activate.ts";
import type { Cause } from "../../../core/activation/activation.ts";
import { hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { DeadLetter, Effects } from "../../../core/activation/effects.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { logFacts } from "../../../core/errors/log-facts.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { Json } from "../../../core/data/json.ts";
import type { Journal } from "../journal/journal.ts";
import type { Delivery } from "../wire/delivery.ts";
import { printEffects, printDeadLetter } from "../wire/printed-effects.ts";
import type { PrintedEffects } from "../wire/printed-effects.ts";
import { NO_STATE } from "./address-state.ts";
import type { SizedState } from "./address-state.ts";
import { keyOfTarget } from "./functions.ts";
import type { HostedFunctions } from "./functions.ts";

/** A message to handle, and its name among all messages that are handled. */
type SizedCause = Cause & { readonly key: string; readonly state: SizedState };

/** The result of handling a message, or the reason for which it must wait. */
export type StepResult =
  | { readonly at: number; readonly effects: PrintedEffects }
  | { readonly parked: { readonly code: string; readonly facts: Record<string, Json> } };

/**
 * Begins to handle one message. Returns the effects of a system function, which are not applied yet,
 * or `undefined` for the handler of a user, whose action `run` runs.
 *
 * ST1 The handler of a user runs in the journal, and only what the journal keeps counts. So it may
 * run again after a crash, and its effects count once.
 * ST2 Time never runs backwards from a cause to its effect: if the clock of this machine is behind
 * that of another one, or of the cluster, the present of a handler is the instant of its cause.
 * ST3 A system function is pure, and its present is the instant of the message's cause. It runs
 * again whenever the invocation is repeated, and does the same.
 * ST4 Effects that are too large for a journal, or that make the state of an address larger than
 * Restate reads, fail the call for good, because every other try would fail, too. A message that
 * makes the state of a system function so large is parked and told.
 * ST5 Whether this code has the function of a user is journaled, too. Other code may take the place
 * of this code while the invocation runs. So is a function that has got a state since the message was
 * sent, as to one without: the message is parked, and goes to its virtual object.
 */
export async function beginStep(
  functions: HostedFunctions,
  delivery: Delivery,
  state: SizedState,
  run: (name: string, action: () => Promise<string>) => void,
): Promise<StepResult | undefined> {
  const { envelope, at } = delivery;
  const { target, name, payload } = envelope;
  const definition = functions.find(target.type);
  if (definition !== undefined && functions.isPure(definition))
    return runPure(functions, definition, delivery, state);
  const environment = atClock(functions.environment, (now) => Math.max(now, at));
  // A held message that is sent again has the same id, and another instant.
  const cause = { key: `${envelope.id}-${at}`, envelope, state, environment };
  run(`${target.type} ${name}`, async () => {
    if (definition === undefined) return unknown({ type: target.type });
    if (state === NO_STATE && hasState(definition))
      return JSON.stringify(parked("SHAPE_CHANGED", { type: target.type }));
    const operation = definition.missingOperation?.(name, payload);
    if (operation !== undefined) return unknown({ type: target.type, operation });
    return runHandler(functions, definition, cause);
  });
  return undefined;
}

function unknown(facts: Record<string, Json>): string {
  return JSON.stringify(parked("UNKNOWN_FUNCTION", facts));
}

/** Handles one message and returns its effects, which are not applied yet. */
export async function runStep(
  functions: HostedFunctions,
  journal: Journal,
  delivery: Delivery,
  state: SizedState,
): Promise<StepResult> {
  const actions = journal.actions<Delivery>();
  const known = await beginStep(functions, delivery, state, (name, action) =>
    actions.begin(delivery, name, action),
  );
  return known ?? readStepResult((await actions.next()).result);
}

/** Reads the result of a user's handler. */
export function readStepResult(text: string): StepResult {
  return JSON.parse(text) as StepResult;
}

async function runPure(
  functions: HostedFunctions,
  definition: Definition,
  { envelope, at }: Delivery,
  state: SizedState,
): Promise<StepResult> {
  const environment = atClock(functions.environment, () => at);
  try {
    const effects = await activate(definition, { envelope, state, environment });
    const printed = printEffects(effects, at, (each) => keyOfTarget(functions, each));
    const result = { at, effects: printed };
    const { resultLimit: limit } = functions;
    const characters = state.largeCharacters + envelope.payload.length;
    if (characters * MOST_BYTES_PER_UNIT <= limit) return result;
    const size = storedSize(JSON.stringify(result), effects, state, limit);
    return size <= limit ? result : parked("PAYLOAD_TOO_LARGE", { size, limit });
  } catch (error) {
    return failedStep(error);
  }
}

async function runHandler(
  functions: HostedFunctions,
  definition: Definition,
  cause: SizedCause,
): Promise<string> {
  const print = (effects: Effects): string => {
    const at = cause.environment.clock.now();
    const printed = printEffects(effects, at, (each) => keyOfTarget(functions, each));
    return JSON.stringify({ at, effects: printed } satisfies StepResult);
  };
  try {
    const effects = await activateGuarded(functions, definition, cause);
    const text = print(effects);
    const size = storedSize(text, effects, cause.state, functions.resultLimit);
    if (size <= functions.resultLimit) return text;
    return await printTooLarge(functions, definition, cause, size);
  } catch (error) {
    return JSON.stringify(failedStep(error));
  }
}

/** Activates a user's function, or gives its message up if the process has crashed of it too often. */
function activateGuarded(
  { crashGuard }: HostedFunctions,
  definition: Definition,
  cause: SizedCause,
): Effects | Promise<Effects> {
  if (crashGuard === undefined || definition.system) return activate(definition, cause);
  return crashGuard.run(cause.key, (crashes) => activate(definition, { ...cause, crashes }));
}

/** Prints the failure of a call whose effects are too large, for all that wait for it. */
async function printTooLarge(
  functions: HostedFunctions,
  definition: Definition,
  cause: Cause,
  size: number,
): Promise<string> {
  const { resultLimit: limit } = functions;
  const { type } = cause.envelope.target;
  const why = `the effects and the state of ${type} have ${size} bytes, over the limit of ${limit}`;
  const failure = functions.describe(
    new HandbackError("PAYLOAD_TOO_LARGE", why, { details: { size, limit } }),
  );
  const { at, effects } = await discarded(functions, definition, cause, failure);
  const letters =
    effects.sends.length > 0 ? [] : [printDeadLetter({ envelope: cause.envelope, failure }, at)];
  return JSON.stringify({ at, effects: { ...effects, letters } } satisfies StepResult);
}

/** Returns the effects of telling the failure of a message to all that wait for it. */
async function discarded(
  functions: HostedFunctions,
  definition: Definition,
  cause: Cause,
  failure: Json,
): Promise<{ readonly at: number; readonly effects: PrintedEffects }> {
  const at = cause.environment.clock.now();
  const effects = await activate(definition, { ...cause, discarded: failure });
  return { at, effects: printEffects(effects, at, (each) => keyOfTarget(functions, each)) };
}

/** Tells the failure of a held message to all that wait for it. Returns a step's result as text. */
export async function discardMessage(
  functions: HostedFunctions,
  definition: Definition,
  { envelope, failure }: DeadLetter,
): Promise<string> {
  const cause = { envelope, state: NO_STATE, environment: functions.environment };
  try {
    return JSON.stringify(await discarded(functions, definition, cause, failure));
  } catch (error) {
    return JSON.stringify(failedStep(error));
  }
}

const utf8 = new TextEncoder();
const MOST_BYTES_PER_UNIT = 3;

/**
 * Returns the bytes of printed effects, and of the large values that stay beside them; an estimate,
 * if it is below the limit.
 */
function storedSize(text: string, effects: Effects, state: SizedState, limit: number): number {
  const most = (text.length + state.largeCharacters) * MOST_BYTES_PER_UNIT;
  if (most <= limit) return most;
  const written = new Set(effects.writes.map(({ name }) => name));
  return utf8.encode(text).length + state.largeBytesBeside(written);
}

function failedStep(error: unknown): StepResult {
  const facts = logFacts(error) as Record<string, Json>;
  const code = HandbackError.is(error) ? error.code : "FAILED";
  return parked(code, facts);
}

function parked(code: string, facts: Record<string, Json>): StepResult {
  return { parked: { code, facts } };
}

/** Returns an environment whose present is a function of its clock's. */
function atClock(environment: Environment, present: (now: number) => number): Environment {
  const { clock } = environment;
  const changed: Clock = {
    now: () => present(clock.now()),
    monotonicNs: () => clock.monotonicNs(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
  };
  return { ...environment, clock: changed };
}
