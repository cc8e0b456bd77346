import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SegmentBoard } from '../../../src-renderer/pages/segment/segment-board.svelte.ts';

const { call } = vi.hoisted(() => ({ call: vi.fn() }));
vi.mock('../../../src-renderer/lib/client.ts', () => ({ call, CallError: class extends Error {} }));

const preview = (photo: number, heads = 3) => ({
  photo,
  frame: { x: 0, y: 0, width: 4, height: 2 },
  model: 'dino',
  heads,
  rows: 1,
  columns: 2,
  attention: Array.from({ length: heads }, (_, head) => [head / 10, 1 - head / 10]),
  mean: [0.5, 0.5],
  boxes: [{ region: 70 + photo, x: 0, y: 0, width: 2, height: 2 }],
});
const masks = (photo: number) => ({
  masks: [{ region: 70 + photo, x: 0, y: 0, width: 2, height: 2, share: 0.5, mask: new Uint8Array() }],
  bestHead: 2,
  overlap: 0.4,
});
const photo = (id: number) => ({ kind: 'photo' as const, id });

let answers: Record<string, (input: never) => unknown>;
beforeEach(() => {
  answers = {
    'segment.preview': ({ subject }: { subject: { id: number } }) => preview(subject.id),
    'segment.masks': ({ subject }: { subject: { id: number } }) => masks(subject.id),
    'segment.massMask': () => ({ kept: [1, 0], area: 0.5 }),
  };
  call.mockReset();
  call.mockImplementation(async (name: string, input: never) => answers[name](input));
});

describe('the Segment page', () => {
  test('shows the best head once the outlines are known, and the mean until then', async () => {
    const board = new SegmentBoard();
    let outlined: (answer: ReturnType<typeof masks>) => void = () => {};
    answers['segment.masks'] = () =>
      new Promise((resolve) => {
        outlined = resolve;
      });
    const opening = board.open(photo(1));
    await vi.waitFor(() => expect(board.preview).not.toBeNull());
    expect([board.shownHead, board.attention]).toEqual(['mean', [0.5, 0.5]]);
    await vi.waitFor(() => expect(board.outlining).toEqual({ done: 0, total: 1 }));
    outlined(masks(1));
    await opening;
    expect([board.shownHead, board.attention]).toEqual([2, [0.1, 0.9]]);
    expect(board.outlining).toBeNull();
    expect(board.mask).toMatchObject({ region: 71, share: 0.5 });
  });

  test('shows the last photo, however late an earlier one comes', async () => {
    const board = new SegmentBoard();
    let late: (answer: ReturnType<typeof preview>) => void = () => {};
    answers['segment.preview'] = ({ subject }: { subject: { id: number } }) =>
      subject.id === 1
        ? new Promise((resolve) => {
            late = resolve;
          })
        : preview(subject.id);
    const first = board.open(photo(1));
    await board.open(photo(2));
    late(preview(1));
    await first;
    expect([board.preview?.photo, board.region]).toEqual([2, 72]);
  });

  test('a chosen head that another model does not have gives way to the best one', async () => {
    const board = new SegmentBoard();
    await board.open(photo(1));
    board.head = 3;
    answers['segment.preview'] = () => preview(1, 2);
    await board.open(photo(1));
    expect([board.head, board.shownHead]).toEqual(['best', 2]);
  });

  test('of several thresholds in a row the last one counts', async () => {
    const board = new SegmentBoard();
    await board.open(photo(1));
    const waiting: ((answer: { kept: number[]; area: number }) => void)[] = [];
    answers['segment.massMask'] = () => new Promise((resolve) => waiting.push(resolve));
    board.share = 0.3;
    const first = board.refreshMass();
    board.share = 0.9;
    const second = board.refreshMass();
    waiting[1]({ kept: [1, 1], area: 1 });
    waiting[0]({ kept: [0, 0], area: 0 });
    await Promise.all([first, second]);
    expect(board.kept?.area).toBe(1);
    expect(call.mock.lastCall?.[1]).toMatchObject({ head: 2, share: 0.9 });
  });

  test('a photo that cannot be looked at is an error, and its outlines are not asked for', async () => {
    const board = new SegmentBoard();
    answers['segment.preview'] = () => Promise.reject(new Error('its file is gone'));
    await board.open(photo(1));
    expect(board.error).toMatchObject({ message: 'its file is gone' });
    expect(call.mock.calls.map(([name]) => name)).toEqual(['segment.preview']);
  });
});
