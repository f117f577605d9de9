import type { Invitation } from "../../patterns/approval/approval-tokens.ts";
import type { ApprovalPagesRules } from "./options.ts";
import type { Choices, ShownRequest } from "./pages.ts";
import { DONE, ENDINGS } from "./words.ts";

/** A link that was signed: the person and the request, and the decision if it names one. */
export interface Link {
  readonly invitation: Invitation;
  readonly isExpired: boolean;
  readonly decision?: "approve" | "reject";
}

/** Reads the token of a link. Returns `undefined` if nobody has signed it. */
export function readLink(
  { tokens, approval, clock }: ApprovalPagesRules,
  token: string,
): Link | undefined {
  const about = { approval: approval.type, now: clock.now() };
  const invited = tokens.readInvitation(token, about);
  if (invited.status !== "invalid")
    return { invitation: invited.invitation, isExpired: invited.status === "expired" };
  const signed = tokens.verify(token, about);
  if (signed.status === "invalid") return undefined;
  const { id, decision, expiresAt } = signed.claims;
  const { request, by } = decision;
  return {
    invitation: {
      approval: approval.type,
      id,
      request,
      by,
      ...(expiresAt !== undefined && { expiresAt }),
    },
    isExpired: signed.status === "expired",
    decision: decision.decision,
  };
}

/** Returns why this person can no longer decide, or `undefined` if they can. */
export function whyClosed({ ballot, person, dateOf }: ShownRequest): string | undefined {
  const own = ballot.decisions.find(({ by }) => by === person);
  if (own !== undefined)
    return `You ${DONE[own.decision]} this on ${dateOf(own.at)}. There is nothing left to do.`;
  return ballot.status === "open" ? undefined : `This request ${ENDINGS[ballot.status]}.`;
}

/** Signs the decisions that the person of a link may send. */
export function choicesOf(
  { tokens }: ApprovalPagesRules,
  { invitation, decision }: Link,
  { ballot }: ShownRequest,
): Choices {
  const { by } = invitation;
  const vote = (kind: "approve" | "reject") =>
    decision === undefined || decision === kind
      ? { [kind]: tokens.sign(invitation, { by, decision: kind }) }
      : {};
  const mayDelegate = decision === undefined && ballot.approvers !== undefined;
  return { ...vote("approve"), ...vote("reject"), mayDelegate };
}
