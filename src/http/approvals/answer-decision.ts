import type { DecisionAnswer } from "../../patterns/approval/ballot.ts";
import { DONE, ENDINGS, REASONS } from "./words.ts";

/** What a page says to a person who has decided, and the HTTP status. */
export interface SaidAnswer {
  readonly status: 200 | 403 | 409 | 410;
  readonly text: string;
}

const GONE: ReadonlySet<string | undefined> = new Set(["another request", "no request"]);

/** Puts the answer to a decision into words. */
export function answerToDecision(
  answer: DecisionAnswer,
  dateOf: (at: number) => string,
): SaidAnswer {
  const { status, ballot, decision, reason } = answer;
  const earlier =
    decision === undefined ? "" : `You ${DONE[decision.decision]} this on ${dateOf(decision.at)}.`;
  switch (status) {
    case "recorded":
      return {
        status: 200,
        text:
          ballot === "open" || ballot === undefined
            ? "Thank you. Your decision is recorded. Others decide, too."
            : `Thank you. Your decision is recorded, and the request ${ENDINGS[ballot]}.`,
      };
    case "same":
      return { status: 200, text: `${earlier} There is nothing left to do.` };
    case "opposite":
      return { status: 409, text: `${earlier} A decision cannot be changed.` };
    case "over":
      return {
        status: 410,
        text: `This request ${ENDINGS[ballot ?? "expired"]}. Your decision came too late.`,
      };
    case "early":
      return { status: 410, text: REASONS["no request"] };
    case "refused":
      return {
        status: GONE.has(reason) ? 410 : 403,
        text: reason === undefined ? "Your decision does not count." : REASONS[reason],
      };
  }
}

/** Puts the answer to a delegation into words. */
export function answerToDelegation(
  answer: DecisionAnswer,
  to: string,
  dateOf: (at: number) => string,
): SaidAnswer {
  if (answer.status === "recorded" || answer.status === "same")
    return { status: 200, text: `Thank you. ${to} has your vote now.` };
  return answerToDecision(answer, dateOf);
}
