/**
 * The README's pictures: one sheet from the output folder of `joker head` or `joker demo`.
 * Rows: reference and control images; the prior's own views; the head from five angles; its depth.
 *
 *   npx tsx scripts/picture-sheet.ts OUT-FOLDER docs/pictures/demo.png
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

const { positionals } = parseArgs({ allowPositionals: true });
const [folder, target] = positionals as [string, string];
/** Side of a tile in pixels: twice the embedded prior's pictures. */
const TILE = 128;
const five = [0, 1, 2, 3, 4];
const rows = [
  ['prior/reference.png', ...[0, 1, 2, 3, 4].map((i) => `prior/control_${i}.png`)],
  ['prior/reference.png', ...five.map((i) => `prior/view_${i}.png`)],
  ['prior/reference.png', ...five.map((i) => `views/view_00${i}.png`)],
  ['prior/reference.png', ...five.map((i) => `depth/preview_00${i}.png`)],
];
const tiles = await Promise.all(
  rows.flatMap((row, y) =>
    row.map(async (name, x) => ({
      input: await sharp(join(folder, name)).removeAlpha().resize(TILE, TILE, { kernel: 'cubic' }).png().toBuffer(),
      left: x * TILE,
      top: y * TILE,
    })),
  ),
);
const sheet = { width: rows[0]!.length * TILE, height: rows.length * TILE, channels: 3 as const, background: '#000' };
await sharp({ create: sheet }).composite(tiles).png({ palette: true, quality: 90 }).toFile(target);
