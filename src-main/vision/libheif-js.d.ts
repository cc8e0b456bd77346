/**
 * The part of libheif's WASM build that `heic.ts` calls: its C functions (libheif/heif.h) with pointers as numbers. A function that returns the struct
 * `heif_error` takes the address to write it to as its first argument.
 */
declare module 'libheif-js/wasm-bundle.js' {
  export interface Libheif {
    /** The WASM heap; replaced whenever it grows, so read it anew after every call. */
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _free(address: number): void;
    _heif_context_alloc(): number;
    _heif_context_free(context: number): void;
    _heif_context_set_maximum_image_size_limit(context: number, side: number): void;
    _heif_context_read_from_memory_without_copy(
      error: number,
      context: number,
      bytes: number,
      length: number,
      options: number,
    ): void;
    _heif_context_get_primary_image_handle(error: number, context: number, handle: number): void;
    _heif_image_handle_release(handle: number): void;
    _heif_image_handle_get_width(handle: number): number;
    _heif_image_handle_get_height(handle: number): number;
    _heif_image_handle_get_raw_color_profile_size(handle: number): number;
    _heif_image_handle_get_raw_color_profile(error: number, handle: number, into: number): void;
    _heif_image_handle_get_list_of_metadata_block_IDs(
      handle: number,
      filter: number,
      ids: number,
      count: number,
    ): number;
    _heif_image_handle_get_metadata_size(handle: number, id: number): number;
    _heif_image_handle_get_metadata(error: number, handle: number, id: number, into: number): void;
    _heif_decode_image(
      error: number,
      handle: number,
      image: number,
      colorspace: number,
      chroma: number,
      options: number,
    ): void;
    _heif_image_release(image: number): void;
    _heif_image_get_plane_readonly(image: number, channel: number, stride: number): number;
  }
  const libheif: Libheif;
  export default libheif;
}
