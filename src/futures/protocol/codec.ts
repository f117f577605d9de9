import { makeCodec } from "../../core/codec/codec.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { FutureHandle, isHandle } from "../types/handle.ts";
import type { HandleParts } from "../types/handle.ts";
import { isFuture } from "./pending-future.ts";

const TAG = "handle";

/** The codec of user values. Futures leave holes, and handles are kept. */
export const codec = makeCodec({
  extensions: [
    {
      tag: TAG,
      matches: isHandle,
      encode: (value) => {
        // Any object can look like a handle.
        const { id, storeId, retainUntil } = readParts(value as FutureHandle<unknown>);
        return [id, storeId, retainUntil];
      },
      decode: (data) => {
        if (!Array.isArray(data)) throw new TypeError("expected a handle as a list");
        const [id, storeId, retainUntil] = data as readonly unknown[];
        return new FutureHandle(readParts({ id, storeId, retainUntil }));
      },
    },
  ],
  isHole: isFuture,
  holeError: (path) =>
    new HandbackError(
      "FUTURE_IN_STATE",
      `${path} is a future, which ends with its handler; store future.handle() instead`,
      {
        details: { path },
      },
    ),
});

function readParts(parts: { readonly [name in keyof HandleParts]: unknown }): HandleParts {
  const { id, storeId, retainUntil } = parts;
  if (typeof id === "string" && typeof storeId === "string" && typeof retainUntil === "number")
    return { id, storeId, retainUntil };
  throw new TypeError("expected a handle with an id, a storeId and retainUntil");
}

const INSTANT = /(\{"\$":\["handle",\[[^\]]*),\d+\]\]\}/g;

/**
 * Removes the instants from the handles in an encoded text. A handler that runs again writes the
 * same handles with later instants.
 */
export function withoutRetention(text: string): string {
  return text.replaceAll(INSTANT, "$1]]}");
}

/** Encodes a handle as the codec does. */
export function encodeHandle(id: string, storeId: string, retainUntil: number): string {
  return codec.encode(new FutureHandle({ id, storeId, retainUntil }));
}
