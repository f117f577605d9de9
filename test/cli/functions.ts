import { fn, stateful, value } from "handback";
import { approval } from "handback/patterns";

const greet = fn("cli/greet", (_, name: string) => `hello ${name}`);
const fail = fn("cli/fail", (_, why: string) => {
  throw new Error(why);
});
const talk = fn("cli/talk", (ctx, word: string) => {
  ctx.setAttributes({ word });
  void ctx.emit("words", word);
  return ctx.event("next");
});
const stuck = fn("cli/stuck", { whenFailed: "pause" }, (_, isUp?: boolean) => {
  if (isUp !== true) throw new Error("the bank is down");
  return "paid";
});
const cart = stateful("cli/cart", {
  state: { items: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.items += n) },
});
const lose = fn("cli/lose", () => {
  throw new Error("lost");
});
const send = fn("cli/send", (ctx) => ctx.send(lose));
const expense = approval("cli/expense", {
  ask: fn("cli/ask", (_, _request: unknown) => undefined),
});

/** The functions that the tests of the command line serve. */
export default [greet, fail, talk, stuck, cart, lose, send, expense];
