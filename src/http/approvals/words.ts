import type { BallotStatus, DecisionAnswer } from "../../patterns/approval/ballot.ts";

/** How a request ended, as the end of a sentence that begins with "This request". */
export const ENDINGS: Readonly<Record<BallotStatus, string>> = {
  open: "is open",
  approved: "was approved",
  rejected: "was rejected",
  expired: "has expired",
  withdrawn: "was taken back",
  failed: "could not be asked",
};

/** What a person has done, by their decision. */
export const DONE = { approve: "approved", reject: "rejected" } as const;

/** Why a decision does not count. */
export const REASONS: Readonly<Record<NonNullable<DecisionAnswer["reason"]>, string>> = {
  "not an approver": "You are not one of the people who decide about this request.",
  "is the requester": "The person who asks does not decide.",
  "has delegated": "You have given your vote to somebody else.",
  "has decided": "One of you has decided already.",
  "is an approver": "That person has a vote already.",
  "not the requester": "Only the person who asks may take the request back.",
  "another request": "This link belongs to an earlier request.",
  "no request": "There is no such request any more.",
};
