import { expect, test } from 'vitest';
import { gradients } from '../../src-main/engine/gradient.ts';
import { input, type Node, sum } from '../../src-main/engine/graph.ts';
import { decodeModel, type NodeProto } from '../../src-main/engine/onnx/schema.ts';
import { writeOnnx } from '../../src-main/engine/onnx/writer.ts';
import { backbone, backboneParameters } from '../../src-main/model/backbone.ts';
import { inputLookup } from '../../src-main/model/parameters.ts';
import { vitNamed } from '../../src-main/model/vit.ts';

/** Forward and backward through the network that the comparison with PyTorch trains, as ONNX Runtime is given it. */
function nodesOfAPass(): NodeProto[] {
  const architecture = vitNamed('vit-tiny/16', 96);
  const parameters = backboneParameters(architecture);
  const made = inputLookup(parameters, '');
  const nodes = new Map<string, Node>(parameters.map(({ name }) => [name, made(name)]));
  const { feature } = backbone(architecture, (name) => nodes.get(name)!).pass(input('images', [2, 3, 96, 96]));
  const found = gradients(sum(feature), [...nodes.values()]);
  const outputs = Object.fromEntries([...nodes.keys()].map((name, i) => [`gradient.${name}`, found[i]]));
  return decodeModel(writeOnnx(outputs, { fused: true }).bytes).graph!.node!;
}

test('a training pass makes no pass over memory that a product, a norm or an activation can make by the way', () => {
  const nodes = nodesOfAPass();
  const count = (kind: string) => nodes.filter(({ opType }) => opType === kind).length;
  const madeBy = new Map(nodes.flatMap((node) => node.output!.map((name) => [name, node] as const)));
  // One kernel a GELU; a norm and its deviation from one kernel.
  expect(count('Gelu')).toBe(12);
  expect(count('Sqrt')).toBe(0);
  // A bias is added by its product.
  const loose = nodes.filter(
    ({ opType, input: [a, b] }) =>
      opType === 'Add' && ['MatMul', 'Gemm'].includes(madeBy.get(a)?.opType ?? '') && b.endsWith('.bias'),
  );
  expect(loose).toEqual([]);
  // Queries, keys, values, projection and two of the MLP in each block, and the patches.
  expect(nodes.filter(({ opType, input: from }) => opType === 'Gemm' && from[2]).length).toBe(6 * 12 + 1);
  // No weight is transposed: what is left are the heads, brought forward and back.
  const turned = nodes.filter(({ opType, input: [from] }) => opType === 'Transpose' && from.endsWith('.weight'));
  expect(turned).toEqual([]);
});
