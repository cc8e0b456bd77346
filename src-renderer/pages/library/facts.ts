/** EXIF facts in words. */

/** @param orientation EXIF 1–8, as the file has it; it is applied in everything that is shown */
export function orientationInWords(orientation: number): string {
  const words = [
    'upright',
    'stored mirrored',
    'stored upside down',
    'stored upside down and mirrored',
    'stored on its side and mirrored',
    'stored on its left side',
    'stored on its side and mirrored',
    'stored on its right side',
  ];
  return `${words[orientation - 1] ?? 'upright'}${orientation > 1 ? ', shown upright' : ''}`;
}

/** @returns null where the photo says nothing */
export function placeInWords(latitude: number | null, longitude: number | null): string | null {
  if (latitude === null || longitude === null) return null;
  const side = (value: number, positive: string, negative: string) =>
    `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
  return `${side(latitude, 'N', 'S')}, ${side(longitude, 'E', 'W')}`;
}
