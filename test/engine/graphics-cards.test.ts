import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linuxCards, pciName } from '../../src-main/engine/graphics-cards.ts';

const list = `# comment
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t744c  Navi 31 [Radeon RX 7900 XT]
\t\t1002 0e3b  a subsystem
8086  Intel Corporation
\t46a6  Alder Lake-P GT2 [Iris Xe Graphics]
`;

describe('the graphics cards of a Linux machine', () => {
  test('have the names of the list of PCI devices, and NVIDIA’s those of its driver', async () => {
    const root = mkdtempSync(join(tmpdir(), 'gondola-cards-'));
    const write = (path: string, text: string) => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    try {
      expect(await linuxCards(root)).toEqual([]);
      write('usr/share/misc/pci.ids', list);
      write('sys/class/drm/card0/device/vendor', '0x8086\n');
      write('sys/class/drm/card0/device/device', '0x46a6\n');
      write('sys/class/drm/card0-DP-1/status', 'connected\n');
      write('sys/class/drm/card1/device/vendor', '0x10de\n');
      write('sys/class/drm/card1/device/device', '0x2330\n');
      expect(await linuxCards(root)).toEqual([
        'Intel Corporation Alder Lake-P GT2 [Iris Xe Graphics]',
        'NVIDIA, device 2330',
      ]);
      write('proc/driver/nvidia/gpus/0000:01:00.0/information', 'Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 1\n');
      expect(await linuxCards(root)).toEqual([
        'NVIDIA H100 80GB HBM3',
        'Intel Corporation Alder Lake-P GT2 [Iris Xe Graphics]',
      ]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test('that the list does not know are told by their numbers', () => {
    expect(pciName(list, '1002', '744c')).toBe('Advanced Micro Devices, Inc. [AMD/ATI] Navi 31 [Radeon RX 7900 XT]');
    expect(pciName(list, '1002', 'ffff')).toBe('Advanced Micro Devices, Inc. [AMD/ATI], device ffff');
    expect(pciName(list, '1ab8', '0005')).toBe('vendor 1ab8, device 0005');
    expect(pciName(list, '', '')).toBeNull();
  });
});
