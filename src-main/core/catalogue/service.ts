import type { Handlers } from '../../contract/call.ts';
import type { catalogueCalls } from '../../contract/catalogue.ts';
import { history, redo, undo } from '../../store/journal.ts';
import type { CoreContext } from '../context.ts';
import {
  addGtin,
  createSku,
  deleteEmptySku,
  describeSku,
  labelRegions,
  mergeSkus,
  removeGtin,
  removeLabels,
  renameSku,
} from './actions.ts';
import { listRegions, listSkuRegions, listSkus, regionsOfFile } from './listing.ts';
import { setReference } from './reference.ts';
import { shareOfShelf } from './share.ts';
import { splitSku } from './split.ts';

export const catalogueHandlers: Handlers<typeof catalogueCalls, CoreContext> = {
  'catalogue.label': async ({ regions, naming }, { workspace }) => {
    labelRegions(workspace.database, regions, naming);
    return {};
  },
  'catalogue.removeLabels': async ({ regions }, { workspace }) => ({
    removed: removeLabels(workspace.database, regions),
  }),
  'catalogue.regionsOfFile': async ({ file }, { workspace }) => ({ regions: regionsOfFile(workspace.database, file) }),
  'catalogue.createSku': async ({ name, ...details }, { workspace }) => ({
    id: createSku(workspace.database, name, details),
  }),
  'catalogue.describeSku': async ({ name, ...details }, { workspace }) => {
    describeSku(workspace.database, name, details);
    return {};
  },
  'catalogue.renameSku': async ({ from, to }, { workspace }) => {
    renameSku(workspace.database, from, to);
    return {};
  },
  'catalogue.mergeSkus': async ({ from, into }, { workspace }) => {
    mergeSkus(workspace.database, from, into);
    return {};
  },
  'catalogue.splitSku': async ({ sku, regions, into }, { workspace }) =>
    splitSku(workspace.database, sku, regions, into),
  'catalogue.deleteSku': async ({ name }, { workspace }) => {
    deleteEmptySku(workspace.database, name);
    return {};
  },
  'catalogue.setReference': async ({ sku, region }, { workspace }) => {
    setReference(workspace.database, sku, region);
    return {};
  },
  'catalogue.addGtin': async ({ sku, gtin }, { workspace }) => ({ gtin: addGtin(workspace.database, sku, gtin) }),
  'catalogue.removeGtin': async ({ sku, gtin }, { workspace }) => {
    removeGtin(workspace.database, sku, gtin);
    return {};
  },
  'catalogue.undo': async (_, { workspace }) => ({ summary: undo(workspace.database) ?? null }),
  'catalogue.redo': async (_, { workspace }) => ({ summary: redo(workspace.database) ?? null }),
  'catalogue.history': async ({ limit }, { workspace }) => ({ entries: history(workspace.database, limit) }),
  'catalogue.skus': async (_, { workspace }) => ({ skus: listSkus(workspace.database) }),
  'catalogue.skuRegions': async (page, { workspace }) => listSkuRegions(workspace.database, page),
  'catalogue.shareOfShelf': async (_, { workspace }) => shareOfShelf(workspace.database),
  'catalogue.regions': async ({ which }, { workspace }) => ({ regions: listRegions(workspace.database, which) }),
};
