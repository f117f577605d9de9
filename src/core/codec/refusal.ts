import { isError } from "../data/kind.ts";

/** The reason why a value cannot be kept, and a hint for the user. */
export interface Refusal {
  readonly got: string;
  readonly hint: string;
}

const MAX_CLASS_NAME_LENGTH = 60;
const FORGOTTEN_AWAIT = "did you forget await?";
const PLAIN_COPY = "keep a plain object with its data instead";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["Buffer", "keep new Uint8Array(buffer) instead"],
  ["ArrayBuffer", "keep new Uint8Array(buffer) instead"],
  ["RegExp", "keep its source and flags instead"],
  ["URL", "keep its href instead"],
  ["Number", "keep its valueOf() instead"],
  ["String", "keep its valueOf() instead"],
  ["Boolean", "keep its valueOf() instead"],
  ["Response", "keep the body that you read from it instead"],
]);

/** Explains why a function or a symbol, the property `name` of its parent, is not kept. */
export function refuseNonData(value: unknown, name: unknown): Refusal {
  const got = `a ${typeof value}`;
  if (typeof value === "function" && name === "then") return { got, hint: FORGOTTEN_AWAIT };
  if (typeof value === "function" && name === "toJSON")
    return { got, hint: "toJSON is never called; keep its result instead" };
  return { got, hint: "keep the data that it stands for instead" };
}

/** Explains why an object of an unknown kind is not kept. */
export function refuseObject(value: object): Refusal {
  const name = classNameOf(value);
  const got =
    name === undefined ? "an object with a prototype of its own" : `an instance of ${name}`;
  return { got, hint: HINTS.get(name ?? "") ?? hintByAncestry(value) };
}

function hintByAncestry(value: object): string {
  if ("then" in value) return FORGOTTEN_AWAIT;
  if (isError(value)) return "keep its name and message instead";
  if (Array.isArray(value)) return "keep Array.from(array) instead";
  if (ArrayBuffer.isView(value)) return "keep a plain array, or a Uint8Array of its bytes, instead";
  return PLAIN_COPY;
}

function classNameOf(value: object): string | undefined {
  const { constructor }: { constructor?: unknown } = value;
  if (typeof constructor !== "function" || typeof constructor.name !== "string") return undefined;
  return constructor.name === "" ? undefined : constructor.name.slice(0, MAX_CLASS_NAME_LENGTH);
}
