import type { Activation } from "../../core/activation/activation.ts";
import { ChildIds } from "../../core/message/child-ids.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { childId } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { scopeName } from "../../core/message/scope-name.ts";
import { FutureHandle } from "../types/handle.ts";
import { extendScope } from "./node.ts";
import type { Node, Plan } from "./node.ts";
import type { Scope } from "./scope.ts";

/**
 * The futures and messages that one run of a handler makes, in order. Nothing is sent while the
 * handler runs, because the consumers of a future are known only when the handler ends.
 *
 * G1 A node needs only nodes made before it.
 * G2 Ids follow from the message, the retry epoch and the order, so a handler that runs again makes
 * the same ones.
 * G3 The ids that idempotency keys follow from do not depend on the number of a flow's run. They
 * depend on the retry epoch only for calls that a blocked handler made: those of an attempt that
 * threw have left, too.
 */
export class Graph {
  readonly activation: Activation;
  nodes: Node[] = [];
  /** Gates of flushed nodes. They are released when the handler ends. */
  gates: Map<MessageId, Node | undefined> | undefined;
  /** Number of flushed messages, by their content. */
  occurrences: Map<string, number> | undefined;
  /** Key of the flow that is billed and canceled as one. Absent for one-way messages. */
  readonly flow: string | undefined;
  /** The scope in which the handler runs. */
  readonly scope: Scope;
  readonly epoch: number;
  /** A caller deals with failures, so no call of this run pauses. */
  readonly noPause: true | undefined;
  /** The state is deleted when the handler ends. */
  terminated = false;
  readonly #keyId: MessageId | undefined;
  #ids: ChildIds | undefined;
  #keyIds: ChildIds | undefined;
  /** The ids that keys follow from, by node. Absent ones are equal. */
  #keyIdOf: Map<MessageId, MessageId> | undefined;
  #ordinal = 0;
  #closed: "CONTEXT_CLOSED" | "STALE_ATTEMPT" | undefined;

  constructor(
    activation: Activation,
    parts: {
      readonly flow: string | undefined;
      readonly epoch: number;
      readonly noPause?: true | undefined;
      readonly keyId?: MessageId | undefined;
    },
  ) {
    this.activation = activation;
    this.flow = parts.flow;
    const { id, scope } = activation.envelope;
    this.scope =
      scope === undefined
        ? { id: scopeName(id, true), parent: undefined, isImplied: true }
        : { id: scope, parent: undefined };
    this.epoch = parts.epoch;
    this.noPause = parts.noPause;
    this.#keyId = parts.keyId ?? (parts.epoch > 0 ? id : undefined);
  }

  nextId(): MessageId {
    const ordinal = this.#ordinal++;
    const id = (this.#ids ??= new ChildIds(this.activation.envelope.id, this.epoch)).at(ordinal);
    if (this.#keyId !== undefined)
      this.#nameKey(id, (this.#keyIds ??= new ChildIds(this.#keyId, 0)).at(ordinal));
    return id;
  }

  /** Returns the id that the idempotency key of a call follows from. `undefined`: its own. */
  keyIdOf(id: MessageId): MessageId | undefined {
    return this.#keyIdOf?.get(id);
  }

  /** Gives a node of a blocked handler the id that follows from its content. */
  rename(node: Node, id: MessageId): void {
    const keyId = this.keyIdOf(node.id) ?? node.id;
    if (node.plan.kind === "call")
      this.#nameKey(id, this.epoch === 0 ? keyId : childId(keyId, this.epoch, "blocked"));
    node.id = id;
  }

  #nameKey(id: MessageId, keyId: MessageId): void {
    (this.#keyIdOf ??= new Map()).set(id, keyId);
  }

  add(plan: Plan, id = this.nextId()): Node {
    const node: Node = {
      id,
      plan,
      takers: [],
      scope: undefined,
      cancelled: false,
      abandoned: false,
      escapedUntil: undefined,
      kept: false,
    };
    this.nodes.push(node);
    return node;
  }

  /** Keeps the node's settlement in a cell, for use in a scope, and returns a handle of it. */
  makeHandle(node: Node, scope: Scope): FutureHandle<never> {
    const { clock, storeId, retentionMs } = this.activation.environment;
    node.kept = true;
    extendScope(node, scope);
    const { plan } = node;
    if (plan.kind === "cell")
      return new FutureHandle({ id: plan.cell, storeId, retainUntil: plan.retainUntil });
    if (plan.kind === "promise")
      return new FutureHandle({ id: node.id, storeId, retainUntil: plan.retainUntil });
    node.escapedUntil ??= clock.now() + retentionMs;
    return new FutureHandle({ id: node.id, storeId, retainUntil: node.escapedUntil });
  }

  /** Adds the ids of the calls made since the last flush. Each runs, or is skipped, once. */
  addCalls(ids: MessageId[]): void {
    for (const { id, plan } of this.nodes) if (plan.kind === "call" && !plan.oneWay) ids.push(id);
  }

  close(code: "CONTEXT_CLOSED" | "STALE_ATTEMPT"): void {
    this.#closed ??= code;
  }

  /** @throws `CONTEXT_CLOSED`, `STALE_ATTEMPT` */
  checkOpen(): void {
    if (this.activation.cancellation?.isAbandoned === true) this.close("STALE_ATTEMPT");
    if (this.#closed === undefined) return;
    const { type } = this.activation.address;
    const why =
      this.#closed === "CONTEXT_CLOSED"
        ? "its handler has ended; await what it starts before it returns"
        : "its attempt was abandoned";
    throw new HandbackError(this.#closed, `the context of ${type} was used after ${why}`, {
      details: { function: type },
    });
  }
}
