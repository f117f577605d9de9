import type { Mutation } from "../mutation.ts";

const HTTP = "src/http/async-http.ts";
const HTTP_TESTS = "test/http/async-http.test.ts";
const SIGNED_IDS = "test/http/ids/signed-ids.test.ts";
const WAITS = "src/http/waiting/waits.ts";
const STREAM_TESTS = "test/http/streams.test.ts";
const WAITS_TESTS = "test/http/limits/waits.test.ts";
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
      "the status of a flow > shows only flows of exposed functions, and none with a guessable id",
  },
  {
    breaks: "http: who may do what is asked when it is known that there is such a flow",
    file: "src/http/routes/route.ts",
    find: 'const { flow = "", event, channel } = pathOf(c);',
    replace: 'const { flow = "", event, channel } = pathOf(c);\n    await client.status(flow);',
    test: ACCESS_TESTS,
    killedBy:
      "authorization > fails with the hook; the log has the place of the error, and neither its text nor the flow's id",
  },
  {
    breaks: "http: a failure tells more than its kind",
    file: "src/http/flow-report.ts",
    find: "describeFailure: (failure: Failure) => unknown = failureKind",
    replace: "describeFailure: (failure: Failure) => unknown = (failure) => failure",
    test: HTTP_TESTS,
    killedBy:
      "the status of a flow > is 200 once it has failed, with the kind of failure only: /functions/web/fail",
  },
  {
    breaks: "http: an operation has a second name, of which the hook sees no operation",
    file: "src/http/requests/exposed-functions.ts",
    find: "types.get(type)?.get(operation),",
    replace:
      'types.get(type.split("/").slice(0, 2).join("/"))?.get(operation ?? type.split("/")[2]),',
    test: ACCESS_TESTS,
    killedBy:
      "the authorize hook guards every route > an operation has one name only, so no path hides it from the hook",
  },
  {
    breaks: "http: an empty name is somebody's",
    file: "src/http/requests/access.ts",
    find: 'typeof grant === "string" && grant !== ""',
    replace: 'typeof grant === "string"',
    test: ACCESS_TESTS,
    killedBy: "a hook > refuses by returning an empty name",
  },
  {
    breaks: "http: what a hook throws is told to whoever asks",
    file: HTTP,
    find: "handler(c).catch(rethrown)",
    replace: "handler(c).catch((thrown: unknown) => c.text(String(thrown), 500))",
    test: ACCESS_TESTS,
    killedBy: "a hook > that throws a text is an internal error without details",
  },
  {
    breaks: "http: pages of any origin may begin work",
    file: "src/http/requests/origins.ts",
    find: "if (isForeign(c.req.raw)) throw",
    replace: "if (!isForeign(c.req.raw)) throw",
    test: "test/http/cross-origin.test.ts",
    killedBy: "a request from a browser > starts nothing for pages of other sites: another origin",
  },
  {
    breaks: "http: a body may be larger than allowed when it does not say how large it is",
    file: "src/http/requests/body-bytes.ts",
    find: "if (size > this.#limit)",
    replace: "if (size > 2 * this.#limit)",
    test: "test/http/bodies/bodies.test.ts",
    killedBy:
      "bodies > of 1025 bytes are answered with 413 if 1,024 are allowed, in one chunk or several",
  },
  {
    breaks: "http: the placeholder of a parser is taken for the body",
    file: "src/http/requests/parsed-body.ts",
    find: "Object.keys(body).length === 0",
    replace: "Object.keys(body).length < 0",
    test: "test/http/bodies/read-bodies.test.ts",
    killedBy:
      "the app gets a request of Node's server beside it, and > a reader that leaves an empty object in its place starts nothing",
  },
  {
    breaks: "http: a lost body is the input undefined",
    file: "src/http/requests/json-body.ts",
    find: "if (bytes.length === 0 && wasRead) return takeParsedBody(node);",
    replace: "",
    test: "test/http/bodies/read-bodies.test.ts",
    killedBy:
      "the app gets a request of Node's server beside it, and > a reader that reads the body starts nothing",
  },
  {
    breaks: "http: the rest of a body is taken for all of it",
    file: "src/http/requests/json-body.ts",
    find: "if (isBeingRead && bytes.length !== lengthOf(raw.headers))",
    replace: "if (false)",
    test: "test/http/bodies/read-bodies.test.ts",
    killedBy:
      "the app gets a request of Node's server beside it, and > a reader that reads a part of the body starts nothing",
  },
  {
    breaks: "http: the JSON of a text is taken for the text",
    file: "src/http/requests/parsed-body.ts",
    find: "bytes.length === Number(contentLength) ? { bytes } : { value: text }",
    replace: "bytes.length === Number(contentLength) ? { value: text } : { value: text }",
    test: "test/http/bodies/read-bodies.test.ts",
    killedBy:
      "the app gets a request of Node's server beside it, and > a parsed text is told from the text of a body by its length, or refused",
  },
  {
    breaks: "http: a link begins with the name of another host",
    file: "src/http/requests/mount-path.ts",
    find: 'whole.replace(/^\\/+/, "/")',
    replace: "whole",
    test: "test/http/links.test.ts",
    killedBy: "a prefix that a framework cut off never makes a link to another host",
  },
  {
    breaks: "http: a schema that never answers holds the request",
    file: "src/http/requests/input-issues.ts",
    find: "await Promise.race([result, late])",
    replace: "await result",
    test: "test/http/bodies/refused-input.test.ts",
    killedBy: "a schema that never answers fails the flow at the time limit of the function",
  },
  {
    breaks: "http: a flow starts with an input that its schema refuses",
    file: HTTP,
    find: "if (issues !== undefined && !(await isKnown(client, key)))",
    replace: "if (issues !== undefined && !client)",
    test: "test/http/bodies/refused-input.test.ts",
    killedBy: "an input that the schema refuses > leaves its idempotency key free for a right one",
  },
  {
    breaks: "http: an id that the system made needs no signature",
    file: "src/http/requests/state-ids.ts",
    find: "if (!MADE.test(text)) return text;",
    replace: "if (!SIGNED.test(text)) return text;",
    test: SIGNED_IDS,
    killedBy:
      "the id of a state that the system made > reaches its state over HTTP as it was given, and changes nothing otherwise",
  },
  {
    breaks: "http: any signature will do",
    file: "src/http/requests/state-ids.ts",
    find: "if (!timingSafeEqual(expected, encoder.encode(signature)))",
    replace: "if (expected.length !== signature.length)",
    test: SIGNED_IDS,
    killedBy:
      "the id of a state that the system made > reaches its state over HTTP as it was given, and changes nothing otherwise",
  },
  {
    breaks: "http: the id of a flow can be computed from its key",
    file: "src/http/requests/flow-ids.ts",
    find: "if (parts.secret !== undefined || (await isKnown(client, id))) return id;",
    replace: "return id;",
    test: SIGNED_IDS,
    killedBy:
      "the id of a flow that was started with an idempotency key > cannot be computed from the key",
  },
  {
    breaks: "http: flows of earlier releases are started again",
    file: "src/http/requests/flow-ids.ts",
    find: "if (parts.secret !== undefined || (await isKnown(client, id))) return id;",
    replace: "if (parts.secret !== undefined) return id;",
    test: SIGNED_IDS,
    killedBy:
      "the id of a flow that was started with an idempotency key > stays what it was for a flow that an earlier release started",
  },
  {
    breaks: "http: one connection waits as often as it likes",
    file: WAITS,
    find: "(here?.count ?? 0) >= maxWaitsPerConnection",
    replace: "maxWaitsPerConnection === 0",
    test: WAITS_TESTS,
    killedBy: "one connection has fewer waits than all, however many requests it sends",
  },
  {
    breaks: "http: all connections together wait as often as they like",
    file: WAITS,
    find: "this.#count >= maxWaits ||",
    replace: "",
    test: WAITS_TESTS,
    killedBy: "more waits than allowed are answered with 503, and start nothing",
  },
  {
    breaks: "http: a wait keeps its place",
    file: WAITS,
    find: "      this.#count--;\n",
    replace: "",
    test: WAITS_TESTS,
    killedBy: "a failed request gives its place back",
  },
  {
    breaks: "http: requests behind an unanswered one wait on after their connection",
    file: "src/http/waiting/departure.ts",
    find: "for (const gone of this.#waiting) gone();",
    replace: "",
    test: WAITS_TESTS,
    killedBy: "a wait ends with its connection on a Node that does not abort its request",
  },
  {
    breaks: "http: anyone may see the routes for operators",
    file: "src/http/routes/operator/operator-route.ts",
    find: "await authorized(rules.authorize, c.req.raw, access);",
    replace: "void access;",
    test: "test/http/operator/lists.test.ts",
    killedBy: "routes for operators > ask the hook, each under its own action",
  },
  {
    breaks: "http: a filter that means nothing finds all flows",
    file: "src/http/routes/operator/filters.ts",
    find: "return [name, read",
    replace: 'if (name === "colour") return ["limit", 1];\n    return [name, read',
    test: "test/http/operator/lists.test.ts",
    killedBy: "an operator > is told what is wrong with a filter",
  },
  {
    breaks: "http: a stream starts anew for a client that has its first part",
    file: "src/http/routes/answer-stream.ts",
    find: 'c.req.header("last-event-id") ?? queryOf(c, "after")',
    replace: 'queryOf(c, "after")',
    test: STREAM_TESTS,
    killedBy:
      "a stream of a flow > goes on after the item that the client has, told by the header of a browser",
  },
  {
    breaks: "http: the answer to HEAD keeps a place of a reader",
    file: "src/http/routes/answer-stream.ts",
    find: 'if (c.req.method === "HEAD") return streamAnswer(null);',
    replace: "",
    test: STREAM_TESTS,
    killedBy: "a reader of a stream > holds a place until it leaves, and HEAD holds none",
  },
  {
    breaks: "http: a reader that is stuck stays connected",
    file: "src/http/routes/answer-stream.ts",
    find: 'if (end.why === "stuck") nodeRequestOf(c)?.destroy();',
    replace: "",
    test: STREAM_TESTS,
    killedBy: "a reader that is stuck is disconnected, and delays no other",
  },
  {
    breaks: "http: large bodies that arrive at once are parsed without a pause",
    file: "src/http/requests/json-body.ts",
    find: "await ownTurn();",
    replace: "void ownTurn();",
    test: "test/http/bodies/body-memory.test.ts",
    killedBy:
      "large bodies > that arrive at once are parsed one by one, in a turn of the event loop each",
  },
  {
    breaks: "http: a body keeps its memory",
    file: "src/http/requests/json-body.ts",
    find: "    arriving.release();\n",
    replace: "",
    test: "test/http/bodies/body-memory.test.ts",
    killedBy: "large bodies > give their memory back, however they end",
  },
  {
    breaks: "http: a bracket in a text counts as a level",
    file: "src/http/requests/nesting.ts",
    find: "if (byte === BACKSLASH) at++;\n      else if",
    replace: "if",
    test: "test/http/bodies/body-memory.test.ts",
    killedBy: "deep JSON > is found by its brackets outside of texts",
  },
  {
    breaks: "http: a name of another site may point to this machine",
    file: "src/http/serve-http.ts",
    find: "isForHost(request, hosts)",
    replace: "hosts !== undefined",
    test: "test/http/limits/hosts.test.ts",
    killedBy: "a server on a loopback interface > refuses a page that reached it as evil.example",
  },
  {
    breaks: "http: origins are compared without their schemes",
    file: "src/http/requests/origins.ts",
    find: 'const scheme = site === "same-origin" ? from.protocol : here.protocol;',
    replace: "const scheme = from.protocol;",
    test: "test/http/cross-origin.test.ts",
    killedBy: "a request from a browser > starts nothing for pages of other sites: another scheme",
  },
  {
    breaks: "http: links lead to the path as it reads, not as it was sent",
    file: "src/http/requests/mount-path.ts",
    find: "const pathname = pathnameOf(c.req.url);",
    replace: "const { path: pathname } = c.req;",
    test: "test/http/links.test.ts",
    killedBy: "a mounted app links to its own path > at /:tenant, reached as /%E6%97%A5%E6%9C%AC",
  },
  {
    breaks: "http: the id of a flow is in the log",
    file: "src/http/error-response.ts",
    find: 'log.error("a request failed", { errorId, ...logFacts(error) });',
    replace: 'log.error("a request failed", { errorId, error: error.message });',
    test: HTTP_TESTS,
    killedBy:
      "the status of a flow > never logs a flow's id, even if describeFailure throws an error with it",
  },
  {
    breaks: "http: an operator's route acts before the hook has answered",
    file: "src/http/routes/operator/operator-route.ts",
    find: "await authorized(rules.authorize, c.req.raw, access);",
    replace: "void authorized(rules.authorize, c.req.raw, access).catch(() => undefined);",
    test: "test/http/operator/changes.test.ts",
    killedBy:
      "every route for operators asks the hook, under an action of its own, before all else",
  },
  {
    breaks: "http: a request about many flows never ends",
    file: "src/http/routes/operator/bulk-routes.ts",
    find: "if (progress.cursor !== undefined && clock.now() >= endAt) throw TIME_IS_OVER;",
    replace: "",
    test: "test/http/operator/changes.test.ts",
    killedBy: "an operator > gets the sums so far, and goes on, when the time of a request is over",
  },
  {
    breaks: "http: a reference in the schema of an input names another part of the document",
    file: "src/http/openapi/input-schema.ts",
    find: "return [name, place + value.slice(1)];",
    replace: "return [name, value];",
    test: "test/http/openapi/openapi.test.ts",
    killedBy: "the document of an app > has the schemas of inputs, whose references hold",
  },
];
