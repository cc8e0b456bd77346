/** Pictures by id over a page's own protocol, and what a page may load at all; alike for Electron and the browser. */
import type { Failure } from '../contract/frames.ts';

/** Scripts, styles and connections from the app itself; nothing else, from nowhere. Positions of menus are set as style attributes. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface PictureRequest {
  readonly kind: 'thumbnail' | 'photo' | 'region';
  readonly id: number;
}

export interface PictureResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type PictureReader = (request: PictureRequest) => Promise<PictureResponse>;

/** `/picture/region/12`; null for any other path. */
export function pictureRequest(pathname: string): PictureRequest | null {
  const match = /^\/picture\/(thumbnail|photo|region)\/([1-9]\d{0,14})$/.exec(pathname);
  return match ? { kind: match[1] as PictureRequest['kind'], id: Number(match[2]) } : null;
}

/** The answer to a picture request from a call that reads it. Ids are of the open workspace: another one's must not come from a cache. */
export async function pictureResponse(
  read: () => Promise<{ type: string; bytes: Uint8Array }>,
  failureOf: (error: unknown) => Failure,
): Promise<PictureResponse> {
  try {
    const { type, bytes } = await read();
    return {
      status: 200,
      headers: { 'content-type': type, 'cache-control': 'private, max-age=600', 'x-content-type-options': 'nosniff' },
      body: bytes,
    };
  } catch (error) {
    const { code, message } = failureOf(error);
    return {
      status: code === 'internal' ? 500 : 404,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
      body: new TextEncoder().encode(message),
    };
  }
}
