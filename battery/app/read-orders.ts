import { createInterface } from "node:readline";
import type { Orders } from "../ledger/orders.ts";

/** Reads what this process is to do; `orElse` when whoever gave the orders is gone. The open input keeps no process alive. */
export function readOrders({ orElse }: { orElse: () => void }): Promise<Orders> {
  const lines = createInterface(process.stdin);
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      process.stdin.unref();
      resolve(JSON.parse(line) as Orders);
    });
    lines.once("close", orElse);
  });
}
