/**
 * Whether a photo is good enough, in words: which check it fails, why, and how to take it better. What is measured is in `vision/quality.ts`; the
 * limits are here, with where they come from.
 */
import type { PhotoCheck, PhotoDetails } from '../../contract/browse.ts';
import { fewestPixels, type PhotoMeasures, type StoredCheck } from '../../store/photo-checks.ts';

/** Rises when a measure or a limit changes: photos are then checked again. */
export const checksVersion = 1;

export const limits = {
  /** Crété's blur, 0 … 1. */
  blur: 0.6,
  /** The level that 95 of 100 pixels stay below. */
  dark: 100,
  /** The level that 95 of 100 pixels are above. */
  bright: 160,
  /** Levels between the darkest and the lightest twentieth. */
  flat: 60,
  /** Share burnt out. */
  glare: 0.04,
  /** Degrees. */
  tilt: 4,
};

/** The checks that a photo fails by its pixels alone; of tilt, whether it would as a shelf. */
export function failingChecks({ blur, dark, light, glare, tilt }: PhotoMeasures): StoredCheck[] {
  const failing: StoredCheck[] = [];
  if (blur > limits.blur) failing.push('blur');
  if (light < limits.dark) failing.push('dark');
  if (dark > limits.bright) failing.push('bright');
  if (light - dark < limits.flat) failing.push('flat');
  if (glare !== null && glare > limits.glare) failing.push('glare');
  if (tilt !== null && Math.abs(tilt) > limits.tilt) failing.push('tilt');
  return failing;
}

/** @param facing mean shorter side of the photo's boxes in pixels; null where it has none: it is then no shelf, and its tilt is not judged */
export function judged(measures: PhotoMeasures, facing: number | null): NonNullable<PhotoDetails['checks']> {
  const { blur, dark, median, light, glare, tilt } = measures;
  const failing: PhotoCheck[] = failingChecks(measures).filter((check) => check !== 'tilt' || facing !== null);
  if (facing !== null && facing < fewestPixels) failing.push('small');
  const say: Record<PhotoCheck, readonly [message: string, hint: string]> = {
    blur: [
      `The photo is blurred: ${blur.toFixed(2)} on a scale from 0, sharp, to 1; up to ${limits.blur} is good.`,
      'Hold the phone still, tap the shelf to focus, and wipe the lens.',
    ],
    dark: [
      `The photo is too dark: even its light parts reach only level ${Math.round(light)} of 255.`,
      'Take it with more light, or tap a dark product so that the camera exposes for it.',
    ],
    bright: [
      `The photo is too bright: even its dark parts are at level ${Math.round(dark)} of 255.`,
      'Tap a light product so that the camera exposes for it, and keep lamps and windows out of the picture.',
    ],
    flat: [
      `The photo is pale: its darkest and lightest parts differ by ${Math.round(light - dark)} levels of 255.`,
      'Wipe the lens, and keep lamps from shining into it.',
    ],
    glare: [
      `Glare covers ${percent(glare ?? 0)} of the photo; up to ${percent(limits.glare)} is good.`,
      'Step aside until the reflection leaves the packages, and take it without flash.',
    ],
    tilt: [
      `The shelf leans by ${Math.abs(tilt ?? 0).toFixed(1)}° to the ${(tilt ?? 0) > 0 ? 'right' : 'left'}; up to ${limits.tilt}° is good.`,
      'Hold the phone level, straight in front of the shelf.',
    ],
    small: [
      `Its products are ${Math.round(facing ?? 0)} pixels wide on average; ${fewestPixels} are needed to tell them apart.`,
      'Go nearer, and take several photos that overlap by three facings.',
    ],
  };
  const measured: { name: string; value: string; check: PhotoCheck | null }[] = [
    { name: 'Blur', value: blur.toFixed(2), check: 'blur' },
    {
      name: 'Lightness',
      value: `${Math.round(dark)} – ${Math.round(median)} – ${Math.round(light)}`,
      check: failing.find((check) => check === 'dark' || check === 'bright' || check === 'flat') ?? null,
    },
    { name: 'Glare', value: glare === null ? 'white ground' : percent(glare), check: 'glare' },
    { name: 'Tilt', value: tilt === null ? 'no lines' : `${tilt.toFixed(1)}°`, check: 'tilt' },
    { name: 'Pixels a facing', value: facing === null ? 'no boxes' : `${Math.round(facing)}`, check: 'small' },
  ];
  return {
    measures: measured.map((row) => ({
      ...row,
      check: row.check !== null && failing.includes(row.check) ? row.check : null,
    })),
    findings: failing.map((check) => ({ check, message: say[check][0], hint: say[check][1] })),
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
