export { chain } from "./chain.ts";
export type { DefineChain } from "./chain.ts";
export { choose } from "./choose.ts";
export { keep } from "./keep.ts";
export { parallel } from "./parallel.ts";
export type { ComposedStep, Step } from "./step.ts";
export { tap } from "./tap.ts";
