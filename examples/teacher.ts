/**
 * The 3D stage alone: a head from a teacher of your own. Here it is a formula, a shaded ball; it could be another diffusion model, or
 * a folder of photographs with known cameras.
 *
 *   npx tsx examples/teacher.ts
 */
import {
  type Camera,
  cameraCenter,
  distill,
  draftPreset,
  type Image,
  makeImage,
  orbitCamera,
  rayDirection,
  renderHead,
  type Teacher,
} from '../src/index.js';

const SIZE = 48;
const RADIUS = 0.12; // the volume is a box of half-side 0.25

/** The ball before a grey wall, as a camera sees it. */
function look(camera: Camera): Image {
  const image = makeImage(camera.width, camera.height, 3);
  const [ox, oy, oz] = cameraCenter(camera);
  for (let row = 0; row < camera.height; row++)
    for (let column = 0; column < camera.width; column++) {
      const [dx, dy, dz] = rayDirection(camera, column + 0.5, row + 0.5);
      const along = ox * dx + oy * dy + oz * dz;
      const inside = along ** 2 - (ox ** 2 + oy ** 2 + oz ** 2 - RADIUS ** 2);
      const at = 3 * (row * camera.width + column);
      if (inside <= 0) {
        image.data.fill(0.4, at, at + 3);
        continue;
      }
      const distance = -along - Math.sqrt(inside);
      const normal = [ox + distance * dx, oy + distance * dy, oz + distance * dz].map((x) => x / RADIUS);
      const light = 0.3 + 0.7 * Math.max(0, 0.5 * normal[0]! + 0.5 * normal[1]! + 0.7 * normal[2]!);
      image.data.set([0.9 * light, 0.5 * light, 0.3 * light], at);
    }
  return image;
}

/** Any object with a size and `updateTargets` teaches: it is asked for views, with their cameras and what the head shows there now. */
const teacher: Teacher = {
  size: SIZE,
  updateTargets: async (requests) => requests.map(({ camera }) => look(camera)),
};

const config = {
  ...draftPreset,
  views: { ...draftPreset.views, azimuths: 5, elevations: 3 },
  target: { kind: 'progressive', levels: 4, period: 10, lastSteps: 2 },
  steps: 120,
  resolutions: [{ from: 0, size: SIZE }],
} as const;
const cameraAt = (azimuth: number, elevation: number) =>
  orbitCamera({ azimuth, elevation, distance: 1.2, focal: 4.26 * SIZE, width: SIZE, height: SIZE });
const { azimuths, elevations, azimuthRange, elevationRange } = config.views;
const spread = (count: number, range: number) =>
  Array.from({ length: count }, (_, i) => range * ((2 * i) / (count - 1) - 1));
const cameras = spread(azimuths, azimuthRange).flatMap((azimuth) =>
  spread(elevations, elevationRange).map((elevation) => cameraAt(azimuth, elevation)),
);
const head = await distill({ config, cameras, teacher });

const between = cameraAt(0.07, 0.03); // none of the views that it learned from
const [found, truth] = [(await renderHead(head, between)).color, look(between)];
const error = found.data.reduce((sum, value, i) => sum + (value - truth.data[i]!) ** 2, 0) / found.data.length;
console.log(`a view between those that were taught: ${(-10 * Math.log10(error)).toFixed(1)} dB`);
