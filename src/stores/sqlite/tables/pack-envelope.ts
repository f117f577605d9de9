import { encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Packer } from "../rows/packed.ts";

/** Packs the columns that every table with an envelope has: `id`, `head` and `payload`. */
export function packEnvelope(packer: Packer, envelope: Envelope): void {
  const { head, payload } = encodeEnvelope(envelope);
  packer.text(envelope.id);
  packer.text(head);
  packer.text(payload);
}
