/**
 * Student, teacher and the optimiser's moments on the device: they are taken up once, updated there, and come down for checkpoints and looks
 * alone. An update makes the next state beside the present one, so that one that diverged can be dropped.
 */
import { input, size } from '../../engine/graph.ts';
import type { Feeds, ResidentProgram, Runtime } from '../../engine/runtime.ts';
import type { Parameter, Slot, Tensor, Weights } from '../../model/parameters.ts';
import { isFrozen, type Objective, type StepSettings } from '../objectives/objective.ts';
import type { AdamWOptions } from '../optimiser.ts';
import type { Residents } from './step-program.ts';
import { type Part, updateGraph } from './update-graph.ts';

export interface ResidentStateOptions {
  readonly objective: Objective;
  readonly trained: readonly Parameter[];
  readonly clip: number;
  readonly optimiser: AdamWOptions;
}

export class ResidentState {
  readonly #runtime: Runtime;
  readonly #options: ResidentStateOptions;
  /** Everything that stays on the device, in the order of its programs. */
  readonly #slots: readonly Slot[];
  readonly #values = new Map<string, Residents[string]>();
  /** Updates so far, by trained parameter. */
  readonly #steps = new Map<string, number>();
  readonly #programs = new Map<string, ResidentProgram>();

  constructor(runtime: Runtime, options: ResidentStateOptions) {
    this.#runtime = runtime;
    this.#options = options;
    const { objective, trained } = options;
    this.#slots = [
      ...renamed(objective.parameters, 'student.'),
      ...renamed(objective.teacherParameters, 'teacher.'),
      ...renamed(trained, 'first.'),
      ...renamed(trained, 'second.'),
    ];
  }

  /** What the programs of a step are fed: `student.…` and `teacher.…`, among others. */
  get feeds(): Feeds {
    return Object.fromEntries(this.#values);
  }

  /** @param tensors as `Learner.tensors` gives them; moments that are not among them start at 0 */
  async upload(tensors: Weights): Promise<void> {
    const program = await this.#program('upload', () =>
      this.#runtime.compileResident!(
        {},
        Object.fromEntries(this.#slots.map(({ name, shape }) => [name, input(name, shape)])),
      ),
    );
    const { kept } = await program.run(
      Object.fromEntries(
        this.#slots.map(({ name, shape }) => [name, tensors.get(name)?.values ?? new Float32Array(size(shape))]),
      ),
    );
    this.#replace(kept);
    for (const { name } of this.#options.trained) this.#steps.set(name, tensors.get(`steps.${name}`)?.values[0] ?? 0);
  }

  /** Everything, in the form that `upload` takes. */
  async download(): Promise<Map<string, Tensor>> {
    const values = await this.#read(this.#slots, this.feeds);
    for (const { name } of this.#options.trained) {
      const steps = this.#steps.get(name)!;
      if (steps > 0) values.set(`steps.${name}`, { shape: [], values: Float32Array.of(steps) });
    }
    return values;
  }

  /** @returns those of the last batch by parameter, before clipping */
  async downloadGradients(gradients: Residents): Promise<Map<string, Tensor>> {
    const slots = renamed(this.#options.trained, 'gradient.');
    const values = await this.#read(slots, gradients);
    return new Map([...values].map(([name, tensor]) => [name.slice('gradient.'.length), tensor]));
  }

  /**
   * One update of everything by the gradients of a batch.
   * @returns the norm of each trained parameter's gradient; where one is not finite, nothing has changed
   */
  async learn(gradients: Residents, settings: StepSettings): Promise<Float32Array> {
    const parts = this.#parts(settings);
    const { clip, optimiser } = this.#options;
    const key = parts.map(({ group, averaged }) => `${group}${averaged}`).join();
    const program = await this.#program(`update ${key}`, () => {
      const { outputs, kept } = updateGraph(parts, clip, optimiser);
      return this.#runtime.compileResident!(outputs, kept);
    });
    const { values, kept } = await program.run({ ...this.feeds, ...gradients, ...this.#scalars(parts, settings) });
    if (!values.norms.every(Number.isFinite)) {
      for (const value of Object.values(kept)) value.dispose();
      return values.norms;
    }
    this.#replace(kept);
    for (const { parameter, group } of parts)
      if (group !== null) this.#steps.set(parameter.name, this.#steps.get(parameter.name)! + 1);
    return values.norms;
  }

  async dispose(): Promise<void> {
    for (const value of this.#values.values()) value.dispose();
    this.#values.clear();
    for (const program of this.#programs.values()) await program.dispose();
    this.#programs.clear();
  }

  /** Which parameters an update changes. Groups are numbered by age, so that the numbers stay while all are updated. */
  #parts(settings: StepSettings): Part[] {
    const { objective, trained } = this.#options;
    const ages = [...new Set(this.#steps.values())].sort((a, b) => b - a);
    const teachers = new Set(objective.teacherParameters.map(({ name }) => name));
    return trained.map((parameter) => ({
      parameter,
      group: isFrozen(parameter.name, objective, settings) ? null : ages.indexOf(this.#steps.get(parameter.name)!),
      averaged: objective.teacher === 'average' && teachers.has(parameter.name),
    }));
  }

  #scalars(parts: readonly Part[], settings: StepSettings): Record<string, Float32Array> {
    const { learningRate, weightDecay, teacherMomentum } = settings;
    const { beta1, beta2 } = this.#options.optimiser;
    const scalars: Record<string, Float32Array> = {
      keep: Float32Array.of(1 - learningRate * weightDecay),
      momentum: Float32Array.of(teacherMomentum),
      rest: Float32Array.of(1 - teacherMomentum),
    };
    for (const { parameter, group } of parts) {
      if (group === null) continue;
      const steps = this.#steps.get(parameter.name)! + 1;
      scalars[`stepSize.${group}`] ??= Float32Array.of(learningRate / (1 - beta1 ** steps));
      scalars[`correction.${group}`] ??= Float32Array.of(1 / Math.sqrt(1 - beta2 ** steps));
    }
    return scalars;
  }

  /** Brings values down: as the ordinary outputs of a program, which every runtime can. */
  async #read(slots: readonly Slot[], from: Feeds): Promise<Map<string, Tensor>> {
    const program = await this.#program(`read ${slots[0].name}`, () =>
      this.#runtime.compileResident!(
        Object.fromEntries(slots.map(({ name, shape }) => [name, input(name, shape)])),
        {},
      ),
    );
    const { values } = await program.run(from);
    return new Map(slots.map(({ name, shape }) => [name, { shape, values: values[name] }]));
  }

  async #program(key: string, compile: () => Promise<ResidentProgram>): Promise<ResidentProgram> {
    const program = this.#programs.get(key) ?? (await compile());
    this.#programs.set(key, program);
    return program;
  }

  #replace(kept: Residents): void {
    for (const [name, value] of Object.entries(kept)) {
      this.#values.get(name)?.dispose();
      this.#values.set(name, value);
    }
  }
}

function renamed(slots: readonly Slot[], prefix: string): Slot[] {
  return slots.map(({ name, shape }) => ({ name: prefix + name, shape }));
}
