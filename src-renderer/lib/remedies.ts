/**
 * What to do about a failure, in the words of the app. The core's hints speak of the command line's verbs, where they speak of doing
 * something with Gondola at all; here the same thing is done on a page.
 */
import type { Failure } from '../../src-main/contract/frames.ts';

const onPages: Readonly<Record<string, string>> = {
  'workspace-exists': 'Open it, or choose another folder.',
  'workspace-missing': 'Choose another folder, or create a workspace.',
  'not-a-workspace': 'Choose the folder of a workspace, or create one.',
  'database-foreign': 'Choose another folder.',
  'workspace-empty': 'Import photos on the Library page.',
  'photo-not-imported': 'Import it on the Library page.',
  'file-missing': 'Import the folder that it lies in now, on the Library page.',
  'no-model': 'Train one on the Pretrain page; 20 minutes are a start.',
  'model-missing': 'Put the file back, or train again on the Pretrain page.',
  'weights-heads': 'Type how many attention heads there are.',
  'model-unknown': 'Choose one of the models on the Pretrain page.',
  'not-indexed': 'Index the products: the Label and Search pages offer it.',
  'no-labels': 'Label a few of each SKU on the Label page.',
  'no-categories': 'Give SKUs a category on the SKUs page.',
  'sku-missing': 'It may have been renamed or merged: look on the SKUs page.',
  'region-missing': 'It may have been taken out: look in the Library.',
};

export function remedy({ code, hint }: Pick<Failure, 'code' | 'hint'>): string {
  return onPages[code] ?? hint;
}
