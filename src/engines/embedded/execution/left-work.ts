import type { CancelledScope, ClosedScope } from "../../../core/activation/effects.ts";
import type { ScopeWatch, Store } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/** Begins the names under which links are stored. No name of a scope begins like this. */
const LINK = "^";
/** The type under which links are stored. No function has such a name. */
const PARENT = "parent";

/** Collaborators of {@link LeftWork}. */
export interface LeftWorkParts {
  readonly store: Pick<Store, "readWatches">;
  readonly commits: Pick<GroupCommit, "batch" | "hasWorkInScope">;
  readonly scopes: Pick<ScopeCancellation, "cancel" | "isCancelled">;
}

/**
 * The work that settled futures have left behind: it is canceled with the scopes around theirs.
 *
 * LW1 A closed scope is *linked* to its parent as long as it has messages, watches, or linked scopes
 *     of its own. Most closed scopes are empty, and get no link.
 * LW2 Links are looked at only when no activation is in progress, as canceled scopes are.
 * LW3 Links are stored as watches under names of their own, so they are read without a search. All
 *     of them are in memory.
 */
export class LeftWork {
  readonly #parts: LeftWorkParts;
  /** The links, by their scope. */
  readonly #byScope = new Map<string, ClosedScope>();
  /** The links, by the future that their parent belongs to. */
  readonly #byParent = new Map<string, Set<ClosedScope>>();
  /** Linked scopes that have lost a message, a watch or a link, and may be empty. */
  readonly #shrunk = new Set<string>();

  constructor(parts: LeftWorkParts) {
    this.#parts = parts;
    for (const { scope, address } of parts.store.readWatches(LINK))
      this.#note({ scope: scope.slice(LINK.length), parent: address.id });
  }

  /** Notes that a message or a watch of a scope is gone. */
  noteEnd(scope: string | undefined): void {
    if (scope === undefined || this.#byScope.size === 0) return;
    for (const name of [scope, futureOf(scope)])
      if (this.#byScope.has(name)) this.#shrunk.add(name);
  }

  /** Links a closed scope to its parent, if work is left in it. */
  close(closed: ClosedScope): void {
    const { scope, parent } = closed;
    const { scopes, commits } = this.#parts;
    if (this.#byScope.has(scope) || !this.#hasWork(scope)) return;
    if (scopes.isCancelled(parent)) return scopes.cancel({ scope });
    commits.batch.watch(toWatch(closed));
    this.#note(closed);
  }

  /** Cancels the scopes that are linked to a canceled one. */
  cancelInside({ scope, graceMs }: CancelledScope): void {
    for (const link of this.#linksIn(scope))
      this.#parts.scopes.cancel({ scope: link.scope, graceMs });
  }

  /** Removes the links of scopes that have become empty. */
  removeEmpty(): void {
    for (const scope of this.#shrunk) {
      this.#shrunk.delete(scope);
      const link = this.#byScope.get(scope);
      if (link === undefined || this.#hasWork(scope)) continue;
      this.#parts.commits.batch.unwatch(toWatch(link));
      this.#forget(link);
      this.noteEnd(link.parent);
    }
  }

  #hasWork(scope: string): boolean {
    for (const _ of this.#linksIn(scope)) return true;
    return this.#parts.commits.hasWorkInScope(scope);
  }

  /** Yields the links whose parent is the scope, or a branch of its future. */
  *#linksIn(scope: string): Generator<ClosedScope> {
    for (const link of this.#byParent.get(futureOf(scope)) ?? [])
      if (link.parent.startsWith(scope)) yield link;
  }

  #note(link: ClosedScope): void {
    this.#byScope.set(link.scope, link);
    const future = futureOf(link.parent);
    const links = this.#byParent.get(future);
    if (links === undefined) this.#byParent.set(future, new Set([link]));
    else links.add(link);
  }

  #forget(link: ClosedScope): void {
    this.#byScope.delete(link.scope);
    const future = futureOf(link.parent);
    const links = this.#byParent.get(future);
    links?.delete(link);
    if (links?.size === 0) this.#byParent.delete(future);
  }
}

/** Returns the scope of the future that a scope belongs to: of a race, if it is that of a branch. */
function futureOf(scope: string): string {
  const end = scope.indexOf("/");
  return end < 0 ? scope : scope.slice(0, end);
}

function toWatch({ scope, parent }: ClosedScope): ScopeWatch {
  return { scope: LINK + scope, address: { type: PARENT, id: parent }, token: "" };
}
