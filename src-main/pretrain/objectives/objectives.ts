// The objectives that there are: what the user reads of each, and how it comes out of a recipe. One file an objective beside this one.

import { availableParallelism } from 'node:os';
import { GondolaError } from '../../base/errors.ts';
import { architectureNamed, inCache } from '../../model/backbone.ts';
import type { Recipe } from '../config.ts';
import { BYOL_DEFAULTS, byol } from './byol.ts';
import { dino } from './dino.ts';
import { DISTILLATION_DEFAULTS, distillation } from './distillation.ts';
import type { NetworkConfig } from './network.ts';
import { OBJECTIVE_NAMES, type Objective, type ObjectiveName } from './objective.ts';
import { SIMCLR_DEFAULTS, simclr } from './simclr.ts';
import { SIMDINO_DEFAULTS, simdino } from './simdino.ts';
import { SWAV_DEFAULTS, swav } from './swav.ts';

export interface ObjectiveKind {
  /** As people call it. */
  readonly title: string;
  /** Whom it follows. */
  readonly paper: string;
  /** What it learns from, as a sentence. */
  readonly idea: string;
  /** Whether a moving average of the network is kept, which then is what the run leaves. */
  readonly averages: boolean;
  /** @throws GondolaError `image-size`, `model-unknown` */
  build(recipe: Recipe): Objective;
}

export const OBJECTIVES: Readonly<Record<ObjectiveName, ObjectiveKind>> = {
  dino: {
    title: 'DINO',
    paper: 'Caron et al. 2021, Emerging Properties in Self-Supervised Vision Transformers',
    idea: 'every crop is to be answered as a moving average of the network answers the whole picture',
    averages: true,
    build: (recipe) =>
      dino({
        ...networkOf(recipe),
        head: recipe.head,
        studentTemperature: recipe.studentTemperature,
        centerMomentum: recipe.centerMomentum,
        centerFromFirst: recipe.centerFromFirst,
        koleo: recipe.koleo,
        ibot: recipe.ibot,
      }),
  },
  byol: {
    title: 'BYOL',
    paper:
      'Grill et al. 2020, Bootstrap Your Own Latent; heads of Richemond et al. 2020, BYOL works even without batch statistics',
    idea: 'from one crop the network foretells what a moving average of it makes of another',
    averages: true,
    build: (recipe) => byol({ ...networkOf(recipe), ...BYOL_DEFAULTS, ...recipe.byol }),
  },
  simclr: {
    title: 'SimCLR',
    paper: 'Chen et al. 2020, A Simple Framework for Contrastive Learning of Visual Representations',
    idea: 'a crop is to be told apart from the crops of all other photos of the batch',
    averages: false,
    build: (recipe) => simclr({ ...networkOf(recipe), ...SIMCLR_DEFAULTS, ...recipe.simclr }),
  },
  swav: {
    title: 'SwAV',
    paper: 'Caron et al. 2020, Unsupervised Learning of Visual Features by Contrasting Cluster Assignments',
    idea: 'photos are spread evenly over clusters, and every crop foretells the cluster of the others',
    averages: false,
    build: (recipe) => swav({ ...networkOf(recipe), ...SWAV_DEFAULTS, ...recipe.swav }),
  },
  simdino: {
    title: 'SimDINO',
    paper: 'Wu et al. 2025, Simplifying DINO via Coding Rate Regularization',
    idea: 'DINO without prototypes: crops are to agree with the moving average, and the photos are to fill the space',
    averages: true,
    build: (recipe) => simdino({ ...networkOf(recipe), ...SIMDINO_DEFAULTS, ...recipe.simdino }),
  },
  distillation: {
    title: 'Distillation',
    paper: 'Hinton et al. 2015, Distilling the Knowledge in a Neural Network; Fang et al. 2021, SEED',
    idea: 'a small network is to see photos as a larger one does, which stays as it is',
    averages: false,
    build(recipe) {
      if (!recipe.teacher)
        throw new GondolaError(
          'teacher-missing',
          'A distillation needs a teacher, and none was named.',
          'Name the weight file of a larger encoder.',
        );
      const { teacher } = recipe;
      return distillation({ ...networkOf(recipe), ...DISTILLATION_DEFAULTS, ...recipe.distillation, teacher });
    },
  },
};

/** For choices: by name, in the order in which they are offered. */
export const objectives = OBJECTIVE_NAMES.map((name) => ({ name, ...OBJECTIVES[name] }));

function networkOf({ model, crops, dropPath, device }: Recipe): NetworkConfig {
  const architecture = architectureNamed(model, crops.globalSize);
  return {
    architecture: device === 'cpu' ? inCache(architecture, availableParallelism()) : architecture,
    crops: { globalSize: crops.globalSize, localSize: crops.localSize, locals: crops.locals },
    dropPath,
  };
}
