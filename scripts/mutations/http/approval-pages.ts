import type { Mutation } from "../mutation.ts";

const TESTS = "test/http/approvals/approval-pages.test.ts";
const FORM = "src/http/approvals/form.ts";

/** The pages of approvals: who may decide what. */
export const APPROVAL_PAGES: readonly Mutation[] = [
  {
    breaks: "approval pages: a page takes the signed decision of another person",
    file: FORM,
    find: "      claims.decision.by === by &&\n",
    replace: "",
    test: TESTS,
    killedBy: "the page of an invitation > refuses the signed vote of another person or request",
  },
  {
    breaks: "approval pages: a link to one decision takes the other one",
    file: FORM,
    find: "(link.decision ?? claims.decision.decision) === claims.decision.decision",
    replace: "by === by",
    test: TESTS,
    killedBy: "the page of one signed decision > has one button, and cannot give the vote away",
  },
  {
    breaks: "approval pages: an expired link still decides",
    file: "src/patterns/approval/approval-tokens.ts",
    find: "return expiresAt !== undefined && now >= expiresAt;",
    replace: "return expiresAt !== undefined && now >= expiresAt + 1e12;",
    test: TESTS,
    killedBy: "a link > has expired with its request: 410 for looking and for deciding",
  },
  {
    breaks: "approval pages: an invitation counts as the token of a decision",
    file: "src/patterns/approval/approval-tokens.ts",
    find: 'const INVITATION = "handback approval page 1\\n";',
    replace: 'const INVITATION = "handback approval 1\\n";',
    test: "test/patterns/approval-tokens.test.ts",
    killedBy: "an invitation > is no decision, and a decision is no invitation",
  },
];
