import { beforeEach, describe, expect, test } from 'vitest';
import type { ReviewMember } from '../../../src-main/contract/review.ts';
import { LabelBoard } from '../../../src-renderer/pages/label/label-board.svelte.ts';
import { isOpen } from '../../../src-renderer/pages/label/selection.ts';
import { labelled, member } from './made.ts';

/** A core with three groups whose labels are kept in memory, and a journal of them. */
class Core {
  groups: ReviewMember[][] = [
    [member(1, [['Cola', 1]]), member(2, [['Cola', 1]]), member(3, [['Fanta', 1]])],
    [member(4, [['Fanta', 1]]), member(5, [['Fanta', 1]])],
    [member(6)],
  ];
  grouping: 'likeness' | 'photo' = 'likeness';
  readonly done: [ReviewMember[][], string][] = [];
  readonly undone: [ReviewMember[][], string][] = [];
  readonly calls: string[] = [];
  #mark = 0;

  readonly call = async (name: string, input: Record<string, unknown>): Promise<unknown> => {
    this.calls.push(name);
    const all = this.groups.flat();
    switch (name) {
      case 'review.queue': {
        const skip = input.skip as number[];
        const open = this.groups.filter((group) => group.some(isOpen));
        const skipped = (group: ReviewMember[]) => group.some(({ id }) => skip.includes(id));
        const groups = [...open.filter((group) => !skipped(group)), ...open.filter(skipped)];
        return {
          mark: String(this.#mark),
          grouping: this.grouping,
          products: all.length,
          left: all.filter(isOpen).length,
          labelled: all.filter((each) => !isOpen(each)).length,
          groups: groups.map((group) => ({ region: group.find(isOpen)!.id })),
        };
      }
      case 'review.names':
        return { names: [] };
      case 'review.group': {
        const members = this.groups.find((group) => group.some(({ id }) => id === input.region));
        if (!members) throw Object.assign(new Error('gone'), { code: 'region-missing' });
        return { grouping: this.grouping, members };
      }
      case 'catalogue.label': {
        const regions = input.regions as number[];
        const { sku } = input.naming as { sku: string };
        this.#mark++;
        this.done.push([this.groups, `Label ${regions.length}`]);
        this.undone.length = 0;
        this.groups = this.groups.map((group) =>
          group.map((each) => (regions.includes(each.id) ? labelled(each.id, sku) : each)),
        );
        return {};
      }
      case 'catalogue.undo':
      case 'catalogue.redo': {
        const [from, to] = name === 'catalogue.undo' ? [this.done, this.undone] : [this.undone, this.done];
        const entry = from.pop();
        if (!entry) return { summary: null };
        this.#mark++;
        to.push([this.groups, entry[1]]);
        this.groups = entry[0];
        return { summary: entry[1] };
      }
      default:
        throw new Error(`What is ${name}?`);
    }
  };

  label(id: number): string | null | undefined {
    return this.groups.flat().find((each) => each.id === id)?.label?.sku;
  }
}

let core: Core;
let board: LabelBoard;
const shown = () => board.members.map(({ id }) => id);

beforeEach(async () => {
  core = new Core();
  board = new LabelBoard(core.call as never);
  await board.begin();
});

describe('accepting', () => {
  test('names the whole group and goes on to the next, saying what happened and what is left', async () => {
    expect(board.suggestion?.sku).toBe('Cola');
    await board.accept();
    expect([1, 2, 3].map((id) => core.label(id))).toEqual(['Cola', 'Cola', 'Cola']);
    expect(shown()).toEqual([4, 5]);
    expect(board.said).toBe('3 products labelled Cola. 3 left, 3 labelled. Next: 2 products, looks like Fanta.');
  });

  test('names what is selected only, and the focus goes to the next open product', async () => {
    board.selectAgreeing();
    expect([...board.selected]).toEqual([1, 2]);
    await board.accept();
    expect([core.label(1), core.label(3)]).toEqual(['Cola', undefined]);
    expect(shown()).toEqual([1, 2, 3]);
    expect([board.focus, board.selected.size, board.left]).toEqual([2, 0, 1]);
  });

  test('a second Enter before the first answer is done names nothing that nobody has looked at', async () => {
    board.selectAgreeing();
    await Promise.all([board.accept(), board.accept(), board.choose(1)]);
    expect([1, 2, 3, 4].map((id) => core.label(id))).toEqual(['Cola', 'Cola', undefined, undefined]);
    await board.accept();
    expect(shown()).toEqual([4, 5]);
  });

  test('with nothing to accept it asks for a name', async () => {
    await board.begin(6);
    await board.accept();
    expect(core.label(6)).toBeUndefined();
    expect(board.said).toContain('Type a name');
  });
});

describe('choosing and typing', () => {
  test('a number takes the candidate of that number; one that is not there is said', async () => {
    expect(board.candidates.map(({ sku }) => sku)).toEqual(['Cola', 'Fanta']);
    await board.choose(7);
    expect(board.said).toBe('There is no suggestion 7.');
    await board.choose(2);
    expect(core.label(1)).toBe('Fanta');
  });

  test('a typed name is offered by number from then on, where nothing else is known', async () => {
    await board.name({ verdict: 'sku', sku: '  New   thing ' });
    expect(board.names).toEqual(['New thing']);
    await board.begin(6);
    expect(board.candidates).toEqual([{ sku: 'New thing', share: null, first: 0 }]);
    await board.choose(1);
    expect(core.label(6)).toBe('New thing');
  });

  test('photo by photo an answer names the focused product alone', async () => {
    core.grouping = 'photo';
    await board.begin();
    expect(board.targetWords).toBe('the focused product');
    await board.choose(1);
    expect([core.label(1), core.label(2)]).toEqual(['Cola', undefined]);
    expect(board.focus).toBe(1);
  });
});

describe('selecting', () => {
  test('a range grows and shrinks from where it began', () => {
    board.move('ArrowRight', 3, true);
    board.move('ArrowRight', 3, true);
    expect([...board.selected]).toEqual([1, 2, 3]);
    board.move('ArrowLeft', 3, true);
    expect([...board.selected]).toEqual([1, 2]);
    board.clear();
    expect(board.selected.size).toBe(0);
  });

  test('all, less one', () => {
    board.selectAll();
    board.toggle(1);
    expect([...board.selected]).toEqual([1, 3]);
    expect(board.said).toBe('2 products selected.');
  });
});

describe('going to and fro', () => {
  test('undo and redo lead back to the group that they speak of, as often as one likes', async () => {
    await board.accept();
    await board.accept();
    expect(shown()).toEqual([6]);
    await board.undo();
    expect([shown(), board.left]).toEqual([[4, 5], 2]);
    await board.undo();
    expect(shown()).toEqual([1, 2, 3]);
    expect(board.said).toBe('Took back: Label 3. 6 left, 0 labelled.');
    await board.undo();
    expect(board.said).toBe('There is nothing to undo.');
    await board.redo();
    await board.redo();
    expect([core.label(1), core.label(5)]).toEqual(['Cola', 'Fanta']);
    expect(shown()).toEqual([4, 5]);
    await board.redo();
    expect(board.said).toBe('There is nothing to redo.');
  });

  test('a skipped group comes back when the others are done; back goes to where one was', async () => {
    await board.skip();
    expect(shown()).toEqual([4, 5]);
    await board.back();
    expect(shown()).toEqual([1, 2, 3]);
    await board.begin(4);
    await board.accept();
    expect(shown()).toEqual([6]);
    await board.name({ verdict: 'sku', sku: 'Beans' });
    expect(shown()).toEqual([1, 2, 3]);
    await board.accept();
    expect(shown()).toEqual([]);
    expect(board.said).toContain('Every product is labelled.');
  });

  test('a product that is asked for is opened and focused; one that is gone is said, and the queue is opened', async () => {
    await board.begin(5);
    expect([shown(), board.focused?.id]).toEqual([[4, 5], 5]);
    await board.begin(99);
    expect(shown()).toEqual([1, 2, 3]);
    expect(board.said).toContain('Region 99 is not among the products.');
  });

  test('news of its own answer costs one question; news from elsewhere are shown without moving the focus', async () => {
    board.focusAt(1);
    core.calls.length = 0;
    await board.refresh();
    expect(core.calls).toEqual(['review.queue']);
    await core.call('catalogue.label', { regions: [3], naming: { sku: 'Beans' } });
    await board.refresh();
    expect([board.left, board.focused?.id]).toEqual([2, 2]);
  });
});

test('what the core fails with is told to whoever took the step, and the next step works', async () => {
  const { call } = core;
  const failing = new LabelBoard((async (name: string, input: Record<string, unknown>) => {
    if (name === 'catalogue.label' && core.done.length === 0) {
      core.done.push([core.groups, 'x']);
      throw new Error('the disk is full');
    }
    return call(name, input);
  }) as never);
  await failing.begin();
  await expect(failing.accept()).rejects.toThrow('the disk is full');
  await failing.accept();
  expect(core.label(1)).toBe('Cola');
});
