declare const isNewState: unique symbol;

/**
 * The type of `NEW_STATE`. A unique symbol would widen to `symbol` in a variable that holds options.
 */
export type NewState = symbol & { readonly [isNewState]: true };

/**
 * In place of an id: the call makes a new state, under an id that the system chooses.
 *
 * A client and `ctx.send` ask for it by this name only, so that an id that was left out by mistake
 * does not make a state. `ctx.invoke` makes a new state without it, too: its future has the
 * `stateId`. All copies of the package know it.
 *
 * @example
 * import { embedded, memory, NEW_STATE, stateful, value } from "handback";
 *
 * const counter = stateful("docs/fresh", {
 *   state: { count: value(0) },
 *   handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
 * });
 * const engine = await embedded({ functions: [counter], store: memory() });
 * const flow = await engine.client.start(counter.add, 1, { id: NEW_STATE });
 * await flow.result();
 * const id = flow.stateId ?? "";
 * console.log(await engine.client.call(counter.add, 1, { id })); // 2
 * await engine.close();
 */
export const NEW_STATE: NewState = Symbol.for("handback.newState") as NewState;

/** The id of a state, or the choice to make a new one. */
export type StateId = string | NewState;

/** Some options with an id, as an operation of a stateful function needs them. */
export type WithId<Options extends { readonly id?: StateId }> = Options & { readonly id: StateId };
