import type { Mutation } from "./mutation.ts";

const HTTP = "src/http/async-http.ts";
const HTTP_TESTS = "test/http/async-http.test.ts";
const ACCESS_TESTS = "test/http/access.test.ts";

/** What flows over HTTP promise, above all to whom they tell nothing. */
export const OVER_HTTP: readonly Mutation[] = [
  {
    breaks: "http: an engine's own ids are reached over HTTP",
    file: "src/http/requests/flow-ids.ts",
    find: "!COUNTED.test(checkFlowKey(flow))",
    replace: 'checkFlowKey(flow) !== ""',
    test: HTTP_TESTS,
    killedBy:
      "asking how a flow stands > shows only flows of functions that are to be seen, and none whose id can be counted up",
  },
  {
    breaks: "http: who may do what is asked when it is known that there is such a flow",
    file: HTTP,
    find: "await authorized(authorize, c.req.raw, { action, flow,",
    replace:
      "await client.status(flow);\n      await authorized(authorize, c.req.raw, { action, flow,",
    test: ACCESS_TESTS,
    killedBy:
      "who may do what > is not decided by a hook that fails; the log says why, without the flow's id",
  },
  {
    breaks: "http: a failure tells more than its kind",
    file: "src/http/flow-report.ts",
    find: "= kindOf,",
    replace: "= (failure) => failure,",
    test: HTTP_TESTS,
    killedBy:
      "asking how a flow stands > gives 200 when it has failed, and no more of why than the kind: /functions/web/fail",
  },
  {
    breaks: "http: an operation has a second name, of which the hook sees no operation",
    file: "src/http/requests/exposed-functions.ts",
    find: "types.get(type)?.get(operation),",
    replace:
      'types.get(type.split("/").slice(0, 2).join("/"))?.get(operation ?? type.split("/")[2]),',
    test: ACCESS_TESTS,
    killedBy:
      "the hook stands before every route of the app > and an operation has one name only: one that hides it from the hook leads nowhere",
  },
  {
    breaks: "http: an empty name is somebody's",
    file: "src/http/requests/access.ts",
    find: 'typeof grant === "string" && grant !== ""',
    replace: 'typeof grant === "string"',
    test: ACCESS_TESTS,
    killedBy: "a hook > that gives an empty name allows nothing: that is nobody's",
  },
  {
    breaks: "http: what a hook throws is told to whoever asks",
    file: HTTP,
    find: "handler(c).catch(rethrown)",
    replace: "handler(c).catch((thrown: unknown) => c.text(String(thrown), 500))",
    test: ACCESS_TESTS,
    killedBy: "a hook > that throws a text is a problem of the server, of which nothing is told",
  },
  {
    breaks: "http: pages of any origin may begin work",
    file: "src/http/requests/origins.ts",
    find: "!CHANGES_NOTHING.has(c.req.method) && isForeign(c.req.raw)",
    replace: "CHANGES_NOTHING.has(c.req.method) && isForeign(c.req.raw)",
    test: "test/http/cross-origin.test.ts",
    killedBy: "what a browser has sent > begins nothing for pages of others: another origin",
  },
  {
    breaks: "http: a body may be larger than allowed when it does not say how large it is",
    file: "src/http/requests/json-body.ts",
    find: "if (size > limit)",
    replace: "if (size > 2 * limit)",
    test: "test/http/bodies.test.ts",
    killedBy:
      "bodies > of 1025 bytes are answered with 413 when 1,024 are allowed, however they come",
  },
  {
    breaks: "http: links lead to the path as it reads, not as it was sent",
    file: "src/http/responses/links.ts",
    find: "new URL(c.req.url).pathname",
    replace: "c.req.path",
    test: "test/http/links.test.ts",
    killedBy:
      "an app that is mounted in another one says where it is > at /:tenant, reached as /%E6%97%A5%E6%9C%AC",
  },
  {
    breaks: "http: the id of a flow is in the log",
    file: "src/http/requests/flow-ids.ts",
    find: 'rest.replace(/\\b[0-9a-f]{48}\\b/g, "[id]")',
    replace: "rest",
    test: HTTP_TESTS,
    killedBy:
      "asking how a flow stands > leads to no log of a flow's id, even when what describes its failure fails and names it",
  },
];
