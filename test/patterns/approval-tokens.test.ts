import fc from "fast-check";
import { fn } from "handback";
import { approval, approvalTokens } from "handback/patterns";
import type { ApprovalRequest } from "handback/patterns";
import { simulate } from "handback/testing";
import { describe, expect, test } from "vitest";

const SECRET = "a secret that nobody can guess";
const tokens = approvalTokens({ secret: SECRET });
const request = { approval: "tok/approve", id: "e-7", request: "r1", expiresAt: 1000 };
const vote = { by: "ada", decision: "approve" } as const;
const about = { approval: "tok/approve", now: 0 };
const token = tokens.sign(request, vote);

describe("a token", () => {
  test("contains the decision that its holder may make, until the request expires", () => {
    const claims = {
      approval: "tok/approve",
      id: "e-7",
      decision: { ...vote, request: "r1" },
      expiresAt: 1000,
    };
    expect(tokens.verify(token, about)).toEqual({ status: "valid", claims });
    expect(tokens.verify(token, { ...about, now: 999 })).toEqual({ status: "valid", claims });
    expect(tokens.verify(token, { ...about, now: 1000 })).toEqual({ status: "expired", claims });
  });

  test("needs no escaping in a link", () => {
    const odd = tokens.sign(
      { approval: "tok/approve", id: "ü/%2F?#&", request: "r1" },
      { by: "ada ☃", decision: "reject" },
    );
    expect(encodeURIComponent(odd)).toBe(odd);
    expect(tokens.verify(odd, about)).toMatchObject({
      status: "valid",
      claims: { id: "ü/%2F?#&", decision: { by: "ada ☃" } },
    });
  });

  test("is the same for equal arguments, and different for others", () => {
    const others = [
      tokens.sign({ ...request, id: "e-8" }, vote),
      tokens.sign({ ...request, request: "r2" }, vote),
      tokens.sign({ ...request, approval: "tok/other" }, vote),
      tokens.sign({ ...request, expiresAt: 1001 }, vote),
      tokens.sign(request, { ...vote, by: "bob" }),
      tokens.sign(request, { ...vote, decision: "reject" }),
      approvalTokens({ secret: `${SECRET}!` }).sign(request, vote),
    ];
    expect(tokens.sign(request, vote)).toBe(token);
    expect(new Set([token, ...others]).size).toBe(8);
  });

  test("is invalid for another approval and another secret", () => {
    expect(tokens.verify(token, { ...about, approval: "tok/other" })).toEqual({
      status: "invalid",
    });
    expect(approvalTokens({ secret: `${SECRET}!` }).verify(token, about)).toEqual({
      status: "invalid",
    });
  });

  test("is invalid after any change, without a reason", () => {
    const changes = Array.from(
      token,
      (character, at) => token.slice(0, at) + (character === "0" ? "1" : "0") + token.slice(at + 1),
    );
    const shortened = Array.from(token, (_, at) => token.slice(0, at));
    const all = [
      ...changes,
      ...shortened,
      `${token}0`,
      `${token}.`,
      `.${token}`,
      token.toUpperCase(),
      ` ${token}`,
    ];
    const statuses = all
      .filter((forged) => forged !== token)
      .map((forged) => tokens.verify(forged, about));
    expect(new Set(statuses.map((verified) => JSON.stringify(verified)))).toEqual(
      new Set(['{"status":"invalid"}']),
    );
  });

  test.each([
    undefined,
    null,
    5,
    {},
    [],
    "",
    ".",
    "..",
    "a.b",
    `${"x".repeat(1_000_000)}.0`,
    `x.${"0".repeat(1_000_000)}`,
    "__proto__.constructor",
  ])("is invalid if malformed: %#", (forged) => {
    expect(tokens.verify(forged, about)).toEqual({ status: "invalid" });
  });

  test("verify never throws, for any input", () =>
    fc.assert(
      fc.property(fc.anything(), (forged) => {
        expect(tokens.verify(forged, about).status).toBe("invalid");
      }),
    ));

  test("of an earlier secret is valid while that secret is listed", () => {
    const next = approvalTokens({ secret: ["the next secret to be used", SECRET] });
    expect(next.verify(token, about).status).toBe("valid");
    expect(
      approvalTokens({ secret: ["the next secret to be used"] }).verify(
        next.sign(request, vote),
        about,
      ).status,
    ).toBe("valid");
    expect(tokens.verify(next.sign(request, vote), about).status).toBe("invalid");
  });
});

test.each([
  undefined,
  {},
  { secret: "" },
  { secret: "short" },
  { secret: [] },
  { secret: [SECRET, "short"] },
  { secret: 5 },
  { secret: SECRET, more: 1 },
])("tokens need a long secret: %o", (options) => {
  const thrown = (() => {
    try {
      return approvalTokens(options as never);
    } catch (error) {
      return error;
    }
  })();
  expect(thrown).toMatchObject({ code: "INVALID_OPTIONS" });
  expect(String(thrown)).not.toContain(SECRET);
  expect(String(thrown)).not.toContain("short");
});

test("a link works once, and only for its own request", async () => {
  const mails: string[][] = [];
  const ask = fn("tok/ask", (_, about: ApprovalRequest<string>) => {
    mails.push(
      (["approve", "reject"] as const).map((decision) =>
        tokens.sign(about, { by: "ada", decision }),
      ),
    );
  });
  const approved = approval("tok/approve", { ask, quorum: 2, timeout: "1h" });
  const run = await simulate({ functions: [approved] }, async (t) => {
    const click = async (link = "") => {
      const verified = tokens.verify(link, { approval: "tok/approve", now: t.clock.now() });
      if (verified.status !== "valid") return verified.status;
      const { id, decision } = verified.claims;
      return (await t.client.call(approved.decide, decision, { id })).status;
    };
    const flow = await t.client.start(approved, "first", { id: "e" });
    await t.advance(0);
    const [[yes, no] = []] = mails;
    const answers = [await click(yes), await click(yes), await click(no)];
    await t.advance("1h");
    await flow.result();
    answers.push(await click(yes));
    await t.client.start(approved, "second", { id: "e", key: "second" });
    await t.advance(0);
    const [, [again] = []] = mails;
    answers.push(
      (
        await t.client.call(
          approved.decide,
          { by: "ada", decision: "approve", request: "of the first" },
          { id: "e" },
        )
      ).status,
      await click(again),
    );
    return answers;
  });
  expect(run.result).toEqual(["recorded", "same", "opposite", "expired", "refused", "recorded"]);
});

describe("an invitation", () => {
  const invited = tokens.invite(request, "ada ☃");

  test("names the person and the request, until the request expires", () => {
    const invitation = {
      approval: "tok/approve",
      id: "e-7",
      request: "r1",
      by: "ada ☃",
      expiresAt: 1000,
    };
    expect(encodeURIComponent(invited)).toBe(invited);
    expect(tokens.readInvitation(invited, about)).toEqual({ status: "valid", invitation });
    expect(tokens.readInvitation(invited, { ...about, now: 1000 })).toEqual({
      status: "expired",
      invitation,
    });
  });

  test("is no decision, and a decision is no invitation", () => {
    expect(tokens.verify(invited, about)).toEqual({ status: "invalid" });
    expect(tokens.readInvitation(token, about)).toEqual({ status: "invalid" });
  });

  test("is invalid if it was changed, or is for another approval or secret", () => {
    const others = approvalTokens({ secret: "another secret of a test" });
    const [text = "", signature = ""] = invited.split(".");
    const changed = [`${invited}0`, `${text}A.${signature}`, `${text}.`, "", 5, undefined];
    for (const each of changed)
      expect(tokens.readInvitation(each, about)).toEqual({ status: "invalid" });
    expect(others.readInvitation(invited, about)).toEqual({ status: "invalid" });
    const elsewhere = { ...about, approval: "tok/other" };
    expect(tokens.readInvitation(invited, elsewhere)).toEqual({ status: "invalid" });
  });

  test("is refused for a person without a name", () => {
    expect(() => tokens.invite(request, "")).toThrow(
      expect.objectContaining({ code: "INVALID_KEY" }),
    );
  });
});
