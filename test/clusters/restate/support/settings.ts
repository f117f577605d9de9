/** A setting in which the whole conformance suite runs. */
export interface Setting {
  readonly name: string;
  readonly carry: false | number;
  /** Settings of the server. */
  readonly server: Readonly<Record<string, string>>;
}

/** Every wait suspends the invocation, so all of them are replayed all the time. */
const SUSPENDS_AT_ONCE = { RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: "0s" };

/** The settings that every run tests. They take the ways that differ most. */
const CHOSEN: readonly Setting[] = [
  {
    name: "an invocation carries on, and every wait suspends it",
    carry: 32,
    server: SUSPENDS_AT_ONCE,
  },
  { name: "each delivery is an invocation", carry: false, server: {} },
];

const OTHERS: readonly Setting[] = [
  { name: "an invocation carries on with the consequences of a message", carry: 32, server: {} },
];

/**
 * Returns the settings to test. `RESTATE_SETTINGS` is `all`, or words of the names of settings.
 * Default: two of them.
 */
export function chosenSettings(): readonly Setting[] {
  const words = process.env["RESTATE_SETTINGS"];
  if (words === undefined) return CHOSEN;
  const all = [...CHOSEN, ...OTHERS];
  return words === "all" ? all : all.filter(({ name }) => name.includes(words));
}
