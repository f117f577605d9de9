import { expect, test } from "vitest";
import { failing, killedAt, lying, slowed } from "../../../battery/disk/strace.ts";

test("strace kills a program at one call on one file, and sees each of its calls", () => {
  const words = killedAt({ call: "pwrite64", files: ["/s.db-wal"], first: 7 }).join(" ");
  expect(words).toMatch(
    /^strace -f .*-P \/s\.db-wal -e trace=pwrite64 -e inject=pwrite64:signal=SIGKILL:when=7$/,
  );
  expect(words).not.toContain("--seccomp-bpf");
});

test("calls fail once, from a given call on, or always", () => {
  const inject = (range: { readonly first?: number; readonly last?: number }) =>
    failing({ call: "flush", ...range }, "EIO").join(" ");
  expect(inject({ first: 3, last: 3 })).toContain("inject=fsync,fdatasync:error=EIO:when=3 ");
  expect(inject({ first: 3, last: 5 })).toContain("inject=fsync,fdatasync:error=EIO:when=3..5 ");
  expect(inject({ first: 3 })).toContain("inject=fsync,fdatasync:error=EIO:when=3+ ");
  expect(inject({})).toContain("inject=fsync,fdatasync:error=EIO:when=1+ ");
});

test("a lying disk ignores flushes, and a slow one delays them by milliseconds", () => {
  expect(lying().join(" ")).toContain("inject=fsync,fdatasync:retval=0:");
  expect(slowed(20).join(" ")).toContain("inject=fsync,fdatasync:delay_exit=20000:");
});
