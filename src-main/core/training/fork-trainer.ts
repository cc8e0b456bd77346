// The trainer as a child process of this one: how the command line and the server start it.
import { fork } from 'node:child_process';
import type { TrainerProcess } from './trainer-process.ts';

const script = new URL('../../pretrain/trainer/process.ts', import.meta.url);

export function forkTrainer(): TrainerProcess {
  // What native libraries print goes to stderr: stdout belongs to the command's own lines.
  const child = fork(script, { serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] });
  return {
    get pid() {
      return child.pid;
    },
    send(message) {
      if (child.connected) child.send(message, () => {});
    },
    onMessage(listener) {
      child.on('message', listener);
    },
    onEnd(listener) {
      child.on('error', (error) => {
        if (child.pid === undefined) listener({ code: null, signal: null, error });
      });
      child.on('close', (code, signal) => listener({ code, signal }));
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}
