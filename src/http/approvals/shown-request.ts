import type { Client } from "../../futures/client/client.ts";
import type { Invitation } from "../../patterns/approval/approval-tokens.ts";
import { expireOverdue } from "../../patterns/approval/ballot.ts";
import type { ApprovalPagesRules, RequestDescription } from "./options.ts";
import type { ShownRequest } from "./pages.ts";

/** Reads the request of an invitation. Returns `undefined` if it is no longer kept. */
export async function shownRequest(
  client: Client,
  { approval, describe, clock, dateOf }: ApprovalPagesRules,
  { id, request, by: person }: Invitation,
): Promise<ShownRequest | undefined> {
  const { ballot: current, ended } = await client.readState(approval, id);
  const found = [current, ...ended].find((each) => each?.request === request);
  if (found === undefined) return undefined;
  const { waiting: _, ...ballot } = expireOverdue(found, clock.now());
  return { ballot, description: described(describe(ballot.input, ballot)), person, dateOf };
}

function described(given: string | RequestDescription): RequestDescription {
  return typeof given === "string" ? { title: given } : given;
}
