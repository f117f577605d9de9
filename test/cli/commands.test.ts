import { expect, test } from "vitest";
import { MODULE, openCommandLine, openServing, runCommand } from "./open-command-line.ts";

test("a call prints the result for a person, and JSON for a program", async () => {
  const handback = await openCommandLine();
  expect(await handback("call", "cli/greet", '"Ada"')).toEqual({
    code: 0,
    out: "hello Ada",
    err: "",
  });
  expect((await handback("call", "cli/greet", '"Ada"', "--json")).out).toBe('"hello Ada"');
  expect((await handback("call", "cli/cart/add", "3", "--id", "c-1")).out).toBe("3");
});

test("a flow that fails is exit code 1, with its message", async () => {
  const handback = await openCommandLine();
  expect(await handback("call", "cli/fail", '"sold out"')).toEqual({
    code: 1,
    out: "",
    err: "error: sold out (FUNCTION_FAILED)",
  });
  const { err } = await handback("call", "cli/fail", '"sold out"', "--json");
  expect(JSON.parse(err)).toMatchObject({
    error: { code: "FUNCTION_FAILED", failure: { name: "Error", message: "sold out" } },
  });
});

test("a flow is started, seen while it waits, signaled once by key, and seen at its end", async () => {
  const handback = await openCommandLine();
  const started = await handback("start", "cli/talk", '"hi"', "--json");
  const { id } = JSON.parse(started.out) as { id: string };

  const pending = await handback("show", id);
  expect(pending.out).toMatch(/status +pending/);
  expect(pending.out).toMatch(/attributes +word=hi/);
  expect(pending.out).toMatch(/ran +cli\/talk: handed back a future, billed/);

  for (let time = 0; time < 2; time++)
    expect((await handback("signal", id, "next", '{"n":1}', "--key", "k")).code).toBe(0);
  expect((await handback("watch", id)).out).toMatch(/eventReceived +next\n.*completed/);
  const shown = JSON.parse((await handback("show", id, "--json")).out) as object;
  expect(shown).toMatchObject({ id, status: "completed", output: { n: 1 }, paused: [] });
  expect((await handback("stream", id, "words")).out).toBe("hi");
  const late = await handback("signal", id, "next", "2");
  expect([late.code, late.err]).toEqual([4, expect.stringContaining("(FLOW_OVER)")]);
});

test("flows are listed by filters, page by page, and counted", async () => {
  const handback = await openCommandLine();
  expect((await handback("ls")).out).toBe("no flows");
  await handback("start", "cli/talk", '"yes"');
  await handback("call", "cli/greet", '"Ada"');
  await handback("call", "cli/fail", '"no"');
  const ids = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { out } = await handback("ls", ...args, "--json");
    return (JSON.parse(out) as { flows: { function: string }[] }).flows.map(
      (flow) => flow.function,
    );
  };
  expect(await ids()).toEqual(["cli/fail", "cli/greet", "cli/talk"]);
  expect(await ids("--status", "failed")).toEqual(["cli/fail"]);
  expect(await ids("--attribute", "word=yes")).toEqual(["cli/talk"]);
  expect(await ids("--started-before", "1h")).toEqual([]);
  expect(await ids("--started-after", "1h", "--order", "oldest", "--limit", "1")).toEqual([
    "cli/talk",
  ]);
  const page = await handback("ls", "--limit", "2");
  const [, cursor = ""] = /--cursor (\S+)/.exec(page.out) ?? [];
  expect(await ids("--cursor", cursor)).toEqual(["cli/talk"]);
  expect((await handback("ls", "--count", "--function", "cli/talk")).out).toBe("1");
});

test("paused calls are shown with their failure, and resumed", async () => {
  const handback = await openCommandLine();
  const { out: id } = await handback("start", "cli/stuck");
  await expect.poll(async () => (await handback("show", id)).out).toMatch(/status +paused/);
  expect((await handback("show", id)).out).toMatch(
    /paused calls\n\S+ {2}cli\/stuck {2}the bank is down/,
  );
  expect((await handback("resume", id, "--input", "true", "--new-key")).out).toBe(`resumed ${id}`);
  await expect.poll(async () => (await handback("show", id)).out).toMatch(/output +paid/);
  const late = await handback("resume", id);
  expect([late.code, late.err]).toEqual([4, expect.stringContaining("(NOT_PAUSED)")]);
  const odd = await handback("resume", id, "--call", "odd");
  expect(odd.code).toBe(2);
});

test("a flow and a function are paused and resumed", async () => {
  const handback = await openCommandLine();
  const { out: id } = await handback("start", "cli/talk", '"hi"');
  expect((await handback("pause", id)).out).toBe(`paused ${id}`);
  expect((await handback("show", id)).out).toMatch(/status +paused/);
  expect((await handback("resume", id)).out).toBe(`resumed ${id}`);
  expect((await handback("pause", "--function", "cli/greet")).out).toBe("paused cli/greet");
  expect((await handback("resume", "--function", "cli/greet")).out).toBe("resumed cli/greet");
  expect((await handback("resume", "--function", "cli/greet")).code).toBe(4);
  expect((await handback("pause", "--function", "cli/none")).code).toBe(3);
  for (const wrong of [[], [id, "--function", "cli/greet"]])
    expect((await handback("pause", ...wrong)).code).toBe(2);
});

test("a flow that has failed is restarted, and one that has not is left alone", async () => {
  const handback = await openCommandLine();
  const { out: id } = await handback("start", "cli/fail");
  await expect.poll(async () => (await handback("show", id)).out).toMatch(/status +failed/);
  expect((await handback("restart", id)).code).toBe(2);
  expect((await handback("restart", id, "--keys", "old")).code).toBe(2);
  expect((await handback("restart", id, "--keys", "same")).out).toBe(`restarted ${id}`);
  await expect
    .poll(async () => (await handback("show", id)).out)
    .toMatch(/restarted +cli\/fail, with the same keys[^]*failed/);
  const { out: waiting } = await handback("start", "cli/talk", '"hi"');
  const refused = await handback("restart", waiting, "--keys", "new");
  expect([refused.code, refused.err]).toEqual([4, expect.stringContaining("(NOT_RESTARTABLE)")]);
});

test("dead letters are listed, sent again and deleted", async () => {
  const handback = await openCommandLine();
  await handback("call", "cli/send");
  const list = async (): Promise<string> => (await handback("dead-letters")).out;
  await expect
    .poll(list)
    .toMatch(/LETTER +TO +GIVEN UP +WAITED FOR +FAILURE\n\S+ +cli\/lose at \S+ .* no +lost/);
  const letterIn = (text: string): string => /\n(\S+)/.exec(text)?.[1] ?? "";
  const first = letterIn(await list());
  expect((await handback("dead-letters", "redrive", first)).out).toBe(`redriven ${first}`);
  await expect.poll(async () => letterIn(await list())).not.toMatch(new RegExp(`^(${first})?$`));
  const second = letterIn(await list());
  expect((await handback("dead-letters", "discard", second)).out).toBe(`discarded ${second}`);
  expect(await list()).toBe("no dead letters");
  expect((await handback("dead-letters", "discard", second)).code).toBe(3);
});

test("a flow is canceled once", async () => {
  const handback = await openCommandLine();
  const { out: id } = await handback("start", "cli/talk", '"hi"');
  expect((await handback("cancel", id)).code).toBe(0);
  expect((await handback("cancel", id)).code).toBe(4);
});

test("an approval is decided once; a decision that does not count is exit code 4", async () => {
  const handback = await openCommandLine();
  await handback("start", "cli/expense", '{"amount":3}', "--id", "e-1");
  const decide = (...args: readonly string[]) =>
    handback("approve", "cli/expense", "e-1", "--by", "bob", ...args);
  await expect
    .poll(async () => (await decide()).out)
    .toBe("e-1: bob decided the same before; the request is approved");
  const opposite = await decide("--reject");
  expect([opposite.code, opposite.err]).toEqual([
    4,
    "error: e-1: bob has decided to approve, and that stands",
  ]);
});

test("a server with a token answers only those who have it", async () => {
  const handback = await openCommandLine("secret");
  const refused = await handback("ls");
  expect([refused.code, refused.err]).toEqual([5, expect.stringContaining("(FORBIDDEN)")]);
  expect((await handback("ls", "--token", "wrong")).code).toBe(5);
  expect((await handback("ls", "--token", "secret")).code).toBe(0);
});

test("a server offers the inspector and a description of its routes, under its token", async () => {
  const serving = await openServing("secret");
  const ask = async (path: string, headers = {}): Promise<number> =>
    (await fetch(`${serving.url}${path}`, { headers })).status;
  const [bearer, basic] = [`Bearer secret`, `Basic ${btoa("anyone:secret")}`];
  expect(await ask("/inspector")).toBe(401);
  expect(await ask("/inspector", { authorization: basic })).toBe(200);
  expect(await ask("/inspector/", { authorization: basic })).toBe(200);
  expect(await ask("/inspector/assets/style.css", { authorization: basic })).toBe(200);
  expect(await ask("/inspector/none", { authorization: basic })).toBe(404);
  expect(await ask("/openapi.json", { authorization: bearer })).toBe(200);
  const own = await openServing(undefined);
  expect((await fetch(`${own.url}/inspector`)).status).toBe(200);
});

test.each([
  ["no such command", ["lss"], 2, "Did you mean ls?"],
  [
    "an input that is no JSON",
    ["call", "cli/greet", "Ada"],
    2,
    `Text needs its own quotes, as in '"Ada"'`,
  ],
  ["an unknown function", ["call", "cli/none"], 3, "(UNKNOWN_FUNCTION)"],
  ["a name without a namespace", ["call", "greet"], 2, "(INVALID_NAME)"],
  ["an unknown flow", ["show", "none"], 3, "(NOT_FOUND)"],
  ["an unknown status", ["ls", "--status", "odd"], 2, "Allowed choices are pending"],
  ["a limit of nothing", ["ls", "--limit", "0"], 2, "a whole number from 1"],
  ["a cursor of another list", ["ls", "--cursor", "x"], 2, "(INVALID_CURSOR)"],
  ["a time that is none", ["ls", "--started-after", "soon"], 2, "a time such as 2h"],
  ["an attribute without a value", ["ls", "--attribute", "word"], 2, "Expected name=value"],
  ["an address that is none", ["ls", "--url", "nowhere"], 2, "(INVALID_OPTIONS)"],
  ["a function of one flow", ["watch", "f", "--function", "a/b"], 2, "for all flows"],
  ["an address for all without a token", ["serve", MODULE, "--host", "0.0.0.0"], 2, "--token"],
  ["a port that is none", ["serve", MODULE, "--port", "70000"], 2, "a port from 0 to 65535"],
  ["a module that is missing", ["graph", "nowhere.ts"], 3, "there is no file"],
  ["a module without functions", ["graph", "test/cli/open-command-line.ts"], 2, "default export"],
  ["a function that a module lacks", ["graph", MODULE, "cli/none"], 3, "it has cli/greet"],
])("%s is refused with a hint", async (_, args, code, text) => {
  const handback = await openCommandLine();
  const ran = await handback(...args);
  expect([ran.code, ran.out, ran.err]).toEqual([code, "", expect.stringContaining(text)]);
});

test("a server that does not answer is exit code 6, with its address", async () => {
  const ran = await runCommand(["ls", "--url", "http://127.0.0.1:9"]);
  expect([ran.code, ran.err]).toEqual([
    6,
    expect.stringMatching(/SERVER_UNAVAILABLE[^]*handback serve/),
  ]);
});

test("an input is read from the standard input", async () => {
  const ran = await runCommand(["call", "cli/greet", "-"], { input: "{" });
  expect([ran.code, ran.err]).toEqual([2, expect.stringContaining("Expected JSON")]);
});

test("the functions of a module are drawn", async () => {
  const { out } = await runCommand(["graph", MODULE, "cli/expense"]);
  expect(out).toContain("%% cli/expense\nflowchart LR");
});

test.each(["bash", "zsh", "fish"])(
  "the completions of %s know commands and options",
  async (shell) => {
    const { out } = await runCommand(["completion", shell]);
    for (const word of ["approve", "watch", "started-after"]) expect(out).toContain(word);
  },
);

test("the help names each command with what it does", async () => {
  const { code, out } = await runCommand(["--help"]);
  expect(code).toBe(0);
  expect(out).toMatch(/ls \[options\] +list flows, the newest first/);
});
