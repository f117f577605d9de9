import type { Mutation } from "../mutation.ts";

const BATCH = "src/engines/statefun/request/batch.ts";
const OUTGOING = "src/engines/statefun/request/outgoing.ts";
const HANDLER = "src/engines/statefun/request/request-handler.ts";
const RUNNING = "src/engines/statefun/request/running-requests.ts";
const GUARD = "src/core/host/crash-guard.ts";
const MARKS = "src/machine/crash-mark-file.ts";
const RULES = "test/engines/statefun/cluster-rules.test.ts";
const CONFORMANCE = "test/conformance/statefun-wire.test.ts";

/** The rules of a Stateful Functions cluster. */
export const CLUSTER: readonly Mutation[] = [
  {
    breaks: "cluster: a token is used while it is live",
    file: OUTGOING,
    find: "      if (token !== undefined) this.#cancel(token);\n",
    replace: "",
    test: RULES,
    killedBy:
      "delay tokens > of two functions with one id never meet, and a token in use is replaced",
  },
  {
    breaks: "cluster: tokens of two functions with one id are the same",
    file: OUTGOING,
    find: "    return `${this.#self.type}\\n${token}`;",
    replace: "    return token;",
    test: RULES,
    killedBy:
      "delay tokens > of two functions with one id never meet, and a token in use is replaced",
  },
  {
    breaks: "cluster: a message goes to a type that no program serves",
    file: OUTGOING,
    find: "    if (!this.#routes.knows(type) && type !== caller?.type) {",
    replace: "    if (this === undefined) {",
    test: RULES,
    killedBy:
      "a message that cannot be handled yet > waits at its sender while no program serves its target",
  },
  {
    breaks: "cluster: expired values stay in the cluster",
    file: BATCH,
    find: "    if (at !== undefined && !this.#isCollected) this.#outgoing.collectAt(at);",
    replace: "    void at;",
    test: RULES,
    killedBy: "expired values leave the cluster > flows, futures and signals after their retention",
  },
  {
    breaks: "cluster: a value whose expiry moved is never looked at again",
    file: BATCH,
    find: "      this.#isCollected = false;\n",
    replace: "",
    test: RULES,
    killedBy:
      "expired values leave the cluster > values that are written anew are kept, by one message under way",
  },
  {
    breaks: "cluster: each write of a value with an expiry sends a message",
    file: BATCH,
    find: "    this.#isCollected = nextExpiry(this.#expiring()) !== undefined;",
    replace: "    this.#isCollected = false;",
    test: RULES,
    killedBy:
      "expired values leave the cluster > values that are written anew are kept, by one message under way",
  },
  {
    breaks: "cluster: a renamed function loses its states",
    file: HANDLER,
    find: "    if (type !== target.type) return this.#forwardAll(idle, type);\n",
    replace: "    void type;\n",
    test: RULES,
    killedBy:
      "a renamed function > gets messages that other programs send to its new name, with their caller",
  },
  {
    breaks: "cluster: a repeated request runs its handlers again",
    file: RUNNING,
    find: "    if (equalBytes(running.request, request)) return running.answer;\n",
    replace: "",
    test: RULES,
    killedBy:
      "a request that is repeated while it runs > runs its handlers once, and another one waits for them",
  },
  {
    breaks: "cluster: two requests for one address run at once",
    file: RUNNING,
    find: "    if (running === undefined) return",
    replace: "    if (running === undefined || !equalBytes(running.request, request)) return",
    test: RULES,
    killedBy:
      "a request that is repeated while it runs > runs its handlers once, and another one waits for them",
  },
  {
    breaks: "cluster: a repeated request runs its handlers again after another one",
    file: RUNNING,
    find: "    if (equalBytes(running.request, request)) return running.answer;\n",
    replace:
      "    if (waiting === undefined && equalBytes(running.request, request)) return running.answer;\n",
    test: RULES,
    killedBy:
      "a request that is repeated while it runs > runs its handlers once, also if another one came in between",
  },
  {
    breaks: "cluster: a request waits for handlers of requests that its cluster has given up",
    file: RUNNING,
    find: "      waiting.reject(replaced(address));\n      running.waiting = undefined;\n",
    replace: "      return waiting.promise.then(run, run);\n",
    test: RULES,
    killedBy:
      "a request that is repeated while it runs > waits for one handler at most, however many requests its cluster has given up",
  },
  {
    breaks: "cluster: a message that was given up is handled again when the answer is lost",
    file: GUARD,
    find: "    if (crashes >= limit) return handle(crashes);\n",
    replace:
      "    if (crashes >= limit) {\n      marks.end(key);\n      return handle(crashes);\n    }\n",
    test: RULES,
    killedBy:
      "a message that crashes the process > is given up after some crashes, and its caller is told",
  },
  {
    breaks: "cluster: messages that ran in a crash run together",
    file: GUARD,
    find: "    if (crashes === 0) return",
    replace: "    if (crashes >= 0) return",
    test: RULES,
    killedBy:
      "a message that crashes the process > does not harm messages that ran beside it: they run one by one, and are cleared",
  },
  {
    breaks: "cluster: a long handler that ran beside a crash holds up the others",
    file: GUARD,
    find: "setTimer(SOON_MS, unmark);",
    replace: "setTimer(SOON_MS, () => marks.end(key));",
    test: RULES,
    killedBy:
      "a message that crashes the process > holds up the others that ran beside it for the first seconds only",
  },
  {
    breaks: "cluster: a message that ran well keeps its crashes",
    file: MARKS,
    find: "    this.#crashes.delete(key);\n    if (this.#running",
    replace: "    if (this.#running",
    test: RULES,
    killedBy:
      "a message that crashes the process > does not harm messages that ran beside it: they run one by one, and are cleared",
  },
  {
    breaks: "cluster: the file of crash marks is closed before the new one is there",
    file: MARKS,
    find: "        this.#file = this.#rewrite();\n        closeSync(old);\n",
    replace: "        closeSync(old);\n        this.#file = this.#rewrite();\n",
    test: "test/engines/statefun/crash-mark-file.test.ts",
    killedBy: "a file that cannot be written anew stays in use, and closes no file of others",
  },
  {
    breaks: "cluster: a request without a value of its function runs",
    file: HANDLER,
    find: "    if (missing.length > 0) return writeMissingValues(missing);\n",
    replace: "    void missing;\n",
    test: CONFORMANCE,
    killedBy:
      "each write of a value restarts its expiry time, and a write of another value does not",
  },
];
