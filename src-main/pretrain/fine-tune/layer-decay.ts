/** Learning rates that fall from the head to the first layer: what lies near the pixels is general, and few labels should not unlearn it. */

/** Of the learning rate, from one layer to the one below; BEiT and MAE use 0.65 to 0.75. */
const DECAY = 0.75;

/**
 * A factor of the learning rate for each parameter: 1 for the head and the last norm, DECAY to the number of layers above for a block, one more for
 * what comes before the first block.
 * @param names `head.…` and `backbone.…`; a name with a number is part of that block (`backbone.blocks.3.…`)
 */
export function layerDecay(names: readonly string[]): Map<string, number> {
  const blockOf = (name: string) => {
    const [, number] = /\.(?:blocks|stages|layers?)\.(\d+)\./.exec(name) ?? [];
    return number === undefined ? null : Number(number);
  };
  const blocks = 1 + Math.max(-1, ...names.flatMap((name) => blockOf(name) ?? []));
  return new Map(
    names.map((name) => {
      if (name.startsWith('head.') || /^backbone\.norm\./.test(name)) return [name, 1];
      const block = blockOf(name);
      return [name, DECAY ** (block === null ? blocks + 1 : blocks - block)];
    }),
  );
}
