/**
 * The check of `joker verify` for metrics: recomputes MSE, PSNR, SSIM and the Fréchet distance of a reference file.
 *
 * Shaped as the checks of prior/ (`VerifyCheck`), which this folder does not know: whoever runs them puts both together.
 */
import { readTensor, type SafetensorsFile, tensorEntry } from '../core/files/safetensors.js';
import type { Image } from '../core/image.js';
import { frechetDistance } from './frechet.js';
import { meanSquaredError, peakSignalToNoise, structuralSimilarity } from './image-metrics.js';

type Context = {
  tensors(name: string): SafetensorsFile;
  compare(label: string, ours: ArrayLike<number>, file: SafetensorsFile, key: string): void;
};

/** metrics.safetensors: pictures `a`, `b` [N, H, W, C] in [0, 1] and features `fid_real`, `fid_fake` [N, D], with results. */
export const METRICS_CHECK = {
  what: 'metrics',
  outputs: 'metrics.safetensors',
  files: [],
  run: async (context: Context): Promise<void> => {
    const file = context.tensors('metrics');
    const [a, b] = [pictures(file, 'a'), pictures(file, 'b')];
    const each = (metric: (x: Image, y: Image) => number): number[] => a.map((x, i) => metric(x, b[i]!));
    context.compare('mse', each(meanSquaredError), file, 'mse');
    context.compare('psnr', each(peakSignalToNoise), file, 'psnr');
    context.compare('ssim', each(structuralSimilarity), file, 'ssim');
    context.compare('fid', [frechetDistance(features(file, 'fid_real'), features(file, 'fid_fake'))], file, 'fid');
  },
};

function pictures(file: SafetensorsFile, key: string): Image[] {
  const [count, height, width, channels] = tensorEntry(file, key).shape as [number, number, number, number];
  const values = readTensor(file, key);
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => {
    return { width, height, channels, data: values.subarray(i * size, (i + 1) * size) };
  });
}

function features(file: SafetensorsFile, key: string): { values: Float32Array; dimensions: number } {
  return { values: readTensor(file, key), dimensions: tensorEntry(file, key).shape[1]! };
}
