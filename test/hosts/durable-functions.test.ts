import { HttpRequest, InvocationContext } from "@azure/functions";
import { getClient, input, OrchestrationRuntimeStatus } from "durable-functions";
import type { DurableClient } from "durable-functions";
import { embedded, fn, memory } from "handback";
import type { Embedded } from "handback";
import { azureCompat, serveHttp } from "handback/http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const finish = fn("azure/finish", (_, word: string) => `the answer is ${word}`);
const question = fn("azure/question", (ctx, asked: string) => {
  ctx.setStatus({ asked });
  return ctx.invoke(finish, ctx.event<string>("answer"));
});
const quick = fn("azure/quick", (_, n: number) => 2 * n);
const broken = fn("azure/broken", (): string => {
  throw new Error("broken");
});
const functions = [question, finish, quick, broken];
const code = "the code of the functions app";

let engine: Embedded;
let url: string;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  engine = await embedded({ functions, store: memory() });
  const server = await serveHttp(azureCompat(engine.client, { functions, code }));
  url = server.url;
  closing.push(
    () => engine.close(),
    () => server.close(),
  );
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Makes the client that a function app gets from its host, from the URLs of one instance. */
async function clientOf(base: { readonly rpcBaseUrl?: string } = {}): Promise<DurableClient> {
  const template = "INSTANCEID";
  const headers = { "content-type": "application/json", "x-functions-key": code };
  const started = await fetch(`${url}/api/orchestrators/quick/${template}`, {
    method: "POST",
    body: "1",
    headers,
  });
  const managementUrls: unknown = await started.json();
  const start = `${url}/runtime/webhooks/durabletask/orchestrators/{functionName}[/{instanceId}]`;
  const creationUrls = {
    createNewInstancePostUri: `${start}?code=${encodeURIComponent(code)}`,
    createAndWaitOnNewInstancePostUri: `${start}?code=${encodeURIComponent(code)}`,
  };
  const durable = input.durableClient();
  const context = new InvocationContext({ options: { extraInputs: [durable] } });
  const data = { taskHubName: "Handback", creationUrls, managementUrls, ...base };
  context.extraInputs.set(durable, data);
  // Or it would call the port of the tools for local work.
  vi.stubEnv("WEBSITE_HOSTNAME", new URL(url).host);
  return getClient(context);
}

describe("the client of durable-functions", () => {
  test("starts an instance, raises an event, and polls until it has ended", async () => {
    const client = await clientOf();
    const id = await client.startNew("question", { instanceId: "q-1", input: "why?" });
    expect(id).toBe("q-1");
    const running = await client.getStatus(id);
    expect(running).toMatchObject({
      name: "azure/question",
      instanceId: "q-1",
      runtimeStatus: OrchestrationRuntimeStatus.Running,
      customStatus: { asked: "why?" },
    });
    await client.raiseEvent(id, "answer", "42");
    const answer = await client.waitForCompletionOrCreateCheckStatusResponse(request(), id, poll);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toBe("the answer is 42");
  });

  test("answers with the URLs of an instance that takes longer", async () => {
    const client = await clientOf();
    const id = await client.startNew("question", { input: "why?" });
    const wait = { timeoutInMilliseconds: 20, retryIntervalInMilliseconds: 10 };
    const answer = await client.waitForCompletionOrCreateCheckStatusResponse(request(), id, wait);
    expect(answer.status).toBe(202);
    const { statusQueryGetUri } = (await answer.json()) as { readonly statusQueryGetUri: string };
    expect((await fetch(statusQueryGetUri)).status).toBe(202);
  });

  test("gets the failure of an instance, and rewinds it", async () => {
    const client = await clientOf();
    const id = await client.startNew("broken");
    const answer = await client.waitForCompletionOrCreateCheckStatusResponse(request(), id, poll);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ output: { code: "FUNCTION_FAILED" } });
    await client.rewind(id, "it may be mended");
  });

  test("suspends, resumes, terminates and purges an instance", async () => {
    const client = await clientOf();
    const id = await client.startNew("question", { input: "why?" });
    const status = async (): Promise<string> => (await client.getStatus(id)).runtimeStatus;
    await client.suspend(id, "later");
    expect(await status()).toBe(OrchestrationRuntimeStatus.Suspended);
    await client.resume(id, "now");
    expect(await status()).toBe(OrchestrationRuntimeStatus.Running);
    await client.terminate(id, "enough");
    expect(await status()).toBe(OrchestrationRuntimeStatus.Terminated);
    expect(await client.purgeInstanceHistory(id)).toMatchObject({ instancesDeleted: 1 });
    await expect(client.getStatus(id)).rejects.toThrow("404");
    expect(await client.purgeInstanceHistory(id)).toMatchObject({ instancesDeleted: 0 });
  });

  test("lists and purges instances by status and time", async () => {
    const client = await clientOf();
    const createdTimeFrom = new Date(Date.now() - 60_000);
    for (const instanceId of ["q-1", "q-2", "q-3"])
      await client.startNew("question", { instanceId, input: "why?" });
    await client.terminate("q-2", "enough");
    const running = [OrchestrationRuntimeStatus.Running];
    const found = await client.getStatusBy({ createdTimeFrom, runtimeStatus: running });
    expect(found.map(({ instanceId }) => instanceId)).toEqual(["q-3", "q-1"]);
    const runtimeStatus = [OrchestrationRuntimeStatus.Terminated];
    expect(await client.purgeInstanceHistoryBy({ createdTimeFrom, runtimeStatus })).toMatchObject({
      instancesDeleted: 1,
    });
    expect((await client.getStatusAll()).map(({ instanceId }) => instanceId)).toEqual([
      "q-3",
      "q-1",
      "INSTANCEID",
    ]);
  });
});

const poll = { timeoutInMilliseconds: 10_000, retryIntervalInMilliseconds: 10 };

/** The request that a function app answers. */
function request(): HttpRequest {
  return new HttpRequest({ method: "POST", url });
}
