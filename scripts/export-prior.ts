/**
 * Puts the trained stages of a work folder together into one compact file, e.g. the embedded weights.
 *
 *   npx tsx scripts/export-prior.ts WORK OUT.safetensors
 */
import { parseArgs } from 'node:util';
import { exportPrior } from '../src/run/train-prior.js';

const { positionals } = parseArgs({ allowPositionals: true });
await exportPrior(positionals[0]!, positionals[1]!, { licence: 'MIT', trained_on: 'people rendered by this project' });
