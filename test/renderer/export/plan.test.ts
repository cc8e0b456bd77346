import { beforeEach, describe, expect, test, vi } from 'vitest';
import { excerptTable } from '../../../src-renderer/pages/export/excerpt-table.ts';
import { ExportPlan, type Preview, type Result } from '../../../src-renderer/pages/export/plan.svelte.ts';
import { headline, remarks } from '../../../src-renderer/pages/export/result-words.ts';

const { call, CallError } = vi.hoisted(() => {
  class CallError extends Error {
    code: string;
    constructor({ code, message }: { code: string; message: string }) {
      super(message);
      this.code = code;
    }
  }
  return { call: vi.fn(), CallError };
});
vi.mock('../../../src-renderer/lib/client.ts', () => ({ call, CallError }));
beforeEach(() => call.mockReset());

const preview = (folder: string) => ({ folder, refusal: null }) as Preview;
const inputs = (name: string) => call.mock.calls.filter(([called]) => called === name).map(([, input]) => input);

describe('an export that is being planned', () => {
  test('shows the preview of the last choice, however late that of an earlier one comes', async () => {
    const plan = new ExportPlan();
    let answerLate: (answer: Preview) => void = () => {};
    call.mockReturnValueOnce(
      new Promise((resolve) => {
        answerLate = resolve;
      }),
    );
    const late = plan.refresh();
    plan.format = 'json';
    call.mockResolvedValueOnce(preview('/new'));
    await plan.refresh();
    expect(call.mock.calls[0][2].signal.aborted).toBe(true);
    answerLate(preview('/old'));
    await late;
    expect([plan.preview?.folder, plan.previewing]).toEqual(['/new', false]);
  });

  test('asks for no copies in a format that has no use for them, and remembers the wish for the others', async () => {
    const plan = new ExportPlan();
    call.mockResolvedValue(preview('/out'));
    plan.copy = true;
    plan.format = 'imagefolder';
    await plan.refresh();
    plan.format = 'coco';
    await plan.refresh();
    expect(inputs('export.preview')).toEqual([
      { format: 'imagefolder', copy: false },
      { format: 'coco', copy: true },
    ]);
  });

  test('is written where the preview proposed, or where the user chose', async () => {
    const plan = new ExportPlan();
    call.mockResolvedValue(preview('/proposed'));
    await plan.refresh();
    await plan.run();
    plan.folder = '/chosen';
    await plan.run();
    expect(inputs('export.catalogue')).toMatchObject([{ out: '/proposed' }, { out: '/chosen' }]);
  });

  test('that fails shows why and looks again', async () => {
    const plan = new ExportPlan();
    call.mockResolvedValueOnce(preview('/out'));
    await plan.refresh();
    call.mockRejectedValueOnce(new CallError({ code: 'disk-full', message: 'The disk is full.' }));
    call.mockResolvedValueOnce(preview('/out'));
    await plan.run();
    expect(plan.error).toMatchObject({ message: 'The disk is full.' });
    expect([plan.result, plan.exporting, inputs('export.preview').length]).toEqual([null, false, 2]);
  });

  test('that was cancelled is no error', async () => {
    const plan = new ExportPlan();
    plan.folder = '/out';
    call.mockRejectedValueOnce(new CallError({ code: 'cancelled', message: 'Stopped.' }));
    call.mockResolvedValueOnce(preview('/out'));
    await plan.run();
    expect([plan.error, plan.cancelled]).toEqual([null, true]);
  });
});

describe('what was written', () => {
  const result: Result = {
    format: 'coco',
    folder: '/out',
    photos: 40,
    skus: 1,
    products: 966,
    outlined: 900,
    missing: 1,
    absolute: 0,
    turned: 2,
    problems: [],
    seconds: 0.4,
  };

  test('is told in a sentence with its counts', () => {
    expect(headline(result)).toBe('Wrote 966 annotations from 40 photos with 1 SKU in less than a second.');
    expect(headline({ ...result, format: 'imagefolder', seconds: 75 })).toContain('966 pictures');
  });

  test('is followed by what is not as it could be, and by nothing where all is', () => {
    expect(remarks(result)).toHaveLength(3);
    expect(remarks(result)[0]).toContain('66 annotations');
    expect(remarks({ ...result, outlined: 966, missing: 0, turned: 0 })).toEqual([]);
  });
});

describe('the beginning of a csv', () => {
  test('is a table without its byte order mark, and says how many rows are left out', () => {
    const excerpt = [{ text: '\ufeffpath,label\r\na.jpg,"Cola, 0,5 l"\r\n' }, { omitted: 7, what: 'entries' as const }];
    expect(excerptTable({ file: 'catalogue.csv', bytes: 1, excerpt })).toEqual({
      columns: ['path', 'label'],
      rows: [['a.jpg', 'Cola, 0,5 l']],
      omitted: 7,
    });
  });

  test('is none for other files', () => {
    expect(excerptTable({ file: 'catalogue.json', bytes: 1, excerpt: [{ text: '{}' }] })).toBeNull();
  });
});
