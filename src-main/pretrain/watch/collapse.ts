// Says in words when a training goes wrong. Each trouble is told once, and again only if it went away in between.

/** Of one epoch. */
export interface Signs {
  /** Mean entropy of the teacher's answers, nats; null for objectives without such answers. */
  readonly teacherEntropy: number | null;
  readonly prototypes: number;
  /** Mean spread of the teacher's features within a batch, 0 … 1; meaningless with one picture a batch. */
  readonly featureSpread: number;
  readonly batch: number;
  /** Share of the time spent waiting for pictures. */
  readonly waiting: number;
}

const TROUBLES: readonly { readonly name: string; test(signs: Signs): boolean; sentence(signs: Signs): string }[] = [
  {
    name: 'uniform',
    test: ({ teacherEntropy, prototypes }) => teacherEntropy !== null && teacherEntropy > 0.98 * Math.log(prototypes),
    sentence: ({ teacherEntropy, prototypes }) =>
      `The teacher answers every picture with the same even spread over all prototypes (entropy ${teacherEntropy?.toFixed(2)} of at most ${Math.log(prototypes).toFixed(2)}): the network is collapsing. If this stays, start again with a lower learning rate, fewer prototypes or a larger batch.`,
  },
  {
    name: 'one-hot',
    test: ({ teacherEntropy, prototypes }) => teacherEntropy !== null && teacherEntropy < 0.01 * Math.log(prototypes),
    sentence: ({ teacherEntropy }) =>
      `The teacher is certain of one prototype for every picture (entropy ${teacherEntropy?.toFixed(3)}): the network is collapsing. If this stays, start again with a lower learning rate or a larger batch.`,
  },
  {
    name: 'spread',
    test: ({ featureSpread, batch }) => batch > 1 && featureSpread < 0.02,
    sentence: ({ featureSpread }) =>
      `All pictures get nearly the same feature (spread ${featureSpread.toFixed(3)} of 1): the network is collapsing. If this stays, start again with a lower learning rate or more varied photos.`,
  },
  {
    name: 'waiting',
    test: ({ waiting }) => waiting > 0.1,
    sentence: ({ waiting }) =>
      `${(waiting * 100).toFixed(0)} % of the time is spent waiting for pictures: other programs keep the processor busy, or the disk of the workspace is slow.`,
  },
];

export class CollapseWatch {
  readonly #told = new Set<string>();

  /** The sentences that are due after an epoch. */
  warnings(signs: Signs): string[] {
    const due: string[] = [];
    for (const { name, test, sentence } of TROUBLES) {
      if (!test(signs)) this.#told.delete(name);
      else if (!this.#told.has(name)) {
        this.#told.add(name);
        due.push(sentence(signs));
      }
    }
    return due;
  }
}
