// `gondola runs`: the trainings of a workspace, and the record of one.
import { join } from 'node:path';
import type { OutputOf } from '../../contract/call.ts';
import type { RecordPart } from '../../contract/record.ts';
import type { trainingCalls } from '../../contract/training.ts';
import type { Output } from '../output.ts';
import type { Verb } from '../verb.ts';
import { tellReproduction } from './reproduce.ts';

type Detail = OutputOf<(typeof trainingCalls)['training.run']>;
type Kept = OutputOf<(typeof trainingCalls)['training.record']>;

export const runsVerb: Verb = {
  name: 'runs',
  define: (command) =>
    command
      .description('the trainings of a workspace, or the record of one of them')
      .argument('<workspace>', 'a folder made by `gondola init`')
      .argument('[name]', 'of a run: what it was trained with, on what, and what came out')
      .addHelpText(
        'after',
        `
The record lies in WORKSPACE/runs/NAME: record.json (everything that decides the weights, and what came out), curves.csv, crops.png (the
crops of the first batch), attention/ and neighbours/ as they evolved. \`gondola reproduce\` trains the run again from record.json.`,
      ),
  run([folder, name], _, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      if (name === undefined) {
        const { runs } = await call('training.runs', {}, context);
        if (runs.length === 0) output.say(`Nothing has been trained yet: \`gondola pretrain ${folder}\`.`);
        else {
          output.table(
            ['run', 'state', 'started', 'steps', 'loss', 'kNN', 'untrained', 'of', ''],
            runs.map(({ name: run, state, startedAt, step, last, untrainedKnn, knnAsked, model }) => [
              ...[run, state, minute(startedAt), step, number(last.loss), percent(last.knn), percent(untrainedKnn)],
              knnAsked ?? '–',
              model?.active ? 'active' : '',
            ]),
          );
        }
        return { runs };
      }
      const asked = { run: name as string };
      const detail = await call('training.run', asked, context);
      const kept = await call('training.record', asked, context);
      tellRun(detail, kept, output);
      output.say(
        kept.record
          ? `\nThe whole record: ${join(folder as string, 'runs', name as string, 'record.json')}`
          : 'No record is kept of it: it was not planned yet, or an earlier version trained it.',
      );
      const { looks } = await call('training.neighbours', asked, context);
      const { record, reproduction } = kept;
      return { ...detail, record, reproduction, neighbours: looks };
    });
  },
};

function tellRun({ run, series, warnings }: Detail, { record, reproduction }: Kept, output: Output): void {
  const { step, steps, message } = run;
  output.say(`${run.name}: ${run.state}, ${step} of ${steps ?? '?'} steps. ${message}`.trimEnd());
  output.say('');
  output.table(['', ''], [...run.settings.map(({ setting, value }) => [setting, value]), ...recordRows(record)]);
  output.say('');
  output.table(
    ['measured', 'at first', 'at last', 'step'],
    series
      .filter(({ name }) => !name.startsWith('step.') && name !== 'epoch')
      .map(({ name, steps: at, values }) => [
        ...[name, number(values[0]), number(values.at(-1) ?? null)],
        at.at(-1) ?? 0,
      ]),
  );
  const notes = record?.notes.map((note) => `step ${note.step}: ${note.message}`) ?? warnings;
  for (const note of notes) output.say(note);
  if (reproduction) tellReproduction(reproduction, run.name, output);
}

function recordRows(record: Kept['record']): [string, string][] {
  if (!record) return [];
  const { parts, config, weights, outcome } = record;
  return [
    ...parts.map((part, i): [string, string] => [
      i === 0 ? 'trained with' : `from step ${part.step} on`,
      programOf(part),
    ]),
    ['on', `${parts[0].processor}, ${parts[0].cores} cores, ${parts[0].platform}`],
    ['micro-batch', String(config.microBatch)],
    ['fingerprint of the pictures', config.data.fingerprint],
    ...weights.map(({ use, file, sha256 }): [string, string] => [`weights (${use})`, `${file}, SHA-256 ${sha256}`]),
    ...(outcome?.encoder
      ? ([
          ['encoder', outcome.encoder.file],
          ['SHA-256', outcome.encoder.sha256],
        ] as [string, string][])
      : []),
  ];
}

function programOf({ gondola, revision, dirty, node, onnxRuntime, libvips }: RecordPart): string {
  const sources = revision === 'unknown' ? 'revision unknown' : `revision ${revision.slice(0, 12)}`;
  const state = dirty ? ', with changes' : '';
  return `Gondola ${gondola} (${sources}${state}), Node ${node}, ONNX Runtime ${onnxRuntime}, libvips ${libvips}`;
}

const minute = (at: string): string => at.slice(0, 16).replace('T', ' ');
const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`);
const number = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(4))));
