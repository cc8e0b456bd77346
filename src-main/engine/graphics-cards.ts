/** The graphics cards of this machine, by the names that people know them by. ONNX Runtime tells neither their number nor their names. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What asking the system may take, milliseconds. */
const PATIENCE = 10_000;

/** Names, as far as the system tells them; empty where there is no card or nobody knows. */
export async function graphicsCards(platform = process.platform): Promise<string[]> {
  if (platform === 'linux') return linuxCards();
  if (platform === 'darwin') return ask('system_profiler', ['SPDisplaysDataType', '-json'], macCards);
  if (platform === 'win32') {
    const query = 'Get-CimInstance Win32_VideoController | ForEach-Object Name';
    return ask('powershell', ['-NoProfile', '-Command', query], lines);
  }
  return [];
}

/** @param root where `/proc` and `/sys` are, and the list of PCI devices */
export async function linuxCards(root = '/'): Promise<string[]> {
  const nvidia = await Promise.all(
    (await namesIn(join(root, 'proc/driver/nvidia/gpus'))).map(async (card) =>
      /^Model:\s*(.+)$/m.exec(await text(join(root, 'proc/driver/nvidia/gpus', card, 'information')))?.[1].trim(),
    ),
  );
  const list = await text(join(root, 'usr/share/misc/pci.ids'));
  const others = await Promise.all(
    (await namesIn(join(root, 'sys/class/drm')))
      .filter((name) => /^card\d+$/.test(name))
      .map(async (name) => {
        const number = async (file: string) =>
          (await text(join(root, 'sys/class/drm', name, 'device', file))).trim().replace(/^0x/, '');
        return pciName(list, await number('vendor'), await number('device'));
      }),
  );
  const named = nvidia.filter((name) => name !== undefined);
  return [
    ...named,
    ...others.filter((name) => name !== null && !(named.length > 0 && name.startsWith('NVIDIA'))),
  ] as string[];
}

/**
 * @param list in the format of pci.ids: a vendor's line begins with its number, its devices' lines with a tab and theirs
 * @returns vendor and device; the numbers of a card that the list does not know; null for what has no numbers
 */
export function pciName(list: string, vendor: string, device: string): string | null {
  if (!/^[0-9a-f]{4}$/.test(vendor) || !/^[0-9a-f]{4}$/.test(device)) return null;
  const start = list.search(new RegExp(`^${vendor} `, 'm'));
  if (start < 0) return `${knownVendors[vendor] ?? `vendor ${vendor}`}, device ${device}`;
  const [own, ...below] = list.slice(start).split('\n');
  const end = below.findIndex((line) => /^[0-9a-fA-F]/.test(line));
  const found = below.slice(0, end < 0 ? undefined : end).find((line) => line.startsWith(`\t${device} `));
  const maker = own.slice(5).trim();
  return found ? `${maker} ${found.slice(6).trim()}` : `${maker}, device ${device}`;
}

const knownVendors: Record<string, string> = { '10de': 'NVIDIA', '1002': 'AMD', '8086': 'Intel' };

function macCards(output: string): string[] {
  const { SPDisplaysDataType: cards = [] } = JSON.parse(output) as {
    SPDisplaysDataType?: { sppci_model?: string; _name?: string }[];
  };
  return cards.flatMap(({ sppci_model, _name }) => sppci_model ?? _name ?? []);
}

function lines(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A name is a courtesy: a system that does not answer has none to tell. */
async function ask(command: string, args: readonly string[], read: (output: string) => string[]): Promise<string[]> {
  try {
    return read((await promisify(execFile)(command, [...args], { timeout: PATIENCE })).stdout);
  } catch {
    return [];
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
