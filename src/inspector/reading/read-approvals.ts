import type { Client } from "../../futures/client/client.ts";
import { specOf } from "../../futures/define/spec.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { StatefulFunction } from "../../futures/types/define.ts";
import { expireOverdue } from "../../patterns/approval/ballot.ts";
import type { Ballot } from "../../patterns/approval/ballot.ts";

/** Requests of approvals that one page reads, open and ended ones. */
const PAGE = 100;

/** A request that waits for decisions. */
export interface OpenRequest {
  /** Type of the approval. */
  readonly type: string;
  readonly id: string;
  readonly ballot: Ballot;
}

/** The open requests of a page, and the place where each list goes on. */
export interface OpenRequests {
  readonly requests: readonly OpenRequest[];
  /** Cursor of the next page, if more requests follow. */
  readonly cursor: string | undefined;
}

/** The approvals among functions. */
export function approvalsAmong(functions: readonly object[]): readonly object[] {
  return functions.filter(
    (f) => specOf(f)?.state !== undefined && "decide" in f && "view" in f && "withdraw" in f,
  );
}

/** Reads the open requests among the next states of an approval. */
export async function readOpenRequests(
  client: Client,
  approval: object,
  { cursor, now }: { readonly cursor: string | undefined; readonly now: number },
): Promise<OpenRequests> {
  const options = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
  const page = await client.states(approval, options);
  const read = await Promise.all(
    page.states.map(async ({ function: type, id }) => {
      const stored = await readBallot(client, approval, id);
      const ballot = stored && expireOverdue(stored, now);
      return ballot?.status === "open" ? [{ type, id, ballot }] : [];
    }),
  );
  return { requests: read.flat(), cursor: page.cursor };
}

async function readBallot(
  client: Client,
  approval: object,
  id: string,
): Promise<Ballot | undefined> {
  try {
    const state = await client.readState(approval as StatefulFunction<object>, id);
    return (state as { readonly ballot?: Ballot }).ballot;
  } catch (error) {
    // It has gone since the list was read.
    if (HandbackError.is(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
