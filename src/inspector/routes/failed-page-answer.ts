import { HandbackError } from "../../core/errors/errors.ts";
import { logFacts } from "../../core/errors/log-facts.ts";
import { Refusal } from "../../http/requests/access.ts";
import { randomId } from "../../http/requests/flow-ids.ts";
import { codeOf, problemOf, ProblemError, titleOf } from "../../http/responses/problem.ts";
import type { InspectorRules } from "../rules/options.ts";
import { listPath } from "../pages/flows-page.ts";
import { problemContents } from "../pages/notice-pages.ts";
import { pageAnswer, withHeaders } from "./page-answer.ts";

interface FailedIn {
  readonly rules: InspectorRules;
  readonly base: string;
}

/** What a person reads about a failed request. */
interface Told {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

/** Answers a failed request with a page. The log has the details of an internal error. */
export async function failedPageAnswer(
  error: unknown,
  { rules, base }: FailedIn,
): Promise<Response> {
  if (error instanceof Refusal) return withHeaders(error.response);
  const { status, title, text } = tellFailure(error, rules);
  const frame = { base, title, section: undefined, readOnly: rules.readOnly };
  const headers = error instanceof ProblemError ? error.headers : {};
  return pageAnswer(frame, problemContents({ title, text }, listPath(base)), { status, headers });
}

function tellFailure(error: unknown, { log }: InspectorRules): Told {
  if (error instanceof ProblemError) {
    const { status, title } = problemOf(error.code);
    return { status, title: TITLES[status] ?? "This cannot be done", text: title };
  }
  const code = codeOf(error);
  if (HandbackError.is(error) && (code !== undefined || ASKED_WRONG.has(error.code))) {
    const status = code === undefined ? 400 : problemOf(code).status;
    return { status, title: TITLES[status] ?? "This cannot be done", text: error.message };
  }
  const errorId = randomId(8);
  log.error("a page of the inspector failed", { errorId, ...logFacts(error) });
  const known = HandbackError.is(error) ? `${titleOf(error.code)} ` : "";
  return {
    status: 500,
    title: "The page failed",
    text: `${known}The log has the details under the error id ${errorId}.`,
  };
}

/** Codes of a filter or an address that a person wrote. */
const ASKED_WRONG: ReadonlySet<string> = new Set(["INVALID_OPTIONS", "INVALID_DELAY"]);

const TITLES: Readonly<Record<number, string>> = {
  400: "The request is not valid",
  403: "You may not see this page",
  404: "There is no such thing",
  405: "This page only shows something",
  409: "It stands otherwise by now",
  410: "It has ended",
  421: "The inspector does not answer under this host",
  501: "This engine does not offer it",
  503: "Try again in a moment",
};
