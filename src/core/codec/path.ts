/**
 * One step from a value to a part of it: a property's name, an element's index, or the nth key or
 * value of a collection.
 */
export type Step = string | number | { readonly of: "keys" | "values"; readonly index: number };

const MAX_PATH_LENGTH = 1_000;

/**
 * Formats a path as in code, `input.items[3]["odd name"]`, and cuts a very long one in the middle.
 * An `undefined` step adds nothing.
 */
export function formatPath(root: string, steps: readonly (Step | undefined)[]): string {
  const path = root + steps.map(formatStep).join("");
  const half = MAX_PATH_LENGTH / 2;
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, half)}...${path.slice(-half)}` : path;
}

function formatStep(step: Step | undefined): string {
  if (step === undefined) return "";
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "object") return `.${step.of}[${step.index}]`;
  const name = step.slice(0, MAX_PATH_LENGTH);
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `.${name}`
    : `[${JSON.stringify(name)}]`;
}
