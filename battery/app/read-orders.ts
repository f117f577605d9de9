import { createInterface } from "node:readline";
import type { LaterOrder, Orders } from "../ledger/orders.ts";

/** Callbacks for the input. */
interface Reading {
  /** Called when the sender of the orders is gone. */
  readonly orElse: () => void;
  /** Called with each order after the first. */
  readonly onLater: (order: LaterOrder) => void;
}

/**
 * Reads the orders of this process, then keeps listening. The open input does not keep the process
 * alive.
 */
export function readOrders({ orElse, onLater }: Reading): Promise<Orders> {
  const lines = createInterface(process.stdin);
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      process.stdin.unref();
      lines.on("line", (later) => onLater(JSON.parse(later) as LaterOrder));
      resolve(JSON.parse(line) as Orders);
    });
    lines.once("close", orElse);
  });
}
