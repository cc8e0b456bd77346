/** Sees one picture that is asked about, with the encoder kept open for the next one. */
import { KeptOpen } from '../../base/kept-open.ts';
import type { Workspace } from '../../store/workspace.ts';
import { toUnitLength } from '../../vision/colour.ts';
import type { Box } from '../../vision/picture.ts';
import { writeThroughLevels } from '../../vision/tensor.ts';
import { mixedDescriptors } from './descriptors.ts';
import { type OpenEncoder, openActiveEncoder } from './encoders.ts';
import type { Look } from './examples.ts';
import { lookAt } from './look.ts';
import { LEARNED, requireActiveModel } from './spaces.ts';

export interface SeenPicture {
  readonly bytes: Uint8Array;
  /** What errors call it. */
  readonly name: string;
  /** Upright pixels; all of the picture where there is none. */
  readonly box?: Box;
}

const encoders = new WeakMap<Workspace, KeptOpen<OpenEncoder>>();

/**
 * A picture in every way that the classifier sees, as the models give it.
 * @throws GondolaError as `openActiveEncoder` and `decodeUpright`; `box-outside`
 */
export async function seePicture(
  { bytes, name, box }: SeenPicture,
  workspace: Workspace,
  device: string,
): Promise<Look> {
  const kept = encoders.get(workspace) ?? new KeptOpen<OpenEncoder>();
  encoders.set(workspace, kept);
  const model = requireActiveModel(workspace.database);
  const key = JSON.stringify([model.id, model.sha256, device]);
  return kept.use(
    key,
    () => openActiveEncoder(workspace, device),
    async ({ encoder }) => {
      const { inputSize: size, levels } = encoder;
      const { inputs, descriptions } = await lookAt(bytes, {
        path: name,
        boxes: [box ?? null],
        size,
        descriptors: mixedDescriptors,
      });
      const image = new Float32Array(3 * size * size);
      writeThroughLevels({ width: size, height: size, data: inputs }, levels, image, 0);
      return { ...descriptions, [LEARNED]: toUnitLength(await encoder.embed(image, 1)) };
    },
  );
}
