/**
 * Says in words when a training goes wrong, foremost when the network collapses: when it gives every picture the same answer. Of a teacher that
 * answers with prototypes there are two kinds (Caron et al. 2021, section 5.3): even answers, where the sharpening is too weak, and one
 * prototype for everything, where the centering is. Features can become equal, or lie on one line, under any objective.
 */

/** Means over a look: some steps in a row. */
export interface Signs {
  /** The objective's own; of those with prototypes `teacherEntropy` and `divergence` in nats, and `mostUsed` 0 … 1. */
  readonly measures: Readonly<Record<string, number>>;
  readonly prototypes: number;
  /** Of the teacher's features within a batch, 0 … 1; meaningless with one picture a batch. */
  readonly featureSpread: number;
  readonly batch: number;
  /** Share of the time spent waiting for pictures. */
  readonly waiting: number;
  /** Of the probe's pictures, where they were looked at, and before training. */
  readonly effectiveRank?: number | null;
  readonly untrainedRank?: number | null;
}

interface Trouble {
  readonly name: string;
  readonly isCollapse: boolean;
  test(signs: Signs): boolean;
  sentence(signs: Signs): string;
}

/** With fewer pictures a batch the most used prototype says nothing about the others. */
const LEAST_BATCH = 4;
/** Looks in a row after which a collapse is told: at the start of a run, before the center has settled, one look may seem like one. */
const TOLD_LOOKS = 2;
/** Looks in a row after which it is taken to stay. */
export const LASTING_LOOKS = 3;

const REMEDY = 'If this stays, start again with';

const TROUBLES: readonly Trouble[] = [
  {
    name: 'uniform',
    isCollapse: true,
    // An untrained network may answer as evenly; that the student has nothing left to learn from it makes it a collapse.
    test({ measures: { teacherEntropy, divergence }, prototypes }) {
      const most = Math.log(prototypes);
      return teacherEntropy > 0.98 * most && divergence < 0.02 * most;
    },
    sentence: ({ measures: { teacherEntropy, divergence }, prototypes }) =>
      `The teacher answers every picture with the same even spread over all prototypes (entropy ${teacherEntropy.toFixed(2)} of at most ${Math.log(prototypes).toFixed(2)}, divergence ${divergence.toFixed(3)}): the network is collapsing. ${REMEDY} a lower teacher temperature, a lower learning rate or fewer prototypes.`,
  },
  {
    name: 'one-hot',
    isCollapse: true,
    // Certain answers alone are what a sharp teacher gives; here they are all the same.
    test({ measures: { teacherEntropy, divergence, mostUsed }, prototypes, batch }) {
      const most = Math.log(prototypes);
      return batch >= LEAST_BATCH && teacherEntropy < 0.05 * most && divergence < 0.05 * most && mostUsed > 0.95;
    },
    sentence: ({ measures: { teacherEntropy, mostUsed } }) =>
      `The teacher is certain of one prototype for every picture (entropy ${teacherEntropy.toFixed(3)}, ${(100 * mostUsed).toFixed(0)} % of the answers on one): the network is collapsing. ${REMEDY} a higher teacher temperature, a lower learning rate or a larger batch.`,
  },
  {
    name: 'spread',
    isCollapse: true,
    test: ({ featureSpread, batch }) => batch > 1 && featureSpread < 0.02,
    sentence: ({ featureSpread }) =>
      `All pictures get nearly the same feature (spread ${featureSpread.toFixed(3)} of 1): the network is collapsing. ${REMEDY} a lower learning rate, less weight decay or more varied photos.`,
  },
  {
    name: 'rank',
    isCollapse: true,
    test: ({ effectiveRank, untrainedRank }) =>
      typeof effectiveRank === 'number' &&
      typeof untrainedRank === 'number' &&
      untrainedRank >= 2 &&
      effectiveRank < 1.2,
    sentence: ({ effectiveRank, untrainedRank }) =>
      `The features of all pictures lie on one line (effective rank ${effectiveRank!.toFixed(2)}, ${untrainedRank!.toFixed(1)} before training): the network is collapsing. ${REMEDY} a lower learning rate or a larger batch.`,
  },
  {
    name: 'waiting',
    isCollapse: false,
    test: ({ waiting }) => waiting > 0.1,
    sentence: ({ waiting }) =>
      `${(waiting * 100).toFixed(0)} % of the time is spent waiting for pictures: other programs keep the processor busy, or the disk of the workspace is slow.`,
  },
];

/** What the watch remembers; part of the checkpoint. */
export interface CollapseState {
  /** Looks in a row that saw each trouble. */
  readonly seen: Readonly<Record<string, number>>;
}

export class CollapseWatch {
  #seen: Readonly<Record<string, number>>;
  /** What the last collapse looked like. */
  #sentence = '';

  constructor({ seen }: CollapseState = { seen: {} }) {
    this.#seen = seen;
  }

  get state(): CollapseState {
    return { seen: this.#seen };
  }

  /** Whether the network has been collapsed for so many looks that it will hardly recover. */
  get stays(): boolean {
    return TROUBLES.some(({ name, isCollapse }) => isCollapse && (this.#seen[name] ?? 0) >= LASTING_LOOKS);
  }

  get sentence(): string {
    return this.#sentence;
  }

  /** The sentences that are due after a look. Each trouble is told once, and again only if it went away in between. */
  warnings(signs: Signs): string[] {
    const present = TROUBLES.filter(({ test }) => test(signs));
    this.#seen = Object.fromEntries(present.map(({ name }) => [name, (this.#seen[name] ?? 0) + 1]));
    const collapse = present.find(({ isCollapse }) => isCollapse);
    if (collapse) this.#sentence = collapse.sentence(signs);
    const isDue = ({ name, isCollapse }: Trouble) => this.#seen[name] === (isCollapse ? TOLD_LOOKS : 1);
    return present.filter(isDue).map(({ sentence }) => sentence(signs));
  }
}
