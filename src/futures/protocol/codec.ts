import { makeCodec } from "../../core/codec/codec.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { FutureHandle, isHandle } from "../types/handle.ts";
import { isFuture } from "./pending-future.ts";

const TAG = "handle";

/** The codec of everything users pass: futures leave holes, handles are kept. */
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
        if (!Array.isArray(data)) throw new TypeError("a handle is a list");
        const [id, storeId, retainUntil] = data as readonly unknown[];
        if (
          typeof id !== "string" ||
          typeof storeId !== "string" ||
          typeof retainUntil !== "number"
        )
          throw new TypeError("not a handle");
        return new FutureHandle({ id, storeId, retainUntil });
      },
    },
  ],
  isHole: isFuture,
  holeError: (path) =>
    new HandbackError(
      "FUTURE_IN_STATE",
      `${path} is a future, which ends with its handler; keep future.handle() instead`,
      {
        details: { path },
      },
    ),
});

const INSTANT = /(\{"\$":\["handle",\[[^\]]*),\d+\]\]\}/g;

/** Encoded text without the instants in its handles, which are later ones when the same is written again. */
export function withoutRetention(text: string): string {
  return text.replaceAll(INSTANT, "$1]]}");
}

/** A handle as text, as the codec writes it. */
export function encodeHandle(id: string, storeId: string, retainUntil: number): string {
  return codec.encode(new FutureHandle({ id, storeId, retainUntil }));
}
