import { describe, expect, it } from 'vitest';
import { apply, inverse, placeCamera, standing } from '../../../src-main/core/sample/camera.ts';

const view = { target: [100, 50, 0], distance: 1200, yaw: 0, pitch: 0, roll: 0, span: 800 } as const;
const wall = standing({ x: 0, y: 0, z: 0 }, { width: 1, height: 0 });

describe("the sample's camera", () => {
  it('shows its target in the middle, however it is turned', () => {
    for (const turned of [view, { ...view, yaw: 14, pitch: -9, roll: 3 }]) {
      const [x, y] = apply(placeCamera(turned, 1280, 960).homography(wall), 100, 50);
      expect(x).toBeCloseTo(640, 6);
      expect(y).toBeCloseTo(480, 6);
    }
  });

  it('shows the asked span over its width when it looks straight', () => {
    const homography = placeCamera(view, 1280, 960).homography(wall);
    expect(apply(homography, 100 - 400, 50)[0]).toBeCloseTo(0, 6);
    expect(apply(homography, 100 + 400, 50)[0]).toBeCloseTo(1280, 6);
  });

  it('shows what stands deeper smaller, and what stands nearer larger', () => {
    const camera = placeCamera(view, 1280, 960);
    const width = (z: number) => {
      const plane = standing({ x: 0, y: 0, z }, { width: 200, height: 100 });
      return apply(camera.homography(plane), 200, 0)[0] - apply(camera.homography(plane), 0, 0)[0];
    };
    expect(width(200)).toBeLessThan(width(0));
    expect(width(-100)).toBeGreaterThan(width(0));
  });

  it('has the right side of the shelf nearer, so larger, when it stands to the right', () => {
    const homography = placeCamera({ ...view, yaw: 15 }, 1280, 960).homography(wall);
    const height = (x: number) => apply(homography, x, 150)[1] - apply(homography, x, -50)[1];
    expect(height(400)).toBeGreaterThan(height(-200));
  });

  it('finds its way back from pixels to millimetres', () => {
    const homography = placeCamera({ ...view, yaw: 10, pitch: 5, roll: -2 }, 1280, 960).homography(wall);
    const [x, y] = apply(inverse(homography), ...apply(homography, 37, -81));
    expect(x).toBeCloseTo(37, 6);
    expect(y).toBeCloseTo(-81, 6);
  });
});
