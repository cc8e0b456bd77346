import type { Handlers } from '../contract/call.ts';
import type { Contract } from '../contract/contract.ts';
import { adaptHandlers } from './adapt/service.ts';
import { catalogueHandlers } from './catalogue/service.ts';
import { compareHandlers } from './compare/service.ts';
import type { CoreContext } from './context.ts';
import { exportHandlers } from './export/service.ts';
import { firstServices } from './first-services.ts';
import { libraryHandlers } from './library/service.ts';
import { modelHandlers } from './models/service.ts';
import { reviewHandlers } from './recognise/review/service.ts';
import { recogniseHandlers } from './recognise/service.ts';
import { sampleHandlers } from './sample/service.ts';
import { segmentHandlers } from './segment/service.ts';
import { settingsHandlers } from './settings/service.ts';
import { trainingHandlers } from './training/service.ts';

/** Every call of the contract with the service that answers it. */
export const services: Handlers<Contract, CoreContext> = {
  ...firstServices,
  ...libraryHandlers,
  ...catalogueHandlers,
  ...recogniseHandlers,
  ...adaptHandlers,
  ...reviewHandlers,
  ...sampleHandlers,
  ...segmentHandlers,
  ...exportHandlers,
  ...trainingHandlers,
  ...compareHandlers,
  ...modelHandlers,
  ...settingsHandlers,
};
