// `gondola pretrain`: trains an encoder on the workspace's own photos, without labels.
import type { JobEvent } from '../../base/progress.ts';
import type { InputOf, OutputOf } from '../../contract/call.ts';
import type { trainingCalls } from '../../contract/training.ts';
import type { Choice } from '../../pretrain/choice.ts';
import { objectives } from '../../pretrain/objectives/objectives.ts';
import { standardError } from '../../pretrain/trainer/best-encoder.ts';
import type { EpochEvent, PlannedEvent, StartEvent } from '../../pretrain/trainer/messages.ts';
import { addOptimisationOptions } from '../optimisation-options.ts';
import type { Output } from '../output.ts';
import { addRecipeOptions, withWholePaths } from '../recipe-options.ts';
import { Option, type Verb, wholeNumber } from '../verb.ts';

type Pretrain = (typeof trainingCalls)['training.pretrain'];

export const pretrainVerb: Verb = {
  name: 'pretrain',
  define: (command) =>
    addOptimisationOptions(
      addRecipeOptions(
        command
          .description('train an encoder on the photos of a workspace, by DINO or another objective; needs no labels')
          .argument('<workspace>', 'a folder made by `gondola init`'),
      ),
    )
      .addOption(
        new Option(
          '--embedding <of>',
          'what stands for a photo: class token and the mean of its patches, or the class token alone',
        ).choices(['patches', 'class']),
      )
      .addOption(
        new Option(
          '--frozen <steps>',
          'with --from: keep its encoder still so long, a tenth of the run at most',
        ).argParser(wholeNumber(0)),
      )
      .addOption(new Option('--name <name>', 'of the run and the encoder; with --resume, which run'))
      .addOption(new Option('--resume', 'go on with an unfinished run, exactly as if it had never been interrupted'))
      .addHelpText(
        'after',
        `
What is not given is chosen for the number of photos and the time, and printed with its reason.
Ctrl-C stops and keeps everything: the encoder trained so far is usable, and --resume goes on. After a crash, too.

Objectives:
${objectives.map(({ name, title, paper, idea }) => `  ${name.padEnd(13)}${title} (${paper}): ${idea}`).join('\n')}

Each epoch: DINO's loss = entropy of the teacher + divergence (KL) of the student from it; it may rise when the last layer begins to move and
says little by itself. spread (0 … 1) and rank say whether features differ between photos; near 0 the training has collapsed.
kNN is the accuracy of naming labelled products by their neighbours on other photos: the figure to watch, where there are labels. It comes with
its standard error and the number of products asked; two runs can be compared where that number is the same.`,
      ),
  run([folder], options, { output, call, withWorkspace }) {
    const { name, device, resume, json: _, ...rest } = options;
    const wishes = withWholePaths(rest);
    return withWorkspace(folder as string, async (context) => {
      const input = { wishes, name, device, resume } as InputOf<Pretrain>;
      const result = await call('training.pretrain', input, {
        ...context,
        emit(event) {
          context.emit(event);
          if (!output.isJson) tell(event, output);
        },
      });
      tellResult(result, folder as string, output);
      return { ...result, exitCode: result.state === 'stopped' ? 1 : 0 };
    });
  },
};

/** What a training tells, in words. */
export function tell(event: JobEvent, output: Output): void {
  if (event.kind === 'run') {
    const { run, pictures, choices } = event as unknown as { run: string; pictures: number; choices: Choice[] };
    output.say(`${run}: training on ${pictures} product regions.`);
    output.table(
      ['', '', ''],
      choices.map(({ setting, value, reason }) => [setting, value, reason]),
    );
  } else if (event.kind === 'planned') {
    const { config, step, resumed } = event as PlannedEvent;
    const { steps, stepsPerEpoch, until = steps } = config.plan;
    const epochs = (until / stepsPerEpoch).toFixed(1);
    const kind = until < steps ? `of ${steps} planned steps` : 'steps';
    output.say(
      resumed
        ? `Going on at step ${step} of ${until}.`
        : `${until} ${kind} of ${config.recipe.batch} photos, ${epochs} epochs.`,
    );
  } else if (event.kind === 'start') {
    const { featureSpread, effectiveRank, ...accuracy } = event as StartEvent;
    output.say(
      `before     ${parts({ spread: featureSpread.toFixed(2), rank: effectiveRank.toFixed(1), ...accuracy })}`,
    );
  } else if (event.kind === 'epoch') {
    output.say(epochLine(event as EpochEvent));
  }
}

function epochLine(event: EpochEvent): string {
  const { epoch, loss, featureSpread, effectiveRank, knn, knnAsked } = event;
  const number = Number.isInteger(epoch) ? String(epoch) : epoch.toFixed(2);
  return `epoch ${number.padEnd(4)} ${parts({
    loss: `${loss.toFixed(3)} (${lossParts(event)})`,
    spread: featureSpread.toFixed(2),
    rank: effectiveRank?.toFixed(1) ?? null,
    ...{ knn, knnAsked },
  })}, ${event.imagesPerSecond.toFixed(1)} images/s, waiting ${percent(event.waiting)}, ${duration(event.eta)} left`;
}

function lossParts({ measures }: EpochEvent): string {
  const { teacherEntropy, divergence, ...others } = measures;
  const dino =
    teacherEntropy === undefined ? [] : [`entropy ${teacherEntropy.toFixed(2)} + KL ${divergence.toFixed(2)}`];
  return [...dino, ...Object.entries(others).map(([name, value]) => `${name} ${value.toFixed(2)}`)].join(', ');
}

interface Parts extends Pick<EpochEvent, 'knn' | 'knnAsked'> {
  readonly loss?: string;
  readonly spread: string;
  readonly rank: string | null;
}

function parts({ loss, spread, rank, knn, knnAsked }: Parts): string {
  return [
    ...(loss ? [`loss ${loss}`] : []),
    `spread ${spread}`,
    ...(rank === null ? [] : [`rank ${rank}`]),
    ...(knn === null ? [] : [`kNN ${percent(knn)}${knnAsked === null ? '' : ` ${chance(knn, knnAsked)}`}`]),
  ].join(', ');
}

function tellResult(result: OutputOf<Pretrain>, folder: string, output: Output): void {
  const { state, message, step, steps, model, active, seconds, knn, knnAsked, untrainedKnn } = result;
  const goingOn = active
    ? ''
    : ` It is not the active model; \`gondola models ${folder} --activate ${model}\` makes it that.`;
  if (state === 'stopped') {
    output.say(
      `Stopped after ${step} of ${steps} steps. The encoder ${model} is usable as it is; \`gondola pretrain ${folder} --resume\` goes on.${goingOn}`,
    );
    return;
  }
  if (message) output.say(message);
  const error = knn !== null && knnAsked !== null ? ` ${chance(knn, knnAsked)}` : '';
  const gain =
    knn !== null && untrainedKnn !== null ? ` kNN ${percent(untrainedKnn)} before, ${percent(knn)}${error} now.` : '';
  const next = active ? ` Next: \`gondola index ${folder}\`.` : goingOn;
  output.say(`${model} ${active ? 'is trained' : 'has ended'}: ${step} steps in ${duration(seconds)}.${gain}${next}`);
}

/** What of an accuracy may be chance: its standard error, and how many were asked. */
const chance = (knn: number, asked: number): string => `± ${(100 * standardError(knn, asked)).toFixed(1)} of ${asked}`;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} min`;
}
