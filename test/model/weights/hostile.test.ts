import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GondolaError } from '../../../src-main/base/errors.ts';
import { zip } from '../../../src-main/core/export/zip.ts';
import { encodeModel } from '../../../src-main/engine/onnx/schema.ts';
import { importWeights } from '../../../src-main/model/weights/import.ts';
import { writeSafetensors } from '../../../src-main/model/weights/safetensors.ts';
import { fixture } from './fixtures.ts';
import { called, checkpoint, dictionary, global, tensor, text, tuple } from './pickle-writer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gondola-hostile-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function given(name: string, bytes: Uint8Array) {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return importWeights(path, { heads: 2 });
}

describe('a checkpoint whose pickle would run code', () => {
  const ran = () => join(folder, 'ran');
  const nothing = Buffer.from('N');

  test.each([
    ['posix', 'system'],
    ['os', 'system'],
    ['nt', 'system'],
    ['subprocess', 'Popen'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['__builtin__', 'getattr'],
    ['torch.hub', 'load'],
    ['torch', 'load'],
    ['numpy', 'load'],
    ['runpy', 'run_path'],
    ['webbrowser', 'open'],
    ['timm.models.vision_transformer', 'VisionTransformer'],
  ])('is refused by the name %s.%s, and nothing of it is run', async (module, name) => {
    const call = called(global(module, name), text(`touch ${ran()}`));
    const words = `asks for "${module}.${name}" to be called`;
    await expect(given('code.pth', checkpoint(dictionary({ cls_token: call })))).rejects.toThrow(words);
    // By its other spelling, and in a file without an archive.
    const stacked = Buffer.concat([text(module), text(name), Buffer.from([0x93])]);
    const code = Buffer.concat([Buffer.from([0x80, 4]), called(stacked, text(`touch ${ran()}`)), Buffer.from('.')]);
    await expect(given('code.bin', zip(new Map([['a/data.pkl', code]])))).rejects.toThrow(words);
    for (const protocol of [2, 3, 4, 5]) {
      code[1] = protocol;
      await expect(given('code.pt', code)).rejects.toThrow(words);
    }
    const bare = Buffer.concat([global(module, name), Buffer.from('(Vtouch\ntR.')]);
    await expect(given('bare.bin', bare)).rejects.toThrow(words);
    expect(existsSync(ran())).toBe(false);
  });

  test('is refused where it hides behind instructions that checkpoints do not use', async () => {
    for (const op of ['i', 'o', 'P', '\x82']) {
      const pickle = Buffer.concat([Buffer.from('(posix\nsystem\n'), Buffer.from(op, 'latin1')]);
      await expect(given('odd.pth', checkpoint(pickle))).rejects.toThrow(GondolaError);
    }
    for (const pickle of [
      Buffer.concat([text('a'), nothing, Buffer.from('b')]),
      Buffer.concat([nothing, Buffer.from('('), Buffer.from('tR')]),
      Buffer.concat([global('argparse', 'Namespace'), nothing, Buffer.from('R')]),
      Buffer.from('h\x07'),
      Buffer.from('((('),
      Buffer.from('u'),
    ])
      await expect(given('odd.pth', checkpoint(pickle))).rejects.toThrow(/pickle is damaged|pickle holds/);
  });
});

describe('a checkpoint that would fill the memory', () => {
  const ordered = global('collections', 'OrderedDict');

  test('dictionaries that hold each other twice, sixty deep, are looked through once', async () => {
    // {a: x, b: x} of the one before, remembered by number.
    const levels = Array.from({ length: 60 }, (_, level) => {
      const before = level === 0 ? Buffer.from('N') : Buffer.from(['h'.charCodeAt(0), level - 1]);
      return Buffer.concat([dictionary({ a: before, b: before }), Buffer.from(['q'.charCodeAt(0), level])]);
    });
    await expect(given('laughs.pth', checkpoint(Buffer.concat(levels)))).rejects.toThrow('holds no weights');
  });

  test('lists in lists, a hundred thousand deep, overflow nothing', async () => {
    const deep = Buffer.concat([Buffer.alloc(100_000, ']'), Buffer.alloc(99_999, 'a')]);
    const path = join(folder, 'deep.pt');
    const stored = Buffer.concat([Buffer.from([0x80, 2]), deep, Buffer.from('.')]);
    await writeFile(path, stored);
    await expect(importWeights(path)).rejects.toThrow(/pickle is damaged|none of PyTorch/);
  });

  test('a pickle without an end is given up', async () => {
    const path = join(folder, 'endless.pt');
    await writeFile(path, Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(1_200_000, 'N'), Buffer.from('.')]));
    await expect(importWeights(path)).rejects.toThrow('longer than that of any network');
  });

  test('four bytes cannot stand for a terabyte', async () => {
    const values = { 0: new Float32Array(1) };
    const huge = dictionary({ cls_token: tensor('0', 1, [1, 1, 2 ** 40], [0, 0, 0]) });
    await expect(given('huge.pth', checkpoint(huge, values))).rejects.toThrow(
      'needs "cls_token" as [1, 1, dimensions], and the file has it as [1, 1, 1099511627776]',
    );
    const lying = dictionary({ cls_token: tensor('0', 2 ** 30, [1, 1, 12], [12, 12, 1]) });
    await expect(given('lying.pth', checkpoint(lying, values))).rejects.toThrow(GondolaError);
    const beyond = dictionary({ cls_token: tensor('0', 1, [1, 1, 1], [1, 1, 1], 5) });
    await expect(given('beyond.pth', checkpoint(beyond, values))).rejects.toThrow('reaches beyond');
    const away = dictionary({ cls_token: tensor('../../../../etc/passwd', 1, [1, 1, 1], [1, 1, 1]) });
    await expect(given('away.pth', checkpoint(away, values))).rejects.toThrow(GondolaError);
  });

  test('one list cannot become a thousand dictionaries, nor a tensor have forty axes, nor be made of itself', async () => {
    const get = Buffer.from('h\0');
    const pairs = Buffer.concat([Buffer.from(']('), tuple(text('a'), text('b')), Buffer.from('eq\0')]);
    const twice = Buffer.concat([pairs, called(ordered, get), called(ordered, get)]);
    await expect(given('copies.pth', checkpoint(twice))).rejects.toThrow('two dictionaries of one list');
    const axes = new Array(40).fill(1);
    const deep = dictionary({ cls_token: tensor('0', 1, axes, axes) });
    await expect(given('axes.pth', checkpoint(deep))).rejects.toThrow('describes a tensor wrongly');
    // [rebuild, None, this very list]
    const rebuild = global('torch._tensor', '_rebuild_from_type_v2');
    const itself = Buffer.concat([
      Buffer.from(']q\0('),
      rebuild,
      Buffer.from('N'),
      get,
      Buffer.from('e0'),
      rebuild,
      get,
      Buffer.from('R'),
    ]);
    await expect(given('itself.pth', checkpoint(itself))).rejects.toThrow('describes a tensor wrongly');
  });

  test('an archive that unpacks to a thousand times its size is not unpacked', async () => {
    const bomb = zip(new Map([['a/data.pkl', Buffer.alloc(8e6)]]));
    await expect(given('bomb.pth', bomb)).rejects.toThrow(/claims to unpack from \d+ to 8000000 bytes/);
  });

  test('an ONNX model with more steps or larger tensors than it has bytes is refused', async () => {
    const graph = Buffer.alloc(400_004);
    for (let i = 0; i < graph.length; i += 2) graph[i] = 0x0a;
    const length = Buffer.from([0x3a, 0x84, 0xb5, 0x18]);
    const model = Buffer.concat([Buffer.from([0x08, 9]), length, graph]);
    await expect(given('steps.onnx', model)).rejects.toThrow('more than 200000 steps');
    const of = (dims: number[], extra = {}) =>
      encodeModel({ irVersion: 9, graph: { initializer: [{ name: 'cls_token', dims, dataType: 1, ...extra }] } });
    await expect(given('dims.onnx', of([2 ** 40], { rawData: new Uint8Array(4) }))).rejects.toThrow(
      '"cls_token" of shape [1099511627776] and type F32 does not take 4 bytes',
    );
    // float_data as fields of four bytes each: twenty times their size, were they all kept.
    const single = Buffer.alloc(5 * 20_000);
    for (let i = 0; i < single.length; i += 5) single[i] = 0x25;
    const bytes = (field: number, content: Buffer) => {
      const length = [(content.length & 127) | 128, ((content.length >> 7) & 127) | 128, content.length >> 14];
      return Buffer.concat([Buffer.from([field * 8 + 2, ...length]), content]);
    };
    const loose = bytes(7, bytes(5, Buffer.concat([Buffer.from([0x10, 1]), single])));
    await expect(given('loose.onnx', Buffer.concat([Buffer.from([0x08, 9]), loose]))).rejects.toThrow('value by value');
    await expect(given('many.onnx', of(new Array(40).fill(1)))).rejects.toThrow(/shape that no tensor has/);
    for (const location of ['../secret', '/etc/passwd', '..', 'a\\b', 'C:x', ''])
      await expect(
        given('away.onnx', of([1], { dataLocation: 1, externalData: [{ key: 'location', value: location }] })),
      ).rejects.toThrow(/is no file beside it/);
    await writeFile(join(folder, 'beside.data'), new Uint8Array(8));
    const external = [
      { key: 'location', value: 'beside.data' },
      { key: 'offset', value: '6' },
    ];
    await expect(given('away.onnx', of([1], { dataLocation: 1, externalData: external }))).rejects.toThrow(
      'does not lie within beside.data',
    );
  });
});

describe('a checkpoint that is written otherwise than usual', () => {
  const normBias = async (name: string, bytes: Uint8Array) => (await given(name, bytes)).weights.get('norm.bias');

  test('without sums over its values is read all the same', async () => {
    const bytes = await readFile(fixture('dino.pth'));
    const expected = await normBias('summed.pth', bytes);
    for (let at = bytes.indexOf('PK\x01\x02'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 4))
      bytes.fill(0, at + 16, at + 20);
    expect(await normBias('unsummed.pth', bytes)).toEqual(expected);
    bytes.fill(1, bytes.indexOf('PK\x01\x02') + 16, bytes.indexOf('PK\x01\x02') + 20);
    await expect(given('wrong-sum.pth', bytes)).rejects.toThrow(/is damaged/);
  });

  test.each([3, 4, 5])('without an archive, by protocol %i, is read', async (protocol) => {
    const bytes = await readFile(fixture('dino-legacy.pth'));
    const expected = await normBias('two.pth', bytes);
    expect(bytes[1]).toBe(2);
    bytes[1] = protocol;
    expect(await normBias('later.pth', bytes)).toEqual(expected);
  });
});

describe('a damaged file', () => {
  const names = ['dino.pth', 'dino-legacy.pth', 'dino.onnx', 'huggingface-vit.safetensors'];

  test.each(names)('%s, cut short anywhere, is refused in words', async (name) => {
    const whole = await readFile(fixture(name));
    for (const share of [0, 0.0005, 0.01, 0.1, 0.5, 0.9, 0.999]) {
      const cut = given(name, whole.subarray(0, Math.floor(whole.length * share)));
      await expect(cut).rejects.toThrow(GondolaError);
    }
  });

  test.each(names)('%s with any bytes changed is read or refused in words', async (name) => {
    const whole = await readFile(fixture(name));
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    // Most of a file is values: half of the changes go where its structure is.
    const start = fc.record({ at: fc.nat(Math.min(3000, whole.length - 1)), byte: fc.nat(255) });
    const end = change.map(({ at, byte }) => ({ at: whole.length - 1 - (at % 3000), byte }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(change, start, end), { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of changes) bytes[at] = byte;
        const error = await given(`changed-${name}`, bytes).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (error !== null) expect(error).toBeInstanceOf(GondolaError);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['what-git-lfs-leaves.pth', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n', /Git LFS/],
    ['a-web-page.pth', '<!DOCTYPE html><html><body>Sign in to download</body></html>', /no weight file/],
    ['empty.onnx', '', /it is empty/],
  ])('%s says what it is', async (name, content, words) => {
    await expect(given(name, Buffer.from(content))).rejects.toThrow(words);
  });

  test.runIf(process.platform === 'linux')('a pipe is told as what it is, and not waited for', async () => {
    for (const name of ['pipe.pth', 'config.json']) execFileSync('mkfifo', [join(folder, name)]);
    await expect(importWeights(join(folder, 'pipe.pth'))).rejects.toThrow(/it is no ordinary file/);
    // One beside the weights is no config.json.
    const whole = await readFile(fixture('huggingface-vit.safetensors'));
    await expect(given('beside-a-pipe.safetensors', whole)).resolves.toMatchObject({ description: { inputSize: 16 } });
    await rm(join(folder, 'config.json'));
  });

  test.each([
    [
      'a terminal’s commands',
      '\x1b]0;title\x07\x1b[2J\nGondola: all is well',
      '\\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{a}Gondola',
    ],
    ['a megabyte', 'x'.repeat(1e6), `"${'x'.repeat(120)}…"`],
    ['text that runs the other way', '\u202egnp.sthgiew', '\\u{202e}gnp'],
  ])('a name of %s is spelt out, at a length that can be read', async (_, name, shown) => {
    const path = join(folder, 'names.safetensors');
    await writeSafetensors(path, new Map([[name, { shape: [1], values: new Float32Array(1) }]]));
    const error = await importWeights(path).catch((thrown: GondolaError) => thrown);
    expect(error).toBeInstanceOf(GondolaError);
    const { message } = error as GondolaError;
    expect(message).toContain(shown);
    expect(message.length).toBeLessThan(500);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through.
    expect(message).not.toMatch(/[\x00-\x1f\u202e]/);
  });

  test('a folder, and a file that is not there, are told in words', async () => {
    await expect(importWeights(folder)).rejects.toThrow(/it is a folder/);
    await expect(importWeights(join(folder, 'nothing.pth'))).rejects.toThrow(/no such file/);
  });
});
