import type { Mutation } from "../mutation.ts";

const CLIENT = "src/client/create-client.ts";
const CLIENT_TESTS = "test/client/client.test.ts";
const STREAM_TESTS = "test/client/streams.test.ts";

/** The client over HTTP: nothing counts twice, nothing is lost, and browsers can run it. */
export const HTTP_CLIENT: readonly Mutation[] = [
  {
    breaks: "client: a start that is sent again has another key",
    file: CLIENT,
    find: "return persistence.run(() => sendRequest(this.#connection, request));",
    replace:
      "return persistence.run(() => sendRequest(this.#connection, { ...request, headers: keyHeader(randomKey()) }));",
    test: CLIENT_TESTS,
    killedBy: "a client whose answer is lost > sends a start again, which counts once",
  },
  {
    breaks: "client: a signal without a key is sent again",
    file: CLIENT,
    find: "await (key === undefined ? sendRequest(this.#connection, request) : this.#sendAgain(request));",
    replace: "await this.#sendAgain(request);",
    test: CLIENT_TESTS,
    killedBy: "a client whose answer is lost > sends a signal again only if it has a key",
  },
  {
    breaks: "client: a stream begins anew after a lost connection",
    file: "src/client/streams/follow-events.ts",
    find: "cursor = event.id ?? cursor;",
    replace: "",
    test: STREAM_TESTS,
    killedBy: "a stream whose connection is cut goes on with the next item",
  },
  {
    breaks: "client: a line end that is cut in two counts as two",
    file: "src/client/streams/server-events.ts",
    find: 'this.#isHalf = text.endsWith("\\r");',
    replace: "this.#isHalf = false;",
    test: STREAM_TESTS,
    killedBy: "events are the same however their text is cut",
  },
  {
    breaks: "client: JSON changes a value silently",
    file: "src/client/requests/json-text.ts",
    find: "if (!isPlainData(value)) throw",
    replace: "if (false) throw",
    test: "test/client/requests.test.ts",
    killedBy: "JSON would change a Date, so it is refused with its path",
  },
  {
    breaks: "client: it needs a module of Node",
    file: "src/client/requests/web-time.ts",
    find: "const { setTimeout, clearTimeout, performance } = globalThis;",
    replace:
      'import { performance } from "node:perf_hooks";\nconst { setTimeout, clearTimeout } = globalThis;',
    test: "test/client/browser.test.ts",
    killedBy: "the import graph of the client has no module of Node and no package",
  },
];
