import axe from "axe-core";
import { embedded, fn, memory } from "handback";
import { approvalPages, serveHttp } from "handback/http";
import { approval, approvalTokens } from "handback/patterns";
import type { ApprovalRequest } from "handback/patterns";
import { expect, onTestFinished, test } from "vitest";
import { newPage, SIZES, useBrowser } from "./open-browser.ts";

useBrowser();

const secret = "a secret of these tests";
const tokens = approvalTokens({ secret });

interface Chair {
  readonly euros: number;
}

/** Serves the pages of one request, and returns the links of two people. */
async function openRequest() {
  const { promise: asked, resolve } = Promise.withResolvers<ApprovalRequest<Chair>>();
  const ask = fn("browser/ask", (_, request: ApprovalRequest<Chair>) => resolve(request));
  const approved = approval("browser/approve", {
    ask,
    approvers: () => ["ada", "bob"],
    requester: () => "dot",
    quorum: 2,
    timeout: "3d",
  });
  const engine = await embedded({ functions: [approved], store: memory() });
  onTestFinished(() => engine.close());
  const pages = approvalPages(engine.client, {
    approval: approved,
    secret,
    describe: ({ euros }) => ({ title: "May we buy a chair?", facts: { Price: `${euros} EUR` } }),
  });
  const server = await serveHttp(pages);
  onTestFinished(() => server.close());
  const flow = await engine.client.start(approved, { euros: 240 }, { id: "chair" });
  const request = await asked;
  const linkOf = (person: string): string => `${server.url}/${tokens.invite(request, person)}`;
  return { flow, linkOf };
}

test("two people approve on their phones, one with a comment, and a second look says so", async () => {
  const { flow, linkOf } = await openRequest();
  const ada = await newPage({ viewport: SIZES.phone });
  await ada.goto(linkOf("ada"));
  expect(await ada.getByRole("heading", { name: "May we buy a chair?" }).isVisible()).toBe(true);
  await ada.getByLabel("Comment, if you like").first().fill("It hurts <my> back");
  await ada.getByRole("button", { name: "Approve" }).click();
  expect(await ada.getByRole("status").textContent()).toContain("Others decide, too");
  await ada.goto(linkOf("ada"));
  expect(await ada.getByRole("status").textContent()).toContain("nothing left to do");
  expect(await ada.getByRole("button").count()).toBe(0);

  const bob = await newPage({ viewport: SIZES.phone });
  await bob.goto(linkOf("bob"));
  expect(await bob.getByText("It hurts <my> back").isVisible()).toBe(true);
  await bob.getByRole("button", { name: "Approve" }).click();
  expect(await bob.getByRole("status").textContent()).toContain("was approved");
  expect((await flow.result()).status).toBe("approved");
});

test("a person gives the vote away, and the other one decides", async () => {
  const { flow, linkOf } = await openRequest();
  const ada = await newPage({ viewport: SIZES.phone });
  await ada.goto(linkOf("ada"));
  await ada.getByText("Let somebody else decide").click();
  await ada.getByLabel("Name of that person").fill("eve");
  await ada.getByRole("button", { name: "Give my vote away" }).click();
  expect(await ada.getByRole("status").textContent()).toContain("eve has your vote now");
  const eve = await newPage({ viewport: SIZES.phone });
  await eve.goto(linkOf("eve"));
  await eve.getByRole("button", { name: "Reject" }).click();
  expect((await flow.result()).status).toBe("rejected");
});

test.each(
  (["light", "dark"] as const).flatMap((colorScheme) =>
    (["desk", "phone"] as const).map((size) => ({ colorScheme, size })),
  ),
)("a page is accessible and fits: $colorScheme, $size", async ({ colorScheme, size }) => {
  const { linkOf } = await openRequest();
  const page = await newPage({ colorScheme, viewport: SIZES[size] });
  for (const link of [linkOf("ada"), `${linkOf("ada")}0`]) {
    await page.goto(link);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(width).toBe(SIZES[size].width);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<axe.AxeResults>("axe.run(document)");
    expect(
      violations.filter(({ impact }) => impact === "serious" || impact === "critical"),
    ).toEqual([]);
  }
});
