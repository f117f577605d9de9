import { makeCodec } from "../../core/codec/codec.ts";
import { isHandle } from "../../futures/types/handle.ts";

/** Encodes any value that can be sent. All handles have one size. */
const codec = makeCodec({
  extensions: [
    {
      tag: "handle",
      matches: isHandle,
      encode: (handle) => [(handle as { readonly id: string }).id],
      decode: (data) => ({ data }),
    },
  ],
});

/**
 * Returns the size of an event: the bytes of its stored text in UTF-8.
 *
 * @throws `UNSERIALIZABLE`, `TOO_DEEP`, `PAYLOAD_TOO_LARGE`
 */
export function eventSize(event: unknown): number {
  return new TextEncoder().encode(codec.encode(event)).length;
}
