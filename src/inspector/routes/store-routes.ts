import { HandbackError } from "../../core/errors/errors.ts";
import { specOf } from "../../futures/define/spec.ts";
import type { StatefulFunction } from "../../futures/types/define.ts";
import { pathOf, queryOf } from "../../http/requests/parameters.ts";
import { approvalsContents } from "../pages/approvals-page.ts";
import { deadLettersContents } from "../pages/dead-letters-page.ts";
import { engineContents } from "../pages/engine-page.ts";
import type { Frame, Section } from "../pages/frame.ts";
import { functionsContents } from "../pages/functions-page.ts";
import { stateContents, statesContents } from "../pages/states-page.ts";
import { approvalsAmong, readOpenRequests } from "../reading/read-approvals.ts";
import { readEngine } from "../reading/read-engine.ts";
import { readFunctions, typesOfFunctions } from "../reading/read-functions.ts";
import { doneNotice } from "./done-notice.ts";
import { pageAnswer } from "./page-answer.ts";
import type { Inspected, PageRoute, Visit } from "./page-route.ts";

const PAGE = 50;

/** The routes to functions, states, approvals, dead letters and the engine. */
export function storePageRoutes(inspected: Inspected): Readonly<Record<string, PageRoute>> {
  return {
    "/functions": { get: (visit) => showFunctions(inspected, visit) },
    "/states": { get: (visit) => showStates(inspected, visit) },
    "/states/:namespace/:name/:id": { get: (visit) => showState(inspected, visit) },
    "/approvals": { get: (visit) => showApprovals(inspected, visit) },
    "/dead-letters": { get: (visit) => showDeadLetters(inspected, visit) },
    "/engine": { get: (visit) => showEngine(inspected, visit) },
  };
}

function frameOf({ rules }: Inspected, { base }: Visit, section: Section): Frame {
  return { base, title: section, section, readOnly: rules.readOnly };
}

async function showFunctions(inspected: Inspected, visit: Visit): Promise<Response> {
  const { engine, functions, readOnly, clock } = inspected.rules;
  const facts = await readFunctions(engine, typesOfFunctions(functions), clock.now());
  const contents = functionsContents(facts, { base: visit.base, readOnly });
  const frame = frameOf(inspected, visit, "Functions");
  return pageAnswer(frame, doneNotice(visit.c, contents));
}

async function showStates(inspected: Inspected, visit: Visit): Promise<Response> {
  const { client, rules } = inspected;
  const statefuls = rules.functions.filter((f) => specOf(f)?.state !== undefined);
  const types = typesOfFunctions(statefuls);
  const asked = queryOf(visit.c, "function");
  const chosen = asked ?? types[0];
  const [prefix, cursor] = [queryOf(visit.c, "prefix") ?? "", queryOf(visit.c, "cursor")];
  const f = statefuls.find((each) => specOf(each)?.type === chosen);
  if (f === undefined && asked !== undefined) throw unknownFunction(asked);
  const options = { limit: PAGE, idPrefix: prefix, ...(cursor !== undefined && { cursor }) };
  const page = f === undefined ? undefined : await client.states(f, options);
  const frame = frameOf(inspected, visit, "States");
  return pageAnswer(frame, statesContents({ base: visit.base, types, chosen, page, prefix }));
}

async function showState(inspected: Inspected, visit: Visit): Promise<Response> {
  const { client, rules } = inspected;
  const { namespace = "", name = "", id = "" } = pathOf(visit.c);
  const type = `${namespace}/${name}`;
  const f = rules.functions.find((each) => {
    const spec = specOf(each);
    return spec?.state !== undefined && spec.type === type;
  });
  if (f === undefined) throw unknownFunction(type);
  const state = await client.readState(f as StatefulFunction<object>, id);
  const frame = { ...frameOf(inspected, visit, "States"), title: id };
  return pageAnswer(frame, stateContents({ base: visit.base, type, id, state }));
}

async function showApprovals(inspected: Inspected, visit: Visit): Promise<Response> {
  const { client, rules } = inspected;
  const approvals = approvalsAmong(rules.functions);
  const types = typesOfFunctions(approvals);
  const asked = queryOf(visit.c, "approval");
  const chosen = asked ?? types[0];
  const approval = approvals.find((each) => specOf(each)?.type === chosen);
  if (approval === undefined && asked !== undefined) throw unknownFunction(asked);
  const now = rules.clock.now();
  const place = { cursor: queryOf(visit.c, "cursor"), now };
  const read =
    approval === undefined
      ? { requests: [], cursor: undefined }
      : await readOpenRequests(client, approval, place);
  const frame = frameOf(inspected, visit, "Approvals");
  return pageAnswer(frame, approvalsContents({ base: visit.base, types, chosen, ...read, now }));
}

async function showDeadLetters(inspected: Inspected, visit: Visit): Promise<Response> {
  const { client, rules } = inspected;
  const { engine, readOnly, clock } = rules;
  const cursor = queryOf(visit.c, "cursor");
  const page = await client.deadLetters({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
  const hasActions = !readOnly && engine.redrive !== undefined && engine.discard !== undefined;
  const { base, c } = visit;
  const contents = deadLettersContents({ base, page, hasActions, now: clock.now() });
  return pageAnswer(frameOf(inspected, visit, "Dead letters"), doneNotice(c, contents));
}

async function showEngine(inspected: Inspected, visit: Visit): Promise<Response> {
  const facts = await readEngine(inspected.rules.engine);
  return pageAnswer(frameOf(inspected, visit, "Engine"), engineContents(facts, visit.base));
}

function unknownFunction(type: string): HandbackError {
  return new HandbackError(
    "UNKNOWN_FUNCTION",
    `${type} is not among the functions of this inspector`,
  );
}
