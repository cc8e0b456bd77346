import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRuntime } from '../../../src-main/engine/devices.ts';
import { backboneParameters } from '../../../src-main/model/backbone.ts';
import { Encoder, writeEncoder } from '../../../src-main/model/encoder.ts';
import { importWeights, inspectWeights } from '../../../src-main/model/weights/import.ts';
import { resizedPositions } from '../../../src-main/model/weights/resized-positions.ts';
import { readSafetensors, writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { expected, featuresOf, fixedImages, fixture, furthest } from './fixtures.ts';

const tensorOfZeros = (shape: readonly number[]) => ({
  shape,
  values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-import-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('weights of other codes', () => {
  test.each(Object.entries(expected.features))(
    '%s gives the features that PyTorch computed with it',
    async (name, { side, values }) => {
      const { description } = await inspectWeights(fixture(name), { heads: 2 });
      expect(description.inputSize).toBe(side);
      const features = await featuresOf(fixture(name), { heads: 2 });
      expect(furthest(features, values)).toBeLessThan(1e-5);
    },
  );

  test('dimensions, depth, patch, image, registers and LayerScale are read off the shapes', async () => {
    const { description } = await inspectWeights(fixture('dinov2-registers.pth'), { heads: 2 });
    expect(description.architecture).toMatchObject({
      ...{ dimensions: 12, depth: 2, heads: 2, patch: 14, image: 28, registers: 2 },
      layerScale: true,
    });
  });

  test('of a training’s checkpoint the teacher is taken, and the rest is named', async () => {
    const { notes } = await inspectWeights(fixture('dino-checkpoint.pth'), { heads: 2 });
    expect(notes.join(' ')).toContain('"teacher.module.backbone"');
    expect(notes.join(' ')).toContain('Left out: "student.module.backbone"');
  });

  test('pictures larger than they need to be are remarked upon', async () => {
    const d = 64;
    const zeros = (...shape: number[]) => tensorOfZeros(shape);
    const { tensors } = await readSafetensors(fixture('huggingface-vit.safetensors'));
    const wide = new Map(
      [...tensors].map(([name, { shape }]) => [name, zeros(...shape.map((n) => (n % 12 === 0 ? (n * d) / 12 : n)))]),
    );
    wide.set('vit.embeddings.patch_embeddings.projection.weight', zeros(d, 3, 14, 14));
    wide.set('vit.embeddings.position_embeddings', zeros(1, 1 + 37 * 37, d));
    const path = join(folder, 'large.safetensors');
    await rm(join(folder, 'config.json'), { force: true });
    await writeSafetensors(path, wide);
    const { description, notes } = await inspectWeights(path);
    // 64 dimensions are one head of the usual width.
    expect(description).toMatchObject({ architecture: { heads: 1, dimensions: 64, patch: 14 }, inputSize: 518 });
    expect(notes.join(' ')).toContain('with an input of 224 px it is about 5 times as fast');
    expect((await inspectWeights(path, { input: 224 })).notes.join(' ')).not.toContain('times as fast');
  });

  test('heads that no shape tells are asked for', async () => {
    await expect(importWeights(fixture('dino.pth'))).rejects.toThrow(/attention heads share its 12 dimensions/);
    await expect(importWeights(fixture('dino.pth'), { heads: 5 })).rejects.toThrow(/5 attention heads cannot/);
  });

  test('config.json and preprocessor_config.json beside the file tell heads and pixels', async () => {
    const path = join(folder, 'model.safetensors');
    await copyFile(fixture('huggingface-vit.safetensors'), path);
    const config = {
      ...{ model_type: 'vit', hidden_size: 12, num_hidden_layers: 2, num_attention_heads: 2 },
      ...{ hidden_act: 'gelu', layer_norm_eps: 1e-5 },
    };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    await writeFile(
      join(folder, 'preprocessor_config.json'),
      JSON.stringify({ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] }),
    );
    const { description, notes } = await inspectWeights(path);
    expect(description.architecture).toMatchObject({ heads: 2, epsilon: 1e-5 });
    expect(description.mean).toEqual([0.5, 0.5, 0.5]);
    expect(notes.join(' ')).toContain('preprocessor_config.json');
    expect((await inspectWeights(path, { pixels: 'imagenet' })).description.mean[0]).toBe(0.485);
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, hidden_act: 'quick_gelu' }));
    await expect(inspectWeights(path)).rejects.toThrow(/activation is quick_gelu/);
    for (const another of [{ hidden_size: 99 }, { num_hidden_layers: 12 }, { model_type: 'bert' }]) {
      await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, ...another }));
      await expect(inspectWeights(path)).rejects.toThrow(/heads share/);
      expect((await inspectWeights(path, { heads: 2 })).notes.join(' ')).toContain('is left alone');
    }
    await rm(join(folder, 'config.json'));
  });

  test('ViTModel’s norms have another ε than DINO’s, which the names tell', async () => {
    const { description, notes } = await inspectWeights(fixture('huggingface-vit.safetensors'), { heads: 2 });
    expect(description.architecture).toMatchObject({ epsilon: 1e-12, resize: 'size' });
    expect(notes.join(' ')).toContain('ε of 1e-12');
    const dino = await inspectWeights(fixture('dino.pth'), { heads: 2 });
    expect(dino.description.architecture).not.toHaveProperty('epsilon');
  });

  test('the names that transformers 5 has in memory are those of the same network', async () => {
    const file = await readSafetensors(fixture('huggingface-vit.safetensors'));
    const renames: [RegExp, string][] = [
      [/^vit\./, ''],
      [/encoder\.layer\./, 'layers.'],
      [
        /attention\.attention\.(q)uery|attention\.attention\.(k)ey|attention\.attention\.(v)alue/,
        'attention.$1$2$3_proj',
      ],
      [/attention\.output\.dense/, 'attention.o_proj'],
      [/intermediate\.dense/, 'mlp.fc1'],
      [/output\.dense/, 'mlp.fc2'],
    ];
    const renamed = [...file.tensors].map(([name, tensor]) => {
      const now = renames.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), name);
      return [now, tensor] as const;
    });
    expect(renamed.map(([name]) => name)).toContain('layers.1.attention.k_proj.weight');
    const path = join(folder, 'memory.safetensors');
    await writeSafetensors(path, new Map(renamed));
    const { weights, description } = await importWeights(path, { heads: 2 });
    const original = await importWeights(fixture('huggingface-vit.safetensors'), { heads: 2 });
    expect(description.architecture).toEqual(original.description.architecture);
    expect(weights).toEqual(original.weights);
  });

  test('networks under DINO’s names that timm’s config.json is about are resized as timm does', async () => {
    const { weights } = await importWeights(fixture('dino.pth'), { heads: 2 });
    const place = await mkdtemp(join(folder, 'timm-'));
    const path = join(place, 'model.safetensors');
    await writeSafetensors(path, weights);
    const config = {
      ...{ architecture: 'vit_tiny_patch4_16', num_features: 12, model_args: { num_heads: 2 } },
      pretrained_cfg: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    };
    await writeFile(join(place, 'config.json'), JSON.stringify(config));
    const { description } = await inspectWeights(path);
    expect(description).toMatchObject({
      architecture: { heads: 2, resize: 'antialias' },
      mean: [0.5, 0.5, 0.5],
      made: { naming: 'timm' },
    });
    await copyFile(fixture('dino.pth'), join(place, 'dino.pth'));
    expect((await inspectWeights(join(place, 'dino.pth'))).description.architecture).toMatchObject({
      resize: 'antialias',
    });
    const official = await inspectWeights(fixture('dino.pth'), { heads: 2 });
    expect(official.description.architecture).not.toHaveProperty('resize');
  });

  test.each([
    [384, 6],
    [1280, 16],
  ])('a width of %i is taken to be that of %i heads, and that is told', async (dimensions, heads) => {
    const shaped = { dimensions, depth: 1, heads, patch: 16, image: 16, registers: 0, layerScale: false };
    const weights = backboneParameters(shaped).map(({ name, shape }) => [name, tensorOfZeros(shape)] as const);
    const path = join(folder, 'wide.safetensors');
    await writeSafetensors(path, new Map(weights));
    const { description, notes } = await inspectWeights(path);
    expect(description.architecture).toMatchObject({ heads });
    expect(notes.join(' ')).toContain(`${heads} attention heads`);
    expect((await inspectWeights(path, { heads: 4 })).notes.join(' ')).not.toContain('attention heads');
  });

  test('an encoder that was kept is resized as its own code does it, whenever that happens', async () => {
    const path = join(folder, 'kept.safetensors');
    for (const [name, input] of [
      ['dinov2-registers.pth', 42],
      ['huggingface-vit.safetensors', 24],
      ['dino.pth', 24],
    ] as const) {
      const { description, weights } = await importWeights(fixture(name), { heads: 2 });
      await writeEncoder(path, description, weights);
      const directly = await importWeights(fixture(name), { heads: 2, input });
      const later = await importWeights(path, { input });
      expect(furthest(later.weights.get('pos_embed')!.values, directly.weights.get('pos_embed')!.values)).toBe(0);
      // Pictures of another size than the network's are resized within the graph.
      const runtime = await openRuntime('cpu');
      const encoder = new Encoder(runtime, description.architecture, weights, name, input);
      const features = await encoder.embed(fixedImages(2, input), 2);
      await encoder.dispose();
      expect(furthest(features, await featuresOf(fixture(name), { heads: 2, input }))).toBeLessThan(1e-5);
    }
  });

  test('positions are resized for another picture size, each by the rule of its own code', async () => {
    const table = { shape: [1, 17, 2], values: Float32Array.from(expected.positions.table) };
    for (const side of [3, 7])
      for (const [rule, name] of [
        ['offset', 'dino'],
        ['size', 'plain'],
        ['antialias', 'antialias'],
      ] as const) {
        const { shape, values } = resizedPositions(table, side, rule);
        expect(shape).toEqual([1, 1 + side * side, 2]);
        expect(values.slice(0, 2)).toEqual(table.values.slice(0, 2));
        expect(furthest(values.subarray(2), expected.positions[`${name} ${side}`])).toBeLessThan(2e-6);
      }
    const { description, weights } = await importWeights(fixture('dino.pth'), { heads: 2, input: 24 });
    expect(description.inputSize).toBe(24);
    expect(description.architecture).toMatchObject({ image: 24 });
    expect(weights.get('pos_embed')!.shape).toEqual([1, 37, 12]);
    await expect(importWeights(fixture('dino.pth'), { heads: 2, input: 25 })).rejects.toThrow(/multiples of 4|25 × 25/);
  });
});

describe('positions as timm has them', () => {
  test('a class token without a position, as in DeiT III, has zeros there', async () => {
    const { tensors } = await readSafetensors(fixture('huggingface-vit.safetensors'));
    const positions = tensors.get('vit.embeddings.position_embeddings')!;
    tensors.set('vit.embeddings.position_embeddings', { shape: [1, 16, 12], values: positions.values.slice(12) });
    const path = join(folder, 'deit.safetensors');
    await rm(join(folder, 'config.json'), { force: true });
    await writeSafetensors(path, tensors);
    const { weights } = await importWeights(path, { heads: 2 });
    expect(weights.get('pos_embed')!.shape).toEqual([1, 17, 12]);
    expect(weights.get('pos_embed')!.values.slice(0, 12)).toEqual(new Float32Array(12));
    expect(weights.get('pos_embed')!.values.slice(12)).toEqual(positions.values.slice(12));
    tensors.set('vit.embeddings.position_embeddings', { shape: [1, 13, 12], values: positions.values.slice(0, 156) });
    await writeSafetensors(path, tensors);
    await expect(importWeights(path, { heads: 2 })).rejects.toThrow(/has 13 positions, which are of no square image/);
  });
});

describe('weights that do not fit', () => {
  /** The Hugging Face fixture, whose tensors can be changed one by one. */
  async function changed(change: (tensors: Map<string, { shape: readonly number[]; values: Float32Array }>) => void) {
    const { tensors } = await readSafetensors(fixture('huggingface-vit.safetensors'));
    change(tensors);
    const path = join(folder, 'changed.safetensors');
    await rm(join(folder, 'config.json'), { force: true });
    await writeSafetensors(path, tensors);
    return importWeights(path, { heads: 2 });
  }
  const zeros = (...shape: number[]) => tensorOfZeros(shape);

  test('the first missing parameter is named, with the shape that it should have', async () => {
    await expect(changed((tensors) => tensors.delete('vit.encoder.layer.1.output.dense.bias'))).rejects.toThrow(
      'needs "blocks.1.mlp.fc2.bias" as [12], and the file does not have it',
    );
    await expect(
      changed((tensors) => tensors.delete('vit.encoder.layer.0.attention.attention.key.weight')),
    ).rejects.toThrow(/the key that belongs to it is not/);
  });

  test('the first parameter of another shape is named as expected, as found, and as the file calls it', async () => {
    await expect(
      changed((tensors) => tensors.set('vit.encoder.layer.0.intermediate.dense.weight', zeros(40, 12))),
    ).rejects.toThrow(
      'needs "blocks.0.mlp.fc1.weight" as [48, 12], and the file has it as [40, 12] ("vit.encoder.layer.0.intermediate.dense.weight")',
    );
  });

  test('a parameter that no such model has is named', async () => {
    await expect(changed((tensors) => tensors.set('vit.encoder.layer.1.gate.weight', zeros(3, 4)))).rejects.toThrow(
      'the file has "vit.encoder.layer.1.gate.weight" as [3, 4], and the model has no such parameter',
    );
  });

  test.each([
    ['vit.encoder.layer.0.mlp.weights_in.weight', /gated \(SwiGLU\), as in the giant DINOv2/],
    ['vit.rope_embeddings.periods', /rotary, as in DINOv3/],
    ['vit.norm_pre.weight', /as CLIP/],
    ['vit.dist_token', /as DeiT/],
  ])('%s is a kind of network that is refused in words', async (name, words) => {
    await expect(changed((tensors) => tensors.set(name, zeros(2, 2)))).rejects.toThrow(words);
  });

  test('a file without an encoder says what was looked for and what is there', async () => {
    const path = join(folder, 'resnet.safetensors');
    await writeSafetensors(path, new Map([['conv1.weight', zeros(4, 3, 7, 7)]]));
    await expect(importWeights(path)).rejects.toThrow(/needs "cls_token".*"conv1.weight"/);
  });

  test('values that are no numbers are refused', async () => {
    await expect(
      changed((tensors) => {
        tensors.get('vit.layernorm.bias')!.values[3] = Number.NaN;
      }),
    ).rejects.toThrow('"vit.layernorm.bias" holds values that are no finite numbers');
  });
});
