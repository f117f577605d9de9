import type { Context } from "hono";
import type { Client } from "../../futures/client/client.ts";
import { answerToDecision, answerToDelegation } from "./answer-decision.ts";
import type { SaidAnswer } from "./answer-decision.ts";
import type { Link } from "./link.ts";
import type { ApprovalPagesRules } from "./options.ts";

const LONGEST_COMMENT = 2_000;

/** The form that a person has sent. */
interface Form {
  readonly vote: string | undefined;
  readonly to: string | undefined;
  readonly comment: string | undefined;
}

/** Reads a form. A field that is missing, blank or a file counts as absent. */
export async function readForm(c: Context): Promise<Form> {
  const fields = await c.req.parseBody().catch(() => ({}));
  const text = (name: string): string | undefined => {
    const field: unknown = Object.hasOwn(fields, name) ? Reflect.get(fields, name) : undefined;
    return typeof field === "string" && field.trim() !== "" ? field.trim() : undefined;
  };
  return {
    vote: text("vote"),
    to: text("to"),
    comment: text("comment")?.slice(0, LONGEST_COMMENT),
  };
}

/** Decides, or gives a vote away. Returns `undefined` if the form asks for neither. */
export async function takeForm(
  client: Client,
  { rules, link }: { readonly rules: ApprovalPagesRules; readonly link: Link },
  { vote, to, comment }: Form,
): Promise<SaidAnswer | undefined> {
  const { approval, tokens, clock, dateOf } = rules;
  const { id, request, by } = link.invitation;
  const remark = comment === undefined ? {} : { comment };
  if (vote !== undefined) {
    const signed = tokens.verify(vote, { approval: approval.type, now: clock.now() });
    if (signed.status !== "valid") return undefined;
    const { claims } = signed;
    const isOfLink =
      claims.id === id &&
      claims.decision.request === request &&
      claims.decision.by === by &&
      (link.decision ?? claims.decision.decision) === claims.decision.decision;
    if (!isOfLink) return undefined;
    const decision = { ...claims.decision, ...remark };
    return answerToDecision(await client.call(approval.decide, decision, { id }), dateOf);
  }
  if (to === undefined || link.decision !== undefined) return undefined;
  const delegation = { by, to, request, ...remark };
  return answerToDelegation(await client.call(approval.delegate, delegation, { id }), to, dateOf);
}
