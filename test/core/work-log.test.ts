import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { silent } from "../../src/core/host/log.ts";
import { WorkLog } from "../../src/core/host/work-log.ts";

const SECOND_NS = 1e9;

/** A work log whose lines and time the test holds. */
function newLog() {
  const written: { message: string; leftOut: unknown }[] = [];
  const time = { ns: 0 };
  const workLog = new WorkLog(
    {
      ...silent,
      warn: (message, fields) => written.push({ message, leftOut: fields?.["leftOut"] }),
    },
    { monotonicNs: () => time.ns },
  );
  const write = (subject: string): void =>
    workLog.write({ level: "warn", event: "retry", subject, message: subject });
  return { written, time, write, workLog };
}

/** Seconds between two events: mostly none. */
const pauses = fc.oneof(
  { weight: 60, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.constantFrom(1, 9, 10) },
);

describe("the work log", () => {
  test("writes 20 lines about a subject in 10 s, and counts those that it left out", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("a", "b"), pauses), { maxLength: 300, size: "max" }),
        (events) => {
          const { written, time, write } = newLog();
          const at: { subject: string; ns: number; count: number }[] = [];
          for (const [subject, seconds] of events) {
            time.ns += seconds * SECOND_NS;
            const before = written.length;
            write(subject);
            at.push({ subject, ns: time.ns, count: written.length - before });
          }
          for (const { subject, ns } of at) {
            const inPeriod = at.filter(
              (each) => each.subject === subject && each.ns >= ns && each.ns < ns + 10 * SECOND_NS,
            );
            // A period begins with a line, so any ten seconds touch at most two periods.
            expect(inPeriod.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(40);
          }
          for (const subject of ["a", "b"]) {
            const lines = written.filter(({ message }) => message.startsWith(subject));
            const total = at.filter((each) => each.subject === subject).length;
            const told = lines.reduce((sum, { leftOut = 0 }) => sum + Number(leftOut), 0);
            const last = lines.findLastIndex(({ leftOut }) => leftOut !== undefined);
            const isQuiet = lines.at(-1)?.message.includes("left out") === true;
            expect(lines.length + told <= total && last < lines.length).toBe(true);
            if (!isQuiet) expect(lines.length + told).toBe(total);
          }
        },
      ),
    ));

  test("says in the last line of a period that more are left out", () => {
    const { written, time, write } = newLog();
    for (let n = 0; n < 25; n++) write("a");
    expect(written).toHaveLength(20);
    expect(written[19]?.message).toBe("a; more lines like this are left out for 10 s");
    time.ns += 10 * SECOND_NS;
    write("a");
    expect(written[20]).toEqual({ message: "a", leftOut: 5 });
  });

  test("counts all events of a kind, with those whose lines it left out", () => {
    const { write, workLog } = newLog();
    const before = workLog.counts;
    for (let n = 0; n < 25; n++) write("a");
    expect(workLog.counts).toEqual({ ...before, retry: 25 });
    expect(before.retry).toBe(0);
  });

  test("counts a bounded number of subjects", () => {
    const { written, write } = newLog();
    for (let n = 0; n < 5_000; n++) write(`subject ${n}`);
    expect(written).toHaveLength(5_000);
  });
});
