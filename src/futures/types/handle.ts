const BRAND = Symbol.for("handback.FutureHandle");

declare const settles: unique symbol;

/** What a {@link FutureHandle} is made of. */
export interface HandleParts {
  readonly id: string;
  readonly storeId: string;
  readonly retainUntil: number;
}

/**
 * Names a future so that it can be kept in state, sent, and handed out; `ctx.future(handle)` makes it a future again.
 *
 * Frozen data. Where a future inside a value is resolved before the value arrives, a handle arrives as it is.
 */
export class FutureHandle<out T> {
  /** Carries `T` covariantly; there is nothing at run time. */
  declare readonly [settles]: T;
  /** Id of the cell that holds the settlement. */
  readonly id: string;
  /** Which store the cell is in; elsewhere the handle is `FOREIGN_HANDLE`. */
  readonly storeId: string;
  /** Instant (ms since the epoch) after which the settlement may be gone, and the handle is `EXPIRED`. */
  readonly retainUntil: number;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(parts: HandleParts) {
    this.id = parts.id;
    this.storeId = parts.storeId;
    this.retainUntil = parts.retainUntil;
    Object.freeze(this);
  }
}

/** Tells whether `value` is a {@link FutureHandle}, also one made by another copy of the package. */
export function isHandle(value: object): value is FutureHandle<unknown> {
  return BRAND in value;
}
