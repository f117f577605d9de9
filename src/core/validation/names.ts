import type { ErrorCode } from "../errors/error-codes.ts";
import { HandbackError } from "../errors/errors.ts";
import { show } from "../errors/show.ts";

/**
 * A kind of text: its error code, its expected form, and its check. A flaw continues a sentence
 * that starts with the thing's name: "is empty".
 */
interface Rule {
  readonly code: ErrorCode;
  readonly expected: string;
  flawOf(text: string): string | undefined;
}

const MAX_NAME_BYTES = 200;
const MAX_ID_BYTES = 1024;
const MAX_FLOW_KEY_LENGTH = 256;

/** The namespace of the library's own functions. */
const RESERVED_NAMESPACE = "_sys";

const NAME: Rule = {
  code: "INVALID_NAME",
  expected: `1 to ${MAX_NAME_BYTES} bytes without / \\ # ? or control characters`,
  flawOf: (text) => lengthFlaw(text, MAX_NAME_BYTES) ?? nameFlaw(text),
};

const FUNCTION_TYPE: Rule = {
  code: "INVALID_NAME",
  expected: `"namespace/name", at most ${MAX_NAME_BYTES} bytes`,
  flawOf: (text) => lengthFlaw(text, MAX_NAME_BYTES) ?? functionTypeFlaw(text),
};

const ID: Rule = {
  code: "INVALID_KEY",
  expected: `a string of 1 to ${MAX_ID_BYTES} bytes`,
  flawOf: (text) => lengthFlaw(text, MAX_ID_BYTES) ?? textFlaw(text),
};

const FLOW_KEY: Rule = {
  code: "INVALID_IDEMPOTENCY_KEY",
  expected: `a string of 1 to ${MAX_FLOW_KEY_LENGTH} characters`,
  flawOf: (text) => {
    if (text.length > MAX_FLOW_KEY_LENGTH)
      return `is longer than ${MAX_FLOW_KEY_LENGTH} characters`;
    return textFlaw(text) ?? (text.trim() === "" ? "is blank" : undefined);
  },
};

/**
 * Checks a function type: `namespace/name`, both of them names, together at most 200 bytes of
 * UTF-8, namespace not `_sys`.
 *
 * @returns the type, unchanged.
 * @throws `INVALID_NAME`
 */
export function checkFunctionType(type: unknown): string {
  return check(type, "function type", FUNCTION_TYPE);
}

/**
 * Checks the name of a value, event, operation or egress: 1 to 200 bytes of normalized UTF-8
 * without slashes. Names such as `__proto__` and `constructor` are allowed.
 *
 * @param what Names the thing for the message: `"value name"`.
 * @returns the name, unchanged.
 * @throws `INVALID_NAME`
 */
export function checkName(name: unknown, what: string): string {
  return check(name, what, NAME);
}

/**
 * Checks an instance id: any string of 1 to 1,024 bytes of UTF-8 without NUL. Nothing is coerced,
 * so 0 and "0" never alias.
 *
 * @param what Names the thing for the message: `"id"`.
 * @returns the id, unchanged.
 * @throws `INVALID_KEY`
 */
export function checkId(id: unknown, what: string): string {
  return check(id, what, ID);
}

/**
 * Checks a flow key: a string of 1 to 256 characters that is not blank and holds no NUL. An empty
 * key never means "no key".
 *
 * @param what Names the thing for the message.
 * @returns the key, unchanged.
 * @throws `INVALID_IDEMPOTENCY_KEY`
 */
export function checkFlowKey(key: unknown, what = "flow key"): string {
  return check(key, what, FLOW_KEY);
}

/**
 * Checks the idempotency key of a call, by the rules for flow keys.
 *
 * @returns the key, unchanged.
 * @throws `INVALID_IDEMPOTENCY_KEY`
 */
export function checkIdempotencyKey(key: unknown): string {
  return check(key, "idempotency key", FLOW_KEY);
}

function check(value: unknown, what: string, rule: Rule): string {
  if (typeof value !== "string") throw refusal("is not a string");
  const flaw = rule.flawOf(value);
  if (flaw !== undefined) throw refusal(flaw);
  return value;

  function refusal(because: string): HandbackError {
    return new HandbackError(
      rule.code,
      `${what} ${because}: expected ${rule.expected}, got ${show(value)}`,
    );
  }
}

function functionTypeFlaw(text: string): string | undefined {
  const slash = text.indexOf("/");
  if (slash === -1) return "has no slash";
  const namespace = text.slice(0, slash);
  if (namespace === RESERVED_NAMESPACE) return `is in the reserved namespace ${RESERVED_NAMESPACE}`;
  return partFlaw("namespace", namespace) ?? partFlaw("name", text.slice(slash + 1));
}

function partFlaw(part: string, text: string): string | undefined {
  const flaw = nameFlaw(text);
  return flaw === undefined ? undefined : `has a ${part} that ${flaw}`;
}

function nameFlaw(text: string): string | undefined {
  if (text === "." || text === "..") return "is . or ..";
  if (text.startsWith("@")) return "starts with @";
  if (/[/\\#?]/.test(text)) return "holds one of / \\ # ?";
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) return "holds a control character or a line break";
  return (
    textFlaw(text) ??
    (text.normalize("NFC") === text ? undefined : "is not in Unicode normal form NFC")
  );
}

/** Finds a flaw that keeps a text from being written as UTF-8 and read back unchanged. */
function textFlaw(text: string): string | undefined {
  if (text === "") return "is empty";
  if (text.includes("\0")) return "holds a NUL";
  return /\p{Cs}/u.test(text) ? "holds half of a surrogate pair" : undefined;
}

/** Runs before every other check, so that none of them walks a very long text. */
function lengthFlaw(text: string, maxBytes: number): string | undefined {
  return text.length > maxBytes || utf8Length(text) > maxBytes
    ? `is longer than ${maxBytes} bytes`
    : undefined;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair counts for two of the pair's four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}
