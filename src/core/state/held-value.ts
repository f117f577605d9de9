import type { Codec } from "../codec/codec.ts";
import type { Encoded } from "../codec/encoded.ts";

/** Stands for a value that was set before it was read. */
const UNREAD = Symbol("unread");

/**
 * A named value while a handler may change it: as it is now, and as it was when it was loaded.
 *
 * Objects change in place, so a changed one is found by its text.
 */
export class HeldValue {
  current: unknown;
  /** It was deleted, and not set since. */
  isDeleted = false;
  readonly #loaded: unknown;
  /** Text of the loaded value. Absent for a value that cannot be encoded, or was not read yet. */
  #text: Encoded | undefined;
  #isGiven: boolean;

  private constructor(loaded: unknown, text: Encoded | undefined, isGiven: boolean) {
    this.current = loaded;
    this.#loaded = loaded;
    this.#text = text;
    this.#isGiven = isGiven;
  }

  /** Holds a stored value. */
  static ofText(text: Encoded, codec: Codec): HeldValue {
    return new HeldValue(codec.decode(text), text, true);
  }

  /** Holds a value that a migration or a schema made. */
  static ofValue(value: unknown): HeldValue {
    return new HeldValue(value, undefined, false);
  }

  /** Holds a value that is about to be set. */
  static unread(): HeldValue {
    return new HeldValue(UNREAD, undefined, true);
  }

  /** Returns the value to user code, which may change it from now on. */
  give(codec: Codec): unknown {
    if (!this.#isGiven) {
      this.#isGiven = true;
      if (isObject(this.#loaded)) this.#text = encodeIfPossible(this.#loaded, codec);
    }
    return this.current;
  }

  /** Tells whether it is certainly unchanged. */
  isSame(): boolean {
    if (!Object.is(this.current, this.#loaded)) return false;
    return !this.#isGiven || !isObject(this.current) || this.#text === undefined;
  }

  /** Tells whether the loaded value has this text, also if an older version wrote it differently. */
  hasText(text: Encoded, codec: Codec): boolean {
    const loaded = this.#text;
    if (loaded === undefined || loaded === text) return loaded === text;
    // Only keys with escape sequences have been written in another way.
    return loaded.includes("\\") && encodeIfPossible(codec.decode(loaded), codec) === text;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Encodes a value. A schema may make one that cannot be stored. */
function encodeIfPossible(value: unknown, codec: Codec): Encoded | undefined {
  try {
    return codec.encode(value);
  } catch {
    return undefined;
  }
}
