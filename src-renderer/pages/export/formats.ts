/** The formats in words: what each is for. */
import type { exportFormats } from '../../../src-main/contract/export.ts';

export type Format = (typeof exportFormats)[number];

export const formats: Record<Format, { label: string; text: string }> = {
  csv: {
    label: 'Table (CSV)',
    text: 'One row for each product, with its SKU, brand, GTINs and who named it. For any program; Gondola can import it again.',
  },
  xlsx: {
    label: 'Workbook (Excel)',
    text: 'A summary, the SKUs, the share of shelf and each product as sheets. For Excel and LibreOffice; GTINs keep their zeros.',
  },
  json: {
    label: 'Everything (JSON)',
    text: 'All photos, products, SKUs and labels in one nested file, with a schema that explains each field. For programs of your own.',
  },
  coco: {
    label: 'Detection (COCO)',
    text: 'Boxes, and outlines where products were cut out. For training detectors, and for CVAT, FiftyOne and pycocotools.',
  },
  imagefolder: {
    label: 'Pictures by SKU (ImageFolder)',
    text: 'A folder for each SKU with its products cut out of the photos. For training classifiers with torchvision or timm.',
  },
};
