import { expect, it } from 'vitest';
import { unattended } from '../../src-main/base/progress.ts';
import { HumanOutput } from '../../src-main/cli/output.ts';
import { Command, type VerbContext } from '../../src-main/cli/verb.ts';
import { adaptVerb } from '../../src-main/cli/verbs/adapt.ts';
import { type Adaptation, adaptation, adaptCalls } from '../../src-main/contract/adapt.ts';

const figures = (right: number, of: number, chance: number | null) => ({
  ...{ right, accuracy: right / of, interval: [0.4, 0.9] as [number, number], chance },
});
const comparison: Adaptation = adaptation.parse({
  ...{ at: '2030-01-01T00:00:00Z', model: 'dino-1', labels: 60, classes: 6, photos: 20 },
  ...{ heldOut: 12, heldOutPhotos: 4, pooled: { heldOut: 58, heldOutPhotos: 19 } },
  methods: [
    { method: 'knn', ...figures(6, 12, null), alone: 0.5, pooled: figures(29, 58, null), seconds: 1 },
    { method: 'linear', ...figures(9, 12, 0.2), alone: 0.7, pooled: figures(40, 58, 0.01), seconds: 2 },
    { method: 'finetuned', ...figures(8, 12, 0.3), alone: 0.6, pooled: null, seconds: 300 },
  ],
  finetuned: {
    ...{ model: 'finetuned-1', reading: 'knn', steps: 90, keptStep: 60, stoppedEarly: true, learnt: 36, watched: 12 },
  },
  ...{ best: 'linear', proposal: 'Proposed: a linear head.', notes: ['A note.'], inUse: 'knn', current: true },
});

/** What the verb asks for, and what it prints, over a last comparison. */
async function gondola(last: Adaptation | null, ...words: string[]) {
  const command = new Command('adapt').exitOverride().configureOutput({ writeErr: () => {} });
  adaptVerb.define(command);
  command.parse(['shelves', ...words], { from: 'user' });
  const [asked, printed]: [[string, unknown][], string[]] = [[], []];
  const stream = { write: (text: string) => printed.push(text), isTTY: false } as unknown as NodeJS.WriteStream;
  const answers: Record<string, unknown> = {
    ...{ 'adapt.result': { result: last }, 'adapt.compare': comparison },
    'adapt.use': { method: 'linear', model: 'dino-1', toIndex: 3 },
  };
  const context = {
    ...{ ...unattended, output: new HumanOutput(stream) },
    call: async (name: keyof typeof adaptCalls, input: unknown) => {
      asked.push([name, input]);
      expect(adaptCalls[name].input.safeParse(input).success).toBe(true);
      return answers[name];
    },
    withWorkspace: async (_: string, use: (context: unknown) => Promise<unknown>) => use(unattended),
  } as unknown as VerbContext;
  const result = await adaptVerb.run(['shelves'], command.opts(), context);
  return { result, asked, text: printed.join('') };
}

it('compares with the given time and device, tells both tables, and says that naming has not changed', async () => {
  const { asked, text, result } = await gondola(null, '--minutes', '2', '--device', 'cuda');
  expect(asked.map(([name]) => name)).toEqual(['adapt.result', 'adapt.compare']);
  expect(asked[1][1]).toEqual({ finetune: true, minutes: 2, device: 'cuda', seed: 1 });
  expect(text).toMatch(/linear head +69\.0 % +40 of 58 +40\.0 % to 90\.0 % +0\.010/);
  expect(text).toMatch(/fine-tuned encoder +66\.7 % +8 of 12/);
  expect(text).toContain('A note.');
  expect(text).toContain('How products are named has not changed');
  expect(result).toMatchObject({ best: 'linear' });
});

it('without fine-tuning there is one table', async () => {
  const { asked } = await gondola(null, '--no-finetune');
  expect(asked[1][1]).toMatchObject({ finetune: false });
});

it('goes back to neighbours at once, whatever was compared', async () => {
  for (const last of [null, { ...comparison, current: false }]) {
    const { asked } = await gondola(last, '--use', 'knn');
    expect(asked).toEqual([['adapt.use', { method: 'knn' }]]);
  }
});

it('uses what was compared; where that is old, it compares no more than the named way needs', async () => {
  const stale = { ...comparison, current: false };
  const calls = async (...words: Parameters<typeof gondola>) => (await gondola(...words)).asked.slice(1);
  expect(await calls(comparison, '--use', 'finetuned')).toEqual([['adapt.use', { method: 'finetuned' }]]);
  expect(await calls(stale, '--use', 'linear')).toMatchObject([
    ['adapt.compare', { finetune: false }],
    ['adapt.use', {}],
  ]);
  const tuning = [
    ['adapt.compare', { finetune: true }],
    ['adapt.use', {}],
  ];
  expect(await calls(stale, '--use', 'finetuned', '--no-finetune')).toMatchObject(tuning);
  expect(await calls(stale, '--use', 'best')).toMatchObject(tuning);
  const { text } = await gondola(stale, '--use', 'linear');
  expect(text).toContain('In use: linear head, with the encoder dino-1. Next: `gondola index shelves`, then');
});
