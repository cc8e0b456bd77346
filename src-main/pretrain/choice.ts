/** One decision of a recipe, as it is printed. */
export interface Choice {
  readonly setting: string;
  readonly value: string;
  readonly reason: string;
}

/** Takes the wish where there is one, else the value with its reason, and notes it down. */
export type Choose = <Value>(setting: string, wish: Value | undefined, value: Value, reason: string) => Value;

/** The reason of what the user asked for. */
export const AS_ASKED = 'as you asked';
