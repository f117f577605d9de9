/**
 * The name of one instance of a function: a function type and the id of the instance.
 *
 * An address handles one message at a time and has its own persisted values.
 *
 * Source: Flink Stateful Functions, "logical address".
 */
export type Address = {
  /** Function type, `namespace/name`. */
  readonly type: string;
  /** Instance id, 1 to 1,024 bytes of UTF-8. */
  readonly id: string;
};

/** The prefix of the types of system functions. */
const SYSTEM_PREFIX = "_sys/";

/** Tells whether a function type is one of the library's own. */
export function isSystemType(type: string): boolean {
  return type.startsWith(SYSTEM_PREFIX);
}

/** Joins an address into a string that no other address has. Types hold no NUL. */
export function addressKey(address: Address): string {
  return `${address.type}\0${address.id}`;
}

/** Formats an address for people, as `namespace/name[id]`. */
export function formatAddress(address: Address): string {
  return `${address.type}[${address.id}]`;
}
