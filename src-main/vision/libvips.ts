import sharp from 'sharp';

/** Of the library that decodes photos; another one may decode a JPEG to slightly other pixels. */
export const libvipsVersion: string = sharp.versions.vips;
