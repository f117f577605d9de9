import type { Context } from "hono";
import { pathOf, queryOf } from "../../http/requests/parameters.ts";
import { ProblemError } from "../../http/responses/problem.ts";
import { ACTIONS } from "../access/actions.ts";
import type { ActionRequest } from "../access/actions.ts";
import type { InspectorAction } from "../rules/inspection.ts";
import { isProof, makeProof } from "../access/proof.ts";
import type { Bound } from "../access/proof.ts";
import type { Section } from "../pages/frame.ts";
import { flowPagePath } from "../pages/flows-page.ts";
import { questionContents } from "../pages/notice-pages.ts";
import { pageAnswer, redirectAnswer } from "./page-answer.ts";
import type { Inspected, PageRoute, Visit } from "./page-route.ts";

/** A kind of target: the page that it is shown on. */
interface Target {
  readonly section: Section;
  /** Path of the page to go back to, without the mount. */
  readonly back: (request: ActionRequest) => string;
}

const FLOW: Target = { section: "Flows", back: ({ flow = "" }) => flowPagePath("", flow) };
const LETTER: Target = { section: "Dead letters", back: () => "/dead-letters" };
const FUNCTION: Target = { section: "Functions", back: () => "/functions" };

/** The paths of the actions. GET shows the question, and POST carries the action out. */
const PATHS: readonly (readonly [path: string, action: InspectorAction, target: Target])[] = [
  ["/flows/:flow/cancel", "cancel", FLOW],
  ["/flows/:flow/pause", "pause", FLOW],
  ["/flows/:flow/resume", "resume", FLOW],
  ["/flows/:flow/fail", "fail", FLOW],
  ["/flows/:flow/restart", "restart", FLOW],
  ["/flows/:flow/restart-with-new-keys", "restart-with-new-keys", FLOW],
  ["/dead-letters/:letter/redrive", "redrive", LETTER],
  ["/dead-letters/:letter/discard", "discard", LETTER],
  ["/functions/:namespace/:name/pause", "pause-function", FUNCTION],
  ["/functions/:namespace/:name/resume", "resume-function", FUNCTION],
];

/** The largest form: a proof is its only field. */
const LONGEST_FORM = 4_096;

/** The routes of all actions. A read-only inspector has none. */
export function actionRoutes(inspected: Inspected): Readonly<Record<string, PageRoute>> {
  if (inspected.rules.readOnly) return {};
  return Object.fromEntries(
    PATHS.map(([path, action, target]) => [path, actionRoute(inspected, action, target)]),
  );
}

function actionRoute(inspected: Inspected, action: InspectorAction, target: Target): PageRoute {
  const inspection = (c: Context): ActionRequest => actionRequestOf(c, action);
  return {
    inspection,
    get: (visit) => askFirst(inspected, visit, { request: inspection(visit.c), target }),
    post: (visit) => carryOutAction(inspected, visit, { request: inspection(visit.c), target }),
  };
}

interface Asked {
  readonly request: ActionRequest;
  readonly target: Target;
}

function actionRequestOf(c: Context, action: InspectorAction): ActionRequest {
  const { flow, letter, namespace, name } = pathOf(c);
  const call = queryOf(c, "call");
  return {
    action,
    ...(flow !== undefined && { flow }),
    ...(call !== undefined && { call }),
    ...(letter !== undefined && { letter }),
    ...(namespace !== undefined && { function: `${namespace}/${name}` }),
  };
}

async function askFirst(
  { client, rules }: Inspected,
  { base, person }: Visit,
  { request, target }: Asked,
): Promise<Response> {
  if (request.flow !== undefined) await client.status(request.flow);
  const words = ACTIONS[request.action].words(request);
  const proof = await makeProof(client, boundOf(request, person), rules.clock.now());
  const contents = questionContents({
    ...words,
    back: `${base}${target.back(request)}`,
    proof,
  });
  const frame = { base, title: words.title, section: target.section, readOnly: false };
  return pageAnswer(frame, contents);
}

/** Checks the form, records the action, and carries it out. */
async function carryOutAction(
  { client, rules }: Inspected,
  { c, base, person }: Visit,
  { request, target }: Asked,
): Promise<Response> {
  const proof = await readProof(c);
  const now = rules.clock.now();
  if (!(await isProof(client, boundOf(request, person), { proof, now })))
    throw new ProblemError("CROSS_SITE");
  await rules.audit?.({ ...request, at: now, by: person });
  await ACTIONS[request.action].run(rules.engine, request);
  return redirectAnswer(`${base}${target.back(request)}?done=${request.action}`);
}

function boundOf({ action, flow, call, letter, ...rest }: ActionRequest, person?: string): Bound {
  return [person, action, flow, call, letter, rest.function];
}

async function readProof(c: Context): Promise<string> {
  const length = Number(c.req.header("content-length") ?? Number.NaN);
  if (!(length <= LONGEST_FORM)) throw new ProblemError("BODY_TOO_LARGE");
  const type = c.req.header("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded"))
    throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
  return new URLSearchParams(await c.req.text()).get("proof") ?? "";
}
