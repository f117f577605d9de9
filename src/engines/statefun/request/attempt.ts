/** The value of an action, or the error that it threw. */
export type Attempt<Value> = { readonly value: Value } | { readonly error: unknown };

/** Runs an action and returns its value or its error. */
export function attempt<Value>(action: () => Value): Attempt<Value> {
  try {
    return { value: action() };
  } catch (error) {
    return { error };
  }
}

/** Runs an action that may take time. */
export async function attemptLater<Value>(
  action: () => Value | Promise<Value>,
): Promise<Attempt<Value>> {
  try {
    return { value: await action() };
  } catch (error) {
    return { error };
  }
}
