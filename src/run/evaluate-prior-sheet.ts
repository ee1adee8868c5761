/**
 * The picture of a 2D evaluation: per protocol and pair one line with reference, control, driver and truth, then the picture of
 * every row in the order of the table.
 */
import { type Image, makeImage } from '../core/image.js';
import type { ReadyBench } from './evaluate-bench.js';
import { type MeasuredRow, SHOWN } from './evaluate-rows.js';

/** The sheet; all pictures have one size. Null when there is no pair. */
export function priorSheet(benches: readonly ReadyBench[], rows: readonly MeasuredRow[]): Image | null {
  const lines = benches.flatMap(({ protocol, items }) =>
    items.slice(0, SHOWN).map(({ picture, control, driving, truth }, i) => {
      const predictions = rows.filter((row) => row.protocol === protocol).map((row) => row.shown[i]!);
      return [picture, control, driving, truth, ...predictions];
    }),
  );
  return lines.length > 0 ? tiledLines(lines) : null;
}

/** Square pictures of one size, a line of them below the other; needs at least one. */
export function tiledLines(lines: readonly (readonly Image[])[]): Image {
  const side = lines[0]![0]!.width;
  const sheet = makeImage(Math.max(...lines.map((line) => line.length)) * side, lines.length * side, 3);
  lines.forEach((line, y) => {
    line.forEach((tile, x) => {
      for (let row = 0; row < side; row++)
        sheet.data.set(
          tile.data.subarray(row * side * 3, (row + 1) * side * 3),
          ((y * side + row) * sheet.width + x * side) * 3,
        );
    });
  });
  return sheet;
}
