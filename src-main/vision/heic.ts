/**
 * Phones' HEIC photos through libheif in WASM: sharp's own libvips comes without an HEVC decoder. A decoded HEIC goes on as a TIFF in
 * memory, so that colour profile, transparency and resizing take the one way of all other formats. libheif applies the rotation
 * and mirroring that are part of the picture (irot, imir); the EXIF orientation in such a file repeats them and is not applied again.
 */
import type { Libheif } from 'libheif-js/wasm-bundle.js';
import { writeTiff } from './tiff.ts';

export interface HeicHeader {
  /** Upright. */
  width: number;
  height: number;
  /** The TIFF structure of the EXIF block. */
  exif: Uint8Array | null;
}

/** Values of libheif's enums (heif_image.h). */
const colorspaceRgb = 1;
const chromaInterleavedRgba = 11;
const channelInterleaved = 10;

let loading: Promise<Libheif> | null = null;

/** The decoder takes 0.2 s to start, which nobody without a HEIC should wait for. */
function load(): Promise<Libheif> {
  loading ??= import('libheif-js/wasm-bundle.js').then((module) => module.default);
  return loading;
}

/** @throws Error with libheif's reason when the file is damaged */
export async function readHeicHeader(bytes: Uint8Array): Promise<HeicHeader> {
  const heif = await load();
  return withPrimaryImage(heif, bytes, (handle, call) => ({ ...size(heif, handle), exif: exif(heif, handle, call) }));
}

/**
 * @returns an uncompressed TIFF: upright, RGBA, the colour profile embedded
 * @throws Error with libheif's reason when the file is damaged
 */
export async function heicToTiff(bytes: Uint8Array): Promise<Uint8Array> {
  const heif = await load();
  return withPrimaryImage(heif, bytes, (handle, call, scratch) => {
    const { width, height } = size(heif, handle);
    call((error) => heif._heif_decode_image(error, handle, scratch, colorspaceRgb, chromaInterleavedRgba, 0));
    const image = word(heif, scratch);
    try {
      const from = heif._heif_image_get_plane_readonly(image, channelInterleaved, scratch);
      const stride = word(heif, scratch);
      const rows = heif.HEAPU8.subarray(from, from + stride * height);
      return writeTiff({ width, height, stride, rgba: rows, profile: colourProfile(heif, handle, call) });
    } finally {
      heif._heif_image_release(image);
    }
  });
}

/** Runs a function that ends in a `heif_error` and throws what it says. */
type Call = (run: (error: number) => void) => void;

function withPrimaryImage<T>(
  heif: Libheif,
  bytes: Uint8Array,
  use: (handle: number, call: Call, scratch: number) => T,
): T {
  const error = heif._malloc(32);
  const scratch = error + 16;
  const file = heif._malloc(bytes.length);
  const context = heif._heif_context_alloc();
  let handle = 0;
  const call: Call = (run) => {
    run(error);
    if (word(heif, error) !== 0) throw new Error(sentenceAt(heif, word(heif, error + 8)));
  };
  try {
    heif.HEAPU8.set(bytes, file);
    call(() => heif._heif_context_read_from_memory_without_copy(error, context, file, bytes.length, 0));
    call(() => heif._heif_context_get_primary_image_handle(error, context, scratch));
    handle = word(heif, scratch);
    return use(handle, call, scratch);
  } finally {
    if (handle !== 0) heif._heif_image_handle_release(handle);
    heif._heif_context_free(context);
    heif._free(file);
    heif._free(error);
  }
}

function size(heif: Libheif, handle: number): { width: number; height: number } {
  return { width: heif._heif_image_handle_get_width(handle), height: heif._heif_image_handle_get_height(handle) };
}

function exif(heif: Libheif, handle: number, call: Call): Uint8Array | null {
  const filter = heif._malloc(8 + 4);
  try {
    heif.HEAPU8.set(Buffer.from('Exif\0'), filter);
    const found = heif._heif_image_handle_get_list_of_metadata_block_IDs(handle, filter, filter + 8, 1);
    if (found === 0) return null;
    const id = word(heif, filter + 8);
    const length = heif._heif_image_handle_get_metadata_size(handle, id);
    const block = copyOut(heif, length, (into) =>
      call((error) => heif._heif_image_handle_get_metadata(error, handle, id, into)),
    );
    // The block starts with the distance to the TIFF structure (ISO/IEC 23008-12, A.2.1).
    return block.length > 4 ? block.subarray(4 + new DataView(block.buffer).getUint32(0)) : null;
  } finally {
    heif._free(filter);
  }
}

function colourProfile(heif: Libheif, handle: number, call: Call): Uint8Array | null {
  const length = heif._heif_image_handle_get_raw_color_profile_size(handle);
  if (length === 0) return null;
  return copyOut(heif, length, (into) =>
    call((error) => heif._heif_image_handle_get_raw_color_profile(error, handle, into)),
  );
}

function copyOut(heif: Libheif, length: number, fill: (into: number) => void): Uint8Array {
  const into = heif._malloc(length);
  try {
    fill(into);
    return heif.HEAPU8.slice(into, into + length);
  } finally {
    heif._free(into);
  }
}

function word(heif: Libheif, address: number): number {
  const heap = heif.HEAPU8;
  return new DataView(heap.buffer, heap.byteOffset).getUint32(address, true);
}

function sentenceAt(heif: Libheif, address: number): string {
  const heap = heif.HEAPU8;
  return Buffer.from(heap.subarray(address, heap.indexOf(0, address))).toString('utf8');
}
