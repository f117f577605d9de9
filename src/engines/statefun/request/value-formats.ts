import type { StoredValue } from "../../../core/activation/effects.ts";
import type { Codec } from "../../../core/codec/codec.ts";
import { decodeContent, encodeContent } from "../../../core/state/content.ts";
import type { StateShape, StoredValueSpec } from "../../../core/state/stored-state.ts";
import type { Expiration, ValueRegistration } from "../wire/response.ts";

/** The form of one stored value on the wire, and its registration with the cluster. */
export interface ValueFormat {
  readonly registration: ValueRegistration;
  /** True if the cluster deletes the value when it has expired. */
  readonly isExpiredByCluster: boolean;
  /** Encodes a value. @throws `UNSERIALIZABLE` if it is not of its declared type */
  write(value: StoredValue): Uint8Array;
  /** Decodes a value. @throws `UNSERIALIZABLE`, `FORMAT_TOO_NEW` */
  read(bytes: Uint8Array): StoredValue;
}

/** The formats of a function's values, by name. */
export type ValueFormats = ReadonlyMap<string, ValueFormat>;

/** Type of the values that name no type. A cluster keeps the first type of a value for good. */
const VALUE_TYPE = "handback/value";

/**
 * Value of functions without state. It is never set, so nothing is stored. The first request of a
 * function type blocks a task of the cluster until its answer, and asking for a missing value is an
 * answer that takes no time.
 */
const PLACEHOLDER = "_";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/**
 * Makes the formats of a function's values.
 *
 * VF1 A value that declares its type is stored as that type, so that other programs can read it and
 * a function in another language can be replaced. The cluster alone expires it.
 * VF2 A function whose values all declare their types stores no others. Its states have no age-out
 * time and no version.
 */
export function valueFormats(
  valueNames: readonly string[],
  shape: StateShape | undefined,
  codec: Codec,
): ValueFormats {
  const specs = shape?.specs ?? new Map<string, StoredValueSpec>();
  const isTypedWhole =
    specs.size > 0 && shape?.version === 1 && [...specs.values()].every(({ type }) => type);
  const names = isTypedWhole ? [...specs.keys()] : valueNames;
  const formats = new Map<string, ValueFormat>();
  for (const name of names) formats.set(name, valueFormat(name, specs.get(name), codec));
  if (formats.size === 0) formats.set(PLACEHOLDER, valueFormat(PLACEHOLDER, undefined, codec));
  return formats;
}

function valueFormat(name: string, spec: StoredValueSpec | undefined, codec: Codec): ValueFormat {
  const type = spec?.type;
  const expiration = expirationOf(spec);
  const registration = {
    name,
    typename: type?.typename ?? VALUE_TYPE,
    ...(expiration !== undefined && { expiration }),
  };
  if (type === undefined) {
    const isExpiredByCluster = expiration !== undefined;
    return { registration, isExpiredByCluster, write: writeWhole, read: readWhole };
  }
  return {
    registration,
    isExpiredByCluster: true,
    write: ({ content }) =>
      type.encode(content.text === undefined ? undefined : codec.decode(content.text)),
    read: (bytes) => ({ content: { text: codec.encode(type.decode(bytes)) } }),
  };
}

function expirationOf(spec: StoredValueSpec | undefined): Expiration | undefined {
  if (spec?.expireAfterWriteMs !== undefined)
    return { after: "write", ms: spec.expireAfterWriteMs };
  if (spec?.expireAfterCallMs !== undefined) return { after: "call", ms: spec.expireAfterCallMs };
  return undefined;
}

/** Writes the instant of a value's expiry, a bar, and its content. */
function writeWhole({ content, expiresAt }: StoredValue): Uint8Array {
  return utf8.encode(`${expiresAt ?? ""}|${encodeContent(content)}`);
}

function readWhole(bytes: Uint8Array): StoredValue {
  const line = text.decode(bytes);
  const bar = line.indexOf("|");
  const content = decodeContent(line.slice(bar + 1));
  return bar === 0 ? { content } : { content, expiresAt: Number(line.slice(0, bar)) };
}
