/**
 * Says in words when a training goes wrong, foremost when the network collapses: when it gives every picture the same answer. Of a teacher that
 * answers with prototypes there are two kinds (Caron et al. 2021, section 5.3): even answers, where the sharpening is too weak, and one
 * prototype for everything, where the centering is. Features can become equal, or lie on one line, under any objective.
 */
import type { ObjectiveName } from '../objectives/objective.ts';

/** Means over a look: some steps in a row. */
export interface Signs {
  readonly objective: ObjectiveName;
  /** The objective's own; of those with prototypes `teacherEntropy` and `divergence` in nats, and `mostUsed` 0 … 1. */
  readonly measures: Readonly<Record<string, number>>;
  readonly prototypes: number;
  /** Of the teacher's features within a batch, 0 … 1; meaningless with one picture a batch. */
  readonly featureSpread: number;
  /** The same of the first batch, before anything was learnt; null where that was not kept. */
  readonly untrainedSpread: number | null;
  readonly batch: number;
  /** Share of the time spent waiting for pictures. */
  readonly waiting: number;
}

/** What the probe saw at a look of its own. */
export interface ProbeSigns {
  readonly objective: ObjectiveName;
  readonly effectiveRank: number;
  /** Before training; null where it was not looked at then. */
  readonly untrainedRank: number | null;
}

interface Trouble<Seen> {
  readonly name: string;
  readonly isCollapse: boolean;
  test(signs: Seen): boolean;
  sentence(signs: Seen): string;
}

/** With fewer pictures a batch the most used prototype says nothing about the others. */
const LEAST_BATCH = 4;
/** Looks in a row after which a collapse is told: at the start of a run, before the center has settled, one look may seem like one. */
const TOLD_LOOKS = 2;
/** Looks in a row after which it is taken to stay. */
export const LASTING_LOOKS = 3;

/** A spread that no network has which tells pictures apart; a mimetic start has some 0.07. */
const NO_SPREAD = 0.02;
/**
 * Features may be pressed together to some share of what they were before training, for a while: healthy trainings fell to a half and rose
 * again. Those that fell to a quarter, and to this, gave ever worse neighbours, while their spread went on above `NO_SPREAD` for long. Not asked
 * of DINO: its prototypes tell pictures apart that lie close together, and its own collapses show in its answers.
 */
const PRESSED = { share: 0.25, most: 0.15 };
/** BYOL pushes nothing apart: where it foretells every answer, a half says as much. */
const FORETOLD = { similarity: 0.998, share: 0.5 };

const REMEDY = 'If this stays, start again with';

/** What helps against equal features is what the objective has against them. */
const AGAINST_EQUALITY: Readonly<Record<ObjectiveName, string>> = {
  dino: 'a lower learning rate, less weight decay or more varied photos',
  byol: 'a teacher that follows more slowly (a higher momentum), a larger batch, or an objective that pushes photos apart, as SimCLR does',
  simclr: 'a lower learning rate, a larger batch or more varied photos',
  swav: 'fewer prototypes, a larger batch or a lower learning rate: a batch of few photos cannot use many prototypes evenly',
  simdino: 'a lower learning rate, a larger batch or more varied photos',
  distillation:
    'a lower learning rate, less weight decay, or another teacher if that one sees no difference between these photos',
};

/** Seen in the steps themselves. */
const OF_STEPS: readonly Trouble<Signs>[] = [
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
    test({ objective, measures, featureSpread, untrainedSpread, batch }) {
      if (batch < 2) return false;
      if (objective === 'dino' || untrainedSpread === null) return featureSpread < NO_SPREAD;
      const isForetold = objective === 'byol' && measures.similarity > FORETOLD.similarity;
      const share = isForetold ? FORETOLD.share : PRESSED.share;
      return featureSpread < Math.max(NO_SPREAD, Math.min(PRESSED.most, share * untrainedSpread));
    },
    sentence: ({ featureSpread, untrainedSpread, objective }) =>
      `All pictures get nearly the same feature (spread ${featureSpread.toFixed(3)} of 1${untrainedSpread === null ? '' : `, ${untrainedSpread.toFixed(3)} before training`}): the network is collapsing. ${REMEDY} ${AGAINST_EQUALITY[objective]}.`,
  },
  {
    name: 'waiting',
    isCollapse: false,
    test: ({ waiting }) => waiting > 0.1,
    sentence: ({ waiting }) =>
      `${(waiting * 100).toFixed(0)} % of the time is spent waiting for pictures: other programs keep the processor busy, or the disk of the workspace is slow.`,
  },
];

/** Seen by the probe, which looks less often: one of its looks counts once, however many steps pass until the next. */
const OF_PROBE: readonly Trouble<ProbeSigns>[] = [
  {
    name: 'rank',
    isCollapse: true,
    test: ({ effectiveRank, untrainedRank }) => untrainedRank !== null && untrainedRank >= 2 && effectiveRank < 1.2,
    sentence: ({ effectiveRank, untrainedRank, objective }) =>
      `The features of all pictures lie on one line (effective rank ${effectiveRank.toFixed(2)}, ${untrainedRank!.toFixed(1)} before training): the network is collapsing. ${REMEDY} ${AGAINST_EQUALITY[objective]}.`,
  },
];

const COLLAPSES = [...OF_STEPS, ...OF_PROBE].filter(({ isCollapse }) => isCollapse).map(({ name }) => name);

/** What the watch remembers; part of the checkpoint. */
export interface CollapseState {
  /** Looks in a row that saw each trouble. */
  readonly seen: Readonly<Record<string, number>>;
  /** What the last collapse looked like; absent before there was one. */
  readonly sentence?: string;
}

export class CollapseWatch {
  #seen: Readonly<Record<string, number>>;
  #sentence: string;

  constructor({ seen, sentence = '' }: CollapseState = { seen: {} }) {
    this.#seen = seen;
    this.#sentence = sentence;
  }

  get state(): CollapseState {
    return { seen: this.#seen, ...(this.#sentence ? { sentence: this.#sentence } : {}) };
  }

  /** Whether the network has been collapsed for so many looks that it will hardly recover. */
  get stays(): boolean {
    return COLLAPSES.some((name) => (this.#seen[name] ?? 0) >= LASTING_LOOKS);
  }

  /** What the last collapse looked like; empty before there was one. */
  get sentence(): string {
    return this.#sentence;
  }

  /** The sentences that are due after some steps. Each trouble is told once, and again only if it went away in between. */
  warnings(signs: Signs): string[] {
    return this.#look(OF_STEPS, signs);
  }

  /** As `warnings`, after a look of the probe. */
  probed(signs: ProbeSigns): string[] {
    return this.#look(OF_PROBE, signs);
  }

  #look<Seen>(troubles: readonly Trouble<Seen>[], signs: Seen): string[] {
    const present = troubles.filter(({ test }) => test(signs));
    const counted = troubles.map((trouble) => [
      trouble.name,
      present.includes(trouble) ? (this.#seen[trouble.name] ?? 0) + 1 : 0,
    ]);
    this.#seen = { ...this.#seen, ...Object.fromEntries(counted) };
    const collapse = present.find(({ isCollapse }) => isCollapse);
    if (collapse) this.#sentence = collapse.sentence(signs);
    const isDue = ({ name, isCollapse }: Trouble<Seen>) => this.#seen[name] === (isCollapse ? TOLD_LOOKS : 1);
    return present.filter(isDue).map(({ sentence }) => sentence(signs));
  }
}
