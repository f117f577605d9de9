interface CodeInfo {
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  readonly meaning: string;
}

/** Every code a {@link HandbackError} can carry. Codes are never renamed or reused. */
export const ERROR_CODES = {
  INVALID_NAME: {
    retryable: false,
    meaning: "A function, value, event or operation name is not allowed.",
  },
  INVALID_KEY: { retryable: false, meaning: "An id is not a string of 1 to 1,024 bytes." },
  INVALID_IDEMPOTENCY_KEY: {
    retryable: false,
    meaning: "A flow key is empty, blank, or longer than 256 characters.",
  },
  INVALID_ID: { retryable: false, meaning: "A token, handle or generated id is malformed." },
  INVALID_HANDLER: { retryable: false, meaning: "A handler is not a plain or async function." },
  INVALID_DELAY: {
    retryable: false,
    meaning:
      "A duration or instant is negative, not finite, out of range, or not a number or duration string.",
  },
  INVALID_OPTIONS: {
    retryable: false,
    meaning: "An option is missing, unknown or of the wrong kind.",
  },
  INVALID_INPUT: { retryable: false, meaning: "The function's input schema refused the input." },
  DUPLICATE_FUNCTION: {
    retryable: false,
    meaning: "Two different functions were registered under one name.",
  },
  UNKNOWN_FUNCTION: {
    retryable: false,
    meaning: "The function is not registered with this engine.",
  },
  UNKNOWN_EGRESS: {
    retryable: false,
    meaning: "No egress of this type is registered with this engine.",
  },
  UNKNOWN_VALUE: {
    retryable: false,
    meaning: "The function declares no persisted value of this name.",
  },
  UNSERIALIZABLE: {
    retryable: false,
    meaning: "A value cannot be kept without loss; `details.path` says where.",
  },
  TOO_DEEP: { retryable: false, meaning: "A value is nested deeper than the limit." },
  PAYLOAD_TOO_LARGE: {
    retryable: false,
    meaning: "A message, state or result is larger than the limit.",
  },
  NOT_A_FUTURE: { retryable: false, meaning: "A future was expected." },
  NOT_DURABLE: {
    retryable: false,
    meaning: "A JavaScript promise stands where a durable future is expected.",
  },
  FUTURE_IN_STATE: { retryable: false, meaning: "State holds a future; it can hold a handle." },
  FOREIGN_FUTURE: { retryable: false, meaning: "A future of another activation was used." },
  FOREIGN_HANDLE: { retryable: false, meaning: "A handle belongs to another store." },
  EMPTY_RACE: { retryable: false, meaning: "A race over no futures would never settle." },
  READ_ONLY: { retryable: false, meaning: "A query wrote to state, or started or sent something." },
  CONTEXT_CLOSED: {
    retryable: false,
    meaning: "A context or future was used after its handler ended.",
  },
  STALE_ATTEMPT: {
    retryable: false,
    meaning: "A context was used after its attempt was abandoned.",
  },
  NO_CALLER: { retryable: false, meaning: "There is nobody to reply to." },
  UNSUPPORTED: { retryable: false, meaning: "This engine lacks a capability." },
  FUNCTION_FAILED: {
    retryable: false,
    meaning: "A user's function threw; `cause` and `failure` say what.",
  },
  STEP_FAILED: {
    retryable: false,
    meaning: "A step of a chain or saga failed; `details` names it, and `cause` says why.",
  },
  COMPENSATION_FAILED: {
    retryable: false,
    meaning:
      "A step of a saga failed, and then a compensation did; `details` says what was undone and what was not.",
  },
  BRANCHES_FAILED: {
    retryable: false,
    meaning: "More branches of a fan-out failed than may; `cause` is one of the failures.",
  },
  RETRY_LATER: {
    retryable: true,
    meaning: "A function asks to be called again; `details.retryAfterMs` says when.",
  },
  HANDLER_TIMEOUT: {
    retryable: true,
    meaning: "A handler ran longer than its timeout and was abandoned.",
  },
  POISONED: {
    retryable: false,
    meaning:
      "The process died again and again while it handled this message, which is not handled any more; a dead letter keeps it.",
  },
  TIMEOUT: { retryable: true, meaning: "What `ctx.timeout` was given had not settled in time." },
  NOT_FOUND: { retryable: false, meaning: "There is no such flow, state or future." },
  EXPIRED: { retryable: false, meaning: "The future, flow or state is past its retention." },
  CANCELLED: { retryable: false, meaning: "The work was cancelled." },
  ALREADY_COMPLETED: {
    retryable: false,
    meaning: "The future was settled before, with another outcome; `details.outcome` says which.",
  },
  ALREADY_OPEN: {
    retryable: false,
    meaning: "There is an open request for approval under this id.",
  },
  FLOW_OVER: { retryable: false, meaning: "The flow has ended and takes no more events." },
  IDEMPOTENCY_CONFLICT: {
    retryable: false,
    meaning: "The flow key is taken by a call of another function or with another input.",
  },
  DEADLOCK: { retryable: false, meaning: "A blocked get can never be settled." },
  REENTRANT_CALL: { retryable: false, meaning: "A handler blocks on a call to its own address." },
  STATE_SCHEMA_MISMATCH: {
    retryable: false,
    meaning: "Stored state does not fit the function's schema; the address is parked.",
  },
  OVERLOADED: {
    retryable: true,
    meaning: "Too many messages wait to be handled; the call was not accepted.",
  },
  STORE_LOCKED: { retryable: true, meaning: "Another engine has the store open." },
  STORE_OPEN_FAILED: { retryable: false, meaning: "The store cannot be opened; `cause` says why." },
  STORE_CORRUPT: { retryable: false, meaning: "The store's file is damaged." },
  STORE_FULL: {
    retryable: true,
    meaning:
      "The disk is full; `details.definite` says whether it is certain that the call was not accepted.",
  },
  STORE_FAILED: {
    retryable: false,
    meaning: "A commit failed; whether it happened is not known. The engine has stopped.",
  },
  FORMAT_TOO_NEW: { retryable: false, meaning: "The store was written by a newer version." },
  CLOSED: { retryable: false, meaning: "The engine is closed." },
} as const satisfies Record<string, CodeInfo>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES;
