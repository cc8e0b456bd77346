// A trainer process that only answers: for tests of what is asked of trainers, and of what is made of their answers.
import type { StartTrainer, TrainerEnd } from '../../../src-main/core/training/trainer-process.ts';
import type { FromTrainer, ToTrainer } from '../../../src-main/pretrain/trainer/messages.ts';

/** @param answer to each message but `received`, after which the process ends */
export function playedTrainer(answer: (message: ToTrainer) => FromTrainer): StartTrainer {
  return () => {
    let hear: (message: FromTrainer) => void = () => {};
    let end: (how: TrainerEnd) => void = () => {};
    return {
      send(message) {
        if (message.kind === 'received') end({ code: 0, signal: null });
        else setImmediate(() => hear(answer(message)));
      },
      onMessage(listener) {
        hear = listener;
      },
      onEnd(listener) {
        end = listener;
      },
      kill() {},
    };
  };
}
