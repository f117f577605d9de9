import type { Mutation } from "./mutation.ts";

const COMMITS = "src/engines/embedded/commit/group-commit.ts";
const ENGINE = "src/engines/embedded/engine.ts";
const TIMERS = "src/engines/embedded/timers/timers.ts";
const SESSION = "src/stores/sqlite/session";
const FULL_DISK = "test/durability/disk/full-disk.test.ts";
const BACKLOG = "test/engines/embedded/admission.test.ts";
const SET_CLOCK = "test/durability/timers/set-clock.test.ts";
const COLLECTOR = "test/engines/embedded/expiry-collector.test.ts";
const FREE_PAGES = "test/stores/sqlite/incremental-vacuum.test.ts";

/** Full disks, too much work, clocks that are set, and what has expired. */
export const OPERATING: readonly Mutation[] = [
  {
    breaks: "the full disk: any commit that failed is tried again",
    file: COMMITS,
    find: 'if (!HandbackError.is(error, "STORE_FULL")) throw error;',
    replace: "if (!HandbackError.is(error)) throw error;",
    test: FULL_DISK,
    killedBy:
      "a commit that fails in any other way > is not tried again, even if the disk was full before",
  },
  {
    breaks: "the full disk: requests are taken all the same",
    file: ENGINE,
    find: "(this.#closing === undefined ? this.#room.refusal : closed())",
    replace: "(this.#closing === undefined ? undefined : closed())",
    test: FULL_DISK,
    killedBy: "while the disk is full > each request is refused at once, for certain",
  },
  {
    breaks: "the full disk: handlers are started",
    file: ENGINE,
    find: " && !this.#room.isMissing",
    replace: "",
    test: FULL_DISK,
    killedBy:
      "while the disk is full > running handlers end, and what they did is kept; none is started before there is room",
  },
  {
    breaks: "the full disk: timers go on to be due",
    file: ENGINE,
    find: "        this.#timers.pause();\n",
    replace: "",
    test: FULL_DISK,
    killedBy:
      "while the disk is full > no timer is due; afterwards each is once, and none was early",
  },
  {
    breaks: "the full disk: the second time it is tried again as seldom as at the end of the first",
    file: "src/engines/embedded/commit/disk-space.ts",
    find: "    this.#pauseMs = FIRST_MS;\n",
    replace: "",
    test: FULL_DISK,
    killedBy:
      "while the disk is full > the commit is tried again after 1, 2, 4 and 8 seconds, then every 10; and so anew the next time",
  },
  {
    breaks: "the full disk: closing waits for room",
    file: "src/engines/embedded/commit/disk-space.ts",
    find: "    this.#givenUp = true;\n",
    replace: "",
    test: FULL_DISK,
    killedBy: "closing while the disk is full > ends too when the disk fills up only then",
  },
  {
    breaks: "closing: the event loop is kept busy while a handler ends",
    file: ENGINE,
    find: "(this.#handlers.canStart && this.#startsHandlers)",
    replace: "this.#handlers.canStart",
    test: "test/durability/closing/shutdown.test.ts",
    killedBy:
      "an engine that is closed under load > is idle while it waits for a handler to end, though messages are ready to run",
  },
  {
    breaks: "the backlog: what completes work is refused too",
    file: "src/engines/embedded/intake/request-intake.ts",
    find: "(begins ? this.#overload(request) : undefined)",
    replace: "this.#overload(request)",
    test: BACKLOG,
    killedBy:
      "when as many messages wait as may > what completes work passes: signals, settlements, cancellations; and so does what reads",
  },
  {
    breaks: "the backlog: the bound of an address is not looked at before the one of all",
    file: "src/engines/embedded/intake/admission.ts",
    find: "Math.min(parts.limits.total, parts.limits.perAddress)",
    replace: "parts.limits.total",
    test: BACKLOG,
    killedBy:
      "when as many messages wait as may > those of one address have a bound of their own, which others do not feel",
  },
  {
    breaks: "the backlog: one more is taken than may wait",
    file: "src/engines/embedded/intake/admission.ts",
    find: "if (waiting >= limits.total) return",
    replace: "if (waiting > limits.total) return",
    test: BACKLOG,
    killedBy:
      "when as many messages wait as may > no flow is started, and it is told so for certain; once one is handled there is place for another",
  },
  {
    breaks: "the backlog: a start that attaches to what is there is refused",
    file: "src/engines/embedded/intake/request-intake.ts",
    find: ".filter(({ type }) => definitions.get(type)?.system !== true)",
    replace: ".concat(request.target)",
    test: BACKLOG,
    killedBy:
      "when as many messages wait as may > a start under a key that is there attaches, and adds nothing; with another input it is a conflict",
  },
  {
    breaks: "the backlog: what is not on disk does not count for its address",
    file: ENGINE,
    find: " + this.#commits.insertedAt(address)",
    replace: "",
    test: BACKLOG,
    killedBy:
      "when as many messages wait as may > the bounds hold within one turn of the event loop, before anything is on disk, and while it is being written",
  },
  {
    breaks: "the clock: what was near before it was set back stays in memory",
    file: TIMERS,
    find: "    if (this.#horizon > now + 2 * WINDOW_MS) this.#letGo();\n",
    replace: "",
    test: SET_CLOCK,
    killedBy:
      "when the clock is set > back by a day, what was near is let go, and is read again when it is near again",
  },
  {
    breaks: "the clock: set forward, what begins then is late",
    file: TIMERS,
    find: " || this.#wakeAt < this.#parts.clock.now()",
    replace: "",
    test: SET_CLOCK,
    killedBy: "when the clock is set > forward by an hour, what begins to sleep then wakes in time",
  },
  {
    breaks: "the collector: what is being deleted is read, and written anew in its old place",
    file: "src/engines/embedded/state/state-cache.ts",
    find: "if (!this.#forgone.has(place)) state.load",
    replace: "state.load",
    test: COLLECTOR,
    killedBy:
      "what has expired is deleted > and who writes it anew meanwhile is heard (commits are seen at once) > be it a flow under the same key, in the commit that deletes",
  },
  {
    breaks: "the collector: what has messages waiting is deleted under them",
    file: "src/engines/embedded/state/expiry-collector.ts",
    find: "      if (isBusy(value)) continue;\n",
    replace: "",
    test: COLLECTOR,
    killedBy:
      "what has expired is deleted > also where many must stay, since messages for them wait",
  },
  {
    breaks: "the collector: it looks again before what it found is gone",
    file: ENGINE,
    find: "    batch.notices.push(done);\n",
    replace: "    this.#parts.scheduler.soon(done);\n",
    test: COLLECTOR,
    killedBy:
      "what has expired is deleted > a bounded number of values with each commit, and the next only when those are gone",
  },
  {
    breaks: "the file: the event loop writes while the thread releases pages",
    file: `${SESSION}/commit-routing.ts`,
    find: " && !this.#isThreadReserved",
    replace: "",
    test: FREE_PAGES,
    killedBy: "free pages > are released by the thread, and only the thread writes meanwhile",
  },
  {
    breaks: "the file: a log of deletions grows",
    file: `${SESSION}/checkpointing.ts`,
    find: "pages += PAGES_PER_DELETED_VALUE;",
    replace: "pages += 0;",
    test: FREE_PAGES,
    killedBy: "a long log of deletions starts a checkpoint too",
  },
  {
    breaks: "the file: releasing pages stops at once, and starts again",
    file: "src/stores/sqlite/connection/incremental-vacuum.ts",
    find: "total / (hasStarted ? 4 : 2)",
    replace: "total / 2",
    test: FREE_PAGES,
    killedBy:
      "releasing starts at half of a file and stops at a quarter, and keeps a minimum of free pages",
  },
  {
    breaks: "the file: free pages are kept",
    file: `${SESSION}/checkpointing.ts`,
    find: "      await releaseFreePages(routing, isUsable);\n",
    replace: "",
    test: "test/stores/sqlite/file-size.test.ts",
    killedBy:
      "the file of a store > shrinks when little work follows much; commits go on meanwhile, and nothing is lost",
  },
  {
    breaks: "migration: an inherited property is taken for a value",
    file: "src/core/state/stored-state.ts",
    find: "Object.hasOwn(present, name)",
    replace: "name in present",
    test: "test/core/stored-state.test.ts",
    killedBy: "loading a state > treats constructor as a name like any other",
  },
  {
    breaks: "state: a value read after a change is missing from the draft",
    file: "src/core/state/state.ts",
    find: "    if (this.#draft !== undefined && !Object.hasOwn(this.#draft, name)) this.#draft[name] = value;\n",
    replace: "",
    test: "test/core/state.test.ts",
    killedBy: "a state is the result of its handlers, in whatever order they touch its values",
  },
  {
    breaks: "the thread: its replies keep the event loop from other events",
    file: "src/stores/sqlite/writer/writer.ts",
    find: "(reply: WriterReply) => this.#inTurn(() => this.#receive(reply))",
    replace: "(reply: WriterReply) => this.#receive(reply)",
    test: "test/stores/sqlite/writer-thread.test.ts",
    killedBy:
      "while the thread commits > the event loop handles other events between replies, even if they arrive fast",
  },
  {
    breaks: "long turns: nobody is told",
    file: "src/engines/embedded/execution/handlers.ts",
    find: "    reportLongTurn(this.#parts.log, mailbox.address, ns - startNs);\n",
    replace: "",
    test: "test/bad-input/handlers.test.ts",
    killedBy:
      "a handler that blocks the event loop > for a second or longer is named in the log when it ends",
  },
  {
    breaks: "overload: whoever starts things is answered faster than they are handled",
    file: ENGINE,
    find: "return this.backlog > CROWDED;",
    replace: "return false;",
    test: "test/engines/embedded/overload.test.ts",
    killedBy:
      "callers who start one thing after the other are answered as fast as that is handled: what waits does not pile up",
  },
];
