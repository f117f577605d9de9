import { notAValue } from "./not-a-value.ts";

const BRAND = Symbol.for("handback.FutureHandle");

declare const settles: unique symbol;

/** The parts of a {@link FutureHandle}. */
export interface HandleParts {
  readonly id: string;
  readonly storeId: string;
  readonly retainUntil: number;
}

/**
 * Names a future so that it can be kept in state, sent, and handed out. `ctx.future(handle)` makes
 * it a future again.
 *
 * A handle is frozen data. A future inside a value is resolved before the value arrives, but a
 * handle arrives as it is.
 */
export class FutureHandle<out T> {
  /** Carries `T` covariantly. Absent at run time. */
  declare readonly [settles]: T;
  /** Id of the cell that holds the settlement. */
  readonly id: string;
  /** Id of the cell's store. In another store the handle is `FOREIGN_HANDLE`. */
  readonly storeId: string;
  /**
   * Instant (ms since the epoch) after which the settlement may be gone and the handle is
   * `EXPIRED`.
   */
  readonly retainUntil: number;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** Tells whether `value` is a handle, also if another copy of the package made it. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && isHandle(value);
  }

  /** A handle has no value of its own. @throws `NOT_A_VALUE` */
  [Symbol.toPrimitive](): never {
    throw notAValue("a handle", "use ctx.future(handle) to make a future of it");
  }

  constructor(parts: HandleParts) {
    this.id = parts.id;
    this.storeId = parts.storeId;
    this.retainUntil = parts.retainUntil;
    Object.freeze(this);
  }
}

/**
 * Tells whether `value` is a {@link FutureHandle}, including one made by another copy of the
 * package.
 */
export function isHandle(value: object): value is FutureHandle<unknown> {
  return BRAND in value;
}
