// A trainer process that a test plays, for what a device does that this machine does not have.
import type { TrainerEnd, TrainerProcess } from '../../../src-main/core/training/trainer-process.ts';
import type { Examined } from '../../../src-main/pretrain/examine.ts';
import type { FromTrainer } from '../../../src-main/pretrain/trainer/messages.ts';

export const examined: Examined = {
  ...{ runtime: 'onnxruntime cpu', opening: 0.1, productGigaflopsPerSecond: 100, images: 4, difference: 0 },
  ...{
    resident: false,
    instead: null,
    imagesPerSecond: 10,
    gigaflopsPerSecond: 45,
    steps: 3,
    preparing: 1,
    memory: 1e9,
  },
};

/** @param act answers what was asked, or ends */
export function played(act: (say: (message: FromTrainer) => void, end: (how: TrainerEnd) => void) => void) {
  const state = { killed: false };
  const start = (): TrainerProcess => {
    let say: (message: FromTrainer) => void = () => {};
    let end: (how: TrainerEnd) => void = () => {};
    return {
      send: ({ kind }) => {
        if (kind === 'examine') setImmediate(() => act(say, end));
      },
      onMessage: (listener) => {
        say = listener;
      },
      onEnd: (listener) => {
        end = listener;
      },
      kill: () => {
        state.killed = true;
        end({ code: null, signal: 'SIGKILL' });
      },
    };
  };
  return { state, start };
}
