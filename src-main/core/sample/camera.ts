/**
 * A pinhole camera before a shelf. World: millimetres, x to the right, y down, z into the shelf; the fronts of the products stand at z = 0. A
 * flat thing in the world reaches the photo through a homography, and these are computed here.
 */
export type Vector = readonly [number, number, number];

/** Row-major 3 × 3: [x, y, 1] of a plane to homogeneous pixels. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

/** A flat thing: `origin` is its upper left corner, `across` and `down` are what one millimetre on it is in the world. */
export interface Plane {
  readonly origin: Vector;
  readonly across: Vector;
  readonly down: Vector;
}

export interface View {
  /** What the middle of the photo shows. */
  readonly target: Vector;
  /** Millimetres from the target. */
  readonly distance: number;
  /** Degrees: from the right, from below, and tilted clockwise. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** Millimetres of the shelf's front that the photo's width shows at the target. */
  readonly span: number;
}

export interface Camera {
  readonly position: Vector;
  readonly width: number;
  readonly height: number;
  homography(plane: Plane): Homography;
}

export const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => scaled(a, 1 / Math.hypot(...a));

const radians = (degrees: number) => (degrees * Math.PI) / 180;

export function placeCamera(view: View, width: number, height: number): Camera {
  const yaw = radians(view.yaw);
  const pitch = radians(view.pitch);
  const forward: Vector = [-Math.sin(yaw) * Math.cos(pitch), -Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch)];
  const position = add(view.target, scaled(forward, -view.distance));
  const levelRight = unit(cross([0, 1, 0], forward));
  const levelDown = cross(forward, levelRight);
  const roll = radians(view.roll);
  const right = add(scaled(levelRight, Math.cos(roll)), scaled(levelDown, Math.sin(roll)));
  const down = add(scaled(levelDown, Math.cos(roll)), scaled(levelRight, -Math.sin(roll)));
  const focal = (width * view.distance) / view.span;
  /** Homogeneous pixels of a direction seen from the camera. */
  const project = (direction: Vector): Vector => {
    const depth = dot(forward, direction);
    return [
      focal * dot(right, direction) + (width / 2) * depth,
      focal * dot(down, direction) + (height / 2) * depth,
      depth,
    ];
  };
  return {
    position,
    width,
    height,
    homography({ origin, across, down: downwards }) {
      const a = project(across);
      const b = project(downwards);
      const c = project(add(origin, scaled(position, -1)));
      return [a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]];
    },
  };
}

/** Where a point of the plane falls, in pixels. */
export function apply(h: Homography, x: number, y: number): [number, number] {
  const w = h[6] * x + h[7] * y + h[8];
  return [(h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w];
}

/** The way back, up to a factor that homogeneous coordinates do not see. */
export function inverse([a, b, c, d, e, f, g, h, i]: Homography): Homography {
  return [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
}

/** A plane that faces the camera's wall: upright at `z`, turned about its upright axis and tilted in itself (degrees) about its foot's middle. */
export function standing(
  place: { x: number; y: number; z: number },
  size: { width: number; height: number },
  turn = 0,
  tilt = 0,
): Plane {
  const facing: Vector = [Math.cos(radians(turn)), 0, Math.sin(radians(turn))];
  const across = add(scaled(facing, Math.cos(radians(tilt))), [0, Math.sin(radians(tilt)), 0]);
  const down = add(scaled(facing, -Math.sin(radians(tilt))), [0, Math.cos(radians(tilt)), 0]);
  const foot: Vector = [place.x + size.width / 2, place.y, place.z];
  const origin = add(foot, add(scaled(across, -size.width / 2), scaled(down, -size.height)));
  return { origin, across, down };
}

/** The direction into the shelf that is square to a plane's front. */
export const inwards = (plane: Plane): Vector => unit(cross(plane.across, plane.down));
