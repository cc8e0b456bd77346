// A thread that looks at photos while the main one is blocked inside the encoder.
import { answerTasks } from '../../base/answer.ts';
import { fileProblem } from '../library/problems.ts';
import { type LookTask, look } from './look.ts';
import type { Outcome } from './sights.ts';

answerTasks<LookTask, Outcome>(
  async (task) => {
    try {
      return await look(task);
    } catch (error) {
      return { problem: fileProblem(task.path, error) };
    }
  },
  (outcome) =>
    'problem' in outcome
      ? []
      : [outcome.inputs, ...Object.values(outcome.descriptions)].map((array) => array.buffer as ArrayBuffer),
);
