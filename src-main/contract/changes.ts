/** Which calls change what: after such a call every page is told, and shows the new state. */

export const topics = ['photos', 'labels', 'skus', 'embeddings', 'models', 'runs'] as const;
export type Topic = (typeof topics)[number];

export const changes: Readonly<Record<string, readonly Topic[]>> = {
  'library.import': ['photos', 'labels', 'skus'],
  'library.check': ['photos'],
  'library.forgetPhotos': ['photos', 'labels', 'skus', 'embeddings'],
  'library.labelFromCsv': ['labels', 'skus'],
  'catalogue.label': ['labels', 'skus'],
  'catalogue.removeLabels': ['labels', 'skus'],
  'catalogue.createSku': ['skus'],
  'catalogue.describeSku': ['skus'],
  'catalogue.renameSku': ['skus', 'labels'],
  'catalogue.mergeSkus': ['skus', 'labels'],
  'catalogue.splitSku': ['skus', 'labels'],
  'catalogue.deleteSku': ['skus', 'labels'],
  'catalogue.setReference': ['skus'],
  'catalogue.addGtin': ['skus'],
  'catalogue.removeGtin': ['skus'],
  'catalogue.undo': ['labels', 'skus', 'photos'],
  'catalogue.redo': ['labels', 'skus', 'photos'],
  'training.pretrain': ['models', 'runs'],
  'training.finish': ['models', 'runs'],
  'training.activate': ['models', 'runs'],
  'training.deleteRun': ['models', 'runs', 'embeddings'],
  'compare.run': ['models', 'runs'],
  'compare.remove': ['models', 'runs', 'embeddings'],
  'models.import': ['models'],
  'models.delete': ['models', 'runs', 'embeddings'],
  'recognise.index': ['embeddings'],
  'adapt.compare': ['models', 'embeddings'],
  'adapt.use': ['models', 'runs'],
  'review.look': ['embeddings'],
  'recognise.classify': ['labels'],
};
