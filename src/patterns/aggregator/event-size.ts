import { makeCodec } from "../../core/codec/codec.ts";
import { isHandle } from "../../futures/types/handle.ts";

/** Knows all that can be sent; handles are of one size. */
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

/** How large an event is: bytes of its text in UTF-8, as it is kept. @throws `UNSERIALIZABLE`, `TOO_DEEP`, `PAYLOAD_TOO_LARGE` */
export function eventSize(event: unknown): number {
  return new TextEncoder().encode(codec.encode(event)).length;
}
