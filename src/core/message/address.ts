/**
 * Names one instance of a function: a function type and the id of the instance.
 *
 * One message at a time is handled per address, and each address has its own persisted values.
 *
 * Source: Flink Stateful Functions, "logical address".
 */
export type Address = {
  /** Function type, `namespace/name`. */
  readonly type: string;
  /** Instance id, 1 to 1,024 bytes of UTF-8. */
  readonly id: string;
};

/** Joins an address into one string that no other address gives: types hold no NUL. */
export function addressKey(address: Address): string {
  return `${address.type}\0${address.id}`;
}

/** Shows an address to a person, as `namespace/name[id]`. */
export function formatAddress(address: Address): string {
  return `${address.type}[${address.id}]`;
}
