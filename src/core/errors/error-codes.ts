interface CodeInfo {
  /** `true` if the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** One sentence for people. HTTP answers show it without a clause that refers to `details`. */
  readonly meaning: string;
}

/** All codes that a {@link HandbackError} can carry. Codes are never renamed or reused. */
export const ERROR_CODES = {
  INVALID_NAME: {
    retryable: false,
    meaning: "The name of a function, value, event or operation is not allowed.",
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
    meaning: "A duration or instant is negative, not finite, out of range, or of the wrong format.",
  },
  INVALID_OPTIONS: {
    retryable: false,
    meaning: "An option is missing, unknown or of the wrong type.",
  },
  INVALID_CURSOR: {
    retryable: false,
    meaning: "A cursor is malformed, or belongs to another list: another store, filter or order.",
  },
  INVALID_INPUT: { retryable: false, meaning: "The function's input schema rejected the input." },
  DUPLICATE_FUNCTION: {
    retryable: false,
    meaning: "Two different functions are registered under one name.",
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
    meaning: "The function declares no persisted value with this name.",
  },
  UNSERIALIZABLE: {
    retryable: false,
    meaning: "A value cannot be stored without loss, at the path in `details.path`.",
  },
  TOO_DEEP: { retryable: false, meaning: "A value is nested deeper than the limit." },
  PAYLOAD_TOO_LARGE: {
    retryable: false,
    meaning: "A message, state or result is larger than the limit.",
  },
  NOT_A_FUTURE: {
    retryable: false,
    meaning: "A future was expected, but another kind of value was given.",
  },
  NOT_A_VALUE: {
    retryable: false,
    meaning: "A future or handle was used as if it were its value.",
  },
  NOT_DURABLE: {
    retryable: false,
    meaning: "A JavaScript promise was given where a durable future is expected.",
  },
  FUTURE_IN_STATE: {
    retryable: false,
    meaning: "State contains a future, but only a handle can be stored.",
  },
  FOREIGN_FUTURE: { retryable: false, meaning: "A future of another activation was used." },
  FOREIGN_HANDLE: { retryable: false, meaning: "A handle belongs to another store." },
  EMPTY_RACE: { retryable: false, meaning: "A race over no futures would never settle." },
  READ_ONLY: {
    retryable: false,
    meaning: "A query tried to change state, or to start or send something.",
  },
  CONTEXT_CLOSED: {
    retryable: false,
    meaning: "A context or future was used after its handler ended.",
  },
  STALE_ATTEMPT: {
    retryable: false,
    meaning: "A context was used after its attempt was abandoned.",
  },
  NO_CALLER: { retryable: false, meaning: "The message has no caller to reply to." },
  UNSUPPORTED: { retryable: false, meaning: "This engine lacks a capability that the call needs." },
  FUNCTION_FAILED: {
    retryable: false,
    meaning: "A user's function threw, with the thrown value in `cause` and its data in `failure`.",
  },
  STEP_FAILED: {
    retryable: false,
    meaning: "A step of a chain or saga failed, named in `details`, with the reason in `cause`.",
  },
  COMPENSATION_FAILED: {
    retryable: false,
    meaning: "A step of a saga failed and so did a compensation, as listed in `details`.",
  },
  BRANCHES_FAILED: {
    retryable: false,
    meaning: "More branches of a fan-out failed than allowed, with one of the failures in `cause`.",
  },
  RETRY_LATER: {
    retryable: true,
    meaning:
      "A function asks to be called again later, at `details.retryAt` or after `details.retryAfterMs`.",
  },
  HANDLER_TIMEOUT: {
    retryable: true,
    meaning: "A handler ran longer than its timeout and was abandoned.",
  },
  POISONED: {
    retryable: false,
    meaning: "The process crashed repeatedly on this message, which became a dead letter.",
  },
  TIMEOUT: {
    retryable: true,
    meaning: "The future given to `ctx.timeout` did not settle in time.",
  },
  NOT_FOUND: {
    retryable: false,
    meaning: "The flow, state, future or dead letter does not exist.",
  },
  EXPIRED: { retryable: false, meaning: "The future, flow or state is past its retention time." },
  CANCELLED: { retryable: false, meaning: "The work was canceled." },
  ALREADY_COMPLETED: {
    retryable: false,
    meaning: "The future was already settled with another outcome, given in `details.outcome`.",
  },
  ALREADY_OPEN: { retryable: false, meaning: "An approval request with this id is already open." },
  NOT_RESTARTABLE: {
    retryable: false,
    meaning: "The flow cannot be restarted, for the reason in `details.reason`.",
  },
  NOT_PAUSED: {
    retryable: false,
    meaning: "Nothing of this kind is paused, and the flow is as `details.status` says.",
  },
  FLOW_OVER: { retryable: false, meaning: "The flow has ended and accepts no more events." },
  IDEMPOTENCY_CONFLICT: {
    retryable: false,
    meaning: "The flow key is already used for another function or another input.",
  },
  DEADLOCK: {
    retryable: false,
    meaning: "A blocked handler or a future waits for something that can never happen.",
  },
  REENTRANT_CALL: { retryable: false, meaning: "A handler blocks on a call to its own address." },
  STATE_SCHEMA_MISMATCH: {
    retryable: false,
    meaning: "Stored state does not match the function's schema, so messages for it are held back.",
  },
  OVERLOADED: {
    retryable: true,
    meaning:
      "Too many messages wait, or too many handlers are blocked, so the call was not accepted.",
  },
  STORE_LOCKED: { retryable: true, meaning: "Another engine has the store open." },
  STORE_OPEN_FAILED: {
    retryable: false,
    meaning: "The store cannot be opened, for the reason in `cause`.",
  },
  STORE_CORRUPT: { retryable: false, meaning: "The store's file is damaged." },
  STORE_INCOMPLETE: {
    retryable: false,
    meaning:
      "The store was not closed and its log is missing or too old, so acknowledged work is missing.",
  },
  STORE_FENCED: {
    retryable: false,
    meaning:
      "Another engine opened the store, its files were replaced, or its newest commits were overwritten, so this engine has stopped, and `details.definite` tells whether the call was certainly not accepted.",
  },
  STORE_FULL: {
    retryable: true,
    meaning:
      "The disk is full, and `details.definite` tells whether the call was certainly not accepted.",
  },
  STORE_BUSY: {
    retryable: true,
    meaning:
      "Another program has locked the store for long, or no broker of Kafka can be reached, and `details.definite` tells whether the call was certainly not accepted.",
  },
  STORE_FAILED: {
    retryable: false,
    meaning: "A commit failed and may or may not have happened, so the engine has stopped.",
  },
  CLUSTER_UNAVAILABLE: {
    retryable: true,
    meaning:
      "No node of the cluster answered a request in time or accepted it, and `details.definite` tells whether the call was certainly not accepted.",
  },
  BACKUP_FAILED: {
    retryable: false,
    meaning: "The backup was not written, for the reason in `cause`, and the store is unaffected.",
  },
  FORMAT_TOO_NEW: {
    retryable: false,
    meaning: "The store was written by a newer version of the library.",
  },
  CLOSED: { retryable: false, meaning: "The engine is closed." },
  FORBIDDEN: { retryable: false, meaning: "The server does not allow the request." },
  SERVER_UNAVAILABLE: {
    retryable: true,
    meaning:
      "The server gave no answer, or a proxy in front of it failed, and `details.definite` tells whether the call was certainly not accepted.",
  },
  UNEXPECTED_ANSWER: {
    retryable: false,
    meaning:
      "The server answered in a way that the client cannot use, with the HTTP status in `details.status`.",
  },
} as const satisfies Record<string, CodeInfo>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES;
