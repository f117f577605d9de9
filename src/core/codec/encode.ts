import { append } from "../data/append.ts";
import {
  isExactArray,
  isExactBytes,
  isExactDate,
  isExactMap,
  isExactSet,
  isRecord,
} from "../data/kind.ts";
import { HandbackError } from "../errors/errors.ts";
import { base64Length, toBase64 } from "./base64.ts";
import { UNDEFINED } from "./encoded.ts";
import type { Extension } from "./extension.ts";
import { quote } from "./quote.ts";
import { refuseNonData, refuseObject } from "./refusal.ts";
import { escapeKey } from "./key.ts";
import { CLOSE_TAG, openTag, tagged } from "./tagged.ts";
import type { Template } from "./template.ts";
import { Trail } from "./trail.ts";

/** Default limit of a value, in characters of text. */
export const DEFAULT_PAYLOAD_LIMIT = 32 * 1024 * 1024;

/** Options for encoding one value. */
export interface EncodeOptions {
  /** Characters of text the value may take. Default: 33,554,432. */
  readonly limit?: number | undefined;
  /** Start of paths in errors, such as `"input"`. Default: `"value"`. */
  readonly root?: string | undefined;
}

/** The kinds of objects that a codec knows beside the built-in ones. */
export interface EncodeRules {
  readonly extensions: readonly Extension[];
  /** Tells whether an object leaves a hole. */
  readonly isHole?: ((value: object) => boolean) | undefined;
  /** Makes the error for a hole. Given if holes are refused. */
  readonly holeError?: ((path: string) => Error) | undefined;
}

/**
 * Encodes a value in one walk that reads each property once. The text is a snapshot at the time of
 * the call.
 */
export function encodeTemplate(
  value: unknown,
  rules: EncodeRules,
  options: EncodeOptions = {},
): Template {
  // Short texts, numbers, and single holes need no walk. Most values are of these kinds.
  if (
    typeof value === "string" &&
    (value.length + 1) * MAX_ESCAPE <= (options.limit ?? DEFAULT_PAYLOAD_LIMIT)
  ) {
    return { segments: [quote(value)], holes: NONE };
  }
  if (typeof value === "number" && MAX_NUMBER <= (options.limit ?? DEFAULT_PAYLOAD_LIMIT)) {
    return { segments: [encodeNumber(value)], holes: NONE };
  }
  if (isSingleHole(value, rules)) return { segments: AROUND, holes: [value] };
  return new Encoder(rules, options).run(value);
}

function isSingleHole(value: unknown, { isHole, holeError }: EncodeRules): value is object {
  if (typeof value !== "object" || value === null || holeError !== undefined) return false;
  // A proxy may throw. The walk then reports it with its path.
  try {
    return isHole?.(value) === true;
  } catch {
    return false;
  }
}

/** Most characters that one character takes in text. */
const MAX_ESCAPE = 6;
/** Most characters that a number takes in text. */
const MAX_NUMBER = 32;
const NONE: readonly never[] = [];
/** The text around a hole that is the whole value. */
const AROUND: readonly string[] = ["", ""];

/**
 * The walk over one value.
 *
 * EN1. Every failure becomes a typed error with the path of the part that failed.
 * EN2. The text is never longer than the limit plus one part, and a part that may be large is
 * measured before it is written.
 */
class Encoder {
  private readonly rules: EncodeRules;
  private readonly limit: number;
  private readonly trail: Trail;
  private segments: string[] = [];
  private readonly holes: object[] = [];
  private text = "";
  /** Characters in finished segments. */
  private flushed = 0;

  constructor(rules: EncodeRules, options: EncodeOptions) {
    this.rules = rules;
    this.limit = options.limit ?? DEFAULT_PAYLOAD_LIMIT;
    this.trail = new Trail(options.root ?? "value");
  }

  run(value: unknown): Template {
    try {
      this.write(value);
    } catch (error) {
      throw this.trail.explain(error);
    }
    this.segments = append(this.segments, this.text);
    return { segments: this.segments, holes: this.holes };
  }

  private write(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.writeString(value);
        break;
      case "number":
        this.text += encodeNumber(value);
        break;
      case "boolean":
        this.text += value ? "true" : "false";
        break;
      case "undefined":
        this.text += UNDEFINED;
        break;
      case "bigint":
        this.text += tagged("bigint", `"${value}"`);
        break;
      case "object":
        if (value === null) this.text += "null";
        else this.writeObject(value);
        break;
      default:
        throw this.trail.unserializable(refuseNonData(value, this.trail.lastStep()));
    }
    this.reserve(0);
  }

  private writeString(value: string): void {
    this.reserve(value.length);
    this.text += quote(value);
  }

  private writeObject(value: object): void {
    if (this.rules.isHole?.(value)) return this.leaveHole(value);
    for (const extension of this.rules.extensions) {
      if (extension.matches(value)) return this.writeExtension(extension, value);
    }
    this.trail.enter(value);
    this.writeContainer(value);
    this.trail.leave();
  }

  private writeContainer(value: object): void {
    if (isRecord(value)) this.writeRecord(value);
    else if (isExactArray(value)) this.writeArray(value);
    else if (isExactDate(value)) this.writeDate(value);
    else if (isExactMap(value)) this.writeMap(value);
    else if (isExactSet(value)) this.writeSet(value);
    else if (isExactBytes(value)) this.writeBytes(value);
    else throw this.trail.unserializable(refuseObject(value));
  }

  private writeRecord(record: Readonly<Record<string, unknown>>): void {
    this.refuseSymbols(record);
    let separator = "{";
    for (const key of Object.keys(record)) {
      this.trail.step(key);
      const value = record[key];
      if (value === undefined) continue;
      this.text += separator;
      this.writeString(escapeKey(key));
      this.text += ":";
      this.write(value);
      separator = ",";
    }
    this.text += separator === "{" ? "{}" : "}";
  }

  private writeArray(items: readonly unknown[]): void {
    const { length } = items;
    this.text += "[";
    for (let index = 0; index < length; index++) {
      this.trail.step(index);
      const item = items[index];
      if (item === undefined && !Object.hasOwn(items, index)) {
        throw this.trail.unserializable({
          got: "a gap in a sparse array",
          hint: "fill it with null or undefined",
        });
      }
      if (index > 0) this.text += ",";
      this.write(item);
    }
    this.text += "]";
    this.trail.step(undefined);
    this.refuseSymbols(items);
    // After the items, so that the limit has bounded the number of keys.
    if (Object.keys(items).length !== length)
      this.refuseExtras("an array with properties beside its items");
  }

  private writeDate(date: Date): void {
    this.refuseProperties(date);
    if (Number.isNaN(date.getTime()))
      throw this.trail.unserializable({ got: "an Invalid Date", hint: "keep null instead" });
    this.text += tagged("date", `"${date.toISOString()}"`);
  }

  private writeMap(map: ReadonlyMap<unknown, unknown>): void {
    this.refuseProperties(map);
    let index = 0;
    this.text += `${openTag("map")}[`;
    for (const [key, value] of map) {
      this.text += index === 0 ? "[" : ",[";
      this.trail.step({ of: "keys", index });
      this.write(key);
      this.text += ",";
      this.trail.step({ of: "values", index });
      this.write(value);
      this.text += "]";
      index++;
    }
    this.text += `]${CLOSE_TAG}`;
  }

  private writeSet(set: ReadonlySet<unknown>): void {
    this.refuseProperties(set);
    let index = 0;
    this.text += `${openTag("set")}[`;
    for (const value of set) {
      if (index > 0) this.text += ",";
      this.trail.step({ of: "values", index });
      this.write(value);
      index++;
    }
    this.text += `]${CLOSE_TAG}`;
  }

  private writeBytes(bytes: Uint8Array): void {
    this.reserve(base64Length(bytes.length));
    this.text += tagged("bytes", `"${toBase64(bytes)}"`);
  }

  private writeExtension(extension: Extension, value: object): void {
    try {
      this.text += tagged(extension.tag, JSON.stringify(extension.encode(value)));
    } catch (error) {
      throw HandbackError.is(error) ? this.trail.decide(error) : error;
    }
  }

  private leaveHole(value: object): void {
    if (this.rules.holeError !== undefined)
      throw this.trail.decide(this.rules.holeError(this.trail.path()));
    this.segments.push(this.text);
    this.holes.push(value);
    this.flushed += this.text.length;
    this.text = "";
  }

  /** Throws if the text would exceed the limit with `more` characters. */
  private reserve(more: number): void {
    const size = this.flushed + this.text.length + more;
    if (size > this.limit) throw this.trail.tooLarge(size, this.limit);
  }

  private refuseProperties(collection: object): void {
    if (Object.keys(collection).length > 0)
      this.refuseExtras("a built-in object with properties of its own");
    this.refuseSymbols(collection);
  }

  private refuseSymbols(value: object): void {
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.length === 0) return;
    if (symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol)))
      this.refuseExtras("an object with a property named by a symbol");
  }

  private refuseExtras(got: string): never {
    throw this.trail.unserializable({ got, hint: "keep a plain object with string keys instead" });
  }
}

function encodeNumber(value: number): string {
  if (Object.is(value, -0)) return tagged("number", '"-0"');
  return Number.isFinite(value) ? String(value) : tagged("number", `"${value}"`);
}
