import { decodeContent, encodeContent } from "../../../core/state/content.ts";
import type { StoredValue } from "../../../core/activation/effects.ts";
import { decodeEnvelope, encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Batch } from "../../../stores/store.ts";

/**
 * Returns a batch as a store of text would return it. Data that does not survive serialization is
 * lost here too.
 */
export function batchThroughText(batch: Batch): Batch {
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
