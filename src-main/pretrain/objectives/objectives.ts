// The objectives that there are: what the user reads of each, and how it comes out of a recipe. One file an objective beside this one.
import { architectureNamed } from '../../model/backbone.ts';
import type { Recipe } from '../config.ts';
import { dino } from './dino.ts';
import type { NetworkConfig } from './network.ts';
import { OBJECTIVE_NAMES, type Objective, type ObjectiveName } from './objective.ts';

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
      }),
  },
};

/** For choices: by name, in the order in which they are offered. */
export const objectives = OBJECTIVE_NAMES.map((name) => ({ name, ...OBJECTIVES[name] }));

function networkOf({ model, crops, dropPath }: Recipe): NetworkConfig {
  return {
    architecture: architectureNamed(model, crops.globalSize),
    crops: { globalSize: crops.globalSize, localSize: crops.localSize, locals: crops.locals },
    dropPath,
  };
}
