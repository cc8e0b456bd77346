// What a supervisor needs of a trainer process, whoever started it.
import type { FromTrainer, ToTrainer } from '../../pretrain/trainer/messages.ts';

/** How a process ended. */
export interface TrainerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** When it could not even be started. */
  readonly error?: Error;
}

/** A trainer that was started. */
export interface TrainerProcess {
  readonly pid?: number;
  /** A message that does not arrive went to a process that is dying; `onEnd` tells of that. */
  send(message: ToTrainer): void;
  onMessage(listener: (message: FromTrainer) => void): void;
  /** Told once, after the last message. */
  onEnd(listener: (how: TrainerEnd) => void): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

/** Starts a trainer: forked where core runs in Node, a utility process of the app's main process in Electron. */
export type StartTrainer = () => TrainerProcess;
