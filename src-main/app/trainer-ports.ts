/** Trainers as the core process sees them in Electron: only the main process can start one, and hands over the port to it. */
import type { MessagePortMain } from 'electron';
import type { TrainerEnd, TrainerProcess } from '../core/training/trainer-process.ts';
import type { FromTrainer, ToTrainer } from '../pretrain/trainer/messages.ts';
import type { FromCore } from './control.ts';

interface Trainer {
  port: MessagePortMain | null;
  /** What was sent before the port arrived. */
  waiting: ToTrainer[];
  readonly message: ((message: FromTrainer) => void)[];
  readonly end: ((how: TrainerEnd) => void)[];
}

export class TrainerPorts {
  readonly #trainers = new Map<number, Trainer>();
  readonly #tellMain: (message: FromCore) => void;
  #nextId = 1;

  constructor(tellMain: (message: FromCore) => void) {
    this.#tellMain = tellMain;
  }

  start(): TrainerProcess {
    const id = this.#nextId++;
    const trainer: Trainer = { port: null, waiting: [], message: [], end: [] };
    this.#trainers.set(id, trainer);
    this.#tellMain({ kind: 'start-trainer', id });
    return {
      send(message) {
        if (trainer.port) trainer.port.postMessage(message);
        else trainer.waiting.push(message);
      },
      onMessage: (listener) => void trainer.message.push(listener),
      onEnd: (listener) => void trainer.end.push(listener),
      kill: () => this.#tellMain({ kind: 'kill-trainer', id }),
    };
  }

  arrived(id: number, port: MessagePortMain): void {
    const trainer = this.#trainers.get(id);
    if (!trainer) return; // it ended while its port was on the way
    trainer.port = port;
    port.on('message', ({ data }) => {
      for (const listener of trainer.message) listener(data as FromTrainer);
    });
    port.start();
    for (const message of trainer.waiting) port.postMessage(message);
    trainer.waiting = [];
  }

  ended(id: number, code: number): void {
    const trainer = this.#trainers.get(id);
    this.#trainers.delete(id);
    // Its last messages and this one come by different ways: those get a moment.
    setTimeout(() => {
      for (const listener of trainer?.end ?? []) listener({ code, signal: null });
    }, 100);
  }
}
