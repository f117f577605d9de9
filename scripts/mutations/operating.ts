import type { Mutation } from "./mutation.ts";

const REQUEST_INTAKE = "src/engines/embedded/intake/request-intake.ts";
const TURN_DISPATCHER = "src/engines/embedded/dispatch/turn-dispatcher.ts";
const STORE_OUTAGE = "src/engines/embedded/commit/store-outage.ts";
const ADMISSION = "src/engines/embedded/intake/admission.ts";
const EXPIRY_COLLECTOR = "src/engines/embedded/timers/expiry-collector.ts";
const SESSION = "src/stores/sqlite/session";
const FULL_DISK = "test/durability/disk/full-disk.test.ts";
const LOCKED_STORE = "test/durability/disk/locked-store.test.ts";
const BACKLOG = "test/engines/embedded/admission.test.ts";
const SET_CLOCK = "test/durability/timers/set-clock.test.ts";
const COLLECTOR = "test/engines/embedded/expiry-collector.test.ts";
const LOG_LINES = "test/bad-input/log-lines.test.ts";
const USER_OBJECTS = "test/bad-input/user-objects.test.ts";
const FREE_PAGES = "test/stores/sqlite/incremental-vacuum.test.ts";

/** Full disks, too much work, clocks that are set, and what has expired. */
export const OPERATING: readonly Mutation[] = [
  {
    breaks: "the full disk: commits that failed for other reasons are tried again",
    file: STORE_OUTAGE,
    find: "  STORE_BUSY: {",
    replace: "  STORE_FAILED: {",
    test: FULL_DISK,
    killedBy:
      "a commit that fails for another reason > is not tried again, even after the disk was full",
  },
  {
    breaks: "the full disk: requests are still accepted",
    file: REQUEST_INTAKE,
    find: "this.#parts.lifecycle.refusal ?? this.#parts.outage.refusal",
    replace: "this.#parts.lifecycle.refusal",
    test: FULL_DISK,
    killedBy: "while the disk is full > each request is refused at once and definitely",
  },
  {
    breaks: "the full disk: handlers still start",
    file: TURN_DISPATCHER,
    find: " && !outage.isRefusing",
    replace: "",
    test: FULL_DISK,
    killedBy:
      "while the disk is full > running handlers end and their effects are kept; no handler starts before the disk has space",
  },
  {
    breaks: "the full disk: timers still fire",
    file: "src/engines/embedded/execution/commit-results.ts",
    find: "    this.#parts.timers.pause();\n",
    replace: "",
    test: FULL_DISK,
    killedBy: "while the disk is full > no timer fires; afterwards each fires once, and none early",
  },
  {
    breaks: "the full disk: the delay between retries is not reset",
    file: STORE_OUTAGE,
    find: "    this.#delayMs = FIRST_MS;\n",
    replace: "",
    test: FULL_DISK,
    killedBy:
      "while the disk is full > the commit is tried again after 1, 2, 4 and 8 seconds, then every 10, and again from 1 the next time",
  },
  {
    breaks: "the full disk: closing waits for space",
    file: STORE_OUTAGE,
    find: "    this.#hasStoppedWaiting = true;\n",
    replace: "",
    test: FULL_DISK,
    killedBy:
      "closing while the disk is full > ends also when the disk becomes full during the close",
  },
  {
    breaks: "the locked store: requests are refused at once",
    file: STORE_OUTAGE,
    find: "patienceMs: 10_000,",
    replace: "patienceMs: 0,",
    test: LOCKED_STORE,
    killedBy:
      "while another program has locked the store for a moment > calls wait, and then succeed",
  },
  {
    breaks: "the locked store: requests are never refused",
    file: STORE_OUTAGE,
    find: "    this.#waitedMs += delayMs;\n",
    replace: "",
    test: LOCKED_STORE,
    killedBy:
      "while another program has locked the store for longer than 10 seconds > calls under way learn that the outcome is unknown, and new ones are refused definitely",
  },
  {
    breaks: "the locked store: closing gives up at once",
    file: STORE_OUTAGE,
    find: "closingMs: 5_000,",
    replace: "closingMs: 0,",
    test: LOCKED_STORE,
    killedBy:
      "closing while another program has locked the store > waits for a few seconds, so a short lock loses nothing",
  },
  {
    breaks: "the locked store: a commit that found it locked fails the store",
    file: `${SESSION}/store-session.ts`,
    find: '    else if (failure.code === "STORE_BUSY") return failure;\n',
    replace: "",
    test: "test/stores/sqlite/locked-file.test.ts",
    killedBy:
      "a commit on the event loop to a file that another program has locked > is STORE_BUSY, has not happened, and can be made later",
  },
  {
    breaks: "closing: the event loop is busy while a handler ends",
    file: TURN_DISPATCHER,
    find: "(this.#handlers?.canStart === true && this.#mayStartHandlers())",
    replace: "this.#handlers?.canStart === true",
    test: "test/durability/closing/shutdown.test.ts",
    killedBy:
      "an engine closed under load > is idle while it waits for a handler, though messages are ready to run",
  },
  {
    breaks: "outages: a call whose start is durable is told of an outage",
    file: REQUEST_INTAKE,
    find: "new OutcomeWaiter({ listeners, outcome,",
    replace: "new OutcomeWaiter({ listeners: callers, outcome,",
    test: "test/engines/embedded/call-outcome.test.ts",
    killedBy:
      "a call whose start is durable outlives an outage, and one whose start is not is told",
  },
  {
    breaks: "the backlog: requests that complete work are refused",
    file: REQUEST_INTAKE,
    find: "(begins === true ? admission.refusalOf(envelope) : undefined)",
    replace: "admission.refusalOf(envelope)",
    test: BACKLOG,
    killedBy:
      "when the backlog is full > requests that complete work are accepted: signals, settlements, cancellations; and so are reads",
  },
  {
    breaks: "the backlog: the limit of one address applies only near the total limit",
    file: ADMISSION,
    find: "Math.min(parts.limits.total, parts.limits.perAddress)",
    replace: "parts.limits.total",
    test: BACKLOG,
    killedBy:
      "when the backlog is full > each address has its own limit, which does not affect other addresses",
  },
  {
    breaks: "the backlog: it takes one message more than its limit",
    file: ADMISSION,
    find: "if (waiting >= limits.total) return",
    replace: "if (waiting > limits.total) return",
    test: BACKLOG,
    killedBy:
      "when the backlog is full > no flow is started, and the refusal is definite; after one message is handled, another flow may start",
  },
  {
    breaks: "the backlog: a start that attaches to an existing flow is refused",
    file: "src/engines/embedded/execution/activations.ts",
    find: ".filter(({ type }) => definitions.get(type)?.system !== true)",
    replace: ".concat(request.target)",
    test: BACKLOG,
    killedBy:
      "when the backlog is full > a start under a known key attaches and adds no message; with another input it is a conflict",
  },
  {
    breaks: "the backlog: uncommitted messages do not count for their address",
    file: "src/engines/embedded/mailboxes/backlog.ts",
    find: " + this.#parts.commits.insertedAt(address)",
    replace: "",
    test: BACKLOG,
    killedBy:
      "when the backlog is full > the limits hold within one turn of the event loop, before any commit and during one",
  },
  {
    breaks: "the clock: timers stay in memory after it was set back",
    file: "src/engines/embedded/timers/delayed-messages.ts",
    find: "    if (this.#horizon > now + 2 * WINDOW_MS) this.#reset();\n",
    replace: "",
    test: SET_CLOCK,
    killedBy:
      "when the clock is set > back by a day, messages due soon leave memory, and are loaded again when they are due soon again",
  },
  {
    breaks: "the clock: a new timer is late after it was set forward",
    file: "src/engines/embedded/timers/timers.ts",
    find: " || this.#wakeAt < this.#parts.clock.now()",
    replace: "",
    test: SET_CLOCK,
    killedBy:
      "when the clock is set > forward by an hour, a sleep that starts afterwards ends in time",
  },
  {
    breaks: "the collector: values that are being deleted are still read",
    file: "src/engines/embedded/state/state-cache.ts",
    find: "if (!this.#hidden.has(rowId)) state.load",
    replace: "state.load",
    test: COLLECTOR,
    killedBy:
      "expired values are deleted > and a write during the deletion is kept (commits are visible at once) > when a flow starts under the same key, in the commit that deletes",
  },
  {
    breaks: "the collector: the state of an address with messages is deleted",
    file: EXPIRY_COLLECTOR,
    find: "      if (mailboxes.has(value)) continue;\n",
    replace: "",
    test: COLLECTOR,
    killedBy:
      "expired values are deleted > also where many must stay because messages wait for their addresses",
  },
  {
    breaks: "the collector: it scans again before the values it found are deleted",
    file: EXPIRY_COLLECTOR,
    find: "batch.afterCommit.push(() => {",
    replace: "setImmediate(() => {",
    test: COLLECTOR,
    killedBy:
      "expired values are deleted > a bounded number per commit, and the next ones only once those are deleted",
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
    breaks: "the thread: its replies keep the event loop from other events",
    file: "src/stores/sqlite/writer/writer.ts",
    find: "(reply: WriterReply) => this.#inTurn(() => this.#receive(reply))",
    replace: "(reply: WriterReply) => this.#receive(reply)",
    test: "test/stores/sqlite/writer-thread.test.ts",
    killedBy:
      "while the thread commits > the event loop handles other events between replies, even if they arrive fast",
  },
  {
    breaks: "long turns: the log has no warning",
    file: "src/engines/embedded/execution/handlers.ts",
    find: "    reportEventLoopStall(log, mailbox.address, ns - startNs);\n",
    replace: "",
    test: "test/bad-input/handlers.test.ts",
    killedBy:
      "a handler that blocks the event loop > for a second or longer is named in the log when it ends",
  },
  {
    breaks: "overload: replies to starts are not slowed down",
    file: "src/engines/embedded/dispatch/reply-queue.ts",
    find: "this.#parts.backlog.total > CROWDED ? PER_CROWDED_TURN : PER_TURN",
    replace: "PER_TURN",
    test: "test/engines/embedded/overload.test.ts",
    killedBy:
      "callers that start one flow after the other get replies as fast as flows are handled, so the backlog does not grow",
  },
  {
    breaks: "log: work that is parked later is not logged",
    file: "src/engines/embedded/mailboxes/unregistered.ts",
    find: "    if (!this.#isRecovered) return;\n",
    replace: "    if (count > 0) return;\n",
    test: "test/bad-input/lifecycle.test.ts",
    killedBy:
      "stored work for an unregistered function > is parked even if it arrives later, as a continuation or a delayed message",
  },
  {
    breaks: "log: a storm of events writes a line for each",
    file: "src/core/host/work-log.ts",
    find: "if (counted.written === LINES) {",
    replace: "if (counted.written < 0) {",
    test: "test/core/work-log.test.ts",
    killedBy:
      "the work log > writes 20 lines about a subject in 10 s, and counts those that it left out",
  },
  {
    breaks: "log: the text of an error is shown",
    file: "src/core/errors/log-facts.ts",
    find: "const NAME = /^[A-Za-z_$][\\w$.]{0,59}$/;",
    replace: "const NAME = /^/;",
    test: LOG_LINES,
    killedBy: "no line has an input, a result, a value of state, or the text of an error",
  },
  {
    breaks: "log: a flow that fails has no line",
    file: "src/futures/flow/flow.ts",
    find: "if (failure !== undefined && record.cancelled !== true) {",
    replace: "if (failure !== undefined && record.cancelled === false) {",
    test: LOG_LINES,
    killedBy: "the log has a line > for each flow that fails, with its key, function and code",
  },
  {
    breaks: "log: the id of a flow over HTTP is shown",
    file: "src/futures/flow/flow-lines.ts",
    find: "return SECRET.test(key) ?",
    replace: "return key.length < SHOWN_DIGITS && SECRET.test(key) ?",
    test: LOG_LINES,
    killedBy: "the key of a flow that asyncHttp names is cut, because it gives access to the flow",
  },
  {
    breaks: "host: a log that throws stops the engine",
    file: "src/core/host/guarded-log.ts",
    find: "      } catch (error) {\n        fail(error);\n      }",
    replace: "      } catch (error) {\n        fail(error);\n        throw error;\n      }",
    test: USER_OBJECTS,
    killedBy: "a log that goes wrong > changes nothing, whatever it does and whenever",
  },
  {
    breaks: "host: instants that are no numbers reach the engine",
    file: "src/engines/embedded/host/checked-clock.ts",
    find: 'return typeof value === "number" && Math.abs(value) <= limit;',
    replace: 'return typeof value === "number" || Math.abs(Number(value)) <= limit;',
    test: USER_OBJECTS,
    killedBy: "a clock that goes wrong > is reported once",
  },
  {
    breaks: "host: a clock that cannot set a timer loses it",
    file: "src/engines/embedded/host/checked-clock.ts",
    find: "?? systemClock.setTimer(delayMs, fire);",
    replace: "?? (() => undefined);",
    test: USER_OBJECTS,
    killedBy: "a clock that goes wrong > stops nothing, whatever it does once the engine runs",
  },
  {
    breaks: "figures: timers that are not due yet count as due ones",
    file: "src/engines/embedded/timers/due-heap.ts",
    find: "dueAt === undefined || dueAt > now",
    replace: "dueAt === undefined",
    test: "test/engines/embedded/figures/due-heap.test.ts",
    killedBy: "a heap counts the messages that are due, in whatever order they came and left",
  },
  {
    breaks: "figures: ages become coarse when there are too many notes",
    file: "src/engines/embedded/commit/arrival-times.ts",
    find: "const ERROR = 0.01;",
    replace: "const ERROR = 0.1;",
    test: "test/engines/embedded/figures/arrival-times.test.ts",
    killedBy: "the age of a message is at most 1 % or 10 ms too long, in bounded memory",
  },
  {
    breaks: "figures: a storm of equal events counts as the lines that were written",
    file: "src/core/host/work-log.ts",
    find: "    this.#counts[event]++;\n    const nowNs",
    replace:
      "    if ((this.#counted.get(`${event} ${subject}`)?.written ?? 0) < LINES) this.#counts[event]++;\n    const nowNs",
    test: "test/core/work-log.test.ts",
    killedBy: "the work log > counts all events of a kind, with those whose lines it left out",
  },
  {
    breaks: "figures: parked messages count as waiting ones",
    file: "src/engines/embedded/mailboxes/mailboxes.ts",
    find: "if (mailbox.parked !== undefined) parked += size + 1;",
    replace: "if (mailbox.parked !== undefined) waiting += size + 1;",
    test: "test/engines/embedded/figures/engine-stats.test.ts",
    killedBy: "messages behind one whose state cannot be read are parked",
  },
];
