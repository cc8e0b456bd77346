import type { Handlers } from '../../contract/call.ts';
import type { modelCalls } from '../../contract/models.ts';
import type { CoreContext } from '../context.ts';
import { exportModel } from './export.ts';
import { importModel, inspectModel } from './import.ts';
import { listEncoders, removeEncoder } from './listing.ts';

export const modelHandlers: Handlers<typeof modelCalls, CoreContext> = {
  'models.list': async (_, { workspace }) => ({ models: await listEncoders(workspace) }),
  'models.inspect': (input, { workspace }) => inspectModel(input, workspace),
  'models.import': importModel,
  'models.export': (input, { workspace }) => exportModel(input, workspace),
  'models.delete': ({ model }, { workspace }) => removeEncoder(workspace, model),
};
