/** The verb `face`: what the program sees in a photo. */

import type { Command } from 'commander';
import type { FaceJobResult } from '../../src/run/face.js';
import { faceJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { numberBetween } from './values.js';

type Options = CommonOptions & { out?: string; size: number; threads?: number };

/** Adds the verb. */
export function addFace(program: Command): void {
  const command = program
    .command('face')
    .description('find and fit the face of a photo; write overlay, normal map and coefficients')
    .argument('<photo>', 'JPEG, PNG or WebP file')
    .option('--out <folder>', 'write face.json, report.json, crop.png, overlay.png and normals.png there')
    .option('--size <pixels>', 'side of the pictures', numberBetween(32, 2048, true), 512)
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async (photo: string, { out, size, threads, ...common }: Options) => {
    const result = await runForPerson(faceJob, { photo, out, size, threads }, out);
    printResult(result, summary(result), common);
  });
}

function summary({ photo, count, face, files }: FaceJobResult): string[] {
  const [pitch, yaw, roll] = face.angle.map((radians) => `${((radians * 180) / Math.PI).toFixed(1)}°`);
  const shapes = Object.entries(face.arkit)
    .filter(([, weight]) => weight >= 0.05) // smaller ones are noise of the fit
    .sort(([, a], [, b]) => b - a)
    .map(([name, weight]) => `${name}=${weight.toFixed(2)}`);
  return [
    `${photo.path}: ${photo.width}×${photo.height} pixels, ${count} face${count === 1 ? '' : 's'}`,
    `pitch ${pitch}, yaw ${yaw}, roll ${roll}`,
    `fit: ${face.errorPercent?.toFixed(2)} % of the distance between the eyes (68 landmarks)`,
    `expression: ${shapes.join(',') || 'neutral'}`,
    ...files,
  ];
}
