import type { Mutation } from "../mutation.ts";

const REAL_TIME = "src/machine/real-time.ts";
const FAKE_TIMERS = "test/hosts/fake-timers.test.ts";
const VITEST =
  "with the fake timers of Vitest > an engine works in real time: the default ones, before the library loads";

/** Engines in programs whose time is faked. */
export const FAKED_TIME: readonly Mutation[] = [
  {
    breaks: "fake timers: the engine waits for fake timers",
    file: REAL_TIME,
    find: "=> NodeJS.Timeout = timers.setTimeout;",
    replace: "=> NodeJS.Timeout = (callback, ms) => timers.setTimeout(callback, ms);",
    test: FAKE_TIMERS,
    killedBy:
      "with the fake timers of node:test > installed after the engine opened > a required library works in real time",
  },
  {
    breaks: "fake timers: the engine reads a fake wall clock",
    file: REAL_TIME,
    find: ': (runInNewContext("Date.now") as () => number);',
    replace: ": () => runInNewContext('1') && Date.now();",
    test: FAKE_TIMERS,
    killedBy: VITEST,
  },
  {
    breaks: "fake timers: an engine opens though its timers stand still",
    file: REAL_TIME,
    find: "if (faked.length === 0) return;",
    replace: "if (faked.length < 3) return;",
    test: FAKE_TIMERS,
    killedBy:
      "with the fake timers of node:test > a library that is loaded later says at once why it does not work",
  },
  {
    breaks: "fake timers: a Date made under them is none later",
    file: "src/core/data/kind.ts",
    find: " || isMadeByFakeTimers(value)",
    replace: " || (isMadeByFakeTimers(value) && false)",
    test: FAKE_TIMERS,
    killedBy:
      "with the fake timers of @sinonjs/fake-timers > a Date that was made under them is a Date after them",
  },
];
