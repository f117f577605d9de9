import { HandbackError } from "../errors/errors.ts";
import { show } from "../errors/show.ts";
import { fromBase64 } from "./base64.ts";
import type { Extension } from "./extension.ts";
import { unescapeKey } from "./key.ts";
import { MARK, NUMBERS } from "./tagged.ts";

/** The result type of JSON.parse. */
export type Parsed = string | number | boolean | null | Parsed[] | ParsedObject;

interface ParsedObject {
  [key: string]: Parsed;
}

/**
 * Makes a value from parsed text: it replaces tags by their values and unescapes keys.
 *
 * RV1. An object is made empty and filled later, from a list, so no text is too deep for the stack.
 * RV2. A key only ever becomes an own property.
 */
export class Reviver {
  private readonly extensions: ReadonlyMap<string, Extension>;
  private readonly fills: (() => void)[] = [];

  constructor(extensions: ReadonlyMap<string, Extension>) {
    this.extensions = extensions;
  }

  run(data: Parsed): unknown {
    const value = this.make(data);
    for (let fill = this.fills.pop(); fill !== undefined; fill = this.fills.pop()) fill();
    return value;
  }

  private make(data: Parsed): unknown {
    if (typeof data !== "object" || data === null) return data;
    if (Array.isArray(data)) return this.makeArray(data);
    return Object.hasOwn(data, MARK) ? this.makeTagged(data) : this.makeRecord(data);
  }

  private makeArray(data: readonly Parsed[]): unknown[] {
    const items: unknown[] = [];
    this.fills.push(() => {
      for (const item of data) items.push(this.make(item));
    });
    return items;
  }

  private makeRecord(data: ParsedObject): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    this.fills.push(() => {
      for (const key of Object.keys(data)) setOwn(record, readKey(key), this.make(own(data, key)));
    });
    return record;
  }

  private makeTagged(object: ParsedObject): unknown {
    const parts = own(object, MARK);
    if (Object.keys(object).length !== 1 || !Array.isArray(parts)) throw malformed("a tag", object);
    const [tag, data] = parts;
    if (tag === "undefined" && parts.length === 1) return undefined;
    if (typeof tag !== "string" || data === undefined || parts.length !== 2)
      throw malformed("a tag", parts);
    switch (tag) {
      case "number":
        return makeNumber(data);
      case "bigint":
        return makeBigInt(data);
      case "date":
        return makeDate(data);
      case "bytes":
        return makeBytes(data);
      case "map":
        return this.makeMap(data);
      case "set":
        return this.makeSet(data);
      default:
        return this.makeExtension(tag, data);
    }
  }

  private makeMap(data: Parsed): Map<unknown, unknown> {
    if (!Array.isArray(data)) throw malformed("a map", data);
    const map = new Map<unknown, unknown>();
    this.fills.push(() => {
      for (const entry of data) {
        const [key, value] = Array.isArray(entry) && entry.length === 2 ? entry : [];
        if (key === undefined || value === undefined) throw malformed("a map entry", entry);
        map.set(this.make(key), this.make(value));
      }
    });
    return map;
  }

  private makeSet(data: Parsed): Set<unknown> {
    if (!Array.isArray(data)) throw malformed("a set", data);
    const set = new Set<unknown>();
    this.fills.push(() => {
      for (const value of data) set.add(this.make(value));
    });
    return set;
  }

  private makeExtension(tag: string, data: Parsed): unknown {
    const extension = this.extensions.get(tag);
    if (extension === undefined) throw malformed("a known tag", tag);
    return extension.decode(data);
  }
}

function makeNumber(data: Parsed): number {
  const number = typeof data === "string" ? NUMBERS.get(data) : undefined;
  if (number === undefined) throw malformed("a number", data);
  return number;
}

function makeBigInt(data: Parsed): bigint {
  if (typeof data !== "string" || !/^(?:0|-?[1-9][0-9]*)$/.test(data))
    throw malformed("a bigint", data);
  return BigInt(data);
}

function makeDate(data: Parsed): Date {
  const date = new Date(typeof data === "string" ? data : NaN);
  if (Number.isNaN(date.getTime()) || date.toISOString() !== data) throw malformed("a date", data);
  return date;
}

function makeBytes(data: Parsed): Uint8Array {
  const bytes = typeof data === "string" ? fromBase64(data) : undefined;
  if (bytes === undefined) throw malformed("bytes", data);
  return bytes;
}

function readKey(key: string): string {
  const read = unescapeKey(key);
  if (read === undefined) throw malformed("an escaped key", key);
  return read;
}

/** Reads an existing property. No property made by JSON.parse is `undefined`. */
function own(data: ParsedObject, key: string): Parsed {
  return data[key] ?? null;
}

/** Sets an own property. A plain assignment to `__proto__` would set the prototype instead. */
function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(record, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  else record[key] = value;
}

function malformed(expected: string, got: Parsed): HandbackError {
  return new HandbackError(
    "UNSERIALIZABLE",
    `the text is not something this codec wrote: expected ${expected}, got ${show(got)}`,
  );
}
