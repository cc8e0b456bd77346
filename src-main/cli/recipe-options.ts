// The options by which `pretrain` and `find-rate` tell what is trained: the objective, the network, its crops and its start.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { VIT_NAMES } from '../model/vit.ts';
import { OBJECTIVE_NAMES } from '../pretrain/objectives/objective.ts';
import { numberAbove, Option, wholeNumber } from './verb.ts';

export function addRecipeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--minutes <n>', 'train until the whole command has taken so long; more is better')
        .argParser(numberAbove(0))
        .conflicts('epochs'),
    )
    .addOption(new Option('--epochs <n>', 'train for so many passes over all photos').argParser(wholeNumber(1)))
    .addOption(
      new Option(
        '--objective <name>',
        'what is learnt from; without it, what goes furthest in the time that there is',
      ).choices([...OBJECTIVE_NAMES]),
    )
    .addOption(
      new Option('--koleo <weight>', 'with dino: spread features evenly (KoLeo); DINOv2 takes 0.1').argParser(
        numberAbove(0),
      ),
    )
    .addOption(
      new Option('--ibot <weight>', 'with dino: foretell hidden patches too (iBOT); DINOv2 takes 1').argParser(
        numberAbove(0),
      ),
    )
    .addOption(
      new Option(
        '--teacher <model>',
        'with distillation: the larger encoder to learn from, of the workspace or a .safetensors',
      ),
    )
    .addOption(
      new Option('--model <name>', `one of ${VIT_NAMES.join(', ')}; smaller ones see more passes in the same time`),
    )
    .addOption(
      new Option('--image <pixels>', 'side of a global crop, a multiple of the patch').argParser(wholeNumber(8)),
    )
    .addOption(
      new Option('--local <pixels>', 'side of a local crop, about half of a global one').argParser(wholeNumber(8)),
    )
    .addOption(
      new Option('--locals <n>', 'local crops a photo; 0 trains on global ones alone').argParser(wholeNumber(0)),
    )
    .addOption(new Option('--batch <n>', 'photos a step; memory hardly depends on it').argParser(wholeNumber(1)))
    .addOption(
      new Option('--preset <name>', 'products keeps colours and print; paper is the official augmentation').choices([
        'products',
        'paper',
      ]),
    )
    .addOption(
      new Option('--prototypes <n>', 'outputs of the head; fewer where the training collapses').argParser(
        wholeNumber(2),
      ),
    )
    .addOption(
      new Option('--start <how>', 'of the first layer: the photos’ own principal components, or random').choices([
        'components',
        'random',
      ]),
    )
    .addOption(
      new Option('--attention <how>', 'how attention starts: random, or as it looks after a training').choices([
        'random',
        'mimetic',
      ]),
    )
    .addOption(
      new Option(
        '--from <model>',
        'go on from an encoder of the workspace, or from a file (.safetensors, .pth, .onnx) as import-weights takes it',
      ),
    )
    .addOption(new Option('--seed <n>', 'the same seed repeats it').argParser(wholeNumber(0)))
    .addOption(new Option('--device <name>', 'cpu, webgpu, dml, cuda or tensorflow').default('cpu'));
}

/** Wishes as given; files are named from the root, since the core may run elsewhere. */
export function withWholePaths(wishes: Record<string, unknown>): Record<string, unknown> {
  const whole = (['from', 'teacher'] as const).flatMap((wish) => {
    const file = wishes[wish];
    return typeof file === 'string' && existsSync(file) ? [[wish, resolve(file)]] : [];
  });
  return { ...wishes, ...Object.fromEntries(whole) };
}
