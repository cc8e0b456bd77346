// WebGPU on a machine with no graphics card: Chromium's software Vulkan, which lies in every Electron for Linux.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { plainRuntime } from '../electron/packaging.ts';

let found: NodeJS.ProcessEnv | null | undefined;

/** What a process needs around it to see software Vulkan; null where there is none. */
export function softwareVulkan(): NodeJS.ProcessEnv | null {
  found ??= find();
  return found;
}

/** To end a test's name with: why it is skipped, where it is. */
export const ifSkipped = softwareVulkan()
  ? ''
  : ' (skipped: no software Vulkan here, which comes with Electron for Linux)';

function find(): NodeJS.ProcessEnv | null {
  if (process.platform !== 'linux') return null;
  const folder = plainRuntime();
  if (folder === null || !existsSync(join(folder, 'vk_swiftshader_icd.json'))) return null;
  return { ...process.env, VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'), LD_LIBRARY_PATH: folder };
}

/**
 * Runs a TypeScript file in a process of its own, since the variables are read when a process starts.
 * @returns what its last line says, as JSON
 */
export async function onSoftwareVulkan<T>(script: string, args: readonly string[] = []): Promise<T> {
  const env = softwareVulkan();
  if (!env) throw new Error('There is no software Vulkan here.');
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], { env, maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}
