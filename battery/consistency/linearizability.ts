/** An operation of a client on one object, in a history of concurrent ones. */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** The answer. Absent if there was none: the operation happened at any later time, or never. */
  readonly output?: Output;
  /** Position of the request in the history. */
  readonly from: number;
  /** Position of the answer, if there was one. */
  readonly to?: number;
}

/** An object as one operation after the other changes it. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /** Returns the state after an operation, and its answer. */
  apply(state: State, input: Input): { readonly state: State; readonly output: Output };
  /** Returns a text that is equal for equal states, and equal answers. */
  keyOf(value: State | Output): string;
}

/** The start of a list of events, or an event of it. */
interface Head<Input, Output> {
  after: Event<Input, Output> | undefined;
}

/** A request or an answer, in a list from which linearized operations are taken out. */
interface Event<Input, Output> extends Head<Input, Output> {
  readonly operation: Operation<Input, Output>;
  readonly index: number;
  /** The answer to a request. Absent for an answer. */
  readonly answer: Event<Input, Output> | undefined;
  before: Head<Input, Output> | undefined;
}

/**
 * Tells whether a history of one object is linearizable: whether the operations can be put into one
 * order in which each has the answer that it got, and which keeps the order of operations that did
 * not overlap.
 *
 * It tries the orders one after the other, and remembers sets of operations that led to a state
 * before (source: Wing and Gong 1993, Lowe 2017, as in the checker Porcupine).
 */
export function isLinearizable<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  const head = eventsOf(history);
  const known = new Set<string>();
  const taken: { readonly event: Event<Input, Output>; readonly state: State }[] = [];
  let [state, done] = [model.initial, 0n];
  for (let event = head.after; event !== undefined;) {
    if (event.answer === undefined) {
      // Its operation must come before this answer. Take back the last choice.
      const last = taken.pop();
      if (last === undefined) return false;
      state = last.state;
      done &= ~(1n << BigInt(last.event.index));
      putBack(last.event);
      event = last.event.after;
      continue;
    }
    const next = stepOf(event.operation, state, model);
    const reached = done | (1n << BigInt(event.index));
    const key = next === undefined ? "" : `${reached.toString(36)} ${model.keyOf(next)}`;
    if (next === undefined || known.has(key)) event = event.after;
    else {
      known.add(key);
      taken.push({ event, state });
      [state, done] = [next, reached];
      takeOut(event);
      event = head.after;
    }
  }
  return true;
}

/** Returns the state after the operation, if it would have got its answer. */
function stepOf<State, Input, Output>(
  { input, output }: Operation<Input, Output>,
  before: State,
  model: Model<State, Input, Output>,
): State | undefined {
  const { state, output: answer } = model.apply(before, input);
  return output === undefined || model.keyOf(output) === model.keyOf(answer) ? state : undefined;
}

/** Lists all requests and answers in their order. Missing answers come at the end. */
function eventsOf<Input, Output>(
  history: readonly Operation<Input, Output>[],
): Head<Input, Output> {
  const events = history.flatMap((operation, index) => {
    const links = { operation, index, before: undefined, after: undefined };
    const answer: Event<Input, Output> = { ...links, answer: undefined };
    const request: Event<Input, Output> = { ...links, answer };
    const { from, to = Number.POSITIVE_INFINITY } = operation;
    return [
      { at: from, event: request },
      { at: to, event: answer },
    ];
  });
  const head: Head<Input, Output> = { after: undefined };
  let last = head;
  for (const { event } of events.toSorted((one, other) => (one.at < other.at ? -1 : 1))) {
    event.before = last;
    last.after = event;
    last = event;
  }
  return head;
}

/** Takes the request and the answer of an operation out of the list. */
function takeOut<Input, Output>(request: Event<Input, Output>): void {
  for (const event of [request, request.answer]) {
    if (event?.before !== undefined) event.before.after = event.after;
    if (event?.after !== undefined) event.after.before = event.before;
  }
}

/** Puts the request and the answer of an operation back to where they were. */
function putBack<Input, Output>(request: Event<Input, Output>): void {
  for (const event of [request.answer, request]) {
    if (event?.before !== undefined) event.before.after = event;
    if (event?.after !== undefined) event.after.before = event;
  }
}
