import { decodeContent, encodeContent } from "../../../core/state/content.ts";
import type { StoredValue } from "../../../core/activation/effects.ts";
import { decodeEnvelope, encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Batch } from "../../../stores/store.ts";

/** A batch as it comes back from a store that keeps text: what does not survive that is lost here too. */
export function throughText(batch: Batch): Batch {
  return {
    ...batch,
    inserted: batch.inserted.map((message) => ({
      ...message,
      envelope: envelopeThroughText(message.envelope),
    })),
    values: batch.values.map((write) => ({
      ...write,
      value: write.value && valueThroughText(write.value),
    })),
    addedDeadLetters: batch.addedDeadLetters.map((letter) => ({
      ...letter,
      envelope: envelopeThroughText(letter.envelope),
    })),
  };
}

function envelopeThroughText(envelope: Envelope): Envelope {
  return decodeEnvelope(envelope.id, encodeEnvelope(envelope));
}

function valueThroughText({ content, ...rest }: StoredValue): StoredValue {
  return { content: decodeContent(encodeContent(content)), ...rest };
}
