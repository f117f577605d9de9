import type { Inspection } from "./inspection.ts";
import type { World } from "../host/world.ts";

const MAX_LINES = 10;

/** Describes the pending work of a world, one item a line. */
export async function describePending(world: World, inspection: Inspection): Promise<string> {
  const flows = (await inspection.flows()).filter(({ settledAt }) => settledAt === undefined);
  const running = world.host?.running ?? [];
  const unregistered = [...(world.host?.engine?.unregistered ?? [])];
  const lines = [
    ...flows.map(
      ({ id, function: type, custom }) =>
        `flow ${id} (${type}) is pending` +
        (custom === undefined ? "" : `, ${JSON.stringify(custom)}`),
    ),
    ...running.map(
      ({ spec, id }) =>
        `a handler of ${spec.type} at ${id} waits for ctx.get, ` +
        "or for something outside of the simulation",
    ),
    ...unregistered.map(
      ([type, count]) => `${count} messages are for ${type}, which the simulation does not host`,
    ),
  ];
  if (lines.length === 0)
    lines.push("no flow is pending: the body waits for something outside of the simulation");
  const more = lines.length > MAX_LINES ? [`and ${lines.length - MAX_LINES} more`] : [];
  return [...lines.slice(0, MAX_LINES), ...more].map((line) => `\n  ${line}`).join("");
}
