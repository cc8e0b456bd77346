/** One photo from shelf to sensor: what stands where, painted from back to front through a camera, with the exact truth of what is seen. */
import type { Random } from '../../base/random.ts';
import type { Box, Picture } from '../../vision/picture.ts';
import type { Sku } from './assortment.ts';
import { add, type Camera, inwards, type Plane, placeCamera, scaled, standing, type View } from './camera.ts';
import { blankCanvas, type Canvas, paint } from './canvas.ts';
import { css } from './colours.ts';
import { board, type Furniture, rail, underside, wall } from './furniture.ts';
import { drawLens, expose } from './lens.ts';
import { drawOccluder, glare, type Occluder, wobbler } from './occluders.ts';
import { drawPack, isRound, turns } from './packs.ts';
import { type Deck, type Facing, type Row, railHeight, stockShelf } from './planogram.ts';
import { rasterise, type Texture } from './texture.ts';

/** A product as it appears on a photo. */
export interface Instance {
  /** Its value in the mask, from 1. */
  readonly id: number;
  readonly sku: Sku;
  /** Whether it stands behind the front row. */
  readonly behind: boolean;
  /** The smallest box around its visible pixels, in upright pixels. */
  readonly box: Box;
  readonly visiblePixels: number;
  /** Visible pixels divided by those that it would have with nothing before it and no edge of the photo. */
  readonly visibleShare: number;
}

export interface Scene {
  readonly picture: Picture;
  /** [height, width], the id of the instance that a pixel shows, 0 for none. */
  readonly owners: Uint16Array;
  /** Those with at least one visible pixel, in the order of their ids. */
  readonly instances: readonly Instance[];
  readonly quality: number;
}

/** Pixels a millimetre of the packs' textures: a little more than the nearest pack has on a photo. */
const packResolution = 2;
const shelfDepth = 400;
/** The rails stand before the packs. */
const railFront = -14;

interface PackTextures {
  readonly fronts: readonly Texture[];
  readonly side: Texture | null;
  readonly top: Texture | null;
}

/** The packs' textures, drawn once for all photos. */
export async function packTextures(skus: readonly Sku[]): Promise<Map<Sku, PackTextures>> {
  const plain = (fill: string, width: number, height: number) =>
    rasterise(`<rect width="${width}" height="${height}" fill="${fill}"/>`, width, height, packResolution);
  const drawn = skus.map(async (sku): Promise<[Sku, PackTextures]> => {
    const { width, height, depth } = sku.size;
    const { side, top } = drawPack(sku);
    const looks = isRound(sku) ? turns : [0];
    const fronts = await Promise.all(
      looks.map((turn) => rasterise(drawPack(sku, turn).front, width, height, packResolution)),
    );
    return [
      sku,
      {
        fronts,
        side: side && (await plain(css(side), depth, height)),
        top: top && (await plain(css(top), width, depth)),
      },
    ];
  });
  return new Map(await Promise.all(drawn));
}

function drawView(portrait: boolean, random: Random): View {
  const span = portrait ? random.uniform(640, 790) : random.uniform(840, 1040);
  return {
    target: [0, 0, 0],
    distance: random.uniform(900, 1400),
    yaw: 8 * random.normal(),
    pitch: random.uniform(-9, 6),
    roll: 1.3 * random.normal(),
    span,
  };
}

/** Paints one pack with the faces of it that the camera sees. @returns pixels that it covers, hidden ones included */
function paintFacing(
  canvas: Canvas,
  camera: Camera,
  facing: Facing,
  textures: PackTextures,
  owner: number,
  light: number,
): number {
  const { sku } = facing;
  const { width, height, depth } = sku.size;
  const place = isRound(sku) ? { ...facing, z: facing.z + depth / 2 } : facing;
  const front = standing(place, sku.size, facing.turn, facing.tilt);
  const strength = light * (facing.behind ? 0.62 : 1);
  const gain: [number, number] = [strength * 0.86, strength];
  const into = inwards(front);
  let covered = 0;
  const face = (texture: Texture, plane: Plane, shade: number) => {
    covered += paint(canvas, texture, camera.homography(plane), { owner, gain: [gain[0] * shade, gain[1] * shade] });
  };
  if (textures.side) {
    if (camera.position[0] < front.origin[0])
      face(textures.side, { origin: front.origin, across: into, down: front.down }, 0.62);
    const right = add(front.origin, scaled(front.across, width));
    if (camera.position[0] > right[0]) face(textures.side, { origin: right, across: into, down: front.down }, 0.62);
  }
  if (textures.top && camera.position[1] < facing.y - height) {
    const back = add(front.origin, scaled(into, depth));
    face(textures.top, { origin: back, across: front.across, down: scaled(into, -1) }, 0.95);
  }
  face(textures.fronts[facing.side % textures.fronts.length], front, 1);
  return covered;
}

/** Behind before front, and outside before inside, so that a pack hides the side of its outer neighbour; lower before what is stacked on it. */
function backToFront(facings: readonly Facing[], camera: Camera): Facing[] {
  const away = (facing: Facing) => Math.abs(facing.x + facing.sku.size.width / 2 - camera.position[0]);
  return [...facings].sort((a, b) => Number(b.behind) - Number(a.behind) || away(b) - away(a) || b.y - a.y);
}

/** The wall, and what a row needs of its board: the upper side before its packs are painted, the underside after them. */
async function paintWall(
  canvas: Canvas,
  camera: Camera,
  furniture: Furniture,
  frame: { left: number; top: number; width: number; height: number },
): Promise<{ before(row: Row): void; after(row: Row): void }> {
  const { left, top, width, height } = frame;
  const back = await rasterise(wall(furniture, width, height), width, height, 0.8);
  const wallPlane = standing({ x: left, y: top + height, z: shelfDepth }, { width, height });
  paint(canvas, back, camera.homography(wallPlane), { owner: 0, gain: [0.5, 0.5] });
  const upper = await rasterise(board(furniture, width, shelfDepth), width, shelfDepth, 0.5);
  const lower = await rasterise(underside(furniture, width, shelfDepth), width, shelfDepth, 0.5);
  return {
    before(row) {
      if (camera.position[1] >= row.y) return;
      const plane: Plane = { origin: [left, row.y, shelfDepth], across: [1, 0, 0], down: [0, 0, -1] };
      paint(canvas, upper, camera.homography(plane), { owner: 0 });
    },
    after(row) {
      const y = row.y + railHeight;
      if (camera.position[1] <= y) return;
      const plane: Plane = { origin: [left, y, railFront], across: [1, 0, 0], down: [0, 0, 1] };
      paint(canvas, lower, camera.homography(plane), { owner: 0, gain: [0.9, 0.5] });
    },
  };
}

async function paintRails(
  canvas: Canvas,
  camera: Camera,
  furniture: Furniture,
  rows: readonly Row[],
  frame: { left: number; width: number },
): Promise<void> {
  for (const row of rows) {
    const tags = row.tags.map((tag) => ({ ...tag, x: tag.x - frame.left }));
    const texture = await rasterise(rail(furniture, frame.width, tags), frame.width, railHeight, packResolution);
    const plane = standing(
      { x: frame.left, y: row.y + railHeight, z: railFront },
      { width: frame.width, height: railHeight },
    );
    paint(canvas, texture, camera.homography(plane), { owner: 0 });
  }
}

async function paintForeground(
  canvas: Canvas,
  camera: Camera,
  rows: readonly Row[],
  view: View,
  random: Random,
): Promise<void> {
  const shownHeight = (view.span * camera.height) / camera.width;
  const put = async (
    thing: Occluder,
    at: { x: number; y: number; z: number; tilt: number },
    owner: number | null,
  ): Promise<void> => {
    const texture = await rasterise(thing.svg, thing.width, thing.height, owner === null ? 0.5 : 1.2, thing.blur);
    const plane = standing({ x: at.x, y: at.y + thing.height, z: at.z }, thing, 0, at.tilt);
    paint(canvas, texture, camera.homography(plane), { owner });
  };
  const across = (share: number) => (share - 0.5) * view.span;
  const along = (share: number) => (share - 0.5) * shownHeight;
  if (random.chance(0.3)) {
    const x = across(random.uniform(0.05, 0.9));
    await put(wobbler(random), { x, y: random.pick(rows).y - 78, z: -30, tilt: 4 * random.normal() }, 0);
  }
  for (let lamps = random.chance(0.4) ? 1 + random.integer(2) : 0; lamps > 0; lamps--) {
    const lamp = glare(random);
    await put(
      lamp,
      { x: across(random.uniform(0, 0.8)), y: along(random.uniform(0, 0.9)), z: -2, tilt: random.uniform(-20, 20) },
      null,
    );
  }
  if (random.chance(0.35)) {
    const { occluder, ...place } = drawOccluder(random);
    await put(occluder, { ...place, x: across(place.x), y: along(place.y) }, 0);
  }
}

function collect(canvas: Canvas, painted: readonly { sku: Sku; behind: boolean; covered: number }[]): Instance[] {
  const { width, height, owners } = canvas;
  const seen = painted.map(() => ({ left: width, top: height, right: -1, bottom: -1, pixels: 0 }));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const owner = owners[at];
      if (owner === 0) continue;
      const extent = seen[owner - 1];
      extent.pixels++;
      if (x < extent.left) extent.left = x;
      if (x > extent.right) extent.right = x;
      if (y < extent.top) extent.top = y;
      if (y > extent.bottom) extent.bottom = y;
    }
  }
  return painted.flatMap(({ sku, behind, covered }, index) => {
    const { left, top, right, bottom, pixels } = seen[index];
    if (pixels === 0) return [];
    const box = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
    // A pack's faces share the pixels on their common edge, so they may cover a few pixels more or less than their union.
    return [{ id: index + 1, sku, behind, box, visiblePixels: pixels, visibleShare: Math.min(1, pixels / covered) }];
  });
}

/**
 * Draws a photo of `width` × `height` pixels.
 * @param deck deals the lines of products, over all photos of a sample
 * @param random the photo's own stream
 */
export async function drawScene(
  textures: ReadonlyMap<Sku, PackTextures>,
  deck: Deck,
  furniture: Furniture,
  size: { width: number; height: number },
  random: Random,
): Promise<Scene> {
  const { width, height } = size;
  const view = drawView(height > width, random);
  const camera = placeCamera(view, width, height);
  const shownHeight = (view.span * height) / width;
  const frame = {
    left: -0.75 * view.span,
    right: 0.75 * view.span,
    top: -0.6 * shownHeight - random.uniform(0, 160),
    bottom: 0.6 * shownHeight,
  };
  const rows = stockShelf(deck, frame, random);
  const wider = {
    left: frame.left - 400,
    width: 1.5 * view.span + 800,
    top: frame.top - 300,
    height: 1.3 * shownHeight + 1400,
  };

  const canvas = blankCanvas(width, height);
  const boards = await paintWall(canvas, camera, furniture, wider);
  const painted: { sku: Sku; behind: boolean; covered: number }[] = [];
  for (const row of rows) {
    const light = random.uniform(0.86, 1.04);
    boards.before(row);
    for (const facing of backToFront(row.facings, camera)) {
      const { sku, behind } = facing;
      const covered = paintFacing(canvas, camera, facing, textures.get(sku)!, painted.length + 1, light);
      if (covered > 0) painted.push({ sku, behind, covered });
    }
    boards.after(row);
  }
  await paintRails(canvas, camera, furniture, rows, wider);
  await paintForeground(canvas, camera, rows, view, random);
  const lens = drawLens(random);
  const picture = await expose(canvas, lens, random);
  return { picture, owners: canvas.owners, instances: collect(canvas, painted), quality: lens.quality };
}
