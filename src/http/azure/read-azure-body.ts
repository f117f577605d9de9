import type { Context } from "hono";
import { readJsonBody } from "../requests/json-body.ts";
import { ProblemError } from "../responses/problem.ts";
import type { AzureServed } from "./azure-served.ts";

/** Reads a body as `readJsonBody`. One of another type is answered with 400, as on Azure. */
export async function readAzureBody(c: Context, { bodies }: AzureServed): Promise<unknown> {
  try {
    return await readJsonBody(c, bodies);
  } catch (error) {
    if (error instanceof ProblemError && error.code === "UNSUPPORTED_MEDIA_TYPE")
      throw new ProblemError(error.code, {}, { status: 400 });
    throw error;
  }
}
