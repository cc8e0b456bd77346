import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistinctNames, safeName } from '../../../src-main/core/export/names.ts';

describe('names of exported files', () => {
  it('are taken by every file system, whatever the SKU is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (wanted) => {
        const name = safeName(wanted);
        expect(name).not.toMatch(/[<>:"/\\|?*]|[. ]$|^\./);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(121);
        expect(name.length).toBeGreaterThan(0);
      }),
    );
  });

  it('stay as they are where nothing speaks against it', () => {
    for (const name of ['Cola 0,5 l', 'Café (large)', '牛乳', 'a.b']) expect(safeName(name)).toBe(name);
  });

  it('are distinct where A and a, or é in one piece and in two, are the same', () => {
    const names = new DistinctNames();
    expect(names.claim('Cola', '.jpg')).toBe('Cola.jpg');
    expect(names.claim('COLA', '.jpg')).toBe('COLA (2).jpg');
    expect(names.claim('é')).toBe('é');
    expect(names.claim('e\u0301')).toBe('é (2)');
  });
});
