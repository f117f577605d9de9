import { Activation } from "./activation.ts";
import type { Cause } from "./activation.ts";
import type { Definition } from "./definition.ts";
import type { Effects } from "./effects.ts";

/**
 * Handles one message at one address, and tells what came of it. The heart of the system, and the only way in which an
 * engine touches user code: queue per address, `activate`, commit the effects with the consumption of the message, deliver.
 *
 * Synchronous when the function is. A definition answers for its user's failures itself, so a throw or a rejection here
 * means that the message could not be handled at all; it is to be parked.
 *
 * @throws `STATE_SCHEMA_MISMATCH` when stored state does not fit the function
 */
export function activate(definition: Definition, cause: Cause): Effects | Promise<Effects> {
  const activation = new Activation(definition.valueNames, cause);
  const running = definition.receive(activation);
  return running === undefined ? activation : running.then(() => activation);
}
