import { hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { WorkLog } from "../../../core/host/work-log.ts";
import type { Store } from "../../../stores/store.ts";

/**
 * Gives stored states to the functions that have taken over their names, and warns of the states
 * that no registered function can reach.
 */
export async function adoptStates(
  store: Pick<Store, "renameStates" | "countStates">,
  definitions: ReadonlyMap<string, Definition>,
  workLog: WorkLog,
): Promise<void> {
  for (const { type, aliases = [] } of new Set(definitions.values()))
    for (const alias of aliases) await store.renameStates(alias, type);
  const isHidden = (type: string): boolean => {
    const definition = definitions.get(type);
    return definition?.type !== type || !hasState(definition);
  };
  for (const [type, count] of store.countStates(isHidden))
    workLog.write({
      level: "warn",
      event: "unknownState",
      subject: type,
      message: `${count} states of ${type} are hidden: ${reasonOf(type, definitions.get(type))}`,
      fields: { type, count },
    });
}

function reasonOf(type: string, definition: Definition | undefined): string {
  if (definition === undefined)
    return "it is not registered; register it, or name it in the aliases of its successor";
  return definition.type === type
    ? "it is registered as a function without state"
    : `${definition.type}, which has taken over its name, has states of the same ids`;
}
