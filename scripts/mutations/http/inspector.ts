import type { Mutation } from "../mutation.ts";

const AXIS_TESTS = "test/inspector/axis.test.ts";
const ACCESS_TESTS = "test/inspector/access.test.ts";

/** The inspector: pictures do not lie, and no page of another site acts. */
export const INSPECTOR: readonly Mutation[] = [
  {
    breaks: "inspector: a month of waiting hides the runs around it",
    file: "src/inspector/timeline/axis.ts",
    find: "if (!stretch.isBusy && span(stretch) > IDLE_SHARE * kept) folded.add(stretch);",
    replace: "if (stretch.isBusy && span(stretch) > IDLE_SHARE * kept) folded.add(stretch);",
    test: AXIS_TESTS,
    killedBy: "the time axis > folds a month that would hide runs of 20 ms",
  },
  {
    breaks: "inspector: a bar is drawn past the end of the axis",
    file: "src/inspector/timeline/waterfall.ts",
    find: "return { x: Math.min(begin, axis.width - width), width };",
    replace: "return { x: begin, width };",
    test: AXIS_TESTS,
    killedBy:
      "a waterfall > draws nothing outside of the axis, and no run too narrow to see (WF1, WF2)",
  },
  {
    breaks: "inspector: a form needs no proof",
    file: "src/inspector/access/proof.ts",
    find: "return digest(signature) === digest(await signed(client, bound, Number(until)));",
    replace: "return (await signed(client, bound, Number(until))) !== signature.slice(1);",
    test: ACCESS_TESTS,
    killedBy: "an action > needs a proof of its own: for this target, this person, and this hour",
  },
  {
    breaks: "inspector: an action is recorded after it is carried out",
    file: "src/inspector/routes/action-routes.ts",
    find: "await rules.audit?.({ ...request, at: now, by: person });",
    replace: "",
    test: ACCESS_TESTS,
    killedBy: "an action > is not carried out if it cannot be recorded",
  },
  {
    breaks: "inspector: a proxy makes everybody local",
    file: "src/inspector/access/guard.ts",
    find: "if (PROXY_HEADERS.some((name) => c.req.header(name) !== undefined)) return false;",
    replace: "",
    test: ACCESS_TESTS,
    killedBy:
      'without a token or a hook > http://localhost/ with {"x-forwarded-for":"203.0.113.9"} is refused',
  },
];
