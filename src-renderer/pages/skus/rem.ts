/** Pixels of one rem: letters, and all that is sized by them, are larger on larger screens. */
export function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
