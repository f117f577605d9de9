import { makeCodec } from "../../core/codec/codec.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { FutureHandle, isHandle } from "../types/handle.ts";
import { isFuture } from "./pending-future.ts";

const TAG = "handle";

/** The codec of user values. Futures leave holes, and handles are kept. */
export const codec = makeCodec({
  extensions: [
    {
      tag: TAG,
      matches: isHandle,
      encode: (value) => {
        const { id, storeId, retainUntil } = value as FutureHandle<unknown>;
        return [id, storeId, retainUntil];
      },
      decode: (data) => {
        if (!Array.isArray(data)) throw new TypeError("expected a handle as a list");
        const [id, storeId, retainUntil] = data as readonly unknown[];
        if (
          typeof id !== "string" ||
          typeof storeId !== "string" ||
          typeof retainUntil !== "number"
        )
          throw new TypeError("expected a handle as [id, storeId, retainUntil]");
        return new FutureHandle({ id, storeId, retainUntil });
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
