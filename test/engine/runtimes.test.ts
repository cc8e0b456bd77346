import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { openRuntime } from '../../src-main/engine/devices.ts';
import { gradients } from '../../src-main/engine/gradient.ts';
import {
  add,
  constant,
  exp,
  input,
  matmul,
  multiply,
  type Node,
  reshape,
  size,
  sum,
} from '../../src-main/engine/graph.ts';
import { OnnxRuntime } from '../../src-main/engine/onnx/runtime.ts';
import { linear } from '../../src-main/engine/operators.ts';
import type { Runtime } from '../../src-main/engine/runtime.ts';
import { TensorFlowRuntime } from '../../src-main/engine/tensorflow/runtime.ts';
import { builds, makeCase } from './cases.ts';
import { evaluate } from './reference.ts';

const onnx = new OnnxRuntime('cpu');
const opened: Record<string, Promise<Runtime>> = {
  'ONNX Runtime': Promise.resolve(onnx),
  'TensorFlow.js in WASM': TensorFlowRuntime.open(['wasm']),
  'TensorFlow.js in plain JavaScript': TensorFlowRuntime.open(['cpu']),
};

for (const [title, opening] of Object.entries(opened)) {
  describe(`${title} computes what float64 says, forward and backward:`, () => {
    for (const name of Object.keys(builds)) {
      test(name, async () => {
        const runtime = await opening;
        const drawn = makeCase(name, 7);
        const nodes: Node[] = [drawn.output, drawn.loss, ...drawn.gradients];
        const outputs = Object.fromEntries(nodes.map((node, i) => [`output ${i}`, node]));
        const program = await runtime.compile(outputs);
        const results = await program.run(drawn.feeds);
        await program.dispose();
        evaluate(nodes, drawn.feeds).forEach((expected, i) => {
          const actual = results[`output ${i}`];
          expect(actual.length).toBe(expected.length);
          const scale = Math.max(1, ...expected.map(Math.abs));
          actual.forEach((value, j) => {
            expect(Math.abs(value - expected[j]) / scale).toBeLessThan(1e-5);
          });
        });
      });
    }
  });

  describe(title, () => {
    test('runs a program again with changed values in the same arrays', async () => {
      const x = input('x', [3]);
      const program = await (await opening).compile({ doubled: multiply(x, 2) });
      const feeds = { x: Float32Array.of(1, 2, 3) };
      const first = await program.run(feeds);
      feeds.x.set([4, 5, 6]);
      const second = await program.run(feeds);
      expect([...first.doubled]).toEqual([2, 4, 6]);
      expect([...second.doubled]).toEqual([8, 10, 12]);
      await program.dispose();
    });

    test('writes outputs into the caller’s arrays, also parts of a larger one', async () => {
      const x = input('x', [2]);
      const program = await (await opening).compile({ a: multiply(x, 3), b: exp(x) });
      const memory = new Float32Array(6);
      const a = memory.subarray(3, 5);
      const results = await program.run({ x: Float32Array.of(1, 0) }, { a });
      expect(results.a).toBe(a);
      expect([...memory]).toEqual([0, 0, 0, 3, 0, 0]);
      expect(results.b[1]).toBe(1);
      await program.dispose();
    });

    test('takes scalars, inputs, constants and one node twice as outputs, and an output called like an input', async () => {
      const x = input('x', [2, 2]);
      const scalar = input('scalar', []);
      const next = add(x, scalar);
      const program = await (await opening).compile({
        x: next,
        again: next,
        flat: reshape(x, [4]),
        same: x,
        baked: constant([7, 8]),
        scalar: multiply(scalar, scalar),
      });
      const results = await program.run({ x: Float32Array.of(1, 2, 3, 4), scalar: Float32Array.of(3) });
      expect([...results.x]).toEqual([4, 5, 6, 7]);
      expect([...results.again]).toEqual([4, 5, 6, 7]);
      expect([...results.flat]).toEqual([1, 2, 3, 4]);
      expect([...results.same]).toEqual([1, 2, 3, 4]);
      expect([...results.baked]).toEqual([7, 8]);
      expect([...results.scalar]).toEqual([9]);
      await program.dispose();
    });

    test('reads values from memory that threads share', async () => {
      const x = input('x', [2]);
      const program = await (await opening).compile({ doubled: multiply(x, 2) });
      const shared = new Float32Array(new SharedArrayBuffer(8));
      shared.set([1, 2]);
      expect([...(await program.run({ x: shared })).doubled]).toEqual([2, 4]);
      await program.dispose();
    });

    test('says which value is missing, of the wrong size or in the way', async () => {
      const x = input('x', [2, 3]);
      const program = await (await opening).compile({ y: exp(x) });
      const values = new Float32Array(6);
      await expect(program.run({})).rejects.toThrow('The program’s input “x” was given no values.');
      await expect(program.run({ x: new Float32Array(5) })).rejects.toThrow(
        'The input “x” of shape [2, 3] takes 6 values and was given 5.',
      );
      await expect(program.run({ x: values }, { y: new Float32Array(7) })).rejects.toThrow(
        'The output “y” of shape [2, 3] takes 6 values and was given 7.',
      );
      await expect(program.run({ x: values }, { z: new Float32Array(6) })).rejects.toThrow(
        'The program has no output “z”.',
      );
      await expect(program.run({ x: values }, { y: values })).rejects.toThrow('would be written over an input');
      await program.dispose();
    });

    test('refuses two different inputs of one name', async () => {
      const runtime = await opening;
      await expect(runtime.compile({ y: add(input('x', [2]), input('x', [2])) })).rejects.toThrow(
        'Two different inputs of a program are called “x”.',
      );
    });
  });
}

test('TensorFlow.js keeps no tensors after a run', async () => {
  const runtime = await TensorFlowRuntime.open(['wasm']);
  const before = tf.memory().numTensors;
  const { loss, gradients: backward, feeds } = makeCase('a transformer block', 1);
  const program = await runtime.compile({ loss, ...Object.fromEntries(backward.map((node, i) => [`g${i}`, node])) });
  const constants = tf.memory().numTensors;
  await program.run(feeds);
  expect(tf.memory().numTensors).toBe(constants);
  await program.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('the same program gives the same bits every time on the CPU', async () => {
  const x = input('x', [300, 200]);
  const weight = input('weight', [100, 200]);
  const y = linear(x, weight);
  const loss = sum(multiply(y, y));
  const [gradient] = gradients(loss, [weight]);
  const wave = (shape: readonly number[]) => Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(i));
  const feeds = { x: wave(x.shape), weight: wave(weight.shape) };
  const run = async () => {
    const program = await onnx.compile({ loss, gradient });
    const results = await program.run(feeds);
    await program.dispose();
    return results;
  };
  expect(await run()).toEqual(await run());
});

test('ONNX Runtime writes a profile of a program when asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gondola-'));
  try {
    const runtime = new OnnxRuntime('cpu', { profile: join(folder, 'trace') });
    const x = input('x', [4, 4]);
    const program = await runtime.compile({ y: matmul(x, x) });
    await program.run({ x: new Float32Array(16) });
    await program.dispose();
    expect((await readdir(folder)).filter((name) => name.startsWith('trace'))).toHaveLength(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('opening a device', () => {
  test('gives ONNX Runtime on the CPU when none is named', async () => {
    expect((await openRuntime()).name).toBe('onnxruntime cpu');
  });

  test('tells which of its backends TensorFlow.js runs on', async () => {
    expect((await openRuntime('tensorflow')).name).toMatch(/^tensorflow\.js (tensorflow|wasm)/);
  });

  test('by an unknown name lists the known ones', async () => {
    await expect(openRuntime('gpu')).rejects.toMatchObject({
      code: 'device-unknown',
      message: 'There is no device “gpu”.',
      hint: expect.stringContaining('cpu, webgpu, dml, cuda, coreml, tensorflow'),
    });
  });

  test('that this computer cannot have fails with a sentence and never falls back to the CPU', async () => {
    const foreign = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(openRuntime(foreign)).rejects.toMatchObject({
      code: 'device-unavailable',
      message: expect.stringContaining(`The device “${foreign}” cannot be used`),
      hint: expect.stringContaining('The processor (cpu) works everywhere.'),
    });
  });
});
