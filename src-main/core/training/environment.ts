// The program and the machine that train: what a run's record says of them, and how two of them differ.
import { availableParallelism, cpus, release } from 'node:os';
import type { Environment } from '../../contract/record.ts';
import { onnxRuntimeVersion } from '../../engine/onnx/version.ts';
import { libvipsVersion } from '../../vision/libvips.ts';
import { runningRevision } from './revision.ts';
import { version } from './version.ts';

export function currentEnvironment(): Environment {
  return {
    gondola: version,
    ...runningRevision(),
    node: process.versions.node,
    onnxRuntime: onnxRuntimeVersion,
    libvips: libvipsVersion,
    platform: `${process.platform} ${process.arch} ${release()}`,
    processor: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
  };
}

/** What a run of an earlier version, which kept no record, is known to have been trained with. */
export function unknownEnvironment(gondola: string): Environment {
  const unknown = 'unknown';
  return {
    ...{ gondola, revision: unknown, dirty: null, node: unknown, onnxRuntime: unknown, libvips: unknown },
    ...{ platform: unknown, processor: unknown, cores: 1 },
  };
}

const compared: readonly { readonly what: string; readonly of: (one: Environment) => string }[] = [
  { what: 'Gondola', of: ({ gondola }) => gondola },
  { what: 'the revision of the sources', of: ({ revision }) => revision.slice(0, 12) },
  { what: 'ONNX Runtime', of: ({ onnxRuntime }) => onnxRuntime },
  { what: 'libvips, which decodes the photos', of: ({ libvips }) => libvips },
  { what: 'Node', of: ({ node }) => node },
  { what: 'the processor', of: ({ processor }) => processor },
  { what: 'the number of cores', of: ({ cores }) => String(cores) },
  { what: 'the system', of: ({ platform }) => platform.split(' ').slice(0, 2).join(' ') },
];

/**
 * Why the same training may give other weights in one environment than in another, as sentences: what is likely to matter most comes first.
 * Empty where nothing is known to differ.
 */
export function environmentDifferences(then: readonly Environment[], now: readonly Environment[]): string[] {
  const differences = compared.flatMap(({ what, of }) => {
    const [before, after] = [then, now].map((parts) => [...new Set(parts.map(of))].join(', '));
    return before === after
      ? []
      : [`It was trained with another ${what.replace(/^the /, '')}: ${before}; here it is ${after}.`];
  });
  const changed = (parts: readonly Environment[]) => parts.some(({ dirty }) => dirty);
  if (changed(then)) differences.push('Its sources had been changed since their revision.');
  if (changed(now)) differences.push('The sources here have been changed since their revision.');
  return differences;
}
