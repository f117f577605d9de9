import { HandbackError } from "../errors/errors.ts";
import { decode } from "./decode.ts";
import { encodeTemplate, type EncodeOptions, type EncodeRules } from "./encode.ts";
import type { Encoded } from "./encoded.ts";
import type { Extension } from "./extension.ts";
import { BUILT_IN_TAGS } from "./tagged.ts";
import { fillTemplate, type Template } from "./template.ts";

/**
 * Turns values into text and back without loss.
 *
 * | value | kept as |
 * |---|---|
 * | string, boolean, null, finite number | itself |
 * | `undefined`, `NaN`, `Infinity`, `-Infinity`, `-0`, bigint | itself; a property that is
 * `undefined` is dropped |
 * | array | itself; sparse, or with properties of its own: refused |
 * | plain object, frozen or without prototype | a plain object with the same own string keys, in
 * order |
 * | valid Date, Map, Set, Uint8Array | itself; with properties of its own, or of a class that
 * extends it: refused |
 * | all else: functions, symbols, class instances, RegExp, Error, URL, Buffer, promises | refused |
 *
 * An object that occurs twice is copied to both places. An object that contains itself is refused.
 */
export interface Codec {
  /**
   * Encodes a value, as it is now.
   *
   * @throws `UNSERIALIZABLE` with `details.path`, if a part cannot be kept or throws when it is
   * read.
   * @throws `TOO_DEEP` over 200 levels.
   * @throws `PAYLOAD_TOO_LARGE` with `details.size` (at least) and `details.limit`, before a text
   * of that size is made.
   */
  encode(value: unknown, options?: EncodeOptions): Encoded;
  /** Encodes a value around the holes in it. Throws as {@link Codec.encode} does. */
  encodeTemplate(value: unknown, options?: EncodeOptions): Template;
  /**
   * Decodes a text.
   *
   * @throws `UNSERIALIZABLE` if no such codec wrote the text.
   */
  decode(text: Encoded): unknown;
}

/** The kinds of objects that a codec knows beside the built-in ones. */
export interface CodecOptions {
  readonly extensions?: readonly Extension[];
  /**
   * Tells whether an object is a hole: a part that is not known yet. Called for every object of a
   * value, before the extensions.
   */
  readonly isHole?: (value: object) => boolean;
  /** Makes the error for a hole at `path` where none is allowed. Default: `UNSERIALIZABLE`. */
  readonly holeError?: (path: string) => Error;
}

/**
 * Makes a codec.
 *
 * @throws `INVALID_OPTIONS` if two extensions have one tag, or one has a built-in tag.
 */
export function makeCodec(options: CodecOptions = {}): Codec {
  const { extensions = [], isHole, holeError = refuseHole } = options;
  const byTag = indexByTag(extensions);
  const splitting: EncodeRules = { extensions, isHole };
  const whole: EncodeRules = { extensions, isHole, holeError };
  return {
    encode(value, encodeOptions) {
      return fillTemplate(encodeTemplate(value, whole, encodeOptions).segments, []);
    },
    encodeTemplate(value, encodeOptions) {
      return encodeTemplate(value, splitting, encodeOptions);
    },
    decode(text) {
      return decode(text, byTag);
    },
  };
}

function indexByTag(extensions: readonly Extension[]): ReadonlyMap<string, Extension> {
  const taken = new Set<string>(BUILT_IN_TAGS);
  for (const { tag } of extensions) {
    if (taken.has(tag))
      throw new HandbackError(
        "INVALID_OPTIONS",
        `codec extension: expected a tag of its own, got "${tag}" again`,
      );
    taken.add(tag);
  }
  return new Map(extensions.map((extension) => [extension.tag, extension]));
}

function refuseHole(path: string): HandbackError {
  return new HandbackError(
    "UNSERIALIZABLE",
    `cannot keep ${path}: expected a value, got one that is not known yet`,
    { details: { path } },
  );
}
