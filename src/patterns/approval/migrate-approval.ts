import type { ApprovalState } from "./approval-options.ts";
import type { Ballot, Decision } from "./ballot.ts";

/** A ballot as version 1 stored it: escalation levels were called rungs. */
type BallotV1 = Omit<Ballot, "levels"> & { readonly rungs?: Ballot["levels"] };

/** Makes the state of an approval from values that version 1 stored. */
export function migrateApproval(old: Record<string, unknown>): ApprovalState {
  const {
    ballot,
    ended = [],
    early = [],
  } = old as {
    readonly ballot?: BallotV1;
    readonly ended?: readonly BallotV1[];
    readonly early?: readonly Decision[];
  };
  return { ballot: ballot && migrateBallot(ballot), ended: ended.map(migrateBallot), early };
}

function migrateBallot({ rungs, ...ballot }: BallotV1): Ballot {
  return rungs === undefined ? ballot : { ...ballot, levels: rungs };
}
