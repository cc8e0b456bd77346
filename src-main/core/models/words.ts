import type { EncoderDescription } from '../../model/encoder.ts';

/** An encoder's architecture, as people tell two apart. */
export function architectureInWords({ architecture }: Pick<EncoderDescription, 'architecture'>): string {
  const { depth, dimensions, heads, patch, image, registers, layerScale, stem } = architecture;
  return [
    `ViT of ${depth} blocks × ${dimensions}`,
    `${heads} heads`,
    `patch ${patch}`,
    `${image} px`,
    ...(stem && stem !== 'patch' ? [`${stem} stem`] : []),
    ...(registers > 0 ? [`${registers} registers`] : []),
    ...(layerScale ? ['LayerScale'] : []),
  ].join(', ');
}
