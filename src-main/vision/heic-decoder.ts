/**
 * HEIC through libheif in WASM, on the thread that calls: `heic.ts` calls it on threads of its own. A decoded picture is handed on as a TIFF in memory, so that colour
 * profile, transparency and resizing take the one way of all other formats. libheif applies the rotation and mirroring that are part
 * of the picture (irot, imir); the EXIF orientation in such a file repeats them and must not be applied again.
 */
import heif from 'libheif-js/wasm-bundle.js';
import { writeTiff } from './tiff.ts';

export interface HeicHeader {
  /** Upright. */
  width: number;
  height: number;
  /** The TIFF structure of the EXIF block. */
  exif: Uint8Array | null;
}

/** The file is damaged; the message is libheif's reason. */
export class HeicDamage extends Error {}

/** Values of libheif's enums (heif_image.h). */
const colorspaceRgb = 1;
const chromaInterleavedRgba = 11;
const channelInterleaved = 10;

/** @throws HeicDamage */
export function readHeader(bytes: Uint8Array): HeicHeader {
  return withPrimaryImage(bytes, (handle, call) => ({ ...size(handle), exif: exif(handle, call) }));
}

/**
 * @returns an uncompressed TIFF: upright, RGBA, the colour profile embedded
 * @throws HeicDamage
 */
export function toTiff(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return withPrimaryImage(bytes, (handle, call, scratch) => {
    const { width, height } = size(handle);
    call((error) => heif._heif_decode_image(error, handle, scratch, colorspaceRgb, chromaInterleavedRgba, 0));
    const image = word(scratch);
    try {
      const from = heif._heif_image_get_plane_readonly(image, channelInterleaved, scratch);
      const stride = word(scratch);
      const rows = heif.HEAPU8.subarray(from, from + stride * height);
      return writeTiff({ width, height, stride, rgba: rows, profile: colourProfile(handle, call) });
    } finally {
      heif._heif_image_release(image);
    }
  });
}

/** Runs a function that ends in a `heif_error` and throws what it says. */
type Call = (run: (error: number) => void) => void;

function withPrimaryImage<T>(bytes: Uint8Array, use: (handle: number, call: Call, scratch: number) => T): T {
  const error = heif._malloc(32);
  const scratch = error + 16;
  const file = heif._malloc(bytes.length);
  const context = heif._heif_context_alloc();
  let handle = 0;
  const call: Call = (run) => {
    run(error);
    if (word(error) !== 0) throw new HeicDamage(sentenceAt(word(error + 8)));
  };
  try {
    heif.HEAPU8.set(bytes, file);
    call(() => heif._heif_context_read_from_memory_without_copy(error, context, file, bytes.length, 0));
    call(() => heif._heif_context_get_primary_image_handle(error, context, scratch));
    handle = word(scratch);
    return use(handle, call, scratch);
  } finally {
    if (handle !== 0) heif._heif_image_handle_release(handle);
    heif._heif_context_free(context);
    heif._free(file);
    heif._free(error);
  }
}

function size(handle: number): { width: number; height: number } {
  return { width: heif._heif_image_handle_get_width(handle), height: heif._heif_image_handle_get_height(handle) };
}

function exif(handle: number, call: Call): Uint8Array | null {
  const filter = heif._malloc(8 + 4);
  try {
    heif.HEAPU8.set(Buffer.from('Exif\0'), filter);
    const found = heif._heif_image_handle_get_list_of_metadata_block_IDs(handle, filter, filter + 8, 1);
    if (found === 0) return null;
    const id = word(filter + 8);
    const length = heif._heif_image_handle_get_metadata_size(handle, id);
    const block = copyOut(length, (into) =>
      call((error) => heif._heif_image_handle_get_metadata(error, handle, id, into)),
    );
    // The block starts with the distance to the TIFF structure (ISO/IEC 23008-12, A.2.1).
    return block.length > 4 ? block.subarray(4 + new DataView(block.buffer).getUint32(0)) : null;
  } finally {
    heif._free(filter);
  }
}

function colourProfile(handle: number, call: Call): Uint8Array | null {
  const length = heif._heif_image_handle_get_raw_color_profile_size(handle);
  if (length === 0) return null;
  return copyOut(length, (into) => call((error) => heif._heif_image_handle_get_raw_color_profile(error, handle, into)));
}

function copyOut(length: number, fill: (into: number) => void): Uint8Array {
  const into = heif._malloc(length);
  try {
    fill(into);
    return heif.HEAPU8.slice(into, into + length);
  } finally {
    heif._free(into);
  }
}

function word(address: number): number {
  const heap = heif.HEAPU8;
  return new DataView(heap.buffer, heap.byteOffset).getUint32(address, true);
}

function sentenceAt(address: number): string {
  const heap = heif.HEAPU8;
  return Buffer.from(heap.subarray(address, heap.indexOf(0, address))).toString('utf8');
}
