/** Masks from the core as canvases that can be painted with. */
import { asStencil, type Colour } from './overlay.ts';

/** The mask in a colour, transparent beside the object. */
export async function stencilOf(png: Uint8Array, colour: Colour): Promise<OffscreenCanvas> {
  const bitmap = await createImageBitmap(new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  asStencil(image.data, colour);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** One pixel a patch. */
export function patchCanvas(pixels: Uint8ClampedArray<ArrayBuffer>, columns: number, rows: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(columns, rows);
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return canvas;
}
