import { Activation } from "./activation.ts";
import type { Cause } from "./activation.ts";
import type { Definition } from "./definition.ts";
import type { Effects } from "./effects.ts";

/**
 * Handles one message at one address and returns the effects. This is the only way in which an
 * engine runs user code. An engine's job: queue per address, call `activate`, commit the effects
 * with the consumption of the message, deliver.
 *
 * The call is synchronous if the function is. A definition turns failures of its user's code into
 * effects, so a throw or a rejection here means that the message cannot be handled at all. The
 * engine then parks it.
 *
 * @throws `STATE_SCHEMA_MISMATCH` if the stored state does not fit the function; `UNKNOWN_FUNCTION`
 * if the function has no such operation
 */
export function activate(definition: Definition, cause: Cause): Effects | Promise<Effects> {
  const activation = new Activation(definition.valueNames, cause);
  const running = definition.receive(activation);
  return running === undefined ? activation : running.then(() => activation);
}
