import type { Mutation } from "../mutation.ts";

const TESTS = "test/http/azure/azure-compat.test.ts";
const ROUTES = "src/http/azure/instance-routes.ts";

/** The routes of Azure Durable Functions: what others may not see, and when a code is given. */
export const AZURE_ROUTES: readonly Mutation[] = [
  {
    breaks: "azure: a request without the key is answered",
    file: "src/http/azure-compat.ts",
    find: "const check = (c: Context): void => checkCode(c, rules);",
    replace: "const check = (_: Context): void => undefined;",
    test: TESTS,
    killedBy: "the key of an app > is asked for by every route, and is part of the URLs",
  },
  {
    breaks: "azure: anyone may list all instances",
    file: ROUTES,
    find: 'if (authorize === undefined && code === undefined) throw new ProblemError("FORBIDDEN");',
    replace: "",
    test: TESTS,
    killedBy: "the list of instances > is refused without a key or a hook",
  },
  {
    breaks: "azure: an instance that runs is replaced",
    file: "src/http/azure/start-instance.ts",
    find: 'throw new ProblemError("IDEMPOTENCY_CONFLICT");',
    replace: "await client.cancel(id); await client.purge(id); return id;",
    test: TESTS,
    killedBy:
      "azureCompat > replaces an instance that has ended, and refuses the id of one that runs",
  },
  {
    breaks: "azure: an ended instance is resumed without a word",
    file: ROUTES,
    find: 'if (settledAt !== undefined) throw new ProblemError("FLOW_OVER");',
    replace: "void settledAt;",
    test: TESTS,
    killedBy:
      "azureCompat > terminates, suspends and resumes, and answers 410 once an instance has ended",
  },
];
