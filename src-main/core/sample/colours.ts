/** Colours as hue, saturation and lightness, which is how a range of packs is designed: one hue a flavour, the rest held. */
export interface Colour {
  /** Degrees. */
  readonly hue: number;
  /** 0 … 1 */
  readonly saturation: number;
  /** 0 … 1 */
  readonly lightness: number;
}

export const colour = (hue: number, saturation: number, lightness: number): Colour => ({
  hue,
  saturation,
  lightness,
});

export const white = colour(0, 0, 0.98);

/** The same hue, lighter (positive) or darker (negative), within 0 … 1. */
export function lighter(from: Colour, by: number): Colour {
  return { ...from, lightness: Math.min(1, Math.max(0, from.lightness + by)) };
}

/** As CSS writes it; without spaces that SVG 1.1 does not know. */
export function css({ hue, saturation, lightness }: Colour): string {
  const channel = (offset: number) => {
    const k = (offset + (((hue % 360) + 360) % 360) / 30) % 12;
    const value = lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** Black or white, whichever is read better on the given ground. */
export function inkOn(ground: Colour): Colour {
  return ground.lightness > 0.58 ? colour(ground.hue, 0.35, 0.16) : white;
}
