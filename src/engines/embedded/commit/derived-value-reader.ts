import type { Address } from "../../../core/message/address.ts";
import type { NamedValue } from "../../../core/activation/effects.ts";
import type { DerivedValues } from "../../../core/state/derived-values.ts";
import type { DerivedValueSource } from "../state/state-cache.ts";
import type { MessageIndex } from "./message-index.ts";

/**
 * Derives values from the messages that carry them.
 *
 * IM1 A value that is not in memory is derived from its message, unless the store holds it: then it
 *     was written since.
 */
export class DerivedValueReader implements DerivedValueSource {
  readonly #values: DerivedValues;
  readonly #messages: MessageIndex;

  constructor(values: DerivedValues, messages: MessageIndex) {
    this.#values = values;
    this.#messages = messages;
  }

  at({ type, id }: Address): NamedValue | undefined {
    const values = this.#values;
    if (type !== values.type) return undefined;
    const message = this.#messages.ofFlow(id).find(({ envelope }) => values.idOf(envelope) === id);
    return message === undefined
      ? undefined
      : { name: values.name, value: { content: values.contentOf(message.envelope) } };
  }
}
