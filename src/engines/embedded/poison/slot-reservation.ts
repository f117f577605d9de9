/** Handler slots, as far as messages on probation use them: they reserve a slot before they run. */
export interface SlotReservation {
  /** Tells whether a slot is neither in use nor reserved. */
  readonly isAnyFree: boolean;
  /** Reserves a free slot. */
  reserve(): void;
  /** Gives a reserved slot back. */
  cancelReservation(): void;
}
